//! A market maker: it quotes both sides around a mid price, follows the market
//! and its own fills, and takes its quotes away when it ends.
//!
//! ```console
//! $ ringmatch serve                                                # in another terminal
//! $ cargo run -p ringmatch-gateway --example market_maker -- ALPHA AAPL 100.00
//! ```
//!
//! It runs until its standard input ends (Enter, or ctrl-D). The mid is that of
//! the others' best prices, and where there are none the price that it was given.
//! What it has bought lowers both quotes, and what it has sold raises them.

use ringmatch_engine::command::Side;
use ringmatch_engine::{Price, Symbol, UserRef};
use ringmatch_gateway::client::{Client, ClientConfig, ClientError, NewOrder, Response, Start};
use ringmatch_gateway::market::{FeedConfig, FeedError, MarketBook, MarketFeed};
use ringmatch_gateway::wire::ouch::{MassCancel, Outbound};
use ringmatch_gateway::wire::{Alpha, OuchPrice};
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);
/// How long one turn waits for something to happen.
const TURN: Duration = Duration::from_millis(5);
/// Our orders that market data may still show.
const OWN_ORDERS: usize = 64;

/// What to quote, and how.
pub(crate) struct Settings {
    pub(crate) symbol: Symbol,
    /// The mid while nobody else quotes.
    pub(crate) mid: Price,
    /// From the mid to each quote.
    pub(crate) half_spread: Price,
    /// By how much both quotes move for each quote's worth of position.
    pub(crate) skew: Price,
    /// Prices are multiples of this.
    pub(crate) tick_size: Price,
    /// Shares of each quote.
    pub(crate) quantity: u32,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) fills: u32,
    /// Shares; negative is short.
    pub(crate) position: i64,
}

/// An order of ours that is live, or will be when the venue has answered.
struct Quote {
    user_ref: UserRef,
    price: Price,
    /// Open shares, and those that its chain of replacements has traded.
    open: u32,
    executed: u32,
    is_live: bool,
    /// The replacement that is asked for.
    replacement: Option<(UserRef, Price)>,
}

struct Maker<'a> {
    settings: &'a Settings,
    client: Client,
    feed: MarketFeed,
    book: MarketBook,
    mid: Price,
    bid: Option<Quote>,
    ask: Option<Quote>,
    /// The venue's references of our latest orders: market data may still show
    /// one that we know to be gone.
    own: VecDeque<u64>,
    summary: Summary,
}

/// Why it ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MakerError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("the venue did not answer the cancel of all orders in time")]
    Unanswered,
}

/// Makes a market until `is_over`, and leaves no order behind.
pub(crate) fn make_market(
    client: Client,
    feed: MarketFeed,
    settings: &Settings,
    is_over: impl Fn() -> bool,
) -> Result<Summary, MakerError> {
    let mut maker = Maker {
        settings,
        client,
        feed,
        book: MarketBook::default(),
        mid: settings.mid,
        bid: None,
        ask: None,
        own: VecDeque::new(),
        summary: Summary::default(),
    };
    while !is_over() {
        maker.turn()?;
    }
    maker.leave()?;
    Ok(maker.summary)
}

