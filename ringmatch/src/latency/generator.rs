//! The load: one thread that sends what is due and takes what arrives.
//!
//! It never waits for an answer before it sends, and never sleeps: between two
//! sends it looks for answers, and if there is none it idles by its strategy.
//! When it finds itself behind, what is due leaves in bursts, as fast as it can
//! be written; the schedule stays as it was.

use super::{Flow, Recorder, Schedule};
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

/// Sends orders when they are due and hears their answers.
#[derive(Debug)]
pub struct Generator<'a> {
    client: Client,
    flow: Flow,
    /// Says that the measurement shall end early.
    stop: &'a AtomicBool,
    epoch: Instant,
    first_user_ref: u64,
    rejected: u64,
    repairs: u64,
}

impl<'a> Generator<'a> {
    /// A generator that has sent nothing.
    #[must_use]
    pub fn new(client: Client, flow: Flow, stop: &'a AtomicBool) -> Self {
        let epoch = Instant::now();
        Self { client, flow, stop, epoch, first_user_ref: 0, rejected: 0, repairs: 0 }
    }

    /// Sends orders at `rate_per_s` for `warm_up` and `duration`, and waits for
    /// their answers, waiting as the venue's threads do, but never asleep.
    /// `measure` is called when the warm-up ends.
    ///
    /// # Errors
    /// When the client fails, or it was told to stop.
    pub fn run(
        &mut self,
        rate_per_s: u64,
        warm_up: Duration,
        duration: Duration,
        wait: WaitStrategy,
        measure: impl FnOnce(),
    ) -> Result<Recorder, GeneratorError> {
        let start = self.epoch.elapsed() + HEAD_START;
        let schedule = Schedule::new(nanos(start), rate_per_s);
        let warm_up = schedule.orders_in(warm_up);
        let orders = warm_up + schedule.orders_in(duration);
        let mut recorder = Recorder::new(schedule, warm_up, orders);
        let mut measure = Some(measure);
        // Whoever sleeps sends late.
        let wait = if wait == WaitStrategy::Backoff { WaitStrategy::Yield } else { wait };
        let mut idle = wait.start();
        while !recorder.all_sent() {
            if recorder.next() == warm_up
                && let Some(measure) = measure.take()
            {
                measure();
            }
            let worked = self.send_due(&mut recorder)? | self.receive(&mut recorder)?;
            if worked { idle.reset() } else { idle.idle() }
        }
        self.drain(&mut recorder)?;
        self.repairs = self.client.counters().requests;
        Ok(recorder)
    }

    /// Orders that were rejected, warm-up included.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Requests for lost answers, warm-up included.
    #[must_use]
    pub fn repairs(&self) -> u64 {
        self.repairs
    }

    fn now_ns(&self) -> u64 {
        nanos(self.epoch.elapsed())
    }

    fn send_due(&mut self, recorder: &mut Recorder) -> Result<bool, GeneratorError> {
        let first = recorder.next();
        // The end of the warm-up is told before the first order that counts.
        let end = if first < recorder.warm_up() { recorder.warm_up() } else { u64::MAX };
        let end = end.min(first + BURST);
        while recorder.next() < end {
            let now_ns = self.now_ns();
            if !recorder.is_due(now_ns) {
                break;
            }
            recorder.sent(now_ns);
            let user_ref = self.flow.send(&mut self.client)?;
            if recorder.next() == 1 {
                self.first_user_ref = user_ref.0.into();
            }
        }
        if recorder.next() > first {
            self.client.flush()?;
        }
        Ok(recorder.next() > first)
    }

    fn receive(&mut self, recorder: &mut Recorder) -> Result<bool, GeneratorError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(GeneratorError::Interrupted);
        }
        let mut worked = false;
        while let Some(Response { message, .. }) = self.client.try_receive()? {
            worked = true;
            let now_ns = self.now_ns();
            self.take(&message, now_ns, recorder);
            if recorder.is_due(now_ns) {
                break;
            }
        }
        Ok(worked)
    }

    fn take(&mut self, message: &Outbound, now_ns: u64, recorder: &mut Recorder) {
        let user_ref = match message {
            Outbound::OrderAccepted(accepted) => accepted.user_ref_num,
            Outbound::OrderRejected(rejected) => {
                self.rejected += 1;
                rejected.user_ref_num
            }
            _ => return,
        };
        // What was there before the first order wraps to a number too high.
        recorder.answered(u64::from(user_ref).wrapping_sub(self.first_user_ref), now_ns);
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
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
