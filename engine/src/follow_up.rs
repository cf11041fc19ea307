//! What follows a command: stop orders are triggered, pegs follow the market.
//!
//! Both can trade, and so move the market again; this goes on until nothing
//! changes any more, which it must, because a stop is triggered once and pegs
//! move only when displayed orders did. Instruments that have neither pay
//! nothing for it.

use crate::book::{NIL, Place, key};
use crate::checks::{peg_grain, trailing_grain};
use crate::command::{OrderType, Phase, Side};
use crate::event::{EventBody, EventSink, RestateReason, Restated};
use crate::exchange::Exchange;
use crate::matching::Incoming;
use crate::types::{InstrumentId, Price, Quantity};

impl Exchange {
    /// Does what follows a change of an instrument's book.
    #[inline]
    pub(crate) fn follow_up<S: EventSink>(&mut self, instrument: InstrumentId, sink: &mut S) {
        if self.followers > 0 {
            self.follow(instrument, sink);
        }
    }

    /// The same for all instruments, by number.
    pub(crate) fn follow_up_all<S: EventSink>(&mut self, sink: &mut S) {
        if self.followers == 0 {
            return;
        }
        for at in 0..self.instruments.len() {
            let instrument = self.instruments[at].id;
            self.follow(instrument, sink);
        }
    }

    #[cold]
    fn follow<S: EventSink>(&mut self, instrument: InstrumentId, sink: &mut S) {
        while self.listed(instrument).phase == Phase::Continuous
            && self.books.has_followers(instrument)
        {
            self.follow_with_stops(instrument);
            if let Some(index) = self.triggered(instrument) {
                self.trigger(index, instrument, sink);
                continue;
            }
            let best = self.best_displayed(instrument);
            let has_pegs = self.books.first_peg(instrument) != NIL;
            if !has_pegs || best == self.listed(instrument).followed_best {
                return;
            }
            self.listed_mut(instrument).followed_best = best;
            self.follow_with_pegs(instrument, best, sink);
        }
    }

    /// Trailing stops follow the last price.
    fn follow_with_stops(&mut self, instrument: InstrumentId) {
        let listed = self.listed(instrument);
        let (last, followed) = (listed.last_price, listed.followed_price);
        let mut place = self.books.first_trailing(instrument);
        if place == NIL || last == followed {
            return;
        }
        self.listed_mut(instrument).followed_price = last;
        while place != NIL {
            let special = self.books.specials[place];
            self.trail(special.order, instrument, last, special.options.offset);
            place = special.next;
        }
    }

    fn trail(&mut self, index: u32, instrument: InstrumentId, last: Price, distance: i32) {
        let order = &self.books.orders[index];
        let side = order.marks.side();
        let now = self.books.levels[order.level].grain;
        let grid = self.books.grid(instrument);
        let Some(grain) = trailing_grain(grid, side, last, Price(distance.into())) else {
            return;
        };
        let follows = match side {
            Side::Buy => grain < now,
            Side::Sell => grain > now,
        };
        if follows && self.books.has_stop_level(instrument, side, grain) {
            self.books.detach(index);
            self.books.stand(index, instrument, Place::Stop, grain);
        }
    }

    /// The first stop order that the last price triggers.
    fn triggered(&self, instrument: InstrumentId) -> Option<u32> {
        let last = self.listed(instrument).last_price;
        if last <= Price(0) {
            return None;
        }
        [Side::Buy, Side::Sell].into_iter().find_map(|side| {
            let index = self.books.first_stop(instrument, side)?;
            let stop = self.books.price(&self.books.orders[index]);
            let is_triggered = match side {
                Side::Buy => last >= stop,
                Side::Sell => last <= stop,
            };
            is_triggered.then_some(index)
        })
    }

    fn trigger<S: EventSink>(&mut self, index: u32, instrument: InstrumentId, sink: &mut S) {
        let order = self.books.orders[index];
        let limit = self.books.special(&order).map_or(Price(0), |special| special.limit);
        let restated = Restated {
            to: self.respond(order.session),
            instrument,
            order_id: order.id,
            user_ref: order.user_ref,
            side: order.marks.side(),
            price: limit,
            quantity: order.open,
            display: order.marks.display(),
            displayed_quantity: Quantity(0),
            reason: RestateReason::Triggered,
        };
        self.emit(sink, false, EventBody::Restated(restated));
        let mut incoming = self.acting(index, instrument);
        if order.marks.order_type() == OrderType::Limit {
            let grain = self.books.grid(instrument).tick(limit).unwrap_or(0);
            incoming.grain = grain;
            incoming.reach = key(order.marks.side().opposite(), grain);
        }
        self.set_aside(index, instrument);
        self.books.make_plain(index, instrument);
        self.followers -= 1;
        self.settle(&mut incoming, None, sink);
    }

    /// An order that the exchange holds, as one that comes in.
    fn acting(&self, index: u32, instrument: InstrumentId) -> Incoming {
        let order = self.books.orders[index];
        let special = self.books.special(&order);
        Incoming {
            id: order.id,
            user_ref: order.user_ref,
            session: order.session,
            instrument,
            marks: order.marks,
            open: order.open,
            executed: order.executed,
            grain: 0,
            reach: 0,
            min_quantity: Quantity(0),
            self_trade: special.map_or_else(Default::default, |it| it.options.self_trade),
            index,
        }
    }

    /// Pegs follow the best displayed prices.
    fn follow_with_pegs<S: EventSink>(
        &mut self,
        instrument: InstrumentId,
        best: [u32; 2],
        sink: &mut S,
    ) {
        let mut pegs = std::mem::take(&mut self.chosen);
        let mut place = self.books.first_peg(instrument);
        while place != NIL {
            pegs.push(self.books.specials[place].order);
            place = self.books.specials[place].next;
        }
        for &index in &pegs {
            let is_continuous = self.listed(instrument).phase == Phase::Continuous;
            // One that traded with another peg of this round is gone.
            if is_continuous && self.books.orders[index].level != NIL {
                self.move_peg(index, instrument, best, sink);
            }
        }
        pegs.clear();
        self.chosen = pegs;
    }

    fn move_peg<S: EventSink>(
        &mut self,
        index: u32,
        instrument: InstrumentId,
        best: [u32; 2],
        sink: &mut S,
    ) {
        let order = self.books.orders[index];
        let Some(special) = self.books.special(&order) else { return };
        let grid = self.books.grid(instrument);
        let own = grid.tick(special.limit).unwrap_or(0);
        let side = order.marks.side();
        let listed = self.listed(instrument);
        let grain = peg_grain(listed, grid, side, &special.options, own, best);
        let now = self.books.levels[order.level].grain;
        let Some(grain) = grain.filter(|&grain| grain != now) else { return };
        if !self.books.has_level(instrument, side, grain) {
            return;
        }
        let mut incoming = self.acting(index, instrument);
        incoming.grain = grain;
        incoming.reach = key(side.opposite(), grain);
        self.set_aside(index, instrument);
        self.settle(&mut incoming, None, sink);
    }
}
