//! An exchange from an image, which is not trusted.
//!
//! Every entry is held against what the state must be for the exchange to go on
//! from it without surprise: numbers that are there and come in order, prices on
//! the grid, bounds, one order for each number of a client, books in order and
//! not crossed while they trade. What is not in an image is found again by the
//! code that keeps it while orders come and go. At the end a hash of
//! all of it must be the one that the image names.

use super::closing::{check_books, check_timer, count_open, tie};
use super::taking::HIDDEN;
use super::{
    ArchivedHead, ArchivedOrderImage, ArchivedPiece, Head, ImageError, InstrumentImage,
    PositionImage, QueueImage, SessionImage, SpecialImage, TradeImage,
};
use crate::book::{Marks, NIL, Order, Place, Special};
use crate::command::{InstrumentStatus, Pricing, Side};
use crate::digest::Digest;
use crate::exchange::{Counters, Exchange};
use crate::holding::follows;
use crate::instrument::Instrument;
use crate::limits::Limits;
use crate::position::Position;
use crate::session::Session;
use crate::trade_log::Trade;
use crate::types::{InstrumentId, MatchNumber, OrderId, Price, Quantity, SessionId, UserRef};
use crate::voice::Voice;
use rkyv::api::high::HighDeserializer;
use rkyv::rancor::Error as ArchiveError;
use std::collections::HashMap;
use std::hint::black_box;

/// What a part of an image is called, its number, and what is wrong with it.
pub(super) fn unsound(what: &'static str, number: impl Into<u64>, why: &'static str) -> ImageError {
    ImageError::Unsound { what, number: number.into(), why }
}

/// `why` unless `holds`.
pub(super) fn require(
    holds: bool,
    what: &'static str,
    number: impl Into<u64>,
    why: &'static str,
) -> Result<(), ImageError> {
    if holds { Ok(()) } else { Err(unsound(what, number, why)) }
}

/// The places of queues, as an image has them.
const BOOK: u8 = Place::Book as u8;
const STOP: u8 = Place::Stop as u8;
const WAITING: u8 = Place::Waiting as u8;

/// Which piece may come next; a piece of an earlier kind may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Head,
    Instruments,
    Sessions,
    Positions,
    Trades,
    Queues,
    Orders,
    Specials,
    End,
}

/// An exchange that takes shape, piece by piece.
pub struct Restoring {
    limits: Limits,
    exchange: Option<Box<Exchange>>,
    stage: Stage,
    /// The last entry of each kind that comes in order.
    last_position: (u16, u16),
    last_trade: Option<u64>,
    last_queue: Option<Queue>,
    /// Which orders each queue takes.
    queues: Vec<Takes>,
    /// What the trades took part in, which positions must cover.
    traded: HashMap<(u16, u16), Position>,
    /// Orders that stand elsewhere than in a book, and those of them with a special.
    elsewhere: u64,
    explained: u64,
    ended: bool,
}

/// A queue that was opened.
#[derive(Clone, Copy)]
struct Queue {
    image: QueueImage,
    instrument: InstrumentId,
    place: Place,
    side: Side,
    /// Where it is in memory.
    level: u32,
}

/// Which orders a queue takes, in a byte: there may be millions of queues, and each
/// order asks one of them.
#[derive(Clone, Copy)]
struct Takes(u8);

impl Takes {
    fn new(image: &QueueImage) -> Self {
        Self(image.place << 1 | image.side)
    }

    fn place(self) -> u8 {
        self.0 >> 1
    }

    /// Whether an order stands on its side, and is hidden if the queue is.
    fn is_for(self, marks: Marks) -> bool {
        let is_side = marks.side() as u8 == self.0 & 1;
        match self.place() {
            WAITING => true,
            STOP => is_side,
            place => is_side && marks.is_displayed() == (place == BOOK),
        }
    }
}

