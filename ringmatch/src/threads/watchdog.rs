//! Notices that a stage makes no progress, and says which.
//!
//! Two things are watched. A thread whose heartbeat stands still has not come
//! back from the stage it shows. And a stage that does come back, but has work
//! before it and finishes none of it, is no better. Either is an incident after
//! a second: it is told once, with what waits, and once more when it is over.
//! If the watchdog itself was not called for long, nobody ran: then that is what
//! it says, and blames no stage for it.

use super::Heartbeat;
use crate::pipeline::{Counter, Counters};
use std::fmt;
use std::time::{Duration, Instant};

/// How long a stage may take before it is called stuck.
const PATIENCE: Duration = Duration::from_secs(1);

/// What waits before a stage, and how far the stage is.
const QUEUES: [(&str, Counter, Counter, &str); 3] = [
    ("journaler", Counter::Sequenced, Counter::Durable, "commands"),
    ("matcher", Counter::Sequenced, Counter::Matched, "commands"),
    ("publisher", Counter::Events, Counter::Published, "events"),
];

/// A stage that makes no progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Which.
    pub stage: String,
    /// For how long.
    pub lasting: Duration,
    /// How much waits for it, as far as that is known: before the receiver
    /// datagrams wait, which only the system counts.
    pub waiting: u64,
}

impl Stall {
    fn of(stage: &str, lasting: Duration, counters: &Counters) -> Self {
        let queue = QUEUES.into_iter().find(|(name, ..)| *name == stage);
        let waiting = queue.map_or(0, |(_, ahead, done, _)| {
            counters.get(ahead).saturating_sub(counters.get(done))
        });
        Self { stage: stage.to_owned(), lasting, waiting }
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, lasting, waiting } = self;
        write!(f, "the {stage} has made no progress for {:.1} s", lasting.as_secs_f64())?;
        let queue = QUEUES.into_iter().find(|(name, ..)| name == stage);
        match queue.filter(|_| *waiting > 0) {
            Some((.., of_what)) => write!(f, " while {waiting} {of_what} wait"),
            None => Ok(()),
        }
    }
}

/// What a thread was at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadState {
    /// The thread's name.
    pub name: String,
    /// The stage that it polled last, or the one that makes no progress.
    pub stage: String,
    /// Another number, whenever a stage was polled since.
    pub beats: u64,
    /// For how long that stage has made no progress; zero, if it does.
    pub stalled: Duration,
    /// How much waits for it, as far as that is known.
    pub waiting: u64,
}

impl ThreadState {
    /// That it makes no progress, if so.
    #[must_use]
    pub fn stall(&self) -> Option<Stall> {
        let Self { stage, stalled: lasting, waiting, .. } = self.clone();
        (!lasting.is_zero()).then_some(Stall { stage, lasting, waiting })
    }
}

/// Something that should change, and when it last did.
#[derive(Clone, Copy, Debug)]
struct Watched {
    value: u64,
    since: Instant,
}

impl Watched {
    fn look(&mut self, value: u64, now: Instant) -> Duration {
        if self.value != value {
            *self = Self { value, since: now };
        }
        now.saturating_duration_since(self.since)
    }
}

/// Watches the stages of a venue.
#[derive(Debug)]
pub struct Watchdog {
    heartbeats: Vec<Heartbeat>,
    counters: Counters,
    beats: Vec<Watched>,
    done: [Watched; QUEUES.len()],
    looked: Instant,
    /// What has been told and is not over.
    told: Vec<Stall>,
    stalls: Vec<Stall>,
}

impl Watchdog {
    /// A watchdog over these threads and what their stages count.
    #[must_use]
    pub fn new(heartbeats: Vec<Heartbeat>, counters: Counters, now: Instant) -> Self {
        let watched = |value| Watched { value, since: now };
        let number = |heartbeat: &Heartbeat| heartbeat.now().map_or(0, |beat| beat.number);
        Self {
            beats: heartbeats.iter().map(number).map(watched).collect(),
            done: QUEUES.map(|(.., done, _)| watched(counters.get(done))),
            heartbeats,
            counters,
            looked: now,
            told: Vec::new(),
            stalls: Vec::new(),
        }
    }

    /// The stages that make no progress, as of the last look.
    #[must_use]
    pub fn stalls(&self) -> &[Stall] {
        &self.stalls
    }

