//! The client that behaves.
//!
//! It sells and buys the same in turn, so that every order trades and the book
//! stays as it was. An order is sent when it is due, whatever became of those
//! before it, and its latency runs from that time until it hears of its
//! acceptance. Every answer must be the one that comes next: two acceptances
//! and two executions for each pair of orders, and nothing else.

use hdrhistogram::Histogram;
use ringmatch::latency::{Arrivals, Schedule};
use ringmatch_engine::Price;
use ringmatch_engine::command::Side;
use ringmatch_gateway::client::{Client, ClientConfig, NewOrder};
use ringmatch_gateway::wire::ouch::Outbound;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

/// How long an answer may take before it counts as missing.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Where it trades. Nobody else has a price that meets it.
const PRICE: Price = Price(1_000_000);
const QUANTITY: u32 = 100;
/// Answers to a sale and a purchase.
const ANSWERS: u64 = 4;

pub struct Honest {
    client: Client,
    first_ref: u32,
    rate_per_s: u64,
    entered: u64,
    answers: u64,
}

impl Honest {
    pub fn connect(config: ClientConfig, rate_per_s: u64) -> Result<Self, Box<dyn Error>> {
        let mut client = Client::connect(config, PATIENCE)?;
        // The answer to the question that a client connects with.
        client.receive(PATIENCE)?.ok_or("the venue does not say where the session stands")?;
        let first_ref = client.peek_user_ref().0;
        Ok(Self { client, first_ref, rate_per_s, entered: 0, answers: 0 })
    }

    /// Trades for so long. Between two looks at its socket it lets `others` work,
    /// which hear how long it has been trading.
    pub fn trade(
        &mut self,
        duration: Duration,
        mut others: impl FnMut(Duration) -> Result<(), Box<dyn Error>>,
        times: &mut Histogram<u64>,
    ) -> Result<(), Box<dyn Error>> {
        let orders = Schedule::orders_in(self.rate_per_s, duration).next_multiple_of(2);
        let schedule = Schedule::new(0, self.rate_per_s, Arrivals::Constant, orders, 0);
        let (start, first) = (Instant::now(), self.entered);
        let mut note = |order: u64| {
            let since = start.elapsed().saturating_sub(due(&schedule, order - first));
            times.saturating_record(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
        };
        while self.entered < first + orders {
            others(start.elapsed())?;
            if due(&schedule, self.entered - first) <= start.elapsed() {
                self.enter()?;
            }
            self.hear(&mut note)?;
            thread::yield_now();
        }
        self.settle(&mut note)
    }

    /// Trades once more, and waits for every answer: by then the venue has also
    /// taken whatever came to its port of orders before.
    pub fn close(&mut self) -> Result<(), Box<dyn Error>> {
        self.enter()?;
        self.enter()?;
        self.settle(&mut |_| {})
    }

    /// Messages that its session has ever sent.
    pub fn messages(&self) -> u64 {
        self.client.next_message() - 1
    }

    /// Times that it asked for answers that were lost on the way.
    pub fn repairs(&self) -> u64 {
        self.client.counters().requests
    }

    fn enter(&mut self) -> Result<(), Box<dyn Error>> {
        let side = if self.entered.is_multiple_of(2) { Side::Sell } else { Side::Buy };
        let symbol = "AAPL".parse().expect("a short text");
        self.client.enter(&NewOrder::limit(symbol, side, QUANTITY, PRICE))?;
        self.entered += 1;
        Ok(self.client.flush()?)
    }

    fn settle(&mut self, note: &mut impl FnMut(u64)) -> Result<(), Box<dyn Error>> {
        let deadline = Instant::now() + PATIENCE;
        while self.answers < self.entered / 2 * ANSWERS {
            self.hear(note)?;
            if Instant::now() > deadline {
                let expected = self.entered / 2 * ANSWERS;
                return Err(format!("{} answers of {expected} came", self.answers).into());
            }
            thread::yield_now();
        }
        Ok(())
    }

    /// Takes what is there; `note` hears which orders were accepted.
    fn hear(&mut self, note: &mut impl FnMut(u64)) -> Result<(), Box<dyn Error>> {
        while let Some(response) = self.client.try_receive()? {
            let (pair, place) = (self.answers / ANSWERS, self.answers % ANSWERS);
            self.check(place, pair, &response.message)?;
            if place < 2 {
                note(2 * pair + place);
            }
            self.answers += 1;
        }
        Ok(())
    }

    /// Whether an answer to a pair of orders is the one for this place.
    fn check(&self, place: u64, pair: u64, answer: &Outbound) -> Result<(), Box<dyn Error>> {
        let order = self.first_ref + u32::try_from(2 * pair + place % 2)?;
        let is_right = match answer {
            Outbound::OrderAccepted(accepted) => place < 2 && accepted.user_ref_num == order,
            Outbound::OrderExecuted(fill) => {
                place >= 2 && (fill.user_ref_num, fill.quantity) == (order, QUANTITY)
            }
            _ => false,
        };
        if is_right {
            return Ok(());
        }
        Err(format!("answer {place} to order {order} and its other half is {answer:?}").into())
    }
}

fn due(schedule: &Schedule, order: u64) -> Duration {
    Duration::from_nanos(schedule.due_ns(order))
}