impl Restoring {
    /// Begins; the image must be of an exchange with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            exchange: None,
            stage: Stage::Head,
            last_position: (0, 0),
            last_trade: None,
            last_queue: None,
            queues: Vec::new(),
            traded: HashMap::new(),
            elsewhere: 0,
            explained: 0,
            ended: false,
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// What is wrong with it; then nothing can come of this image.
    pub fn take(&mut self, piece: &ArchivedPiece) -> Result<(), ImageError> {
        let stage = stage_of(piece);
        if self.ended || stage < self.stage || (stage > Stage::Head) != self.exchange.is_some() {
            return Err(ImageError::Order);
        }
        self.stage = stage;
        match piece {
            ArchivedPiece::Head(head) => self.head(head),
            ArchivedPiece::Instruments(entries) => {
                entries.iter().try_for_each(|entry| self.instrument(&plain(entry)?))
            }
            ArchivedPiece::Sessions(entries) => {
                entries.iter().try_for_each(|entry| self.session(&plain(entry)?))
            }
            ArchivedPiece::Positions(entries) => {
                entries.iter().try_for_each(|entry| self.position(&plain(entry)?))
            }
            ArchivedPiece::Trades(entries) => {
                entries.iter().try_for_each(|entry| self.trade(&plain(entry)?))
            }
            ArchivedPiece::Queues(entries) => {
                entries.iter().try_for_each(|entry| self.queue(plain(entry)?))
            }
            ArchivedPiece::Orders(orders) => self.orders(orders),
            ArchivedPiece::Specials(entries) => {
                entries.iter().try_for_each(|entry| self.special(&plain(entry)?))
            }
            ArchivedPiece::End(hash) => self.end(Digest(hash.to_native())),
        }
    }

    /// The exchange, once the last piece was taken.
    ///
    /// # Errors
    /// When it was not.
    pub fn finish(self) -> Result<Box<Exchange>, ImageError> {
        self.exchange.filter(|_| self.ended).ok_or(ImageError::Order)
    }

    fn exchange(&mut self) -> &mut Exchange {
        self.exchange.as_mut().expect("the head comes first")
    }

    fn head(&mut self, head: &ArchivedHead) -> Result<(), ImageError> {
        let head: Head = plain(head)?;
        head.limits.check().map_err(ImageError::Limits)?;
        require(head.limits == self.limits, "limits", 0_u64, "are not this venue's")?;
        let mut exchange = Exchange::new(head.limits).map_err(ImageError::Limits)?;
        let numbers = [head.next_order_id.0, head.next_match.0, head.next_market.0];
        require(!numbers.contains(&0), "counts", 0_u64, "begin below one")?;
        exchange.next_order_id = head.next_order_id;
        exchange.next_match = head.next_match;
        exchange.system_event = head.system_event;
        exchange.fees = head.fees;
        exchange.fees_collected = head.fees_collected;
        exchange.timer = head.timer;
        exchange.counters = counters(head.counters);
        exchange.voice = Voice {
            sequence: head.sequence,
            time: head.time,
            next_market: head.next_market,
            events: exchange.counters.events,
            digest: Digest(head.digest),
        };
        for band in &head.tick_bands {
            let added = exchange.tick_tables.add(band);
            require(added, "tick table", band.table, "has a band that cannot be")?;
        }
        self.exchange = Some(Box::new(exchange));
        Ok(())
    }

