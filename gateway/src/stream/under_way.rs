//! `UnderWay`: the requests of a receiver that have no answer yet.
//!
//! An answer is one packet, so whoever misses much asks for several packets at a
//! time: for adjoining ranges, each as long as answers have been. What an answer
//! leaves of its range is asked for next; now and then a longer one is tried. How
//! many are under way rises with the answers up to a fixed number and is halved by
//! each silence, so a receiver is as fast as the network and what the sender allows
//! it, and not faster. None reaches further than so many answers beyond the first
//! hole: what comes early must be kept until that closes. A repeated request waits
//! for twice as long as answers take. Whatever was asked for, the first hole is
//! always among it.

use super::MonotonicNanos;
use std::ops::Range;

/// Answers after which a longer one is tried.
const TRIAL_EVERY: u32 = 32;
/// Answers after which one more may be under way, once there was a silence.
const MORE_AFTER: u32 = 4;
/// The shortest range but the last: a packet that merely overtook another is short too.
const SHORTEST: u64 = 8;

/// How requests are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Most requests under way.
    pub(super) most: usize,
    /// Most messages in a request.
    pub(super) messages: u64,
    /// Shortest pause before a request is repeated, in ns.
    pub(super) retry_first_ns: u64,
    /// Longest one.
    pub(super) retry_limit_ns: u64,
}

/// The requests that have no answer yet.
#[derive(Debug)]
pub(super) struct UnderWay {
    pace: Pace,
    /// In no order; no two have a number in common.
    asked: Vec<Asked>,
    /// How many there may be now.
    limit: usize,
    /// Answers since there may be so many.
    since_more: u32,
    /// Whether there was never a silence.
    is_heard: bool,
    /// Messages in an answer, once one was shorter than what was asked for.
    usual: Option<u64>,
    /// Answers since a longer one was tried.
    since_trial: u32,
    /// How long answers take.
    round_trip_ns: Option<u64>,
    /// What is missing below was asked for.
    frontier: u64,
}

/// One of them.
#[derive(Debug)]
struct Asked {
    numbers: Range<u64>,
    /// When for the first time.
    sent: MonotonicNanos,
    due: MonotonicNanos,
    pause: u64,
    /// The packet that has its first number.
    answer: Option<Range<u64>>,
}

