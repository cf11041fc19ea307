//! Which stages share a thread.
//!
//! A thread that waits actively needs a CPU to itself: four that spin on two
//! CPUs are a thousand times slower than two. So `auto` is the widest layout
//! whose threads each find a CPU among those that this process may use, and
//! whoever names a wider one cannot have it spin ([`Oversubscribed`]). `single`
//! runs every order to its end before it looks for the next, without a hand-over
//! to another CPU; it is what `auto` means on two CPUs too, if no result waits
//! for the disk: the other CPU is then for whatever else there is to do.

use super::Cpus;
use ringmatch_journal::Durability;
use ringmatch_ring::WaitStrategy;
use std::fmt;
use std::str::FromStr;

/// Which stages share a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Four threads: receiver, journaler, matcher, publisher.
    Dedicated,
    /// Three threads: receiver with publisher, journaler, matcher.
    SharedNetwork,
    /// Two threads: the journaler, which waits for the disk, and all others.
    Shared,
    /// One thread: an order is received, journaled, matched and answered before
    /// the next. With `fsync` nothing is received while the disk is waited for.
    Single,
    /// The widest of these that leaves no CPU to two threads.
    Auto,
}

impl Layout {
    const ALL: [(Self, &str); 5] = [
        (Self::Dedicated, "dedicated"),
        (Self::SharedNetwork, "shared-network"),
        (Self::Shared, "shared"),
        (Self::Single, "single"),
        (Self::Auto, "auto"),
    ];

    /// The layout that `Auto` stands for where this process may use so many
    /// CPUs; itself otherwise.
    #[must_use]
    pub fn resolve(self, cpus: usize, durability: Durability) -> Self {
        match (self, cpus) {
            (Self::Auto, 0 | 1) => Self::Single,
            (Self::Auto, 2) if durability == Durability::Write => Self::Single,
            (Self::Auto, 2) => Self::Shared,
            (Self::Auto, 3) => Self::SharedNetwork,
            (Self::Auto, _) => Self::Dedicated,
            (named, _) => named,
        }
    }

    /// How many threads it has; of `Auto` the most that it can come to.
    #[must_use]
    pub fn threads(self) -> usize {
        match self {
            Self::Single => 1,
            Self::Shared => 2,
            Self::SharedNetwork => 3,
            Self::Dedicated | Self::Auto => 4,
        }
    }

    /// Refuses threads that would spin on CPUs that they need from each other.
    /// `others` is how many threads besides the layout's wait in the same way.
    ///
    /// # Errors
    /// When there are fewer CPUs than threads that spin.
    pub fn check(
        self,
        wait: WaitStrategy,
        others: usize,
        cpus: &Cpus,
    ) -> Result<(), Oversubscribed> {
        let threads = self.threads() + others;
        if wait != WaitStrategy::Spin || threads <= cpus.count() {
            return Ok(());
        }
        Err(Oversubscribed { layout: self, others, cpus: cpus.clone() })
    }
}

/// More threads would spin than there are CPUs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the layout {layout} has {} thread(s) that spin{}, and this process may use {cpus}: threads that \
     spin take the CPU from those they wait for, which is a thousand times slower. Set `layout` to \
     \"auto\" or a narrower one, or `wait` to \"yield\" or \"backoff\", or give it more CPUs",
    layout.threads(),
    if *others > 0 { format!(", beside {others} of its client") } else { String::new() }
)]
pub struct Oversubscribed {
    layout: Layout,
    others: usize,
    cpus: Cpus,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(layout, _)| layout == self).map_or("", |(_, name)| name);
        f.pad(name)
    }
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(layout, _)| *layout).ok_or_else(|| {
            format!(
                "there is no thread layout {text:?}: use \"dedicated\", \"shared-network\", \
                 \"shared\", \"single\" or \"auto\""
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const POLICIES: [Durability; 3] =
        [Durability::Fsync, Durability::Write, Durability::Interval(Duration::from_millis(10))];

    #[test]
    fn layouts_have_names() {
        for (layout, name) in Layout::ALL {
            assert_eq!(name.parse(), Ok(layout));
            assert_eq!(layout.to_string(), name);
        }
        assert!("wide".parse::<Layout>().is_err());
    }

    #[test]
    fn auto_never_has_more_threads_than_cpus() {
        for cpus in 1..=8 {
            for durability in POLICIES {
                let layout = Layout::Auto.resolve(cpus, durability);
                assert_ne!(layout, Layout::Auto);
                assert!(layout.threads() <= cpus, "{layout} on {cpus}");
                let known = Cpus::of((0..cpus).collect(), None);
                assert_eq!(layout.check(WaitStrategy::Spin, 0, &known), Ok(()));
            }
        }
        assert_eq!(Layout::Auto.resolve(2, Durability::Fsync), Layout::Shared);
        assert_eq!(Layout::Auto.resolve(2, Durability::Write), Layout::Single);
        assert_eq!(Layout::Dedicated.resolve(1, Durability::Write), Layout::Dedicated);
    }

    #[test]
    fn more_spinning_threads_than_cpus_are_refused_and_others_are_not() {
        let two = Cpus::of(vec![0, 1], None);
        assert_eq!(Layout::Shared.check(WaitStrategy::Spin, 0, &two), Ok(()));
        assert_eq!(Layout::Dedicated.check(WaitStrategy::Yield, 0, &two), Ok(()));
        assert_eq!(Layout::Dedicated.check(WaitStrategy::Backoff, 0, &two), Ok(()));
        let said = Layout::Dedicated.check(WaitStrategy::Spin, 0, &two).unwrap_err().to_string();
        for part in ["dedicated has 4 thread(s)", "2 CPUs", "\"backoff\""] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let said = Layout::Shared.check(WaitStrategy::Spin, 1, &two).unwrap_err().to_string();
        assert!(said.contains("2 thread(s) that spin, beside 1 of its client"), "{said}");
        // A quota counts as well as an affinity mask.
        let quota = Cpus::of(vec![0, 1, 2, 3], Some(2));
        let said = Layout::Dedicated.check(WaitStrategy::Spin, 0, &quota).unwrap_err().to_string();
        assert!(said.contains("2 CPUs (4 in its affinity mask"), "{said}");
    }
}