    fn instrument(&mut self, image: &InstrumentImage) -> Result<(), ImageError> {
        let exchange = self.exchange();
        let listing = &image.listing;
        let number = listing.instrument.0;
        let check = |holds, why| require(holds, "instrument", number, why);
        check(usize::from(number) == exchange.instruments.len() + 1, "is not the next")?;
        check(number <= exchange.limits.instruments, "is one too many")?;
        let symbols = exchange.instruments.iter();
        check(symbols.fold(true, |new, it| new & (it.symbol != listing.symbol)), "is there twice")?;
        let is_tick = (Price(1)..=Price::MAX_LIMIT).contains(&listing.tick_size);
        check(is_tick, "has an impossible tick size")?;
        check(listing.lot_size.0 > 0 && listing.max_quantity.0 > 0, "has an impossible lot size")?;
        exchange.books.add_instrument(listing.tick_size);
        let rules = &image.rules;
        let reference = rules.reference_price;
        let grid = exchange.books.grid(listing.instrument);
        let is_price = reference == Price(0) || grid.tick(reference).is_some();
        let prices = [image.last_price, image.followed_price];
        let are_prices = prices.iter().all(|price| (Price(0)..=Price::MAX_LIMIT).contains(price));
        let highest = grid.floor(Price::MAX_LIMIT);
        let are_grains = image.followed_best.iter().all(|&grain| grain <= highest);
        check(is_price && are_prices && are_grains, "has an impossible price")?;
        let table = rules.tick_table;
        let suits = table == 0 || exchange.tick_tables.suits(table, listing.tick_size);
        check(rules.instrument == listing.instrument && suits, "has rules of another")?;
        let mut listed = Instrument::new(listing);
        listed.phase = image.phase;
        listed.status = image.status;
        listed.rules = *rules;
        listed.last_price = image.last_price;
        listed.auction_ends = image.auction_ends;
        listed.figures_due = image.figures_due;
        listed.followed_price = image.followed_price;
        listed.followed_best = image.followed_best;
        exchange.auctions += u16::from(listed.says_figures());
        exchange.instruments.push(listed);
        exchange.review_instrument(listing.instrument);
        Ok(())
    }

    fn session(&mut self, image: &SessionImage) -> Result<(), ImageError> {
        let exchange = self.exchange();
        let admission = &image.admission;
        let number = admission.session.0;
        let check = |holds, why| require(holds, "session", number, why);
        check(usize::from(number) == exchange.sessions.len() + 1, "is not the next")?;
        check(number <= exchange.limits.sessions, "is one too many")?;
        check(exchange.sessions.iter().all(|it| it.name != admission.name), "is there twice")?;
        let numbers = [image.next_input, image.next_user_ref, image.next_response.0];
        check(!numbers.contains(&0), "counts from below one")?;
        check(image.next_user_ref <= 1 << 32, "has used numbers that cannot be")?;
        check(image.limits.session == admission.session, "has the limits of another")?;
        let colleague = exchange.sessions.iter().find(|it| it.firm == admission.firm);
        let firm_number = colleague.map_or(number, |it| it.firm_number);
        let is_switched = |it: &Session| it.order_entry_enabled == image.order_entry_enabled;
        check(colleague.is_none_or(is_switched), "is switched otherwise than its firm")?;
        let mut session = Session::new(
            admission.session,
            admission.name,
            admission.firm,
            firm_number,
            exchange.limits.instruments,
        );
        session.next_input = image.next_input;
        session.next_user_ref = image.next_user_ref;
        session.next_response = image.next_response;
        session.enabled = image.enabled;
        session.order_entry_enabled = image.order_entry_enabled;
        session.limits = image.limits;
        session.fees = image.fees;
        session.rate_second = image.rate_second;
        session.rate_count = image.rate_count;
        session.review();
        exchange.sessions.push(session);
        Ok(())
    }

    fn position(&mut self, image: &PositionImage) -> Result<(), ImageError> {
        let (session, instrument) = (image.session, image.instrument);
        let follows = (session, instrument) > self.last_position;
        self.last_position = (session, instrument);
        let check = |holds, why| require(holds, "position of session", session, why);
        check(follows, "is there twice")?;
        self.check_parties([session, session], instrument)?;
        let side = |quantity: u64, value: u128| (quantity == 0) == (value == 0);
        let is_sound = side(image.bought, image.bought_value) && side(image.sold, image.sold_value);
        check(is_sound, "has a value without shares")?;
        let position = self.exchange().known_session_mut(SessionId(session));
        *position.position_mut(InstrumentId(instrument)) = Position {
            bought: image.bought,
            sold: image.sold,
            bought_value: image.bought_value,
            sold_value: image.sold_value,
            ..Position::default()
        };
        Ok(())
    }

