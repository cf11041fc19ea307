//! One thread of the engine, and the stages it runs.
//!
//! A thread calls its stages in turn for as long as they have work, and idles
//! by its wait strategy when none has. Before it begins it goes where it shall
//! run and becomes as urgent as it shall be, and says what came of it.

use super::heartbeat::{Heart, Heartbeat};
use super::{Granted, Pinned, Priority, pin};
use crate::pipeline::{Ending, Stage, Stop};
use ringmatch_ring::{IdleStrategy, WaitStrategy};
use std::fmt;
use std::thread::JoinHandle;

/// Stages that share a thread, and where and how that thread shall run.
pub struct Assignment {
    /// The thread's name.
    pub name: &'static str,
    /// Its stages, polled in this order.
    pub stages: Vec<Box<dyn Stage>>,
    /// The CPU to pin it to.
    pub cpu: Option<usize>,
    /// How urgent it is.
    pub priority: Priority,
}

/// A thread that was started.
pub struct Started {
    /// Its name.
    pub name: &'static str,
    /// Where and how it runs.
    pub standing: Standing,
    /// That it works, and at what.
    pub heartbeat: Heartbeat,
    /// How it ends.
    pub handle: JoinHandle<Ending>,
}

/// Where and how a thread runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where.
    pub pinned: Pinned,
    /// How urgent it is.
    pub priority: Granted,
}

impl Standing {
    /// Whether it has all that was asked for.
    #[must_use]
    pub fn is_as_asked(&self) -> bool {
        !matches!(self.pinned, Pinned::Failed(_)) && !matches!(self.priority, Granted::Refused(..))
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.priority {
            Granted::Unasked => self.pinned.fmt(f),
            asked => write!(f, "{}, {asked}", self.pinned),
        }
    }
}

/// Starts a thread; says what came of pinning it and of its priority before its
/// stages run.
///
/// # Errors
/// When the operating system starts no thread.
pub fn start(assignment: Assignment, wait: WaitStrategy) -> std::io::Result<Started> {
    let Assignment { name, stages, cpu, priority } = assignment;
    let (heart, heartbeat) = Heart::new(name, stages.iter().map(|stage| stage.name()).collect());
    let (standing, answer) = std::sync::mpsc::channel();
    let handle = std::thread::Builder::new().name(name.into()).spawn(move || {
        let pinned = cpu.map_or(Pinned::No, pin);
        // The starter waits for this answer, so it is there to hear it.
        let _ = standing.send(Standing { pinned, priority: priority.take() });
        run(stages, wait, heart)
    })?;
    let unknown = Standing { pinned: Pinned::No, priority: Granted::Unasked };
    Ok(Started { name, standing: answer.recv().unwrap_or(unknown), heartbeat, handle })
}

fn run(stages: Vec<Box<dyn Stage>>, wait: WaitStrategy, mut heart: Heart) -> Ending {
    let mut stages: Vec<(usize, Box<dyn Stage>)> = stages.into_iter().enumerate().collect();
    let mut idle = wait.start();
    loop {
        let mut work = 0;
        let mut at = 0;
        while at < stages.len() {
            let (number, stage) = &mut stages[at];
            heart.beat(*number);
            match stage.poll() {
                Ok(done) => {
                    work += done;
                    at += 1;
                }
                // A stage that is done lets go of its rings, so that those
                // after it see the end.
                Err(Stop::Finished) => {
                    stages.remove(at).1.release();
                }
                Err(Stop::Failed(why)) => {
                    let stage = stage.name();
                    stages.iter_mut().for_each(|(_, stage)| stage.release());
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
