//! Plays a record to a venue, and sees to it that nothing is missing.
//!
//! One thread does all: it sends, takes responses and takes market data in
//! turn. What is on its way is bounded by account queries, one after every few
//! hundred orders: the venue answers in order, so the answer to a query says
//! that all orders before it are answered. At the end one more query is the
//! fence for responses; the position of the market data, asked for after that,
//! is the fence for market data. Until then nothing but silence ends the play:
//! a venue that is killed and restarted only makes it longer.

use super::orders::{Hit, OrderFlow, Translation};
use super::pace::{Pace, Pacer};
use super::record::{Record, RecordError, Recorded, Survey};
use super::witness::{BookComparison, Counts, Witness};
use ringmatch_engine::Symbol;
use ringmatch_gateway::client::{Client, ClientConfig, ClientError, Start};
use ringmatch_gateway::market::{FeedConfig, FeedError, MarketFeed};
use ringmatch_gateway::wire::ouch::Inbound;
use std::time::{Duration, Instant};

/// Orders between two account queries.
const STRIDE: u64 = 256;
/// Account queries on their way at once; with the stride, some 2,000 orders,
/// which the smallest usual socket buffer (208 KiB) still holds.
const QUERIES: u64 = 8;
/// How long the venue may take to answer at the start.
const CONNECT: Duration = Duration::from_secs(10);
/// How long nothing at all may arrive while something is awaited.
const SILENCE: Duration = Duration::from_secs(30);
/// The longest sleep between two looks at the other stream.
const NAP: Duration = Duration::from_millis(1);

/// What is to be played, where, and how fast.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The record.
    pub record: Record,
    /// How fast.
    pub pace: Pace,
    /// As whom.
    pub client: ClientConfig,
    /// Where the venue's market data is.
    pub market: FeedConfig,
}

/// What came of a play.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the record is.
    pub survey: Survey,
    /// Orders, replacements and cancels sent.
    pub sent: u64,
    /// Messages of the record that named unknown orders.
    pub skipped_unknown: u64,
    /// Messages of the record that change no displayed book.
    pub skipped: u64,
    /// What the venue answered.
    pub counts: Counts,
    /// Orders and replacements that were never answered.
    pub unanswered: u64,
    /// Executions.
    pub executions: u64,
    /// Executions that hit the same order as in the record.
    pub executions_same_order: u64,
    /// Final books.
    pub books: Vec<BookComparison>,
    /// Numbers that responses and market data left out.
    pub lost: u64,
    /// Gaps in responses and market data that were repaired.
    pub repaired: u64,
    /// From the first order to the last answer.
    pub time: Duration,
}

impl Report {
    /// Whether the venue's final book is the record's.
    #[must_use]
    pub fn book_equal(&self) -> bool {
        self.books.iter().all(BookComparison::is_equal)
    }

    /// Whether all is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.book_equal() && self.lost == 0 && self.unanswered == 0
    }
}

/// Why a play came to no result.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The record cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Orders cannot be sent.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Market data cannot be read.
    #[error(transparent)]
    Market(#[from] FeedError),
    /// The record trades what the venue does not list.
    #[error(
        "the record trades {0}, which the venue does not list: add an [[instrument]] for it to \
         the engine's config"
    )]
    NotListed(Symbol),
    /// The venue's book is not empty.
    #[error(
        "the venue's book of {symbol} is not empty ({orders} orders): the final books could not \
         be compared. Nothing was sent. Start the engine on an empty data directory"
    )]
    BookNotEmpty {
        /// The instrument.
        symbol: Symbol,
        /// How many orders rest there.
        orders: usize,
    },
    /// Nothing came for too long.
    #[error("the venue said nothing for {seconds} s while {awaited}: is it still running?")]
    Silence {
        /// How long.
        seconds: u64,
        /// What was to come.
        awaited: &'static str,
    },
}

/// Plays a record, and returns when everything sent was answered and seen on
/// market data.
///
/// # Errors
/// Before anything is sent: when the record cannot be read to its end, the
/// venue does not answer, does not list what the record trades, or has orders
/// in it. After that: when the venue falls silent.
pub fn play(plan: &Plan) -> Result<Report, PlayError> {
    let survey = plan.record.survey()?;
    let mut player = Player::connect(plan)?;
    player.check_books(&survey)?;
    let start = Instant::now();
    player.send_all(plan)?;
    player.catch_up(plan)?;
    Ok(player.report(survey, start.elapsed()))
}

struct Player {
    client: Client,
    market: MarketFeed,
    witness: Witness,
    pacer: Pacer,
    sent: u64,
    /// Messages sent that must each be accepted, replaced or rejected.
    numbered: u64,
    skipped_unknown: u64,
    skipped: u64,
    queries: u64,
    /// Fences and gaps from before the flow, which are none of its.
    fences_before: u64,
    gaps_before: u64,
    heard: Instant,
}

impl Player {
    /// Connects, and reads the venue's market data up to now.
    fn connect(plan: &Plan) -> Result<Self, PlayError> {
        // A client is connected when the venue is open, and has said so.
        let client = Client::connect(plan.client, CONNECT)?;
        let from_first = FeedConfig { start: Start::At(1), ..plan.market };
        let mut player = Self {
            client,
            market: MarketFeed::join(from_first, CONNECT)?,
            witness: Witness::default(),
            pacer: Pacer::new(plan.pace),
            sent: 0,
            numbered: 0,
            skipped_unknown: 0,
            skipped: 0,
            queries: 0,
            fences_before: 0,
            gaps_before: 0,
            heard: Instant::now(),
        };
        player.take(Duration::ZERO)?;
        player.read_market_to_now(plan, "its market data was read from the first message on")?;
        player.witness.begin();
        player.fences_before = player.witness.counts().fences;
        player.gaps_before = player.gaps();
        Ok(player)
    }

