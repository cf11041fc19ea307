//! From an event to the ITCH 5.0 message that tells the market of it.
//!
//! The exchange decides which events the market hears of and numbers them; here
//! each gets its message. The messages name what is displayed, never what an
//! order hides: an iceberg is added with its displayed part, a reduction tells
//! how much of that went, and an order taken off changes nothing that was not
//! added.

use super::letters::{cross_letter, side_letter};
use crate::directory::Directory;
use crate::wire::itch::{
    self, AddOrder, AddOrderAttributed, BrokenTrade, CrossTrade, ItchMessage, LuldAuctionCollar,
    NetOrderImbalance, OrderCancel, OrderDelete, OrderExecutedWithPrice, OrderReplace,
    StockDirectory, StockTradingAction, Trade,
};
use crate::wire::{ItchPrice, Letter, Nanos48};
use ringmatch_engine::command::{Display, Phase, ShortSale, Side, SystemEvent};
use ringmatch_engine::event::{
    Accepted, Added, AuctionFigures, CrossExecuted, Event, EventBody, Executed, PhaseReason,
    Replaced, Restated,
};
use ringmatch_engine::{Alpha, InstrumentId, MatchNumber, OrderId, Price, Quantity, Symbol};

/// The venue keeps no track of messages.
const TRACKING_NUMBER: u16 = 0;

/// The market-data message of an event, if it has one.
#[must_use]
pub fn market_message(event: &Event, directory: &Directory) -> Option<ItchMessage> {
    if event.market.0 == 0 {
        return None;
    }
    Teller { timestamp: Nanos48::new(event.time.since_midnight()), directory }.tell(event)
}

/// What all messages of one event have in common.
#[derive(Clone, Copy)]
struct Teller<'a> {
    timestamp: Nanos48,
    directory: &'a Directory,
}

