//! The load: one thread that sends what is due and takes what arrives.
//!
//! In an open loop it never waits for an answer before it sends, and never
//! sleeps: between two sends it looks for answers, and if there is none it idles
//! by its strategy. When it finds itself behind, what is due leaves in bursts,
//! as fast as it can be written; the schedule stays as it was. With several
//! sessions the orders go to them in turn. Its clock is the venue's own if that
//! runs in this process, so the receiver's stamps can be read against it.

use super::workload::Load;
use super::{Flow, Pace, Recorder, Schedule, Series, Workload};
use crate::clock::{Clock, SystemClock};
use ringmatch_engine::Nanos;
use ringmatch_gateway::client::{Client, ClientError, Response};
use ringmatch_gateway::wire::ouch::Outbound;
use ringmatch_ring::{IdleStrategy, WaitStrategy};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Orders sent before it looks for answers again, when it is behind.
const BURST: u64 = 32;
/// How long answers may take after the last order.
const DRAIN: Duration = Duration::from_secs(5);
/// Pause between the first look at the clock and the first order.
const HEAD_START: Duration = Duration::from_millis(1);
const DAY_NS: u64 = 86_400_000_000_000;

/// Why a measurement has no result.
#[derive(Debug, thiserror::Error)]
pub enum GeneratorError {
    /// The client failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Somebody told it to end.
    #[error("interrupted before the end of the measurement")]
    Interrupted,
}

/// One session that orders go to.
#[derive(Debug)]
struct Party {
    client: Client,
    flow: Flow,
    first_user_ref: Option<u64>,
}

/// Whose clock the generator reads.
#[derive(Clone, Copy, Debug)]
pub enum TimeBase {
    /// The venue's, by which it stamps what it receives.
    Shared(SystemClock),
    /// One of its own, which can be compared with no other.
    Own(SystemClock),
}

/// Sends orders when they are due and hears their answers.
#[derive(Debug)]
pub struct Generator<'a> {
    parties: Vec<Party>,
    /// Says that the measurement shall end early.
    stop: &'a AtomicBool,
    time: TimeBase,
    rejected: u64,
}

impl<'a> Generator<'a> {
    /// A generator that has sent nothing, with a client and its orders for
    /// each session.
    #[must_use]
    pub fn new(
        sessions: impl IntoIterator<Item = (Client, Flow)>,
        time: TimeBase,
        stop: &'a AtomicBool,
    ) -> Self {
        let party = |(client, flow)| Party { client, flow, first_user_ref: None };
        Self { parties: sessions.into_iter().map(party).collect(), stop, time, rejected: 0 }
    }

    /// Runs a workload and waits for the answers, waiting as the venue's threads
    /// do, but never asleep. `measure` is called when the warm-up ends.
    ///
    /// # Errors
    /// When a client fails, or it was told to stop.
    pub fn run(
        &mut self,
        workload: &Workload,
        wait: WaitStrategy,
        measure: impl FnOnce(),
    ) -> Result<Recorder, GeneratorError> {
        let series = Series::new(workload.duration);
        let mut recorder = Recorder::new(Self::pace(workload, self.now_ns()), series);
        let mut measure = Some(measure);
        let mut idle = Self::awake(wait).start();
        while !recorder.all_sent(self.now_ns()) {
            // The end of the warm-up is told before the first order that counts.
            if measure.is_some()
                && recorder.is_warm(self.now_ns())
                && let Some(measure) = measure.take()
            {
                measure();
            }
            let worked =
                self.send_due(&mut recorder, measure.is_none())? | self.receive(&mut recorder)?;
            if worked { idle.reset() } else { idle.idle() }
        }
        self.drain(&mut recorder)?;
        self.tidy()?;
        Ok(recorder)
    }

    /// The same, but never asleep: whoever sleeps sends late.
    pub(super) fn awake(wait: WaitStrategy) -> WaitStrategy {
        if wait == WaitStrategy::Backoff { WaitStrategy::Yield } else { wait }
    }

    /// When the orders of a workload that begins now may be sent.
    pub(super) fn pace(workload: &Workload, now_ns: u64) -> Pace {
        let Workload { load, duration, warm_up, .. } = workload;
        let in_ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        match *load {
            Load::Open { rate_per_s, arrivals, seed } => {
                let warm_up = Schedule::orders_in(rate_per_s, *warm_up);
                let orders = warm_up + Schedule::orders_in(rate_per_s, *duration);
                // Drawn for a start that is then moved to now.
                let schedule = Schedule::new(0, rate_per_s, arrivals, orders, seed);
                let start_ns = now_ns + in_ns(HEAD_START);
                Pace::Open { schedule: schedule.starting_at(start_ns), warm_up, orders }
            }
            Load::Closed { outstanding } => {
                let measured_from_ns = now_ns + in_ns(*warm_up);
                let end_ns = measured_from_ns + in_ns(*duration);
                Pace::Closed { outstanding: outstanding.into(), measured_from_ns, end_ns }
            }
        }
    }

