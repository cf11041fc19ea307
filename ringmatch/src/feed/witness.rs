//! A witness of what a venue did with a recorded flow.
//!
//! It reads the responses and the market data, and joins them: a response
//! says which of our orders took part in a match, and under which reference
//! the venue knows each order; market data says which reference was hit. So it
//! can tell for every execution whether it hit the order that the record
//! names. It counts every number that either stream left out, and rebuilds the
//! venue's displayed book.

use super::orders::Hit;
use super::record::Survey;
use ringmatch_engine::command::Side;
use ringmatch_engine::{Symbol, UserRef};
use ringmatch_gateway::client::Response;
use ringmatch_gateway::market::{DisplayedLevel, MarketBook};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::ouch::Outbound;
use std::collections::HashMap;

/// What the venue answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Orders accepted.
    pub accepted: u64,
    /// Orders replaced.
    pub replaced: u64,
    /// Orders reduced or canceled.
    pub canceled: u64,
    /// Orders rejected.
    pub rejected: u64,
    /// Account queries answered.
    pub fences: u64,
}

/// Numbers of a stream that come one after the other.
#[derive(Clone, Copy, Debug)]
struct Run {
    next: u64,
    lost: u64,
}

impl Run {
    fn note(&mut self, number: u64) {
        self.lost += number.saturating_sub(self.next);
        self.next = number + 1;
    }
}

/// An execution on market data.
#[derive(Clone, Copy, Debug)]
struct Traded {
    match_number: u64,
    /// The venue's reference of the order that was hit; zero for a hidden one.
    reference: u64,
    quantity: u32,
}

/// What was heard of the orders, from responses and from market data.
#[derive(Debug)]
pub struct Witness {
    responses: Option<Run>,
    market: Run,
    counts: Counts,
    book: MarketBook,
    /// The recorded executions, by the order that was sent to cause them.
    expected: HashMap<u32, Hit>,
    /// Our orders, by the venue's references.
    orders: HashMap<u64, UserRef>,
    /// Our order that took liquidity, by match number.
    takers: HashMap<u64, u32>,
    traded: Vec<Traded>,
}

impl Default for Witness {
    /// A witness that will read market data from its first message on.
    fn default() -> Self {
        Self {
            responses: None,
            market: Run { next: 1, lost: 0 },
            counts: Counts::default(),
            book: MarketBook::default(),
            expected: HashMap::new(),
            orders: HashMap::new(),
            takers: HashMap::new(),
            traded: Vec::new(),
        }
    }
}

impl Witness {
    /// Takes note of an execution that the record has.
    pub fn expect(&mut self, hit: Hit) {
        self.expected.insert(hit.taker.0, hit);
    }

    /// Takes a response.
    pub fn response(&mut self, response: &Response) {
        let Response { number, message, .. } = response;
        self.responses.get_or_insert(Run { next: *number, lost: 0 }).note(*number);
        match message {
            Outbound::OrderAccepted(accepted) => {
                self.counts.accepted += 1;
                let user_ref = UserRef(accepted.user_ref_num);
                self.orders.insert(accepted.order_reference_number, user_ref);
            }
            Outbound::OrderReplaced(replaced) => {
                self.counts.replaced += 1;
                let user_ref = UserRef(replaced.user_ref_num);
                self.orders.insert(replaced.order_reference_number, user_ref);
            }
            Outbound::OrderExecuted(executed) if executed.liquidity_flag.0 == b'R' => {
                self.takers.insert(executed.match_number, executed.user_ref_num);
            }
            Outbound::OrderCanceled(_) => self.counts.canceled += 1,
            Outbound::OrderRejected(_) => self.counts.rejected += 1,
            Outbound::AccountQueryResponse(_) => self.counts.fences += 1,
            _ => {}
        }
    }