impl Teller<'_> {
    fn tell(self, event: &Event) -> Option<ItchMessage> {
        let message = match &event.body {
            EventBody::System(code) => self.system_event(*code),
            EventBody::InstrumentAdded { instrument, symbol, lot_size } => {
                self.stock_directory(*instrument, *symbol, *lot_size)
            }
            EventBody::TradingAction { instrument, phase, reason } => {
                self.trading_action(*instrument, *phase, *reason)
            }
            EventBody::Accepted(accepted) => self.accepted(accepted),
            EventBody::Replaced(replaced) => self.replaced(replaced),
            EventBody::Added(added) => self.add_order(*added),
            EventBody::Executed(executed) => self.execution(executed),
            EventBody::Canceled(canceled) => self.reduced(
                canceled.instrument,
                canceled.order_id,
                canceled.displayed_quantity,
                canceled.remaining,
            ),
            EventBody::SelfTradePrevented(prevented) => self.reduced(
                prevented.instrument,
                prevented.order_id,
                prevented.displayed_quantity,
                prevented.remaining,
            ),
            EventBody::Modified(modified) => self.reduced(
                modified.instrument,
                modified.order_id,
                modified.displayed_reduction,
                modified.quantity,
            ),
            EventBody::PriorityChanged(changed) => self.order_replace(
                changed.instrument,
                changed.original_order_id,
                changed.order_id,
                changed.displayed_quantity,
                changed.price,
            ),
            EventBody::Restated(restated) => self.restated(restated),
            EventBody::CrossExecuted(executed) => self.cross_executed(executed),
            EventBody::CrossTrade { instrument, cross, price, quantity, match_number } => {
                CrossTrade {
                    stock_locate: instrument.0,
                    tracking_number: TRACKING_NUMBER,
                    timestamp: self.timestamp,
                    shares: *quantity,
                    stock: self.directory.symbol(*instrument),
                    cross_price: itch_price(*price),
                    match_number: match_number.0,
                    cross_type: cross_letter(*cross),
                }
                .into()
            }
            EventBody::AuctionFigures(figures) => self.imbalance(figures),
            EventBody::CollarBroken { instrument, reference, upper, lower } => {
                self.collar(*instrument, *reference, *upper, *lower)
            }
            EventBody::TradeBroken(broken) => {
                self.broken_trade(broken.instrument, broken.match_number)
            }
            EventBody::Nothing
            | EventBody::SessionAdded { .. }
            | EventBody::Rejected { .. }
            | EventBody::AccountStatus { .. }
            | EventBody::MassCanceled { .. }
            | EventBody::OrderEntrySet { .. } => return None,
        };
        Some(message)
    }

    fn system_event(self, event: SystemEvent) -> ItchMessage {
        let event_code = Letter(match event {
            SystemEvent::StartOfMessages => b'O',
            SystemEvent::StartOfSystemHours => b'S',
            SystemEvent::StartOfMarketHours => b'Q',
            SystemEvent::EndOfMarketHours => b'M',
            SystemEvent::EndOfSystemHours => b'E',
            SystemEvent::EndOfMessages => b'C',
        });
        let (tracking_number, timestamp) = (TRACKING_NUMBER, self.timestamp);
        itch::SystemEvent { stock_locate: 0, tracking_number, timestamp, event_code }.into()
    }

    fn stock_directory(
        self,
        instrument: InstrumentId,
        symbol: Symbol,
        lot_size: Quantity,
    ) -> ItchMessage {
        StockDirectory {
            stock_locate: instrument.0,
            tracking_number: TRACKING_NUMBER,
            timestamp: self.timestamp,
            stock: symbol,
            market_category: Letter(b' '),
            financial_status_indicator: Letter(b' '),
            round_lot_size: lot_size.0,
            round_lots_only: Letter(b'N'),
            issue_classification: Letter(b'C'),
            issue_sub_type: Alpha::from_bytes(*b"Z "),
            authenticity: Letter(b'P'),
            short_sale_threshold_indicator: Letter(b' '),
            ipo_flag: Letter(b' '),
            luld_reference_price_tier: Letter(b' '),
            etp_flag: Letter(b' '),
            etp_leverage_factor: 0,
            inverse_indicator: Letter(b'N'),
        }
        .into()
    }

    fn trading_action(
        self,
        instrument: InstrumentId,
        phase: Phase,
        reason: PhaseReason,
    ) -> ItchMessage {
        let (state, code) = phase_code(phase, reason);
        StockTradingAction {
            stock_locate: instrument.0,
            tracking_number: TRACKING_NUMBER,
            timestamp: self.timestamp,
            stock: self.directory.symbol(instrument),
            trading_state: Letter(state),
            reserved: Letter(b' '),
            reason: Alpha::from_bytes(*code),
        }
        .into()
    }

    fn accepted(self, accepted: &Accepted) -> ItchMessage {
        let order = &accepted.order;
        self.add_order(Added {
            session: accepted.to.session(),
            instrument: order.instrument,
            order_id: order.order_id,
            side: order.side,
            display: order.display,
            quantity: order.displayed_quantity(),
            price: order.price,
        })
    }

    /// What readers of the displayed book see of a replacement: one order in
    /// the place of another, one less, or one more.
    fn replaced(self, replaced: &Replaced) -> ItchMessage {
        let order = &replaced.order;
        // Orders for an auction only are in no displayed book.
        let shown = order.rests
            && order.display != Display::Hidden
            && !order.time_in_force.is_auction_only();
        match (replaced.original_displayed, shown) {
            (true, true) => self.order_replace(
                order.instrument,
                replaced.original_order_id,
                order.order_id,
                order.displayed_quantity(),
                order.price,
            ),
            (false, true) => self.accepted(&Accepted { to: replaced.to, order: *order }),
            (_, false) => self.order_delete(order.instrument, replaced.original_order_id),
        }
    }

    fn restated(self, restated: &Restated) -> ItchMessage {
        let Restated { to, instrument, order_id, side, display, price, .. } = *restated;
        let (session, quantity) = (to.session(), restated.displayed_quantity);
        self.add_order(Added { session, instrument, order_id, side, display, quantity, price })
    }

    /// An order that the market sees from now on, under its firm's name if it
    /// is attributable.
    fn add_order(self, added: Added) -> ItchMessage {
        let (stock_locate, tracking_number) = (added.instrument.0, TRACKING_NUMBER);
        let timestamp = self.timestamp;
        let order_reference_number = added.order_id.0;
        let side = side_letter(added.side, ShortSale::No);
        let (shares, price) = (added.quantity.0, itch_price(added.price));
        let stock = self.directory.symbol(added.instrument);
        if added.display == Display::Attributable {
            let attribution = self.directory.firm(added.session);
            return AddOrderAttributed {
                stock_locate,
                tracking_number,
                timestamp,
                order_reference_number,
                side,
                shares,
                stock,
                price,
                attribution,
            }
            .into();
        }
        AddOrder {
            stock_locate,
            tracking_number,
            timestamp,
            order_reference_number,
            side,
            shares,
            stock,
            price,
        }
        .into()
    }

    fn order_replace(
        self,
        instrument: InstrumentId,
        original: OrderId,
        order_id: OrderId,
        shares: Quantity,
        price: Price,
    ) -> ItchMessage {
        OrderReplace {
            stock_locate: instrument.0,
            tracking_number: TRACKING_NUMBER,
            timestamp: self.timestamp,
            original_order_reference_number: original.0,
            new_order_reference_number: order_id.0,
            shares: shares.0,
            price: itch_price(price),
        }
        .into()
    }

    /// An order of which less is displayed, or which is gone.
    fn reduced(
        self,
        instrument: InstrumentId,
        order_id: OrderId,
        displayed: Quantity,
        remaining: Quantity,
    ) -> ItchMessage {
        if remaining == Quantity(0) {
            return self.order_delete(instrument, order_id);
        }
        OrderCancel {
            stock_locate: instrument.0,
            tracking_number: TRACKING_NUMBER,
            timestamp: self.timestamp,
            order_reference_number: order_id.0,
            cancelled_shares: displayed.0,
        }
        .into()
    }

    fn order_delete(self, instrument: InstrumentId, order_id: OrderId) -> ItchMessage {
        OrderDelete {
            stock_locate: instrument.0,
            tracking_number: TRACKING_NUMBER,
            timestamp: self.timestamp,
            order_reference_number: order_id.0,
        }
        .into()
    }

    /// An execution of a displayed order changes the displayed book; one of a
    /// hidden order is reported as a trade.
    fn execution(self, executed: &Executed) -> ItchMessage {
        let stock_locate = executed.instrument.0;
        let (tracking_number, timestamp) = (TRACKING_NUMBER, self.timestamp);
        if executed.maker_displayed {
            return itch::OrderExecuted {
                stock_locate,
                tracking_number,
                timestamp,
                order_reference_number: executed.maker.order_id.0,
                executed_shares: executed.quantity.0,
                match_number: executed.match_number.0,
            }
            .into();
        }
        Trade {
            stock_locate,
            tracking_number,
            timestamp,
            order_reference_number: 0,
            side: Letter(b'B'),
            shares: executed.quantity.0,
            stock: self.directory.symbol(executed.instrument),
            price: itch_price(executed.price),
            match_number: executed.match_number.0,
        }
        .into()
    }

    /// What a displayed order lost in an auction. The auction's own message
    /// counts the shares, so this one is not printable.
    fn cross_executed(self, executed: &CrossExecuted) -> ItchMessage {
        OrderExecutedWithPrice {
            stock_locate: executed.instrument.0,
            tracking_number: TRACKING_NUMBER,
            timestamp: self.timestamp,
            order_reference_number: executed.order_id.0,
            executed_shares: executed.displayed_quantity.0,
            match_number: executed.match_number.0,
            printable: Letter(b'N'),
            execution_price: itch_price(executed.price),
        }
        .into()
    }

    fn imbalance(self, figures: &AuctionFigures) -> ItchMessage {
        NetOrderImbalance {
            stock_locate: figures.instrument.0,
            tracking_number: TRACKING_NUMBER,
            timestamp: self.timestamp,
            paired_shares: figures.paired,
            imbalance_shares: figures.imbalance,
            imbalance_direction: Letter(imbalance_letter(figures)),
            stock: self.directory.symbol(figures.instrument),
            // Orders for an auction only are not priced apart from the others.
            far_price: ItchPrice(0),
            near_price: itch_price(figures.price),
            current_reference_price: itch_price(figures.reference),
            cross_type: cross_letter(figures.cross),
            price_variation_indicator: Letter(variation_letter(figures.price, figures.reference)),
        }
        .into()
    }

    fn collar(
        self,
        instrument: InstrumentId,
        reference: Price,
        upper: Price,
        lower: Price,
    ) -> ItchMessage {
        LuldAuctionCollar {
            stock_locate: instrument.0,
            tracking_number: TRACKING_NUMBER,
            timestamp: self.timestamp,
            stock: self.directory.symbol(instrument),
            auction_collar_reference_price: itch_price(reference),
            upper_auction_collar_price: itch_price(upper),
            lower_auction_collar_price: itch_price(lower),
            auction_collar_extension: 0,
        }
        .into()
    }

    fn broken_trade(self, instrument: InstrumentId, match_number: MatchNumber) -> ItchMessage {
        BrokenTrade {
            stock_locate: instrument.0,
            tracking_number: TRACKING_NUMBER,
            timestamp: self.timestamp,
            match_number: match_number.0,
        }
        .into()
    }
}