impl UnderWay {
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            pace,
            asked: Vec::with_capacity(pace.most),
            limit: 1,
            since_more: 0,
            is_heard: true,
            usual: None,
            since_trial: 0,
            round_trip_ns: None,
            frontier: 0,
        }
    }

    /// Takes note of a packet that was delivered or kept.
    pub(super) fn note(&mut self, numbers: &Range<u64>) {
        for asked in self.asked.iter_mut().filter(|asked| numbers.contains(&asked.numbers.start)) {
            asked.answer = Some(numbers.clone());
        }
    }

    /// A request that is due now, if there is one; `hole` says what is missing
    /// first from a number on.
    pub(super) fn poll(
        &mut self,
        now: MonotonicNanos,
        hole: &impl Fn(u64) -> Option<Range<u64>>,
    ) -> Option<Range<u64>> {
        self.settle(now);
        let Some(Range { start: first, .. }) = hole(0) else {
            self.asked.clear();
            self.frontier = 0;
            return None;
        };
        self.asked.retain(|asked| asked.numbers.end > first);
        let is_asked_for = self.asked.iter().any(|asked| asked.numbers.contains(&first));
        if !is_asked_for {
            self.make_way();
            self.frontier = first;
        }
        let may_go_on = !is_asked_for || self.asked.len() < self.limit;
        let further = |asked: &mut Self| asked.further(now, first, hole);
        self.repeated(now, hole).or_else(|| may_go_on.then(|| further(self)).flatten())
    }

    /// Has room for one more: the furthest is forgotten.
    fn make_way(&mut self) {
        if self.asked.len() == self.pace.most {
            let furthest = (0..self.asked.len()).max_by_key(|&at| self.asked[at].numbers.start);
            furthest.map(|at| self.asked.swap_remove(at));
        }
    }

    /// Looks at what was answered.
    fn settle(&mut self, now: MonotonicNanos) {
        for at in (0..self.asked.len()).rev() {
            let Some(answer) = self.asked[at].answer.take() else { continue };
            let Asked { numbers, sent, .. } = self.asked.swap_remove(at);
            self.since_more += 1;
            if self.is_heard || self.since_more >= MORE_AFTER {
                self.limit = (self.limit + 1).min(self.pace.most);
                self.since_more = 0;
            }
            self.since_trial += 1;
            self.learn_time(now.saturating_sub(sent));
            if answer.start == numbers.start {
                self.learn_length(numbers.end - numbers.start, answer.end - answer.start);
            }
            if answer.end < numbers.end {
                self.frontier = self.frontier.min(answer.end);
            }
        }
    }

    /// Whoever answers after so long will answer the others soon. The shortest time
    /// counts, since some were asked for twice; it rises a little with each longer
    /// one, for the way may have become longer.
    fn learn_time(&mut self, took: u64) {
        let longest = self.round_trip_ns.map_or(u64::MAX, |known| known + known / 32 + 1);
        self.round_trip_ns = Some(took.min(longest));
        let pause = self.first_pause();
        self.asked.iter_mut().for_each(|asked| asked.pause = pause);
    }

    /// An answer had so many messages of those that were wanted.
    fn learn_length(&mut self, wanted: u64, had: u64) {
        let is_short = had < wanted;
        let is_other = self.usual.is_none_or(|usual| {
            // A little longer is no longer: the next may have longer messages.
            had < usual || had > usual + usual / 4
        });
        if is_other && (is_short || self.usual.is_some_and(|usual| had > usual)) {
            self.usual = Some(had.max(SHORTEST));
        }
    }

    /// One that had no effect.
    fn repeated(
        &mut self,
        now: MonotonicNanos,
        hole: &impl Fn(u64) -> Option<Range<u64>>,
    ) -> Option<Range<u64>> {
        while let Some(at) = self.asked.iter().position(|asked| now >= asked.due) {
            let asked = &mut self.asked[at];
            let Range { start, end } = asked.numbers;
            let missing = hole(start).map(|hole| hole.start..hole.end.min(end));
            let Some(missing) = missing.filter(|missing| !missing.is_empty()) else {
                self.asked.swap_remove(at);
                continue;
            };
            asked.numbers.start = missing.start;
            asked.repeat_after(now, self.pace.retry_limit_ns);
            self.limit = (self.limit / 2).max(1);
            self.is_heard = false;
            return Some(missing);
        }
        None
    }

    /// One for what has not been asked for.
    fn further(
        &mut self,
        now: MonotonicNanos,
        first: u64,
        hole: &impl Fn(u64) -> Option<Range<u64>>,
    ) -> Option<Range<u64>> {
        let mut missing = hole(self.frontier.max(first))?;
        let of = |number| self.asked.iter().find(move |asked| asked.numbers.contains(&number));
        while let Some(asked) = of(missing.start) {
            missing = hole(asked.numbers.end)?;
        }
        let Pace { most, messages, retry_limit_ns, .. } = self.pace;
        let usual = self.usual.filter(|_| most > 1).map_or(messages, |usual| usual.min(messages));
        if missing.start > first && missing.start - first >= usual.saturating_mul(most as u64) {
            return None;
        }
        let is_trial = self.since_trial >= TRIAL_EVERY;
        let length = if is_trial { messages.min(usual * 2) } else { usual };
        self.since_trial = if is_trial { 0 } else { self.since_trial };
        let others = self.asked.iter().map(|asked| asked.numbers.start);
        let other = others.filter(|&start| start > missing.start).min().unwrap_or(u64::MAX);
        missing.end = missing.end.min(other).min(missing.start.saturating_add(length));
        self.frontier = missing.end;
        let (numbers, pause) = (missing.clone(), self.first_pause());
        let mut asked = Asked { numbers, sent: now, due: now, pause, answer: None };
        asked.repeat_after(now, retry_limit_ns);
        self.asked.push(asked);
        Some(missing)
    }

    fn first_pause(&self) -> u64 {
        let Pace { retry_first_ns, retry_limit_ns, .. } = self.pace;
        let twice = self.round_trip_ns.unwrap_or(0).saturating_mul(2);
        twice.min(retry_limit_ns).max(retry_first_ns)
    }
}

impl Asked {
    /// Is due again after a pause, and after a longer one the next time; never at
    /// once, since whoever polls goes on until nothing is due.
    fn repeat_after(&mut self, now: MonotonicNanos, limit_ns: u64) {
        self.due = now.saturating_add(self.pause.max(1));
        self.pause = self.pause.saturating_mul(2).min(limit_ns);
    }
}
