//! The machine, as far as it matters to latency.
//!
//! All of it is read from `/proc` and `/sys`; on other systems most is unknown.

use crate::threads::Cpus;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// The machine, as far as it matters to latency; `None` is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The CPU's model, as the system names it.
    pub cpu: String,
    /// How many CPUs this process may use: by affinity mask and quota.
    pub usable_cpus: usize,
    /// Whether it is a virtual machine.
    pub is_virtual: Option<bool>,
    /// What sets the frequency: `performance`, `powersave` and so on.
    pub governor: Option<String>,
    /// Whether the CPU may exceed its nominal frequency.
    pub turbo: Option<bool>,
    /// Whether cores run more than one thread.
    pub smt: Option<bool>,
    /// CPUs that the scheduler leaves alone (`isolcpus`); empty is none.
    pub isolated: Option<String>,
    /// CPUs without a timer tick while one thread runs (`nohz_full`).
    pub nohz_full: Option<String>,
    /// `always`, `madvise` or `never`.
    pub transparent_huge_pages: Option<String>,
    /// Weaknesses of the CPU that the kernel works around at some cost.
    pub mitigations: Option<Vec<String>>,
    /// What the kernel reads the time from; `tsc` needs no system call.
    pub clock_source: Option<String>,
    /// NUMA nodes.
    pub numa_nodes: Option<usize>,
    /// The largest receive buffer that a socket may ask for, in bytes.
    pub receive_buffer_max_bytes: Option<u64>,
    /// The largest send buffer that a socket may ask for, in bytes.
    pub send_buffer_max_bytes: Option<u64>,
    /// The system and its release.
    pub kernel: String,
}

impl Machine {
    /// The machine that this process runs on.
    #[must_use]
    pub fn here() -> Self {
        Self::under(Path::new("/"))
    }

    /// A machine whose `/proc` and `/sys` are in a directory.
    fn under(root: &Path) -> Self {
        let system = System(root.to_owned());
        let info = system.read("proc/cpuinfo").unwrap_or_default();
        let release = system.read("proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            cpu: field(&info, "model name").unwrap_or(std::env::consts::ARCH).to_owned(),
            usable_cpus: Cpus::usable().count(),
            is_virtual: field(&info, "flags")
                .map(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor")),
            governor: system.read("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            turbo: system.turbo(),
            smt: system.read("sys/devices/system/cpu/smt/active").map(|active| active == "1"),
            isolated: system.read("sys/devices/system/cpu/isolated"),
            // The kernel says "(null)" where the option exists and is not set.
            nohz_full: system
                .read("sys/devices/system/cpu/nohz_full")
                .map(|cpus| cpus.replace("(null)", "")),
            transparent_huge_pages: system
                .read("sys/kernel/mm/transparent_hugepage/enabled")
                .and_then(|modes| chosen(&modes)),
            mitigations: system.mitigations(),
            clock_source: system
                .read("sys/devices/system/clocksource/clocksource0/current_clocksource"),
            numa_nodes: system.numa_nodes(),
            receive_buffer_max_bytes: system.number("proc/sys/net/core/rmem_max"),
            send_buffer_max_bytes: system.number("proc/sys/net/core/wmem_max"),
            kernel: format!("{} {release}", std::env::consts::OS).trim().to_owned(),
        }
    }
}

/// Where `/proc` and `/sys` are.
struct System(PathBuf);

impl System {
    /// What a file says; nothing where there is no such file.
    fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.0.join(path)).ok().map(|text| text.trim().to_owned())
    }

    fn number(&self, path: &str) -> Option<u64> {
        self.read(path)?.parse().ok()
    }

    fn names(&self, path: &str) -> Option<Vec<String>> {
        let entries = std::fs::read_dir(self.0.join(path)).ok()?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Some(names.collect())
    }

    fn turbo(&self) -> Option<bool> {
        let cpus = "sys/devices/system/cpu";
        match self.number(&format!("{cpus}/intel_pstate/no_turbo")) {
            Some(no_turbo) => Some(no_turbo == 0),
            None => self.number(&format!("{cpus}/cpufreq/boost")).map(|boost| boost == 1),
        }
    }

    fn mitigations(&self) -> Option<Vec<String>> {
        let folder = "sys/devices/system/cpu/vulnerabilities";
        let mut names = self.names(folder)?;
        names.retain(|name| {
            let state = self.read(&format!("{folder}/{name}"));
            state.is_some_and(|state| state.starts_with("Mitigation"))
        });
        names.sort();
        Some(names)
    }