    /// Whether sessions and an instrument are there.
    fn check_parties(&self, sessions: [u16; 2], instrument: u16) -> Result<(), ImageError> {
        let Some(exchange) = &self.exchange else { return Err(ImageError::Order) };
        let instruments = 1..=exchange.instruments.len();
        let known = 1..=exchange.sessions.len();
        let is_listed = instruments.contains(&instrument.into());
        require(is_listed, "instrument", instrument, "is not listed")?;
        let unknown = sessions.into_iter().find(|&session| !known.contains(&session.into()));
        unknown.map_or(Ok(()), |session| Err(unsound("session", session, "was not admitted")))
    }

    fn trade(&mut self, image: &TradeImage) -> Result<(), ImageError> {
        let TradeImage { match_number, price, quantity, buyer, seller, instrument, .. } = *image;
        self.check_parties([buyer, seller], instrument)?;
        let exchange = self.exchange.as_mut().expect("the head comes first");
        let check = |holds, why| require(holds, "execution", match_number, why);
        check(match_number > 0 && match_number < exchange.next_match.0, "is still to come")?;
        // Not every number is an execution's, so old ones may be left.
        let place = match_number % u64::from(exchange.limits.recent_trades);
        let has_place = self.last_trade.replace(place).is_none_or(|last| last < place);
        check(has_place, "has the place of another")?;
        check((Price(1)..=Price::MAX_LIMIT).contains(&Price(price)), "has an impossible price")?;
        check(quantity > 0, "is of nothing")?;
        let trade = Trade {
            match_number: MatchNumber(match_number),
            price: Price(price),
            buyer_fee: image.buyer_fee,
            seller_fee: image.seller_fee,
            quantity: Quantity(quantity),
            buyer_ref: UserRef(image.buyer_ref),
            seller_ref: UserRef(image.seller_ref),
            buyer: SessionId(buyer),
            seller: SessionId(seller),
            instrument: InstrumentId(instrument),
        };
        exchange.trade_log.record(trade);
        let value = price as u64 * u64::from(quantity);
        for (session, side) in [(buyer, Side::Buy), (seller, Side::Sell)] {
            let traded = self.traded.entry((session, instrument)).or_default();
            traded.trade(side, Quantity(quantity), value);
            let held = exchange.known_session(SessionId(session));
            let held = held.position(InstrumentId(instrument));
            let traded = self.traded[&(session, instrument)];
            let is_covered = traded.bought <= held.bought
                && traded.sold <= held.sold
                && traded.bought_value <= held.bought_value
                && traded.sold_value <= held.sold_value;
            check(is_covered, "is in nobody's position")?;
        }
        Ok(())
    }

    fn orders(&mut self, orders: &[ArchivedOrderImage]) -> Result<(), ImageError> {
        for orders in orders.chunks(Exchange::AHEAD) {
            self.read_ahead(orders);
            orders.iter().try_for_each(|order| self.order(order))?;
        }
        Ok(())
    }

    /// Reads what entering orders will need, which is far from each other: the
    /// waits for memory are one instead of one after another.
    #[inline(always)]
    fn read_ahead(&self, orders: &[ArchivedOrderImage]) {
        let Some(exchange) = &self.exchange else { return };
        let look = |order: &ArchivedOrderImage| {
            let (session, user_ref) = (order.session.to_native(), order.user_ref.to_native());
            let queue = self.queues.get(order.queue.to_native() as usize);
            let queue = queue.map_or(0, |queue| u64::from(queue.0));
            exchange.books.index.look_at(SessionId(session), UserRef(user_ref)) ^ queue
        };
        black_box(orders.iter().map(look).fold(0, |seen, read| seen ^ read));
    }

