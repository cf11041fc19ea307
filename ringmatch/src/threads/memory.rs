//! The memory of the engine: there from the start, and not taken away.
//!
//! A page that is touched for the first time costs microseconds, and one that
//! was swapped out milliseconds. Everything that orders need is allocated when
//! the venue starts; locking that memory makes the system provide every page of
//! it at once and keep it. What is allocated later is not locked: a limit that
//! stood in its way then would end the process. Locking needs a permission, and
//! a venue without it runs as before and says so.

use std::fmt;

const MIB: f64 = 1_048_576.0;

/// What came of locking the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locked {
    /// Nobody asked.
    Unasked,
    /// All that there was is in memory and stays there.
    Yes,
    /// It is not, and why.
    Refused(String),
}

impl Locked {
    /// Touches and locks all memory that this process has now.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn now() -> Self {
        use rustix::mm::{MlockAllFlags, mlockall};
        use rustix::process::{Resource, getrlimit};
        match mlockall(MlockAllFlags::CURRENT) {
            Ok(()) => Self::Yes,
            Err(error) => {
                let limit = getrlimit(Resource::Memlock).current;
                let limit = limit.map_or("no limit".into(), mib);
                Self::Refused(format!(
                    "{error}; the limit is {limit}: raise it (`ulimit -l`, LimitMEMLOCK= of systemd) \
                     or give CAP_IPC_LOCK"
                ))
            }
        }
    }

    /// Touches and locks all memory that this process has now.
    #[cfg(not(target_os = "linux"))]
    #[must_use]
    pub fn now() -> Self {
        Self::Refused("this system offers no way that this program knows".into())
    }
}

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unasked => f.write_str("not locked"),
            Self::Yes => f.write_str("locked"),
            Self::Refused(why) => write!(f, "NOT LOCKED: {why}"),
        }
    }
}

/// How this process's memory is held; `None` where the system does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// In memory now, in bytes.
    pub resident: Option<u64>,
    /// Of that, locked.
    pub locked: Option<u64>,
    /// Of that, in huge pages.
    pub huge: Option<u64>,
}

impl Footprint {
    /// That of this process, now.
    #[must_use]
    pub fn now() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let (status, rollup) = (read("/proc/self/status"), read("/proc/self/smaps_rollup"));
        Self {
            resident: bytes(&status, "VmRSS:"),
            locked: bytes(&status, "VmLck:"),
            huge: bytes(&rollup, "AnonHugePages:"),
        }
    }
}

/// The value of a line such as `VmRSS:  12 kB`.
fn bytes(text: &str, key: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn mib(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / MIB)
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: Option<u64>| value.map_or("unknown".into(), mib);
        let Self { resident, locked, huge } = *self;
        write!(
            f,
            "{} resident, {} locked, {} in huge pages",
            text(resident),
            text(locked),
            text(huge)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Capabilities are a thread's own, so one can be without them.
    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_not_permitted_is_said() {
        use rustix::process::{Resource, getrlimit};
        use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
        let without_permission = std::thread::spawn(|| {
            let none = CapabilitySet::empty();
            let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
            set_capabilities(None, sets).unwrap();
            let locked = Locked::now();
            let _ = rustix::mm::munlockall();
            locked
        });
        let locked = without_permission.join().unwrap();
        // This process has reserved more than this.
        if getrlimit(Resource::Memlock).current.is_some_and(|bytes| bytes <= 8 << 20) {
            let Locked::Refused(why) = locked else { panic!("{locked} without permission") };
            assert!(why.contains("ulimit -l"), "{why}");
        }
    }

    #[test]
    fn a_footprint_is_read_from_the_systems_files() {
        let status = "Name:\tx\nVmLck:\t       0 kB\nVmRSS:\t    2048 kB\n";
        assert_eq!(bytes(status, "VmRSS:"), Some(2 << 20));
        assert_eq!(bytes(status, "VmLck:"), Some(0));
        assert_eq!(bytes(status, "VmPin:"), None);
        #[cfg(target_os = "linux")]
        assert!(Footprint::now().resident.is_some_and(|bytes| bytes > 1 << 20));
        let footprint = Footprint { resident: Some(3 << 20), locked: Some(0), huge: None };
        let expected = "3 MiB resident, 0 MiB locked, unknown in huge pages";
        assert_eq!(footprint.to_string(), expected);
    }
}