impl Maker<'_> {
    fn turn(&mut self) -> Result<(), MakerError> {
        while let Some((_, message)) = self.feed.receive(Duration::ZERO)? {
            self.book.apply(&message);
        }
        // While an answer is out we do not know which orders are ours.
        if self.is_settled() {
            self.mid = self.mid_of_others();
        }
        let lots = self.summary.position / i64::from(self.settings.quantity);
        let centre = self.mid.0 - lots * self.settings.skew.0;
        for side in [Side::Buy, Side::Sell] {
            let half_spread = self.settings.half_spread.0;
            let away = if side == Side::Buy { -half_spread } else { half_spread };
            let tick = self.settings.tick_size.0;
            self.quote(side, Price((centre + away).div_euclid(tick).max(1) * tick))?;
        }
        // Also sends what was entered above.
        if let Some(response) = self.client.receive(TURN)? {
            self.hear(&response);
        }
        while let Some(response) = self.client.try_receive()? {
            self.hear(&response);
        }
        Ok(())
    }

    fn is_settled(&self) -> bool {
        let mut quotes = self.bid.iter().chain(&self.ask);
        quotes.all(|quote| quote.is_live && quote.replacement.is_none())
    }

    /// Between the best prices of others, if both sides have some.
    fn mid_of_others(&self) -> Price {
        let best = [Side::Buy, Side::Sell].map(|side| self.best_of_others(side));
        match best {
            [Some(bid), Some(ask)] => Price(i64::midpoint(bid.0, ask.0)),
            _ => self.settings.mid,
        }
    }

    fn best_of_others(&self, side: Side) -> Option<Price> {
        let number = self.book.number(self.settings.symbol)?;
        let own = |price| {
            let orders = self.own.iter().filter_map(|&reference| self.book.order(reference));
            let there = orders.filter(|order| order.side == side && order.price == price);
            there.map(|order| u64::from(order.shares)).sum()
        };
        let mut levels = self.book.levels(number, side).into_iter();
        levels.find(|level| level.total() > own(level.price)).map(|level| level.price)
    }

    /// Brings our order of a side to this price, and to its full size.
    fn quote(&mut self, side: Side, price: Price) -> Result<(), MakerError> {
        let Self { settings, client, bid, ask, .. } = self;
        let quote = if side == Side::Buy { bid } else { ask };
        match quote {
            None => {
                let order = NewOrder::limit(settings.symbol, side, settings.quantity, price);
                let user_ref = client.enter(&order)?;
                let (open, executed) = (settings.quantity, 0);
                let (is_live, replacement) = (false, None);
                *quote = Some(Quote { user_ref, price, open, executed, is_live, replacement });
            }
            Some(live) if live.is_live && live.replacement.is_none() && live.price != price => {
                // The quantity of a replacement counts what has traded.
                let total = live.executed + settings.quantity;
                let user_ref = client.replace(live.user_ref, total, price)?;
                live.replacement = Some((user_ref, price));
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn hear(&mut self, response: &Response) {
        match &response.message {
            Outbound::OrderAccepted(said) => {
                self.remember(said.order_reference_number);
                if let Some(quote) = self.find(said.user_ref_num) {
                    quote.is_live = true;
                }
            }
            Outbound::OrderReplaced(said) => {
                self.remember(said.order_reference_number);
                if let Some(quote) = self.find(said.orig_user_ref_num) {
                    quote.user_ref = UserRef(said.user_ref_num);
                    quote.price = own_price(said.price);
                    quote.open = said.quantity;
                    quote.replacement = None;
                }
            }
            Outbound::OrderExecuted(said) => {
                let sign = if self.is_bid(said.user_ref_num) { 1 } else { -1 };
                self.summary.fills += 1;
                self.summary.position += sign * i64::from(said.quantity);
                if let Some(quote) = self.find(said.user_ref_num) {
                    quote.executed += said.quantity;
                }
                self.reduce(said.user_ref_num, said.quantity);
            }
            Outbound::OrderCanceled(said) => self.reduce(said.user_ref_num, said.quantity),
            Outbound::OrderRejected(said) => self.rejected(said.user_ref_num),
            _ => {}
        }
    }

    fn remember(&mut self, reference: u64) {
        self.own.push_back(reference);
        if self.own.len() > OWN_ORDERS {
            self.own.pop_front();
        }
    }

    fn is_bid(&self, user_ref: u32) -> bool {
        self.bid.as_ref().is_some_and(|bid| bid.user_ref.0 == user_ref)
    }

    fn find(&mut self, user_ref: u32) -> Option<&mut Quote> {
        let quotes = self.bid.iter_mut().chain(self.ask.iter_mut());
        quotes.into_iter().find(|quote| quote.user_ref.0 == user_ref)
    }

    /// Takes shares off an order; one without any is gone, and a replacement of
    /// it will not be answered.
    fn reduce(&mut self, user_ref: u32, shares: u32) {
        for quote in [&mut self.bid, &mut self.ask] {
            if let Some(found) = quote
                && found.user_ref.0 == user_ref
            {
                found.open = found.open.saturating_sub(shares);
                if found.open == 0 {
                    *quote = None;
                }
            }
        }
    }

    /// A refused order never was; a refused replacement leaves the order.
    fn rejected(&mut self, user_ref: u32) {
        for quote in [&mut self.bid, &mut self.ask] {
            let Some(found) = quote else { continue };
            if found.replacement.is_some_and(|asked| asked.0.0 == user_ref) {
                found.replacement = None;
            } else if found.user_ref.0 == user_ref {
                *quote = None;
            }
        }
    }

    /// Cancels everything and waits until the venue has said so.
    fn leave(&mut self) -> Result<(), MakerError> {
        let user_ref_num = self.client.next_user_ref().0;
        let (firm, symbol) = (Alpha::BLANK, self.settings.symbol);
        self.client.send(&MassCancel { user_ref_num, firm, symbol }.into(), None)?;
        // The answer to this comes after all others.
        self.client.query()?;
        while let Some(response) = self.client.receive(PATIENCE)? {
            if let Outbound::AccountQueryResponse(answer) = &response.message
                && answer.next_user_ref_num > user_ref_num
            {
                return Ok(());
            }
            self.hear(&response);
        }
        Err(MakerError::Unanswered)
    }
}

/// A price of a response, as it was asked for.
fn own_price(price: OuchPrice) -> Price {
    Price(i64::try_from(price.0).unwrap_or(i64::MAX))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [session, symbol, mid] = arguments.as_slice() else {
        return Err("usage: market_maker SESSION SYMBOL MID, such as ALPHA AAPL 100.00".into());
    };
    // Where the default venue is.
    let interface = Ipv4Addr::LOCALHOST;
    let requests = "127.0.0.1:31003".parse()?;
    let orders = "239.192.77.1:31001".parse()?;
    let client = ClientConfig::new(session.parse()?, orders, requests, interface);
    let feed = FeedConfig {
        venue: "RINGMATCH".parse()?,
        market_data: "239.192.77.2:31002".parse()?,
        requests,
        interface,
        start: Start::At(1),
    };
    let settings = Settings {
        symbol: symbol.parse()?,
        mid: mid.parse()?,
        half_spread: "0.05".parse()?,
        skew: "0.01".parse()?,
        tick_size: "0.01".parse()?,
        quantity: 100,
    };
    let is_over = Arc::<AtomicBool>::default();
    let over = Arc::clone(&is_over);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        over.store(true, Ordering::Release);
    });
    let (client, feed) = (Client::connect(client, PATIENCE)?, MarketFeed::join(feed, PATIENCE)?);
    eprintln!("quoting {symbol} around {mid} until Enter");
    let summary = make_market(client, feed, &settings, || is_over.load(Ordering::Acquire))?;
    println!("{} fills, position {}", summary.fills, summary.position);
    Ok(())
}
