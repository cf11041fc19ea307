//! The displayed book as a reader of market data rebuilds it.
//!
//! It knows only what ITCH 5.0 messages say. It is made to be right rather than
//! fast: ordered maps, every order in its place in time. It serves the tools
//! that show a book, and is the witness that a venue's market data tells the
//! same as its books.

use crate::wire::Letter;
use crate::wire::itch::ItchMessage;
use ringmatch_engine::command::Side;
use ringmatch_engine::{Price, Symbol};
use std::collections::{BTreeMap, HashMap};

/// A displayed order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisplayedOrder {
    /// Instrument, by the feed's number.
    pub stock_locate: u16,
    /// Bid or ask.
    pub side: Side,
    /// Its price.
    pub price: Price,
    /// What is open.
    pub shares: u32,
    /// Its place in time among all orders ever added.
    arrival: u64,
}

/// What a message did that is not just a change of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The book changed, or the message concerns no book.
    Done,
    /// It names an order that is not known, and was skipped.
    UnknownOrder,
    /// A trade.
    Trade {
        /// Instrument, by the feed's number.
        stock_locate: u16,
        /// At which price.
        price: Price,
        /// How much.
        shares: u32,
        /// The displayed order that was hit, if one was.
        order: Option<u64>,
        /// Whether it counts in the volume; what trades in an auction is
        /// counted by the auction's own message.
        printable: bool,
    },
    /// An auction. What each displayed order lost in it was told before.
    Cross {
        /// Instrument, by the feed's number.
        stock_locate: u16,
        /// The one price.
        price: Price,
        /// How much.
        shares: u64,
    },
    /// A trade that was told before is void.
    Broken {
        /// Which one.
        match_number: u64,
    },
}

/// One instrument's displayed orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sides {
    /// By price and arrival: reference and shares.
    bids: BTreeMap<(i64, u64), (u64, u32)>,
    asks: BTreeMap<(i64, u64), (u64, u32)>,
}

/// The displayed books of all instruments, as ITCH 5.0 messages tell of them.
#[derive(Clone, Debug, Default)]
pub struct MarketBook {
    orders: HashMap<u64, DisplayedOrder>,
    books: BTreeMap<u16, Sides>,
    symbols: BTreeMap<u16, Symbol>,
    arrivals: u64,
    unknown: u64,
}

/// A price level as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayedLevel {
    /// Its price.
    pub price: Price,
    /// The open shares of its orders, in the order in which they trade.
    pub shares: Vec<u32>,
}

impl DisplayedLevel {
    /// Sum of what is open.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.shares.iter().map(|&shares| u64::from(shares)).sum()
    }
}

impl MarketBook {
    /// Applies a message.
    pub fn apply(&mut self, message: &ItchMessage) -> Applied {
        match message {
            ItchMessage::StockDirectory(listed) => {
                self.symbols.insert(listed.stock_locate, listed.stock);
                Applied::Done
            }
            ItchMessage::AddOrder(add) => {
                let price = Price(add.price.0.into());
                let reference = add.order_reference_number;
                self.add(add.stock_locate, reference, add.side.0, price, add.shares)
            }
            ItchMessage::AddOrderAttributed(add) => {
                let price = Price(add.price.0.into());
                let reference = add.order_reference_number;
                self.add(add.stock_locate, reference, add.side.0, price, add.shares)
            }
            ItchMessage::OrderExecuted(execution) => {
                let shares = execution.executed_shares;
                self.execute(execution.order_reference_number, shares, None, true)
            }
            ItchMessage::OrderExecutedWithPrice(execution) => {
                let price = Price(execution.execution_price.0.into());
                let shares = execution.executed_shares;
                let printable = execution.printable != Letter(b'N');
                self.execute(execution.order_reference_number, shares, Some(price), printable)
            }
            ItchMessage::OrderCancel(cancel) => {
                let found = self.reduce(cancel.order_reference_number, cancel.cancelled_shares);
                self.found(found)
            }
            ItchMessage::OrderDelete(delete) => {
                let found = self.remove(delete.order_reference_number);
                self.found(found)
            }
            ItchMessage::OrderReplace(replace) => {
                let Some(old) = self.remove(replace.original_order_reference_number) else {
                    self.unknown += 1;
                    return Applied::UnknownOrder;
                };
                let price = Price(replace.price.0.into());
                let reference = replace.new_order_reference_number;
                self.insert(reference, DisplayedOrder { price, shares: replace.shares, ..old });
                Applied::Done
            }
            ItchMessage::Trade(trade) => Applied::Trade {
                stock_locate: trade.stock_locate,
                price: Price(trade.price.0.into()),
                shares: trade.shares,
                order: None,
                printable: true,
            },
            ItchMessage::CrossTrade(cross) => Applied::Cross {
                stock_locate: cross.stock_locate,
                price: Price(cross.cross_price.0.into()),
                shares: cross.shares,
            },
            ItchMessage::BrokenTrade(broken) => {
                Applied::Broken { match_number: broken.match_number }
            }
            _ => Applied::Done,
        }
    }