    fn numa_nodes(&self) -> Option<usize> {
        let names = self.names("sys/devices/system/node")?;
        let is_node = |name: &&String| {
            name.strip_prefix("node").is_some_and(|number| number.parse::<u32>().is_ok())
        };
        Some(names.iter().filter(is_node).count())
    }
}

/// The value of the first line `key : value`.
fn field<'a>(info: &'a str, key: &str) -> Option<&'a str> {
    let mut fields = info.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
}

/// The mode in brackets, as in `always [madvise] never`.
fn chosen(modes: &str) -> Option<String> {
    let (_, after) = modes.split_once('[')?;
    after.split_once(']').map(|(mode, _)| mode.to_owned())
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let virtual_or_not = match self.is_virtual {
            Some(true) => "virtual",
            Some(false) => "not virtual",
            None => "virtual or not: unknown",
        };
        let Self { cpu, usable_cpus, kernel, .. } = self;
        writeln!(f, "{cpu}, {usable_cpus} usable CPUs, {virtual_or_not}, {kernel}")?;
        let text = |value: &Option<String>| match value.as_deref() {
            None => "unknown".to_owned(),
            Some("") => "none".to_owned(),
            Some(value) => value.to_owned(),
        };
        let switch = |value: Option<bool>| match value {
            None => "unknown",
            Some(true) => "on",
            Some(false) => "off",
        };
        let number = |value: Option<u64>| value.map_or("unknown".to_owned(), |n| n.to_string());
        let mitigations = self.mitigations.as_ref().map(|names| names.len() as u64);
        writeln!(
            f,
            "governor {}, turbo {}, SMT {}, isolated CPUs {}, nohz_full {}, huge pages {}",
            text(&self.governor),
            switch(self.turbo),
            switch(self.smt),
            text(&self.isolated),
            text(&self.nohz_full),
            text(&self.transparent_huge_pages),
        )?;
        write!(
            f,
            "clock source {}, NUMA nodes {}, mitigations {}, socket buffers up to {}/{} bytes",
            text(&self.clock_source),
            number(self.numa_nodes.map(|nodes| nodes as u64)),
            number(mitigations),
            number(self.receive_buffer_max_bytes),
            number(self.send_buffer_max_bytes),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_read_from_its_files() {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("proc/cpuinfo", "processor\t: 0\nmodel name\t: A CPU @ 3: fast\nflags\t: fpu sse\n"),
            ("proc/sys/kernel/osrelease", "9.9\n"),
            ("proc/sys/net/core/rmem_max", "212992\n"),
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n"),
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n"),
            ("sys/devices/system/cpu/smt/active", "1\n"),
            ("sys/devices/system/cpu/isolated", "2-3\n"),
            ("sys/devices/system/cpu/nohz_full", "(null)\n"),
            ("sys/devices/system/cpu/vulnerabilities/meltdown", "Not affected\n"),
            ("sys/devices/system/cpu/vulnerabilities/retbleed", "Mitigation: IBRS\n"),
            ("sys/devices/system/node/node0/cpulist", "0\n"),
            ("sys/devices/system/node/online", "0\n"),
            ("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
        ] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let machine = Machine::under(root.path());
        let known = |text: &str| Some(text.to_owned());
        assert_eq!((machine.cpu.as_str(), machine.is_virtual), ("A CPU @ 3: fast", Some(false)));
        assert_eq!((&machine.governor, machine.turbo), (&known("powersave"), Some(false)));
        assert_eq!((machine.smt, &machine.isolated), (Some(true), &known("2-3")));
        assert_eq!((&machine.nohz_full, machine.numa_nodes), (&known(""), Some(1)));
        assert_eq!(machine.transparent_huge_pages, known("madvise"));
        assert_eq!(machine.mitigations, Some(vec!["retbleed".to_owned()]));
        assert_eq!(machine.receive_buffer_max_bytes, Some(212_992));
        assert_eq!((&machine.clock_source, machine.send_buffer_max_bytes), (&None, None));
        assert!(machine.kernel.ends_with(" 9.9"));
        let said = machine.to_string();
        assert!(said.contains("nohz_full none") && said.contains("clock source unknown"), "{said}");
    }

    #[test]
    fn of_a_machine_without_files_all_is_unknown() {
        let root = tempfile::tempdir().unwrap();
        let machine = Machine::under(root.path());
        assert_eq!((machine.is_virtual, machine.smt, machine.turbo), (None, None, None));
        assert_eq!((machine.governor, machine.mitigations), (None, None));
    }
}