    /// The threads, what each was at when it was last looked at, and whether
    /// one of its stages makes no progress.
    pub fn threads(&self) -> impl Iterator<Item = ThreadState> {
        self.heartbeats.iter().map(|heartbeat| {
            let stall = self.stalls.iter().find(|stall| heartbeat.runs(&stall.stage));
            let beat = heartbeat.now();
            let at = beat.map_or("nothing: it has ended", |beat| beat.stage);
            ThreadState {
                name: heartbeat.thread.to_owned(),
                stage: stall.map_or(at, |stall| &stall.stage).to_owned(),
                beats: beat.map_or(0, |beat| beat.number),
                stalled: stall.map_or(Duration::ZERO, |stall| stall.lasting),
                waiting: stall.map_or(0, |stall| stall.waiting),
            }
        })
    }

    /// Looks; what has to be said since the last time. It wants to be called a
    /// few times a second.
    pub fn look(&mut self, now: Instant) -> Vec<String> {
        let absent = now.saturating_duration_since(self.looked);
        self.looked = now;
        if absent >= PATIENCE {
            self.forgive(now);
            return vec![format!("nothing of this process ran for {:.1} s", absent.as_secs_f64())];
        }
        let mut stalls = self.frozen(now);
        let idle = self.idle(now);
        // Whoever waits for a thread that stands still is not to blame.
        if stalls.is_empty() {
            stalls = idle;
        }
        self.stalls = stalls;
        self.news()
    }

    /// Begins to count anew: nobody could have made progress.
    fn forgive(&mut self, now: Instant) {
        self.beats.iter_mut().chain(&mut self.done).for_each(|watched| watched.since = now);
    }

    /// Threads that have not come back from a stage.
    fn frozen(&mut self, now: Instant) -> Vec<Stall> {
        let mut stalls = Vec::new();
        for (heartbeat, watched) in self.heartbeats.iter().zip(&mut self.beats) {
            let Some(beat) = heartbeat.now() else { continue };
            let lasting = watched.look(beat.number, now);
            if lasting >= PATIENCE {
                stalls.push(Stall::of(beat.stage, lasting, &self.counters));
            }
        }
        stalls
    }

    /// Stages that have work before them and finish none of it.
    fn idle(&mut self, now: Instant) -> Vec<Stall> {
        let mut stalls: Vec<Stall> = Vec::new();
        for ((stage, _, done, _), watched) in QUEUES.into_iter().zip(&mut self.done) {
            let stall = Stall::of(stage, Duration::ZERO, &self.counters);
            let done = self.counters.get(done);
            if stall.waiting == 0 {
                *watched = Watched { value: done, since: now };
            }
            let lasting = watched.look(done, now);
            // What is not durable may not leave.
            let has_cause = stage == "publisher" && stalls.iter().any(|s| s.stage == "journaler");
            if lasting >= PATIENCE && !has_cause {
                stalls.push(Stall { lasting, ..stall });
            }
        }
        stalls
    }