    fn add(
        &mut self,
        stock_locate: u16,
        reference: u64,
        side: u8,
        price: Price,
        shares: u32,
    ) -> Applied {
        let side = if side == b'B' { Side::Buy } else { Side::Sell };
        self.remove(reference);
        self.insert(reference, DisplayedOrder { stock_locate, side, price, shares, arrival: 0 });
        Applied::Done
    }

    fn insert(&mut self, reference: u64, order: DisplayedOrder) {
        self.arrivals += 1;
        let order = DisplayedOrder { arrival: self.arrivals, ..order };
        self.orders.insert(reference, order);
        self.side(&order).insert((order.price.0, order.arrival), (reference, order.shares));
    }

    fn side(&mut self, order: &DisplayedOrder) -> &mut BTreeMap<(i64, u64), (u64, u32)> {
        let sides = self.books.entry(order.stock_locate).or_default();
        match order.side {
            Side::Buy => &mut sides.bids,
            Side::Sell => &mut sides.asks,
        }
    }

    fn remove(&mut self, reference: u64) -> Option<DisplayedOrder> {
        let order = self.orders.remove(&reference)?;
        self.side(&order).remove(&(order.price.0, order.arrival));
        Some(order)
    }

    /// Takes shares off an order; one with none left is gone.
    fn reduce(&mut self, reference: u64, by: u32) -> Option<DisplayedOrder> {
        let order = self.orders.get_mut(&reference)?;
        order.shares = order.shares.saturating_sub(by);
        let order = *order;
        if order.shares == 0 {
            self.remove(reference);
        } else {
            let place = (order.price.0, order.arrival);
            self.side(&order).insert(place, (reference, order.shares));
        }
        Some(order)
    }

    fn execute(
        &mut self,
        reference: u64,
        shares: u32,
        price: Option<Price>,
        printable: bool,
    ) -> Applied {
        let Some(order) = self.reduce(reference, shares) else {
            self.unknown += 1;
            return Applied::UnknownOrder;
        };
        Applied::Trade {
            stock_locate: order.stock_locate,
            price: price.unwrap_or(order.price),
            shares,
            order: Some(reference),
            printable,
        }
    }

    fn found(&mut self, order: Option<DisplayedOrder>) -> Applied {
        if order.is_some() {
            return Applied::Done;
        }
        self.unknown += 1;
        Applied::UnknownOrder
    }

    /// An order, if it is displayed.
    #[must_use]
    pub fn order(&self, reference: u64) -> Option<&DisplayedOrder> {
        self.orders.get(&reference)
    }

    /// How many orders are displayed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether no order is displayed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// How many messages named an order that was not known.
    #[must_use]
    pub fn unknown_orders(&self) -> u64 {
        self.unknown
    }

    /// The instruments that the feed has listed or traded, by its number.
    pub fn instruments(&self) -> impl Iterator<Item = (u16, Symbol)> {
        self.symbols.iter().map(|(&number, &symbol)| (number, symbol))
    }

    /// The symbol that the feed has listed under a number.
    #[must_use]
    pub fn symbol(&self, stock_locate: u16) -> Option<Symbol> {
        self.symbols.get(&stock_locate).copied()
    }

    /// The feed's number of a symbol, if it has listed it.
    #[must_use]
    pub fn number(&self, symbol: Symbol) -> Option<u16> {
        self.instruments().find(|listed| listed.1 == symbol).map(|listed| listed.0)
    }

    /// The levels of a side, best price first.
    #[must_use]
    pub fn levels(&self, stock_locate: u16, side: Side) -> Vec<DisplayedLevel> {
        let Some(sides) = self.books.get(&stock_locate) else { return Vec::new() };
        match side {
            // By time within a price, which runs the other way among bids.
            Side::Buy => {
                let mut levels = group(sides.bids.iter());
                levels.reverse();
                levels
            }
            Side::Sell => group(sides.asks.iter()),
        }
    }
}

fn group<'a>(
    orders: impl Iterator<Item = (&'a (i64, u64), &'a (u64, u32))>,
) -> Vec<DisplayedLevel> {
    let mut levels: Vec<DisplayedLevel> = Vec::new();
    for (&(price, _), &(_, shares)) in orders {
        match levels.last_mut() {
            Some(level) if level.price == Price(price) => level.shares.push(shares),
            _ => levels.push(DisplayedLevel { price: Price(price), shares: vec![shares] }),
        }
    }
    levels
}
