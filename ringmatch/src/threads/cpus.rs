//! The CPUs that this process may use.
//!
//! What counts is not how many the machine has: an affinity mask names those
//! that the scheduler may choose from, and a control group's quota (version 1 or
//! 2) says how much time on all of them there is. Both are looked at when asked
//! and not remembered, because either can change. Pinning by `auto` prefers
//! CPUs that the kernel keeps clear, then one thread a core, then high numbers:
//! CPU 0 is where most of the system's own work is done.

use core_affinity::CoreId;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// How many CPUs the operating system's affinity set can name.
const AFFINITY_SET: usize = 1024;

/// The CPUs that this process may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpus {
    allowed: Vec<usize>,
    quota: Option<usize>,
}

impl Cpus {
    /// Those of the calling thread, now.
    #[must_use]
    pub fn usable() -> Self {
        let allowed = allowed();
        // The standard library reads affinity and quota, and says the lesser.
        let parallelism = std::thread::available_parallelism().map_or(1, usize::from);
        let quota = (parallelism < allowed.len()).then_some(parallelism);
        Self::of(allowed, quota)
    }

    /// These CPUs, of which a quota allows the time of so many, rounded down.
    #[must_use]
    pub fn of(allowed: Vec<usize>, quota: Option<usize>) -> Self {
        Self { allowed, quota }
    }

    /// How many threads can run at the same time; at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.allowed.len().min(self.quota.unwrap_or(usize::MAX)).max(1)
    }

    /// The numbers that the affinity mask allows.
    #[must_use]
    pub fn allowed(&self) -> &[usize] {
        &self.allowed
    }

    /// For how many CPUs' time a quota lasts, if that is less than the mask
    /// allows.
    #[must_use]
    pub fn quota(&self) -> Option<usize> {
        self.quota
    }

    /// A CPU for each of so many threads, the best ones first; nothing, if there
    /// are not so many.
    #[must_use]
    pub fn choose(&self, threads: usize) -> Option<Vec<usize>> {
        self.choose_under(Path::new("/"), threads)
    }

    fn choose_under(&self, root: &Path, threads: usize) -> Option<Vec<usize>> {
        if threads > self.count() {
            return None;
        }
        let folder = root.join("sys/devices/system/cpu");
        let numbers = |path: &Path| {
            std::fs::read_to_string(path).ok().and_then(|text| parse_list(text.trim()))
        };
        let isolated = numbers(&folder.join("isolated")).unwrap_or_default();
        let is_sibling = |cpu: usize| {
            let path = folder.join(format!("cpu{cpu}/topology/thread_siblings_list"));
            numbers(&path).is_some_and(|of_its_core| of_its_core.iter().any(|&other| other < cpu))
        };
        let mut best = self.allowed.clone();
        best.sort_by_key(|&cpu| (!isolated.contains(&cpu), is_sibling(cpu), usize::MAX - cpu));
        best.truncate(threads);
        Some(best)
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count();
        write!(f, "{count} CPU{}", if count == 1 { "" } else { "s" })?;
        match self.quota {
            None => Ok(()),
            Some(_) => write!(
                f,
                " ({} in its affinity mask, and a control group's quota for the time of {count})",
                self.allowed.len()
            ),
        }
    }
}

fn allowed() -> Vec<usize> {
    let cpus = core_affinity::get_core_ids().unwrap_or_default();
    cpus.into_iter().map(|cpu| cpu.id).collect()
}

/// The numbers in a list of the kernel's, such as `0-2,5`.
fn parse_list(text: &str) -> Option<BTreeSet<usize>> {
    let mut numbers = BTreeSet::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if last >= AFFINITY_SET {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

/// What came of pinning a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pinned {
    /// Nobody asked for it.
    No,
    /// It runs on this CPU, and this was verified.
    To(usize),
    /// It was asked for and could not be done.
    Failed(usize),
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::No => f.write_str("not pinned"),
            Self::To(cpu) => write!(f, "CPU {cpu}"),
            Self::Failed(cpu) => write!(f, "NOT PINNED: CPU {cpu} was refused"),
        }
    }
}

/// Pins the calling thread to a CPU by its number, and verifies it: the list
/// of CPUs that the thread may run on afterwards must be that one.
pub fn pin(cpu: usize) -> Pinned {
    let asked = cpu < AFFINITY_SET && core_affinity::set_for_current(CoreId { id: cpu });
    if asked && allowed() == [cpu] { Pinned::To(cpu) } else { Pinned::Failed(cpu) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_by_cpu_number_and_verifies() {
        let cpus = Cpus::usable();
        std::thread::spawn(move || {
            let last = *cpus.allowed().last().unwrap();
            assert_eq!(pin(last), Pinned::To(last));
            assert_eq!(pin(100_000), Pinned::Failed(100_000));
            // The mask of this thread, and not the machine's count.
            assert_eq!(Cpus::usable(), Cpus::of(vec![last], None));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn the_lesser_of_mask_and_quota_counts() {
        for (allowed, quota, count, says) in [
            (4, None, 4, "4 CPUs"),
            (4, Some(3), 3, "3 CPUs (4 in its affinity mask"),
            (1, None, 1, "1 CPU"),
            (0, None, 1, "1 CPU"),
        ] {
            let cpus = Cpus::of((0..allowed).collect(), quota);
            assert_eq!(cpus.count(), count);
            assert!(cpus.to_string().starts_with(says), "{cpus}");
        }
    }

    #[test]
    fn auto_takes_clear_cpus_first_and_one_a_core_and_the_first_last() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join("sys/devices/system/cpu").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let cpus = Cpus::of((0..6).collect(), None);
        let choose = |threads| cpus.choose_under(root.path(), threads);
        assert_eq!(choose(3), Some(vec![5, 4, 3]), "of a machine without files");
        // Cores of two threads: 0 and 3, 1 and 4, 2 and 5.
        for cpu in 0..6 {
            let list = format!("{},{}\n", cpu % 3, cpu % 3 + 3);
            write(&format!("cpu{cpu}/topology/thread_siblings_list"), &list);
        }
        assert_eq!(choose(4), Some(vec![2, 1, 0, 5]));
        write("isolated", "1,4\n");
        assert_eq!(choose(3), Some(vec![1, 4, 2]));
        assert_eq!(choose(7), None);
        let quota = Cpus::of((0..6).collect(), Some(2));
        assert_eq!(quota.choose_under(root.path(), 3), None);
    }

    #[test]
    fn lists_of_the_kernel_are_read() {
        let list = |text| parse_list(text).map(|numbers| numbers.into_iter().collect::<Vec<_>>());
        assert_eq!(list("0-2,5"), Some(vec![0, 1, 2, 5]));
        assert_eq!(list(""), Some(vec![]));
        assert_eq!(list("a-b"), None);
        assert_eq!(list("0-99999999999"), None);
    }
}
