//! `Standing`: what holds on the market now, for those who join late.
//!
//! Whoever has heard every message knows where the day is, what is listed, in
//! which phase everything is, and the books. A late joiner is told the same by
//! the messages that would lead there at once: the last system event, each
//! instrument's listing, phase, collar and auction figures as they were last
//! said, and an added order for each one that is displayed, in the order in
//! which they trade. Books are the exchange's; the rest is remembered from the
//! events, so that it is told in the very words in which it was said. Of an
//! exchange whose events nobody here has heard it is read off the state, which
//! knows everything but when it was said, why a phase began, and which collar was
//! broken then.

use super::market::market_message;
use crate::directory::Directory;
use crate::wire::itch::ItchMessage;
use ringmatch_engine::command::{InstrumentStatus, Phase, Side};
use ringmatch_engine::event::{Added, Event, EventBody, PhaseReason};
use ringmatch_engine::{Exchange, Instrument, InstrumentId, StreamNumber};

/// What holds besides the books.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    directory: Directory,
    system: Option<Event>,
    instruments: Vec<Said>,
}

/// What was last said of an instrument.
#[derive(Clone, Debug, Default)]
struct Said {
    listing: Option<Event>,
    phase: Option<Event>,
    /// Of the auction that goes on.
    collar: Option<Event>,
    figures: Option<Event>,
}

impl Standing {
    /// What holds on the market of an exchange whose past is not known.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let say = |body| Event {
            cause: exchange.sequence(),
            time: exchange.time(),
            // As for the orders below.
            market: StreamNumber(exchange.next_market().0),
            body,
        };
        let mut standing = Self { directory: Directory::of(exchange), ..Self::default() };
        standing.system = exchange.system_event().map(|code| say(EventBody::System(code)));
        for listed in exchange.instruments() {
            let &Instrument { id: instrument, symbol, lot_size, phase, status, .. } = listed;
            let is_stopped = phase == Phase::Halted && status != InstrumentStatus::Enabled;
            let reason = if is_stopped { PhaseReason::Status } else { PhaseReason::Operator };
            let figures = exchange.auction_figures(instrument).map(EventBody::AuctionFigures);
            *standing.said(instrument) = Said {
                listing: Some(say(EventBody::InstrumentAdded { instrument, symbol, lot_size })),
                phase: Some(say(EventBody::TradingAction { instrument, phase, reason })),
                collar: None,
                figures: figures.map(say),
            };
        }
        standing
    }

    /// Takes note of the next event.
    pub fn learn(&mut self, event: &Event) {
        self.directory.learn(event);
        match event.body {
            EventBody::System(_) => self.system = Some(*event),
            EventBody::InstrumentAdded { instrument, .. } => {
                self.said(instrument).listing = Some(*event);
            }
            EventBody::TradingAction { instrument, .. } => {
                let said = self.said(instrument);
                (said.phase, said.collar, said.figures) = (Some(*event), None, None);
            }
            EventBody::CollarBroken { instrument, .. } => {
                self.said(instrument).collar = Some(*event);
            }
            EventBody::AuctionFigures(figures) => {
                self.said(figures.instrument).figures = Some(*event);
            }
            _ => {}
        }
    }

    fn said(&mut self, instrument: InstrumentId) -> &mut Said {
        let index = usize::from(instrument.0);
        if self.instruments.len() <= index {
            self.instruments.resize_with(index + 1, Said::default);
        }
        &mut self.instruments[index]
    }

    /// Tells everything, with the books of `exchange`, which must have said the
    /// last event learnt. What comes next in the market-data stream has the
    /// number [`Exchange::next_market`].
    pub fn tell(&self, exchange: &Exchange, deliver: &mut impl FnMut(&[u8])) {
        let mut tell = |event: &Event| {
            if let Some(message) = market_message(event, &self.directory) {
                let mut bytes = [0; ItchMessage::MAX_LEN];
                let len = message.encode(&mut bytes);
                deliver(&bytes[..len]);
            }
        };
        let each = || self.instruments.iter();
        self.system.iter().for_each(&mut tell);
        each().filter_map(|said| said.listing.as_ref()).for_each(&mut tell);
        each().filter_map(|said| said.phase.as_ref()).for_each(&mut tell);
        each().filter_map(|said| said.collar.as_ref()).for_each(&mut tell);
        for instrument in exchange.instruments() {
            for side in [Side::Buy, Side::Sell] {
                tell_side(exchange, instrument.id, side, &mut tell);
            }
        }
        each().filter_map(|said| said.figures.as_ref()).for_each(&mut tell);
    }
}

fn tell_side(
    exchange: &Exchange,
    instrument: InstrumentId,
    side: Side,
    tell: &mut impl FnMut(&Event),
) {
    let Some(book) = exchange.book(instrument) else { return };
    for level in book.levels(side) {
        for order in level.orders().filter(|order| order.displayed) {
            let added = Added {
                session: order.session,
                instrument,
                order_id: order.order_id,
                side,
                display: order.display,
                quantity: order.displayed_quantity,
                price: level.price(),
            };
            tell(&Event {
                cause: exchange.sequence(),
                time: exchange.time(),
                // It has no number of its own; without one there is no message.
                market: StreamNumber(exchange.next_market().0),
                body: EventBody::Added(added),
            });
        }
    }
}
