//! Taking an image: the state, piece by piece.
//!
//! The state is only read. Every piece has a bounded number of entries. Orders are
//! copied as they lie, and on the same way hashed.

use super::{
    Head, InstrumentImage, OrderImage, Piece, PositionImage, QueueImage, SessionImage,
    SpecialImage, TradeImage,
};
use crate::book::{NIL, Order, Ranks, Special};
use crate::command::{AddInstrument, AddSession, AddTickBand, Pricing};
use crate::exchange::{Counters, Exchange};
use crate::holding::follows;
use crate::instrument::Instrument;
use crate::position::Position;
use crate::session::Session;
use crate::state::QueuePlace;
use crate::tick_tables::TickTables;
use crate::trade_log::Trade;

/// Entries in one piece.
const BATCH: usize = 8_192;
/// The place of hidden orders, which is no [`Place`](crate::book::Place) of its own.
pub(super) const HIDDEN: u8 = 3;

pub(super) fn take<E>(
    exchange: &Exchange,
    mut sink: impl FnMut(&Piece) -> Result<(), E>,
) -> Result<(), E> {
    sink(&Piece::Head(head(exchange)))?;
    let instruments = exchange.instruments.iter().map(instrument);
    in_batches(instruments, Piece::Instruments, &mut sink)?;
    in_batches(exchange.sessions.iter().map(session), Piece::Sessions, &mut sink)?;
    in_batches(positions(exchange), Piece::Positions, &mut sink)?;
    in_batches(exchange.trade_log.iter().map(trade), Piece::Trades, &mut sink)?;
    let mut numbers = Numbers::new(exchange);
    let queues = exchange.queues().flat_map(|queue| numbers.queues(exchange, queue));
    in_batches(queues, Piece::Queues, &mut sink)?;
    let hashes = orders(exchange, &numbers, &mut sink)?;
    in_batches(specials(exchange), Piece::Specials, &mut sink)?;
    let state = exchange.state_hash_with(hashes);
    sink(&Piece::End(exchange.seal(state).0))
}

/// Gives entries to a sink, a bounded number at a time.
fn in_batches<T, E>(
    mut entries: impl Iterator<Item = T>,
    piece: impl Fn(Vec<T>) -> Piece,
    sink: &mut impl FnMut(&Piece) -> Result<(), E>,
) -> Result<(), E> {
    loop {
        let batch: Vec<T> = entries.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        sink(&piece(batch))?;
    }
}

fn head(exchange: &Exchange) -> Head {
    let tables = 1..=TickTables::TABLES as u8;
    let bands = tables.flat_map(|table| {
        let bands = exchange.tick_tables.bands(table);
        bands.map(move |(from, tick_size)| AddTickBand { table, from, tick_size })
    });
    Head {
        limits: exchange.limits,
        sequence: exchange.sequence(),
        time: exchange.time(),
        next_order_id: exchange.next_order_id,
        next_match: exchange.next_match,
        next_market: exchange.next_market(),
        system_event: exchange.system_event,
        fees: exchange.fees,
        fees_collected: exchange.fees_collected,
        timer: exchange.timer,
        counters: counters(exchange.counters()),
        digest: exchange.digest().0,
        tick_bands: bands.collect(),
    }
}

pub(super) fn counters(counters: Counters) -> [u64; 8] {
    let Counters {
        events,
        executions,
        duplicate_inputs,
        stale_user_refs,
        unknown_orders,
        superfluous_cancels,
        refused_modifies,
        refused_operations,
    } = counters;
    [
        events,
        executions,
        duplicate_inputs,
        stale_user_refs,
        unknown_orders,
        superfluous_cancels,
        refused_modifies,
        refused_operations,
    ]
}

fn instrument(listed: &Instrument) -> InstrumentImage {
    InstrumentImage {
        listing: AddInstrument {
            instrument: listed.id,
            symbol: listed.symbol,
            tick_size: listed.tick_size,
            lot_size: listed.lot_size,
            max_quantity: listed.max_quantity,
        },
        phase: listed.phase,
        status: listed.status,
        rules: listed.rules,
        last_price: listed.last_price,
        auction_ends: listed.auction_ends,
        figures_due: listed.figures_due,
        followed_price: listed.followed_price,
        followed_best: listed.followed_best,
    }
}

fn session(session: &Session) -> SessionImage {
    SessionImage {
        admission: AddSession { session: session.id, name: session.name, firm: session.firm },
        next_input: session.next_input,
        next_user_ref: session.next_user_ref,
        next_response: session.next_response,
        enabled: session.enabled,
        order_entry_enabled: session.order_entry_enabled,
        limits: session.limits,
        fees: session.fees,
        rate_second: session.rate_second,
        rate_count: session.rate_count,
    }
}