    /// Opens the next queue.
    fn queue(&mut self, image: QueueImage) -> Result<(), ImageError> {
        let QueueImage { grain, last, instrument, place, side } = image;
        let check = |holds, why| require(holds, "queue at grain", grain, why);
        self.check_parties([1, 1], instrument)?;
        let is_hidden = place == HIDDEN;
        let place = match place {
            BOOK | HIDDEN => Place::Book,
            STOP => Place::Stop,
            WAITING => Place::Waiting,
            _ => return Err(unsound("queue at grain", grain, "is nowhere")),
        };
        check(side <= 1, "has no side")?;
        let side = if side == 0 { Side::Buy } else { Side::Sell };
        let instrument = InstrumentId(instrument);
        let number = self.queues.len();
        let mut queue = Queue { image, instrument, place, side, level: NIL };
        let before = self.last_queue.filter(|_| is_hidden);
        let exchange = self.exchange.as_mut().expect("the head comes first");
        check(exchange.books.has_queues_left(number), "is one too many")?;
        if is_hidden {
            let is_behind = before.is_some_and(|before| before.image.is_shown_beside(&image));
            check(is_behind, "is hidden behind none")?;
        } else {
            check(self.last_queue.is_none_or(|last| comes_after(&last, &queue)), "is too late")?;
            let highest = exchange.books.grid(instrument).floor(Price::MAX_LIMIT);
            let has_room = match place {
                Place::Book => exchange.books.has_level(instrument, side, grain),
                Place::Stop => exchange.books.has_stop_level(instrument, side, grain),
                Place::Waiting => grain == 0,
            };
            check(has_room, "is one too many")?;
            check((1..=highest).contains(&grain) || place == Place::Waiting, "is at no price")?;
            let removed = exchange.listed(instrument).status == InstrumentStatus::Removed;
            check(!removed, "is of an instrument that is gone")?;
        }
        let (at, last) = ((place, side, grain), last.wrapping_sub(1));
        let before = before.map(|before| before.level);
        queue.level = exchange.books.open_queue(instrument, at, before, last);
        assert_eq!(queue.level as usize, number, "queues of a new exchange come one by one");
        self.last_queue = Some(queue);
        self.queues.push(Takes::new(&image));
        Ok(())
    }

    #[inline]
    fn order(&mut self, image: &ArchivedOrderImage) -> Result<(), ImageError> {
        let (id, open) = (image.id.to_native(), image.open.to_native());
        let (executed, user_ref) = (image.executed.to_native(), image.user_ref.to_native());
        let session = SessionId(image.session.to_native());
        let exchange = self.exchange.as_mut().expect("the head comes first");
        let check = |holds, why| require(holds, "order", id, why);
        let Some(marks) = Marks::from_bits(image.marks.to_native()) else {
            return Err(unsound("order", id, "is of no known kind"));
        };
        let owner = usize::from(session.0).wrapping_sub(1);
        let Some(owner) = exchange.sessions.get(owner) else {
            return Err(unsound("order", id, "is nobody's"));
        };
        check(id > 0 && id < exchange.next_order_id.0, "has a reference that is not given out")?;
        check(open > 0 && open.checked_add(executed).is_some(), "has an impossible quantity")?;
        let is_used = user_ref > 0 && u64::from(user_ref) < owner.next_user_ref;
        check(is_used, "has a number that its session has not used")?;
        let level = image.queue.to_native();
        let Some(queue) = self.queues.get(level as usize) else {
            return Err(unsound("order", id, "is in no queue"));
        };
        check(queue.is_for(marks), "stands where only others do")?;
        check(!exchange.books.is_full(), "is one too many")?;
        let user_ref = UserRef(user_ref);
        check(exchange.books.get(session, user_ref).is_none(), "has another's number")?;
        let (id, open, executed) = (OrderId(id), Quantity(open), Quantity(executed));
        let previous = image.before.to_native().wrapping_sub(1);
        let order = Order::alone(id, open, executed, user_ref, session, marks);
        exchange.books.refill(Order { level, previous, ..order });
        self.elsewhere += u64::from(!matches!(queue.place(), BOOK | HIDDEN));
        Ok(())
    }