    /// Takes a message of market data.
    pub fn market_data(&mut self, number: u64, message: &ItchMessage) {
        self.market.note(number);
        self.book.apply(message);
        let (match_number, reference, quantity) = match message {
            ItchMessage::OrderExecuted(e) => {
                (e.match_number, e.order_reference_number, e.executed_shares)
            }
            ItchMessage::Trade(trade) => (trade.match_number, 0, trade.shares),
            _ => return,
        };
        self.traded.push(Traded { match_number, reference, quantity });
    }

    /// Forgets the executions so far: they are from before the flow.
    pub fn begin(&mut self) {
        self.traded.clear();
    }

    /// What was answered.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Number of the next message of market data.
    #[must_use]
    pub fn next_market(&self) -> u64 {
        self.market.next
    }

    /// How many numbers either stream left out.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.market.lost + self.responses.map_or(0, |run| run.lost)
    }

    /// Executions on market data.
    #[must_use]
    pub fn executions(&self) -> u64 {
        self.traded.len() as u64
    }

    /// Executions of the order, and the quantity, that the record names.
    #[must_use]
    pub fn executions_as_recorded(&self) -> u64 {
        self.traded.iter().filter(|traded| self.is_as_recorded(traded)).count() as u64
    }

    fn is_as_recorded(&self, traded: &Traded) -> bool {
        let taker = self.takers.get(&traded.match_number);
        let Some(hit) = taker.and_then(|taker| self.expected.get(taker)) else { return false };
        let maker = self.orders.get(&traded.reference);
        maker == Some(&hit.maker) && traded.quantity == hit.quantity
    }

    /// The venue's displayed book.
    #[must_use]
    pub fn book(&self) -> &MarketBook {
        &self.book
    }

    /// The books of what the record trades, as the venue and the record have
    /// them.
    #[must_use]
    pub fn compare(&self, record: &Survey) -> Vec<BookComparison> {
        let compare = |(&symbol, &number)| BookComparison {
            symbol,
            recorded: Sides::of(&record.book, Some(number)),
            venue: Sides::of(&self.book, self.book.number(symbol)),
        };
        record.symbols.iter().map(compare).collect()
    }
}

/// Both sides of a displayed book, best price first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Those who buy.
    pub bids: Vec<DisplayedLevel>,
    /// Those who sell.
    pub asks: Vec<DisplayedLevel>,
}

impl Sides {
    /// The book that `book` has under a number; empty if it has none.
    #[must_use]
    pub fn of(book: &MarketBook, number: Option<u16>) -> Self {
        let levels = |side| number.map(|number| book.levels(number, side)).unwrap_or_default();
        Self { bids: levels(Side::Buy), asks: levels(Side::Sell) }
    }

    /// How many orders are displayed.
    #[must_use]
    pub fn orders(&self) -> usize {
        self.bids.iter().chain(&self.asks).map(|level| level.shares.len()).sum()
    }
}

/// One instrument's book, as the record and as the venue has it at the end.
#[derive(Clone, Debug)]
pub struct BookComparison {
    /// The instrument.
    pub symbol: Symbol,
    /// As the record has it.
    pub recorded: Sides,
    /// As the venue has it.
    pub venue: Sides,
}

impl BookComparison {
    /// Whether both are the same: level by level, order by order.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.recorded == self.venue
    }

    /// The first level that differs, best first: the record's and the venue's.
    #[must_use]
    pub fn difference(&self) -> Option<(Side, Option<&DisplayedLevel>, Option<&DisplayedLevel>)> {
        let Self { recorded, venue, .. } = self;
        first_difference(&recorded.bids, &venue.bids)
            .map(|(recorded, venue)| (Side::Buy, recorded, venue))
            .or_else(|| {
                first_difference(&recorded.asks, &venue.asks)
                    .map(|(recorded, venue)| (Side::Sell, recorded, venue))
            })
    }
}

type Pair<'a> = (Option<&'a DisplayedLevel>, Option<&'a DisplayedLevel>);

fn first_difference<'a>(a: &'a [DisplayedLevel], b: &'a [DisplayedLevel]) -> Option<Pair<'a>> {
    let levels = 0..a.len().max(b.len());
    levels.map(|at| (a.get(at), b.get(at))).find(|(a, b)| a != b)
}