    /// What the record trades must be listed, and its books empty.
    fn check_books(&self, survey: &Survey) -> Result<(), PlayError> {
        let unlisted = |symbol: &&Symbol| self.witness.book().number(**symbol).is_none();
        if let Some(&symbol) = survey.symbols.keys().find(unlisted) {
            return Err(PlayError::NotListed(symbol));
        }
        let books = self.witness.compare(survey);
        match books.iter().find(|book| book.venue.orders() > 0) {
            None => Ok(()),
            Some(book) => {
                let (symbol, orders) = (book.symbol, book.venue.orders());
                Err(PlayError::BookNotEmpty { symbol, orders })
            }
        }
    }

    fn send_all(&mut self, plan: &Plan) -> Result<(), PlayError> {
        let mut flow = OrderFlow::new(self.client.next_user_ref());
        for recorded in plan.record.messages()? {
            let Recorded { time_ns, message } = recorded?;
            match flow.translate(&message) {
                Translation::Order(order) => self.send(time_ns, &order, None)?,
                Translation::Execution(order, hit) => self.send(time_ns, &order, Some(hit))?,
                Translation::UnknownOrder => self.skipped_unknown += 1,
                Translation::Nothing => self.skipped += 1,
            }
        }
        Ok(())
    }

    fn send(&mut self, time_ns: u64, order: &Inbound, hit: Option<Hit>) -> Result<(), PlayError> {
        while let Some(wait) = self.pacer.wait(time_ns, Instant::now()) {
            self.take(wait.min(NAP))?;
            // While it waits for the recorded time, silence is no fault.
            self.heard = Instant::now();
        }
        if let Some(hit) = hit {
            self.witness.expect(hit);
        }
        self.client.send(order, None)?;
        self.sent += 1;
        self.numbered += u64::from(!matches!(order, Inbound::CancelOrder(_)));
        if self.sent.is_multiple_of(STRIDE) {
            self.query()?;
            self.take(Duration::ZERO)?;
            while self.queries_open() >= QUERIES {
                self.take(NAP)?;
                self.check_silence("orders waited for their answers")?;
            }
        }
        Ok(())
    }

    /// Waits until everything sent is answered and on market data.
    fn catch_up(&mut self, plan: &Plan) -> Result<(), PlayError> {
        self.query()?;
        self.heard = Instant::now();
        while self.queries_open() > 0 {
            self.take(NAP)?;
            self.check_silence("orders waited for their answers")?;
        }
        self.read_market_to_now(plan, "market data was still to come")
    }

    /// Reads market data up to what has been sent when this is called.
    fn read_market_to_now(&mut self, plan: &Plan, awaited: &'static str) -> Result<(), PlayError> {
        let now = FeedConfig { start: Start::Now, ..plan.market };
        let position = MarketFeed::join(now, SILENCE)?.next();
        self.heard = Instant::now();
        while self.witness.next_market() < position {
            self.take(NAP)?;
            self.check_silence(awaited)?;
        }
        Ok(())
    }

    fn query(&mut self) -> Result<(), PlayError> {
        self.client.query()?;
        self.queries += 1;
        Ok(())
    }

    fn queries_open(&self) -> u64 {
        self.queries + self.fences_before - self.witness.counts().fences
    }

    /// Takes what has arrived of both streams; if nothing has, waits up to
    /// `timeout` for a response.
    fn take(&mut self, timeout: Duration) -> Result<(), PlayError> {
        let before = (self.witness.counts(), self.witness.next_market());
        while let Some((number, message)) = self.market.receive(Duration::ZERO)? {
            self.witness.market_data(number, &message);
        }
        let mut response = self.client.receive(timeout)?;
        while let Some(arrived) = response {
            self.witness.response(&arrived);
            response = self.client.try_receive()?;
        }
        if before != (self.witness.counts(), self.witness.next_market()) {
            self.heard = Instant::now();
        }
        Ok(())
    }

    fn check_silence(&self, awaited: &'static str) -> Result<(), PlayError> {
        if self.heard.elapsed() < SILENCE {
            return Ok(());
        }
        Err(PlayError::Silence { seconds: SILENCE.as_secs(), awaited })
    }

    fn gaps(&self) -> u64 {
        self.client.counters().gaps + self.market.counters().gaps
    }

    fn report(self, survey: Survey, time: Duration) -> Report {
        let counts = self.witness.counts();
        let answered = counts.accepted + counts.replaced + counts.rejected;
        Report {
            sent: self.sent,
            skipped_unknown: self.skipped_unknown,
            skipped: self.skipped,
            counts,
            unanswered: self.numbered.saturating_sub(answered),
            executions: self.witness.executions(),
            executions_same_order: self.witness.executions_as_recorded(),
            books: self.witness.compare(&survey),
            lost: self.witness.lost(),
            repaired: self.gaps() - self.gaps_before,
            time,
            survey,
        }
    }
}
