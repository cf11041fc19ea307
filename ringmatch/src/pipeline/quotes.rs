//! The best prices of the books, for whoever watches the venue.
//!
//! The matcher tells them when it is asked, and never otherwise: a turn without
//! an asker costs it one look at a word that nobody writes. Telling is bounded,
//! for it is of the first [`Quotes::BOOKS`] instruments only. The first answer is
//! given in a turn without commands; if there was none until the asker came
//! again, then in the next turn. Orders are counted by a [`Census`], in pieces,
//! and only in turns without commands. The cells have one writer at a time:
//! between asking and answering the matcher, then the asker's they are to read.

use crossbeam_utils::CachePadded;
use ringmatch_engine::command::Side;
use ringmatch_engine::{Census, Exchange, Instrument, Price, Sequence, Symbol};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Places of the arena of orders that are counted in one turn.
const PIECE: u32 = 64;

/// Whose the cells are, and how urgent it is.
const TOLD: u8 = 0;
const ASKED: u8 = 1;
const PRESSED: u8 = 2;

/// What one book shows: prices with all that is open there, hidden orders and
/// reserves included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What is traded.
    pub symbol: Symbol,
    /// The best price to sell at, and how much is open there.
    pub bid: Option<(Price, u64)>,
    /// The best price to buy at, and how much is open there.
    pub ask: Option<(Price, u64)>,
    /// The price of the last execution, if there was one.
    pub last: Option<Price>,
    /// The orders it had when they were last counted, those outside the book
    /// included.
    pub orders: u64,
}

impl Quote {
    /// The words that it takes.
    pub const WORDS: usize = 7;

    fn of(exchange: &Exchange, instrument: &Instrument, orders: u32) -> Self {
        let best = |side| {
            let book = exchange.book(instrument.id)?;
            let price = book.best(side)?;
            Some((price, book.depth_at(side, price)))
        };
        Self {
            symbol: instrument.symbol,
            bid: best(Side::Buy),
            ask: best(Side::Sell),
            last: (instrument.last_price != Price(0)).then_some(instrument.last_price),
            orders: orders.into(),
        }
    }

    /// Nothing is written as nothing open.
    #[must_use]
    pub fn to_words(&self) -> [u64; Self::WORDS] {
        let Self { symbol, bid, ask, last, orders } = self;
        let [bid, ask] = [bid, ask].map(|best| best.unwrap_or((Price(0), 0)));
        let symbol = u64::from_le_bytes(*symbol.bytes());
        let last = last.unwrap_or(Price(0));
        let price = |price: Price| price.0.cast_unsigned();
        [symbol, price(bid.0), bid.1, price(ask.0), ask.1, price(last), *orders]
    }

    /// What [`to_words`](Self::to_words) has written.
    #[must_use]
    pub fn from_words(words: [u64; Self::WORDS]) -> Self {
        let [symbol, bid, bids, ask, asks, last, orders] = words;
        let price = |word: u64| Price(word.cast_signed());
        let best = |word, open| (open > 0).then(|| (price(word), open));
        Self {
            symbol: Symbol::from_bytes(symbol.to_le_bytes()),
            bid: best(bid, bids),
            ask: best(ask, asks),
            last: (last != 0).then(|| price(last)),
            orders,
        }
    }
}

/// The quotes of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotePage {
    /// How many instruments are listed, of which the first are shown.
    pub listed: u64,
    /// The last command before the prices were read.
    pub told: Sequence,
    /// The last command before the orders were counted.
    pub counted: Sequence,
    /// The first instruments.
    pub quotes: Vec<Quote>,
}

#[derive(Debug)]
struct Cells {
    state: CachePadded<AtomicU8>,
    listed: AtomicU64,
    told: AtomicU64,
    counted: AtomicU64,
    quotes: [[AtomicU64; Quote::WORDS]; Quotes::BOOKS],
}

/// Where one asks for quotes, and where they are told. There is one asker.
#[derive(Clone, Debug)]
pub struct Quotes(Arc<Cells>);

impl Default for Quotes {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self(Arc::new(Cells {
            state: CachePadded::new(AtomicU8::new(TOLD)),
            listed: zero(),
            told: zero(),
            counted: zero(),
            quotes: std::array::from_fn(|_| std::array::from_fn(|_| zero())),
        }))
    }
}

impl Quotes {
    /// So many books at most.
    pub const BOOKS: usize = 16;

    /// What was told since the last time, and asks anew.
    #[must_use]
    pub fn ask(&self) -> Option<QuotePage> {
        let state = &self.0.state;
        if state.load(Ordering::Acquire) == TOLD {
            let page = self.read();
            state.store(ASKED, Ordering::Release);
            return Some(page);
        }
        // If it fails, the matcher has told meanwhile, or is pressed already.
        let _ = state.compare_exchange(ASKED, PRESSED, Ordering::Relaxed, Ordering::Relaxed);
        None
    }

    fn read(&self) -> QuotePage {
        let Cells { listed, told, counted, quotes, .. } = &*self.0;
        let listed = listed.load(Ordering::Relaxed);
        let shown = usize::try_from(listed).unwrap_or(usize::MAX).min(Self::BOOKS);
        let read = |words: &[AtomicU64; Quote::WORDS]| {
            Quote::from_words(words.each_ref().map(|word| word.load(Ordering::Relaxed)))
        };
        QuotePage {
            listed,
            told: Sequence(told.load(Ordering::Relaxed)),
            counted: Sequence(counted.load(Ordering::Relaxed)),
            quotes: quotes[..shown].iter().map(read).collect(),
        }
    }