/// Positions with any purchase or sale; what is open follows from the orders.
fn positions(exchange: &Exchange) -> impl Iterator<Item = PositionImage> {
    exchange.sessions.iter().flat_map(|session| {
        let numbered = (1..).zip(&session.positions);
        let held = numbered.filter(|(_, held)| held.bought > 0 || held.sold > 0);
        held.map(|(instrument, held)| {
            let Position { bought, sold, bought_value, sold_value, .. } = *held;
            let session = session.id.0;
            PositionImage { bought_value, sold_value, bought, sold, session, instrument }
        })
    })
}

fn trade(trade: &Trade) -> TradeImage {
    TradeImage {
        match_number: trade.match_number.0,
        price: trade.price.0,
        buyer_fee: trade.buyer_fee,
        seller_fee: trade.seller_fee,
        quantity: trade.quantity.0,
        buyer_ref: trade.buyer_ref.0,
        seller_ref: trade.seller_ref.0,
        buyer: trade.buyer.0,
        seller: trade.seller.0,
        instrument: trade.instrument.0,
    }
}

/// What queues and orders are called in an image.
struct Numbers {
    orders: Ranks,
    /// Of each queue that was given, by its place in memory.
    queues: Vec<u32>,
    next_queue: u32,
}

impl Numbers {
    fn new(exchange: &Exchange) -> Self {
        let books = &exchange.books;
        let queues = vec![0; books.levels.places()];
        Self { orders: Ranks::new(&books.orders), queues, next_queue: 0 }
    }

    /// The one or two queues of a level, which get the next numbers.
    fn queues(
        &mut self,
        exchange: &Exchange,
        QueuePlace { level, instrument, side }: QueuePlace,
    ) -> impl Iterator<Item = QueueImage> + use<> {
        let levels = &exchange.books.levels;
        let mut image = |queue: u32| {
            self.queues[queue as usize] = self.next_queue;
            self.next_queue += 1;
            let (grain, last) = (levels[queue].grain, self.orders.number(levels[queue].tail));
            let place = if levels[queue].is_hidden { HIDDEN } else { levels[queue].place as u8 };
            QueueImage { grain, last, instrument: instrument.0, place, side: side as u8 }
        };
        let displayed = image(level);
        let hidden = (levels[level].other != NIL).then(|| image(levels[level].other));
        std::iter::once(displayed).chain(hidden)
    }
}

/// Gives all orders; the sum of their hashes.
fn orders<E>(
    exchange: &Exchange,
    numbers: &Numbers,
    sink: &mut impl FnMut(&Piece) -> Result<(), E>,
) -> Result<u64, E> {
    let (mut batch, mut hashes) = (Vec::with_capacity(BATCH), 0_u64);
    for places in exchange.books.orders.used_places().chunks(BATCH) {
        for places in places.chunks(Exchange::AHEAD) {
            exchange.look_beside(places);
            for order in places.iter().filter(|order| order.level != NIL) {
                hashes = hashes.wrapping_add(exchange.hash_resting(order));
                batch.push(self::order(order, numbers));
            }
        }
        if batch.is_empty() {
            continue;
        }
        let piece = Piece::Orders(batch);
        sink(&piece)?;
        let Piece::Orders(emptied) = piece else { unreachable!("it was made of orders") };
        batch = emptied;
        batch.clear();
    }
    Ok(hashes)
}

#[inline]
fn order(order: &Order, numbers: &Numbers) -> OrderImage {
    OrderImage {
        id: order.id.0,
        open: order.open.0,
        executed: order.executed.0,
        user_ref: order.user_ref.0,
        queue: numbers.queues[order.level as usize],
        before: numbers.orders.number(order.previous),
        session: order.session.0,
        marks: order.marks.bits(),
    }
}

/// The places of the special orders that follow the market, list by list.
pub(super) fn followers(exchange: &Exchange) -> impl Iterator<Item = u32> {
    let books = &exchange.books;
    let list = move |first: u32| {
        let next = move |&place: &u32| Some(books.specials[place].next).filter(|&it| it != NIL);
        std::iter::successors(Some(first).filter(|&first| first != NIL), next)
    };
    exchange.instruments.iter().flat_map(move |listed| {
        list(books.first_peg(listed.id)).chain(list(books.first_trailing(listed.id)))
    })
}

/// First the followers in their order, then all others, in no order that means
/// anything.
fn specials(exchange: &Exchange) -> impl Iterator<Item = SpecialImage> {
    let books = &exchange.books;
    let followers = followers(exchange).map(move |place| books.specials[place]);
    let all = books.orders.iter().filter_map(move |(_, order)| books.special(order).copied());
    let others = all.filter(|special| !is_listed(special));
    followers.chain(others).map(move |special| {
        let order = &books.orders[special.order];
        SpecialImage {
            options: special.options,
            limit: special.limit,
            entered_as: special.entered_as,
            expires: special.expires,
            shown: special.shown,
            user_ref: order.user_ref.0,
            session: order.session.0,
        }
    })
}

/// Whether it stands in a list of followers: all that look at the market but
/// plain stops, which stand by their price.
fn is_listed(special: &Special) -> bool {
    follows(special.options.pricing) && special.options.pricing != Pricing::Stop
}
