//! A simulated participant: a real client with simple habits.
//!
//! It quotes around a price of its own that wanders, now and then takes what
//! others quote, and cancels what it no longer likes. Its decisions come from a
//! seed. It remembers what it was told, and in what order, because at the end
//! it is a witness.

use super::super::venue_args::client_config;
use super::venue::Site;
use ringmatch_engine::command::{Side, TimeInForce};
use ringmatch_engine::{Price, Symbol, UserRef};
use ringmatch_gateway::client::{Client, ClientError, NewOrder, Start};
use ringmatch_gateway::wire::ouch::Outbound;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Pause between two decisions.
const PAUSE: Duration = Duration::from_millis(2);
/// Quotes that it leaves in the book at the most.
const QUOTES: usize = 40;
/// How long the venue may be away.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a participant was told.
#[derive(Debug, Default)]
pub(super) struct Testimony {
    /// Its session.
    pub(super) session: String,
    /// Orders that it sent, and on which side.
    pub(super) sent: BTreeMap<u32, Side>,
    /// Orders that the venue acknowledged.
    pub(super) acknowledged: BTreeSet<u32>,
    /// Acknowledgements that came twice.
    pub(super) twice: u64,
    /// Shares that it bought.
    pub(super) bought: u64,
    /// Shares that it sold.
    pub(super) sold: u64,
    /// Whether all its orders were answered at the end.
    pub(super) complete: bool,
}

/// See the [module](self).
pub(super) struct Participant {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Testimony, ClientError>>,
}

impl Participant {
    /// Connects a participant and lets it trade.
    pub(super) fn start(site: &Site, session: &str, seed: u64) -> Result<Self, Box<dyn Error>> {
        let config = client_config(&site.config, session.parse()?, Start::Now)?;
        let client = Client::connect(config, PATIENCE)?;
        let symbols = site.config.instruments.iter().map(|listed| listed.symbol).collect();
        let trader = Trader {
            client,
            random: fastrand::Rng::with_seed(seed),
            symbols,
            quotes: VecDeque::new(),
            middle: Price(2_000_000),
            testimony: Testimony { session: session.into(), ..Testimony::default() },
        };
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let thread =
            std::thread::Builder::new().name(session.into()).spawn(move || trader.trade(&until))?;
        Ok(Self { stop, thread })
    }

    /// Tells it to send no more.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Whether it has got all its answers, or given up.
    pub(super) fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// What it was told.
    pub(super) fn join(self) -> Result<Testimony, Box<dyn Error>> {
        let testimony = self.thread.join().map_err(|_| "a participant panicked")?;
        Ok(testimony?)
    }
}

struct Trader {
    client: Client,
    random: fastrand::Rng,
    symbols: Vec<Symbol>,
    quotes: VecDeque<UserRef>,
    middle: Price,
    testimony: Testimony,
}

impl Trader {
    fn trade(mut self, stop: &AtomicBool) -> Result<Testimony, ClientError> {
        while !stop.load(Ordering::Acquire) {
            self.decide()?;
            let next = Instant::now() + PAUSE;
            while let Some(left) = next.checked_duration_since(Instant::now()) {
                if let Some(response) = self.client.receive(left)? {
                    self.hear(&response.message);
                }
            }
        }
        self.finish()
    }

    /// One decision: mostly a quote, sometimes a trade, sometimes a cancel.
    fn decide(&mut self) -> Result<(), ClientError> {
        self.middle.0 += 100 * self.random.i64(-2..=2);
        self.middle.0 = self.middle.0.clamp(1_990_000, 2_010_000);
        if self.quotes.len() >= QUOTES
            && let Some(oldest) = self.quotes.pop_front()
        {
            self.client.cancel(oldest, 0)?;
        }
        let symbol = self.symbols[self.random.usize(..self.symbols.len())];
        let side = if self.random.bool() { Side::Buy } else { Side::Sell };
        let takes = self.random.u8(..10) < 3;
        let away = 100 * self.random.i64(1..=8);
        let toward = if takes { -away } else { away };
        let price = match side {
            Side::Buy => Price(self.middle.0 - toward),
            Side::Sell => Price(self.middle.0 + toward),
        };
        let quantity = 100 * self.random.u32(1..=9);
        let time_in_force = if takes { TimeInForce::ImmediateOrCancel } else { TimeInForce::Day };
        let order = NewOrder { time_in_force, ..NewOrder::limit(symbol, side, quantity, price) };
        let user_ref = self.client.enter(&order)?;
        self.testimony.sent.insert(user_ref.0, side);
        if !takes {
            self.quotes.push_back(user_ref);
        }
        Ok(())
    }

    fn hear(&mut self, message: &Outbound) {
        match message {
            Outbound::OrderAccepted(accepted) => {
                let is_new = self.testimony.acknowledged.insert(accepted.user_ref_num);
                self.testimony.twice += u64::from(!is_new);
            }
            Outbound::OrderExecuted(executed) => {
                let shares = u64::from(executed.quantity);
                match self.testimony.sent.get(&executed.user_ref_num) {
                    Some(Side::Buy) => self.testimony.bought += shares,
                    Some(Side::Sell) => self.testimony.sold += shares,
                    None => {}
                }
            }
            _ => {}
        }
    }

    /// Waits for the answer to a last question, which comes after all others.
    fn finish(mut self) -> Result<Testimony, ClientError> {
        self.client.query()?;
        let mut heard = Instant::now();
        while heard.elapsed() < PATIENCE {
            let Some(response) = self.client.receive(Duration::from_millis(50))? else { continue };
            heard = Instant::now();
            self.hear(&response.message);
            let is_last = matches!(response.message, Outbound::AccountQueryResponse(_));
            if is_last && self.testimony.acknowledged.iter().eq(self.testimony.sent.keys()) {
                self.testimony.complete = true;
                break;
            }
        }
        Ok(self.testimony)
    }
}