/// The trading state of a phase, and the reason that tells phases of one state
/// and their causes apart. Orders gather while it is Q or P.
const fn phase_code(phase: Phase, reason: PhaseReason) -> (u8, &'static [u8; 4]) {
    match (phase, reason) {
        (Phase::Halted, PhaseReason::Collar) => (b'H', b"COLL"),
        (Phase::Halted, PhaseReason::Status) => (b'H', b"STAT"),
        (Phase::Halted, _) => (b'H', b"    "),
        (Phase::PreOpen, _) => (b'Q', b"PRE "),
        (Phase::OpeningAuction, _) => (b'Q', b"OPEN"),
        (Phase::Continuous, PhaseReason::AuctionOver) => (b'T', b"OVER"),
        (Phase::Continuous, _) => (b'T', b"    "),
        (Phase::VolatilityAuction, PhaseReason::Collar) => (b'P', b"COLL"),
        (Phase::VolatilityAuction, _) => (b'P', b"    "),
        (Phase::ClosingAuction, _) => (b'Q', b"CLOS"),
        (Phase::Closed, _) => (b'H', b"END "),
    }
}

/// On which side there is more: B or S, N where there is as much on both, O
/// where there is nothing to pair.
fn imbalance_letter(figures: &AuctionFigures) -> u8 {
    match (figures.side, figures.paired) {
        (Some(Side::Buy), _) => b'B',
        (Some(Side::Sell), _) => b'S',
        (None, 0) => b'O',
        (None, _) => b'N',
    }
}

/// How far the indicative price is from the reference: L below one percent, a
/// digit for that many percent, A from 10, B from 20, C from 30; a space where
/// one of the two is missing.
fn variation_letter(price: Price, reference: Price) -> u8 {
    if price.0 <= 0 || reference.0 <= 0 {
        return b' ';
    }
    match price.0.abs_diff(reference.0).saturating_mul(100) / reference.0.unsigned_abs() {
        0 => b'L',
        percent @ 1..=9 => b"0123456789"[usize::try_from(percent).unwrap_or(0)],
        10..=19 => b'A',
        20..=29 => b'B',
        _ => b'C',
    }
}

/// Prices in the book are positive and below 200,000, so they fit.
fn itch_price(price: Price) -> ItchPrice {
    ItchPrice(u32::try_from(price.0).unwrap_or(0))
}