    fn write(&self, exchange: &Exchange, census: &LastCensus) {
        let Cells { state, listed, told, counted, quotes } = &*self.0;
        let instruments = exchange.instruments();
        for ((words, instrument), orders) in quotes.iter().zip(instruments).zip(census.counts) {
            let quote = Quote::of(exchange, instrument, orders);
            for (word, value) in words.iter().zip(quote.to_words()) {
                word.store(value, Ordering::Relaxed);
            }
        }
        listed.store(instruments.len() as u64, Ordering::Relaxed);
        told.store(exchange.sequence().0, Ordering::Relaxed);
        counted.store(census.at.0, Ordering::Relaxed);
        state.store(TOLD, Ordering::Release);
    }
}

/// What the last census that was finished came to.
#[derive(Debug)]
struct LastCensus {
    at: Sequence,
    counts: [u32; Quotes::BOOKS],
}

/// The matcher's side.
#[derive(Debug)]
pub(super) struct Quoter {
    quotes: Quotes,
    census: Census,
    last: LastCensus,
}

impl Quoter {
    pub(super) fn new(quotes: Quotes) -> Self {
        let last = LastCensus { at: Sequence(0), counts: [0; Quotes::BOOKS] };
        Self { quotes, census: Census::of_first(Quotes::BOOKS), last }
    }

    /// In a turn without commands: tells what is asked for, or counts on.
    #[inline]
    pub(super) fn idle(&mut self, exchange: &Exchange) {
        if self.quotes.0.state.load(Ordering::Acquire) != TOLD {
            self.tell(exchange);
        } else if self.census.is_under_way() {
            self.count_on(exchange);
        }
    }

    /// In a turn with commands: tells what could not be told for long.
    #[inline]
    pub(super) fn busy(&mut self, exchange: &Exchange) {
        if self.quotes.0.state.load(Ordering::Acquire) == PRESSED {
            self.quotes.write(exchange, &self.last);
        }
    }

    #[cold]
    fn tell(&mut self, exchange: &Exchange) {
        self.quotes.write(exchange, &self.last);
        if !self.census.is_under_way() && self.last.at != exchange.sequence() {
            self.census.begin(exchange);
        }
    }

    #[cold]
    fn count_on(&mut self, exchange: &Exchange) {
        if self.census.count_on(exchange, PIECE) {
            self.last.at = self.census.begun();
            self.last.counts.copy_from_slice(self.census.counts());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringmatch_engine::command::{AddInstrument, Command, SequencedCommand};
    use ringmatch_engine::event::Event;
    use ringmatch_engine::{InstrumentId, Limits, Nanos, Quantity, SessionId};

    fn list(exchange: &mut Exchange, number: u16) {
        let listing = AddInstrument {
            instrument: InstrumentId(number),
            symbol: format!("I{number}").parse().unwrap(),
            tick_size: Price(100),
            lot_size: Quantity(1),
            max_quantity: Quantity(1_000),
        };
        let command = SequencedCommand {
            sequence: Sequence(exchange.sequence().0 + 1),
            time: Nanos(1),
            session: SessionId(0),
            number: 0,
            command: Command::AddInstrument(listing),
        };
        exchange.apply(&command, &mut Vec::<Event>::new());
    }

    #[test]
    fn nothing_is_told_unasked_and_with_commands_only_who_asks_twice() {
        let mut exchange = Exchange::new(Limits::default()).unwrap();
        let quotes = Quotes::default();
        let mut quoter = Quoter::new(quotes.clone());
        assert_eq!(quotes.ask(), Some(QuotePage::default()));
        list(&mut exchange, 1);
        quoter.busy(&exchange);
        assert_eq!(quotes.ask(), None, "there was no turn without commands");
        quoter.busy(&exchange);
        let page = quotes.ask().expect("who asks twice is told");
        assert_eq!((page.listed, page.told, page.counted), (1, Sequence(1), Sequence(0)));
        quoter.idle(&exchange);
        quoter.idle(&exchange);
        list(&mut exchange, 2);
        quoter.idle(&exchange);
        let page = quotes.ask().expect("it was told when there were no commands");
        assert_eq!((page.told, page.counted), (Sequence(1), Sequence(0)));
        quoter.idle(&exchange);
        let page = quotes.ask().expect("it was told when there were no commands");
        assert_eq!((page.told, page.counted), (Sequence(2), Sequence(1)));
    }

    #[test]
    fn the_first_instruments_are_told_and_how_many_there_are() {
        let mut exchange = Exchange::new(Limits::default()).unwrap();
        (1..=20).for_each(|number| list(&mut exchange, number));
        let quotes = Quotes::default();
        let mut quoter = Quoter::new(quotes.clone());
        let _ = quotes.ask();
        quoter.idle(&exchange);
        let page = quotes.ask().expect("it was told");
        assert_eq!((page.listed, page.quotes.len()), (20, Quotes::BOOKS));
        let symbols = page.quotes.iter().map(|quote| quote.symbol.to_string());
        assert!(symbols.eq((1..=16).map(|number| format!("I{number}"))));
        assert!(page.quotes.iter().all(|quote| quote.bid.is_none() && quote.last.is_none()));
    }
}