    /// Orders that were rejected, warm-up included.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Requests for lost answers, warm-up included.
    #[must_use]
    pub fn repairs(&self) -> u64 {
        self.parties.iter().map(|party| party.client.counters().requests).sum()
    }

    fn now_ns(&self) -> u64 {
        let (TimeBase::Shared(clock) | TimeBase::Own(clock)) = self.time;
        clock.now().0
    }

    fn send_due(&mut self, recorder: &mut Recorder, told: bool) -> Result<bool, GeneratorError> {
        let first = recorder.next();
        while recorder.next() < first + BURST {
            let now_ns = self.now_ns();
            if !recorder.is_due(now_ns) || (!told && recorder.is_warm(now_ns)) {
                break;
            }
            let party = self.turn(recorder.next());
            recorder.sent(now_ns);
            let Party { client, flow, first_user_ref } = &mut self.parties[party];
            let user_ref = flow.send(client)?;
            first_user_ref.get_or_insert(user_ref.0.into());
        }
        let sent = recorder.next() - first;
        for n in first..first + sent.min(self.parties.len() as u64) {
            let party = self.turn(n);
            self.parties[party].client.flush()?;
        }
        Ok(sent > 0)
    }

    /// Whose turn order `n` is.
    fn turn(&self, n: u64) -> usize {
        usize::try_from(n % self.parties.len() as u64).expect("it is below a length")
    }

    fn receive(&mut self, recorder: &mut Recorder) -> Result<bool, GeneratorError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(GeneratorError::Interrupted);
        }
        let mut worked = false;
        for party in 0..self.parties.len() {
            while let Some(Response { message, .. }) = self.parties[party].client.try_receive()? {
                worked = true;
                let now_ns = self.now_ns();
                self.take(party, &message, now_ns, recorder);
                if recorder.is_due(now_ns) {
                    return Ok(true);
                }
            }
        }
        Ok(worked)
    }

    fn take(&mut self, party: usize, message: &Outbound, now_ns: u64, recorder: &mut Recorder) {
        let (user_ref, stamp) = match message {
            Outbound::OrderAccepted(accepted) => (accepted.user_ref_num, accepted.timestamp),
            Outbound::OrderRejected(rejected) => {
                self.rejected += 1;
                (rejected.user_ref_num, rejected.timestamp)
            }
            _ => return,
        };
        let Some(first) = self.parties[party].first_user_ref else { return };
        // What was there before the first order is no order of this measurement.
        let Some(turn) = u64::from(user_ref).checked_sub(first) else { return };
        let n = turn * self.parties.len() as u64 + party as u64;
        let is_shared = matches!(self.time, TimeBase::Shared(_));
        recorder.answered(n, now_ns, |sent_ns| {
            is_shared.then(|| since_midnight(stamp.0, sent_ns)).flatten()
        });
    }

    fn drain(&mut self, recorder: &mut Recorder) -> Result<(), GeneratorError> {
        let deadline = Instant::now() + DRAIN;
        while !recorder.all_answered() && Instant::now() < deadline {
            if !self.receive(recorder)? {
                std::thread::yield_now();
            }
        }
        Ok(())
    }

    /// Leaves no orders behind in the book, and waits until that is done.
    fn tidy(&mut self) -> Result<(), GeneratorError> {
        let deadline = Instant::now() + DRAIN;
        for Party { client, flow, .. } in &mut self.parties {
            flow.cancel_resting(client)?;
            client.query()?;
            client.flush()?;
            while Instant::now() < deadline {
                let answer = client.receive(Duration::from_millis(10))?;
                let message = answer.map(|response| response.message);
                if matches!(message, Some(Outbound::AccountQueryResponse(_))) {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// How long after `sent_ns` a stamp is that counts from midnight; nothing if it
/// is before.
fn since_midnight(stamp_ns: u64, sent_ns: u64) -> Option<u64> {
    let after_ns = (stamp_ns + DAY_NS).checked_sub(Nanos(sent_ns).since_midnight())? % DAY_NS;
    (after_ns < DAY_NS / 2).then_some(after_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_count_from_midnight() {
        for (stamp_ns, sent_ns, after_ns) in [
            (1_500, DAY_NS + 1_000, Some(500)),
            (300, 2 * DAY_NS - 200, Some(500)),
            (999, DAY_NS + 1_000, None),
        ] {
            assert_eq!(since_midnight(stamp_ns, sent_ns), after_ns);
        }
    }
}
