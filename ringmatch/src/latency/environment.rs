//! What a measurement was made on: figures without it cannot be compared.

use crate::config::Config;
use crate::pipeline::Venue;
use crate::threads::usable_cpus;
use serde::Serialize;
use std::fmt;

/// What a measurement was made on.
#[derive(Clone, Debug, Serialize)]
pub struct Environment {
    /// The CPU's model, as the system names it.
    pub cpu: String,
    /// How many CPUs this process may use.
    pub usable_cpus: usize,
    /// Whether it is a virtual machine; `None` if the system does not say.
    pub is_virtual: Option<bool>,
    /// The system and its release.
    pub kernel: String,
    /// Which stages share a thread.
    pub layout: String,
    /// How idle threads wait.
    pub wait: String,
    /// Each thread, the client's included, and where it runs.
    pub threads: Vec<String>,
    /// When a result may leave.
    pub durability: String,
    /// `release`, or `debug`, whose figures mean nothing.
    pub build: &'static str,
    /// The program's version.
    pub version: &'static str,
}

impl Environment {
    /// What this process runs on, and how this venue runs in it; `client` says
    /// where the client's thread runs.
    #[must_use]
    pub fn of(venue: &Venue, config: &Config, client: impl fmt::Display) -> Self {
        let info = read("/proc/cpuinfo");
        let stages = venue.threads().map(|(name, pinned)| format!("{name}: {pinned}"));
        let release = read("/proc/sys/kernel/osrelease");
        Self {
            cpu: field(&info, "model name").unwrap_or(std::env::consts::ARCH).to_owned(),
            usable_cpus: usable_cpus().len(),
            is_virtual: field(&info, "flags")
                .map(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor")),
            kernel: format!("{} {}", std::env::consts::OS, release.trim()).trim().to_owned(),
            layout: venue.layout().to_string(),
            wait: config.threads.wait.to_string(),
            threads: stages.chain([format!("client: {client}")]).collect(),
            durability: config.journal.durability.to_string(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machine = match self.is_virtual {
            Some(true) => "virtual",
            Some(false) => "not virtual",
            None => "virtual or not: unknown",
        };
        let Self { cpu, usable_cpus, kernel, layout, wait, durability, build, .. } = self;
        writeln!(f, "{cpu}, {usable_cpus} usable CPUs, {machine}, {kernel}, {build} build")?;
        let threads = self.threads.join(", ");
        write!(f, "layout {layout} ({threads}), wait {wait}, durability {durability}")
    }
}

/// What a file of the system says; nothing where there is no such file.
fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The value of the first line `key : value`.
fn field<'a>(info: &'a str, key: &str) -> Option<&'a str> {
    let mut fields = info.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_name() {
        let info = "processor\t: 0\nmodel name\t: A CPU @ 3: fast\nmodel name\t: other\n";
        assert_eq!(field(info, "model name"), Some("A CPU @ 3: fast"));
        assert_eq!(field(info, "flags"), None);
    }
}