    fn special(&mut self, image: &SpecialImage) -> Result<(), ImageError> {
        let exchange = self.exchange.as_mut().expect("the head comes first");
        let check = |holds, why| require(holds, "special order", image.user_ref, why);
        let (session, user_ref) = (SessionId(image.session), UserRef(image.user_ref));
        let Some(index) = exchange.books.get(session, user_ref) else {
            return Err(unsound("special order", image.user_ref, "is in no queue"));
        };
        let order = exchange.books.orders[index];
        check(order.special == NIL, "is there twice")?;
        check(!exchange.books.specials.is_full(), "is one too many")?;
        let SpecialImage { options, limit, entered_as, expires, shown, .. } = *image;
        let place = exchange.books.place(&order);
        let is_stop = matches!(options.pricing, Pricing::Stop | Pricing::TrailingStop);
        check(is_stop == (place == Place::Stop), "stands where it cannot")?;
        check((Price(0)..=Price::MAX_LIMIT).contains(&limit), "has an impossible limit")?;
        let was_entered = entered_as.0 > 0 && entered_as < exchange.next_order_id;
        check(was_entered, "has a reference that is not given out")?;
        let most = options.max_floor.0.min(order.open.0);
        check(options.max_floor.0 == 0 || (1..=most).contains(&shown), "shows what it has not")?;
        exchange.books.make_special(
            index,
            Special { order: index, options, limit, shown, entered_as, expires, ..Special::FREE },
        );
        exchange.followers += u32::from(follows(options.pricing));
        self.explained += u64::from(place != Place::Book);
        Ok(())
    }

    fn end(&mut self, recorded: Digest) -> Result<(), ImageError> {
        let missing = self.elsewhere - self.explained;
        require(missing == 0, "special orders", missing, "are missing")?;
        let queues = self.queues.len() as u32;
        let exchange = self.exchange();
        let hashes = tie(exchange, queues)?;
        check_books(exchange)?;
        check_timer(exchange)?;
        count_open(exchange);
        let restored = exchange.seal(exchange.state_hash_with(hashes));
        if restored != recorded {
            return Err(ImageError::Seal { restored, recorded });
        }
        self.ended = true;
        Ok(())
    }
}

fn stage_of(piece: &ArchivedPiece) -> Stage {
    match piece {
        ArchivedPiece::Head(_) => Stage::Head,
        ArchivedPiece::Instruments(_) => Stage::Instruments,
        ArchivedPiece::Sessions(_) => Stage::Sessions,
        ArchivedPiece::Positions(_) => Stage::Positions,
        ArchivedPiece::Trades(_) => Stage::Trades,
        ArchivedPiece::Queues(_) => Stage::Queues,
        ArchivedPiece::Orders(_) => Stage::Orders,
        ArchivedPiece::Specials(_) => Stage::Specials,
        ArchivedPiece::End(_) => Stage::End,
    }
}

impl QueueImage {
    /// Whether a queue of hidden orders is at the price of this displayed one.
    fn is_shown_beside(&self, hidden: &Self) -> bool {
        let at = |it: &Self| (it.instrument, it.side, it.grain);
        self.place == BOOK && at(self) == at(hidden)
    }
}

/// An entry as it was before it was archived.
fn plain<A, T>(archived: &A) -> Result<T, ImageError>
where
    A: rkyv::Deserialize<T, HighDeserializer<ArchiveError>>,
{
    rkyv::deserialize(archived).map_err(|_| ImageError::Order)
}

fn counters(counters: [u64; 8]) -> Counters {
    let [
        events,
        executions,
        duplicate_inputs,
        stale_user_refs,
        unknown_orders,
        superfluous_cancels,
        refused_modifies,
        refused_operations,
    ] = counters;
    Counters {
        events,
        executions,
        duplicate_inputs,
        stale_user_refs,
        unknown_orders,
        superfluous_cancels,
        refused_modifies,
        refused_operations,
    }
}

/// Queues come by instrument, then buys before sells, for each the book before
/// the stops, the first to act first; those that wait come last.
fn comes_after(last: &Queue, next: &Queue) -> bool {
    let rank = |queue: &Queue| {
        let waits = queue.place == Place::Waiting;
        (queue.instrument, waits, queue.side as u8, queue.place as u8)
    };
    if rank(last) != rank(next) {
        return rank(last) < rank(next);
    }
    let rises = (next.side == Side::Sell) == (next.place == Place::Book);
    match next.place {
        Place::Waiting => false,
        _ if rises => next.image.grain > last.image.grain,
        _ => next.image.grain < last.image.grain,
    }
}
