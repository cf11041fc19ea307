//! The phases of trading, and what time brings.
//!
//! An instrument goes from phase to phase by the operator, by a broken collar,
//! or by time. Time is only ever that of a command: what is due waits for a
//! `Tick`, which the sequencer sends when [`Exchange::next_timer`] says so.

use crate::auction::cross_of;
use crate::command::{InstrumentStatus, Phase, TimeInForce};
use crate::event::{EventBody, EventSink, PhaseReason};
use crate::exchange::Exchange;
use crate::holding::FIGURES_AFTER_NS;
use crate::reason::CancelReason;
use crate::types::{InstrumentId, Nanos};

impl Exchange {
    /// Brings an instrument into another phase, with all that this means.
    pub(crate) fn set_phase<S: EventSink>(
        &mut self,
        instrument: InstrumentId,
        phase: Phase,
        reason: PhaseReason,
        sink: &mut S,
    ) {
        let before = self.listed(instrument).phase;
        if before == phase {
            return;
        }
        let ends_day = before == Phase::ClosingAuction && phase == Phase::Closed;
        if phase == Phase::Continuous || ends_day {
            self.uncross(instrument, cross_of(before), sink);
        }
        self.change_phase(instrument, phase, reason, sink);
        match phase {
            Phase::ClosingAuction => self.end_waiting(instrument, sink),
            Phase::Closed => self.end_day(instrument, sink),
            Phase::Continuous => self.follow_up(instrument, sink),
            _ => {}
        }
    }

    /// Notes and says that an instrument is in another phase.
    pub(crate) fn change_phase<S: EventSink>(
        &mut self,
        instrument: InstrumentId,
        phase: Phase,
        reason: PhaseReason,
        sink: &mut S,
    ) {
        let time = self.voice.time;
        let listed = self.listed_mut(instrument);
        let said_figures = listed.says_figures();
        listed.phase = phase;
        let says_figures = listed.says_figures();
        let seconds = u64::from(listed.rules.volatility_auction_s);
        let is_timed = phase == Phase::VolatilityAuction && seconds > 0;
        let after = |nanos: u64| Nanos(time.0.saturating_add(nanos));
        listed.auction_ends = if is_timed { after(seconds * 1_000_000_000) } else { Nanos(0) };
        listed.figures_due = if says_figures { after(FIGURES_AFTER_NS) } else { Nanos(0) };
        for due in [listed.auction_ends, listed.figures_due] {
            if due > Nanos(0) {
                self.due_at(due);
            }
        }
        self.review_instrument(instrument);
        self.auctions += u16::from(says_figures);
        self.auctions -= u16::from(said_figures);
        self.emit(sink, true, EventBody::TradingAction { instrument, phase, reason });
    }

    /// Orders for the day, and for an auction that is not to come, end.
    fn end_day<S: EventSink>(&mut self, instrument: InstrumentId, sink: &mut S) {
        self.cancel_where(
            |this, order| {
                let time_in_force = order.marks.time_in_force();
                let outlasts = matches!(
                    time_in_force,
                    TimeInForce::GoodTillCancel | TimeInForce::GoodTillTime
                );
                !outlasts && this.books.instrument(order) == instrument
            },
            CancelReason::EndOfDay,
            sink,
        );
    }

    /// Closes every instrument that is not closed or removed.
    pub(crate) fn close_all<S: EventSink>(&mut self, sink: &mut S) {
        for at in 0..self.instruments.len() {
            let listed = &self.instruments[at];
            if listed.status != InstrumentStatus::Removed {
                self.set_phase(listed.id, Phase::Closed, PhaseReason::Operator, sink);
            }
        }
    }

    /// Does what is due.
    pub(crate) fn tick<S: EventSink>(&mut self, sink: &mut S) {
        while let Some((due, index)) = self.books.first_to_expire()
            && due <= self.voice.time
        {
            let instrument = self.books.instrument(&self.books.orders[index]);
            self.take_out(index, instrument, CancelReason::Expired, sink);
            self.follow_up(instrument, sink);
        }
        for at in 0..self.instruments.len() {
            let listed = &self.instruments[at];
            if is_due(listed.auction_ends, self.voice.time) {
                let (id, phase) = (listed.id, Phase::Continuous);
                self.set_phase(id, phase, PhaseReason::AuctionOver, sink);
            }
        }
        for at in 0..self.instruments.len() {
            let listed = &mut self.instruments[at];
            if is_due(listed.figures_due, self.voice.time) {
                listed.figures_due = Nanos(0);
                let id = listed.id;
                self.say_figures(id, sink);
            }
        }
        self.set_timer();
    }

    /// Finds what is due next.
    fn set_timer(&mut self) {
        let expiry = self.books.first_to_expire().map(|(due, _)| due);
        let instruments = self.instruments.iter();
        let dues = instruments.flat_map(|listed| [listed.auction_ends, listed.figures_due]);
        self.timer = dues.filter(|&due| due > Nanos(0)).chain(expiry).min();
    }
}

fn is_due(due: Nanos, now: Nanos) -> bool {
    due > Nanos(0) && due <= now
}
