//! Which thread runs which stages, on which CPU, and how it waits.
//!
//! A thread calls its stages in turn for as long as they have work, and idles
//! by its wait strategy when none has. Never more spinning threads than CPUs:
//! on two CPUs, four threads that spin are a thousand times slower than two,
//! so `auto` chooses by the number of CPUs this process may use.

use crate::pipeline::{Ending, Stage, Stop};
use core_affinity::CoreId;
use ringmatch_ring::{IdleStrategy, WaitStrategy};
use std::fmt;
use std::str::FromStr;
use std::thread::JoinHandle;

/// Which stages share a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Four threads: receiver, journaler, matcher, publisher.
    Dedicated,
    /// Three threads: receiver with publisher, journaler, matcher.
    SharedNetwork,
    /// Two threads: the journaler, which waits for the disk, and all others.
    Shared,
    /// The widest of these that leaves no CPU to two threads.
    Auto,
}

impl Layout {
    const ALL: [(Self, &str); 4] = [
        (Self::Dedicated, "dedicated"),
        (Self::SharedNetwork, "shared-network"),
        (Self::Shared, "shared"),
        (Self::Auto, "auto"),
    ];

    /// The layout that `Auto` stands for on this machine; itself otherwise.
    #[must_use]
    pub fn resolve(self) -> Self {
        match self {
            Self::Auto => match usable_cpus().len() {
                0..=2 => Self::Shared,
                3 => Self::SharedNetwork,
                _ => Self::Dedicated,
            },
            other => other,
        }
    }
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
                 \"shared\" or \"auto\""
            )
        })
    }
}

/// The numbers of the CPUs that this process may run on.
#[must_use]
pub fn usable_cpus() -> Vec<usize> {
    let cpus = core_affinity::get_core_ids().unwrap_or_default();
    cpus.into_iter().map(|cpu| cpu.id).collect()
}

/// Stages that share a thread, and where that thread shall run.
pub struct Assignment {
    /// The thread's name.
    pub name: &'static str,
    /// Its stages, polled in this order.
    pub stages: Vec<Box<dyn Stage>>,
    /// The CPU to pin it to.
    pub cpu: Option<usize>,
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

/// Starts a thread; says what came of pinning it before its stages run.
///
/// # Errors
/// When the operating system starts no thread.
pub fn start(
    assignment: Assignment,
    wait: WaitStrategy,
) -> std::io::Result<(JoinHandle<Ending>, Pinned)> {
    let Assignment { name, stages, cpu } = assignment;
    let (pinned, answer) = std::sync::mpsc::channel();
    let handle = std::thread::Builder::new().name(name.into()).spawn(move || {
        // The starter waits for this answer, so it is there to hear it.
        let _ = pinned.send(cpu.map_or(Pinned::No, pin));
        run(stages, wait)
    })?;
    let pinned = answer.recv().unwrap_or(Pinned::No);
    Ok((handle, pinned))
}

/// How many CPUs the operating system's affinity set can name.
const AFFINITY_SET: usize = 1024;

/// Pins the calling thread to a CPU by its number, and verifies it: the list
/// of CPUs that the thread may run on afterwards must be that one.
pub fn pin(cpu: usize) -> Pinned {
    let asked = cpu < AFFINITY_SET && core_affinity::set_for_current(CoreId { id: cpu });
    if asked && usable_cpus() == [cpu] { Pinned::To(cpu) } else { Pinned::Failed(cpu) }
}

fn run(mut stages: Vec<Box<dyn Stage>>, wait: WaitStrategy) -> Ending {
    let mut idle = wait.start();
    loop {
        let mut work = 0;
        let mut at = 0;
        while at < stages.len() {
            match stages[at].poll() {
                Ok(done) => {
                    work += done;
                    at += 1;
                }
                // A stage that is done lets go of its rings, so that those
                // after it see the end.
                Err(Stop::Finished) => {
                    stages.remove(at).release();
                }
                Err(Stop::Failed(why)) => {
                    let stage = stages[at].name();
                    stages.iter_mut().for_each(|stage| stage.release());
                    return Ending::Failed { stage, why };
                }
            }
        }
        if stages.is_empty() {
            return Ending::Finished;
        }
        if work > 0 { idle.reset() } else { idle.idle() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_by_cpu_number_and_verifies() {
        let cpus = usable_cpus();
        std::thread::spawn(move || {
            let last = *cpus.last().unwrap();
            assert_eq!(pin(last), Pinned::To(last));
            assert_eq!(pin(100_000), Pinned::Failed(100_000));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn layouts_have_names() {
        for (layout, name) in Layout::ALL {
            assert_eq!(name.parse(), Ok(layout));
            assert_eq!(layout.to_string(), name);
        }
        assert!("wide".parse::<Layout>().is_err());
        assert_ne!(Layout::Auto.resolve(), Layout::Auto);
    }
}
