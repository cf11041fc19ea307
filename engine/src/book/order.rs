//! An order that the exchange holds, and the arena that has all of them.
//!
//! The arena is allocated once. An order is named by its index, which fits in
//! four bytes, and is linked into the queue of its price level and, once it is
//! gone, into the list of free places, by the same field. Places are used
//! again last freed first. What most orders do not have (a reserve, a stop
//! price, an expiry) is not here but in a [`Special`](super::special::Special)
//! of its own.

use crate::command::{Capacity, Display, OrderType, ShortSale, Side, TimeInForce};
use crate::types::{OrderId, Quantity, SessionId, UserRef};

/// An index that names nothing.
pub(crate) const NIL: u32 = u32::MAX;

/// An order that the exchange holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) open: Quantity,
    /// What the chain of replacements that led to this order has executed.
    pub(crate) executed: Quantity,
    pub(crate) user_ref: UserRef,
    /// The queue it stands in.
    pub(crate) level: u32,
    pub(crate) next: u32,
    pub(crate) previous: u32,
    /// What is special about it, or nothing.
    pub(crate) special: u32,
    pub(crate) session: SessionId,
    pub(crate) marks: Marks,
}

// Bytes of state for one order; its entry in the index takes 16 more.
const _: () = assert!(size_of::<Order>() == 40);

impl Order {
    /// What a place looks like before it is used.
    const FREE: Self = Self {
        id: OrderId(0),
        open: Quantity(0),
        executed: Quantity(0),
        user_ref: UserRef(0),
        level: NIL,
        next: NIL,
        previous: NIL,
        special: NIL,
        session: SessionId(0),
        marks: Marks(0),
    };
}

/// What an order is, in two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks(u16);

impl Marks {
    #[inline(always)]
    pub(crate) fn new(
        side: Side,
        order_type: OrderType,
        time_in_force: TimeInForce,
        display: Display,
        short_sale: ShortSale,
        capacity: Capacity,
    ) -> Self {
        let is_displayed =
            display as u16 != Display::Hidden as u16 && !time_in_force.is_auction_only();
        Self(
            side as u16
                | u16::from(is_displayed) << 12
                | (display as u16) << 1
                | (short_sale as u16) << 3
                | (capacity as u16) << 5
                | (order_type as u16) << 7
                | (time_in_force as u16) << 9,
        )
    }

    /// All of it as one number.
    pub(crate) const fn bits(self) -> u16 {
        self.0
    }

    #[inline]
    pub(crate) const fn side(self) -> Side {
        if self.0 & 1 == 0 { Side::Buy } else { Side::Sell }
    }

    #[inline]
    pub(crate) const fn display(self) -> Display {
        match self.0 >> 1 & 3 {
            0 => Display::Visible,
            1 => Display::Attributable,
            _ => Display::Hidden,
        }
    }

    /// Whether the market sees it while it rests.
    #[inline(always)]
    pub(crate) const fn is_displayed(self) -> bool {
        self.0 >> 12 & 1 == 1
    }

    pub(crate) const fn short_sale(self) -> ShortSale {
        match self.0 >> 3 & 3 {
            0 => ShortSale::No,
            1 => ShortSale::Short,
            _ => ShortSale::Exempt,
        }
    }

    pub(crate) const fn capacity(self) -> Capacity {
        match self.0 >> 5 & 3 {
            0 => Capacity::Agency,
            1 => Capacity::Principal,
            2 => Capacity::Riskless,
            _ => Capacity::Other,
        }
    }

    #[inline]
    pub(crate) const fn order_type(self) -> OrderType {
        match self.0 >> 7 & 3 {
            0 => OrderType::Limit,
            1 => OrderType::Market,
            _ => OrderType::MarketToLimit,
        }
    }

    #[inline]
    pub(crate) const fn time_in_force(self) -> TimeInForce {
        match self.0 >> 9 & 7 {
            0 => TimeInForce::Day,
            1 => TimeInForce::ImmediateOrCancel,
            2 => TimeInForce::FillOrKill,
            3 => TimeInForce::GoodTillCancel,
            4 => TimeInForce::GoodTillTime,
            5 => TimeInForce::AtOpen,
            _ => TimeInForce::AtClose,
        }
    }