    fn news(&mut self) -> Vec<String> {
        let is_in = |stalls: &[Stall], one: &Stall| stalls.iter().any(|s| s.stage == one.stage);
        let new = self.stalls.iter().filter(|stall| !is_in(&self.told, stall));
        let over = self.told.iter().filter(|stall| !is_in(&self.stalls, stall));
        let over = over.map(|Stall { stage, lasting, .. }| {
            format!("the {stage} goes on after {:.1} s", lasting.as_secs_f64())
        });
        let news = new.map(Stall::to_string).chain(over).collect();
        self.told.clone_from(&self.stalls);
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Ending, Stage, Stop};
    use crate::threads::{Assignment, Priority, start};
    use ringmatch_ring::WaitStrategy;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};

    const STEP: Duration = Duration::from_millis(400);

    /// A stage that waits inside its poll until it is told to go on.
    struct Blocking {
        entered: Sender<()>,
        go_on: Receiver<()>,
    }

    impl Stage for Blocking {
        fn name(&self) -> &'static str {
            "matcher"
        }

        fn poll(&mut self) -> Result<usize, Stop> {
            let _ = self.entered.send(());
            self.go_on.recv().map(|()| 1).map_err(|_| Stop::Finished)
        }

        fn release(&mut self) {}
    }

    /// A stage that always comes back, with nothing done, until the test is over.
    struct Idle(Arc<AtomicBool>);

    impl Stage for Idle {
        fn name(&self) -> &'static str {
            "receiver"
        }

        fn poll(&mut self) -> Result<usize, Stop> {
            if self.0.load(Ordering::Relaxed) { Err(Stop::Finished) } else { Ok(0) }
        }

        fn release(&mut self) {}
    }

    #[test]
    fn a_stage_that_blocks_is_named_once_with_what_waits_and_once_when_it_goes_on() {
        let ((entered, has_entered), (release, go_on)) = (channel(), channel());
        let is_over = Arc::new(AtomicBool::new(false));
        let stages: Vec<Box<dyn Stage>> =
            vec![Box::new(Idle(Arc::clone(&is_over))), Box::new(Blocking { entered, go_on })];
        let assignment =
            Assignment { name: "engine", stages, cpu: None, priority: Priority::Normal };
        let thread = start(assignment, WaitStrategy::Yield).unwrap();
        let counters = Counters::default();
        counters.set(Counter::Sequenced, 4_096);
        counters.set(Counter::Durable, 4_096);
        let mut now = Instant::now();
        has_entered.recv().unwrap();
        let mut watchdog = Watchdog::new(vec![thread.heartbeat], counters.clone(), now);
        let mut look = |watchdog: &mut Watchdog| {
            now += STEP;
            watchdog.look(now)
        };
        // The thread stands in the blocking stage from here on, and time passes
        // only in the watchdog's mind.
        let quiet: Vec<String> = (0..2).flat_map(|_| look(&mut watchdog)).collect();
        assert_eq!(quiet, [""; 0], "less than a second");
        let expected = "the matcher has made no progress for 1.2 s while 4096 commands wait";
        assert_eq!(look(&mut watchdog), [expected]);
        assert_eq!(look(&mut watchdog), [""; 0], "told already");
        assert_eq!(watchdog.stalls()[0].to_string(), expected.replace("1.2", "1.6"));
        counters.set(Counter::Matched, 4_096);
        release.send(()).unwrap();
        has_entered.recv().unwrap();
        assert_eq!(look(&mut watchdog), ["the matcher goes on after 1.6 s"]);
        assert_eq!(watchdog.stalls(), []);
        is_over.store(true, Ordering::Relaxed);
        drop(release);
        assert_eq!(thread.handle.join().unwrap(), Ending::Finished);
        let after: Vec<String> = (0..4).flat_map(|_| look(&mut watchdog)).collect();
        assert_eq!(after, [""; 0], "a thread that has ended is not stuck");
    }

    #[test]
    fn a_stage_that_comes_back_and_finishes_nothing_is_named_too() {
        let counters = Counters::default();
        let mut now = Instant::now();
        let mut watchdog = Watchdog::new(Vec::new(), counters.clone(), now);
        let mut look = |watchdog: &mut Watchdog| {
            now += STEP;
            watchdog.look(now)
        };
        // Slow, and not stuck.
        for done in 0..5 {
            counters.set(Counter::Sequenced, 100);
            counters.set(Counter::Matched, done * 10);
            counters.set(Counter::Durable, 100);
            assert_eq!(look(&mut watchdog), [""; 0]);
        }
        // The journaler stops, and with it whatever may not leave.
        counters.set(Counter::Matched, 100);
        counters.set(Counter::Durable, 93);
        counters.set(Counter::Events, 50);
        counters.set(Counter::Published, 43);
        let told: Vec<String> = (0..6).flat_map(|_| look(&mut watchdog)).collect();
        assert_eq!(told, ["the journaler has made no progress for 1.2 s while 7 commands wait"]);
        counters.set(Counter::Durable, 100);
        counters.set(Counter::Published, 50);
        assert_eq!(look(&mut watchdog), ["the journaler goes on after 2.0 s"]);
    }

    #[test]
    fn a_process_that_was_stopped_blames_no_stage() {
        let counters = Counters::default();
        counters.set(Counter::Sequenced, 10);
        let mut now = Instant::now();
        let mut watchdog = Watchdog::new(Vec::new(), counters.clone(), now);
        now += Duration::from_secs(5);
        assert_eq!(watchdog.look(now), ["nothing of this process ran for 5.0 s"]);
        now += STEP;
        assert_eq!(watchdog.look(now), [""; 0]);
    }
}
