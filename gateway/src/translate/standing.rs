//! `Standing`: what holds on the market now, for those who join late.
//!
//! Whoever has heard every message knows where the day is, what is listed, in
//! which phase everything is, and the books. A late joiner is told the same by
//! the messages that would lead there at once: the last system event, each
//! instrument's listing, phase, collar and auction figures as they were last
//! said, and an added order for each one that is displayed, in the order in
//! which they trade. Books are the exchange's; the rest is remembered from the
//! events, so that it is told in the very words in which it was said.

use super::market::market_message;
use crate::directory::Directory;
use crate::wire::itch::ItchMessage;
use ringmatch_engine::command::Side;
use ringmatch_engine::event::{Added, Event, EventBody};
use ringmatch_engine::{Exchange, InstrumentId, StreamNumber};

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