    /// Whether what is left of it after it traded may rest.
    #[inline]
    pub(crate) fn may_rest(self) -> bool {
        let is_priced = !matches!(self.order_type(), OrderType::Market);
        (is_priced && !self.time_in_force().is_immediate())
            || self.time_in_force().is_auction_only()
    }

    /// The marks of a displayed limit order that takes this one's place.
    #[inline(always)]
    pub(crate) fn with_terms(self, time_in_force: TimeInForce, display: Display) -> Self {
        let kept = 1 | 3 << 3 | 3 << 5;
        let terms = (display as u16) << 1 | (time_in_force as u16) << 9;
        Self(self.0 & kept | terms | 1 << 12)
    }

    pub(crate) fn with_short_sale(self, short_sale: ShortSale) -> Self {
        Self(self.0 & !(3 << 3) | (short_sale as u16) << 3)
    }
}

/// All orders that the exchange holds.
#[derive(Debug)]
pub(crate) struct Orders {
    places: Box<[Order]>,
    first_free: u32,
    len: u32,
    /// No place from here on was ever used.
    used: u32,
}

impl Orders {
    pub(crate) fn new(capacity: u32) -> Self {
        let mut places = vec![Order::FREE; capacity as usize].into_boxed_slice();
        for (next, place) in (1..capacity).zip(places.iter_mut()) {
            place.next = next;
        }
        Self { places, first_free: 0, len: 0, used: 0 }
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.first_free == NIL
    }

    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Puts an order in; there must be room.
    #[inline]
    pub(crate) fn insert(&mut self, order: Order) -> u32 {
        let index = self.take();
        self[index] = order;
        index
    }

    /// Takes a place, for an order that is written at once; there must be one.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> u32 {
        let index = self.first_free;
        debug_assert_ne!(index, NIL, "the caller checks that there is room");
        self.first_free = self[index].next;
        self.len += 1;
        // Free places that were never used are taken in order.
        if index == self.used {
            self.used += 1;
        }
        index
    }

    /// Frees an order's place.
    #[inline(always)]
    pub(crate) fn remove(&mut self, index: u32) {
        let place = &mut self.places[index as usize];
        place.next = self.first_free;
        place.level = NIL;
        self.first_free = index;
        self.len -= 1;
    }

    /// How many places were ever used; those after them hold no order.
    pub(crate) fn used(&self) -> u32 {
        self.used
    }

    /// The places that were ever used.
    pub(crate) fn used_places(&self) -> &[Order] {
        &self.places[..self.used as usize]
    }

    /// The orders in the places from `from` to before `upto`.
    pub(crate) fn among(&self, from: u32, upto: u32) -> impl Iterator<Item = &Order> {
        let upto = upto.min(self.used);
        let places = &self.places[from.min(upto) as usize..upto as usize];
        places.iter().filter(|order| order.level != NIL)
    }

    /// All orders with their indices, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Order)> {
        (0..self.used)
            .zip(&self.places[..self.used as usize])
            .filter(|(_, order)| order.level != NIL)
    }
}

impl std::ops::Index<u32> for Orders {
    type Output = Order;

    #[inline]
    fn index(&self, index: u32) -> &Order {
        &self.places[index as usize]
    }
}

impl std::ops::IndexMut<u32> for Orders {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Order {
        &mut self.places[index as usize]
    }
}

impl Order {
    /// An order that stands in no queue yet and has nothing special.
    #[inline]
    pub(crate) fn alone(
        id: OrderId,
        open: Quantity,
        executed: Quantity,
        user_ref: UserRef,
        session: SessionId,
        marks: Marks,
    ) -> Self {
        Self { id, open, executed, user_ref, session, marks, ..Self::FREE }
    }
}

impl Marks {
    /// What a number stands for, if an order can have it.
    #[inline]
    pub(crate) fn from_bits(bits: u16) -> Option<Self> {
        let marks = Self(bits);
        let same = Self::new(
            marks.side(),
            marks.order_type(),
            marks.time_in_force(),
            marks.display(),
            marks.short_sale(),
            marks.capacity(),
        );
        (same == marks).then_some(marks)
    }
}
