//! What clients change: cancel, modify, mass cancel, the kill switch.

use super::entry::is_over;
use super::{Model, Order, Place};
use ringmatch_engine::command::{
    Cancel, InstrumentStatus, MassCancel, Modify, Scope, SetOrderEntry, ShortSale,
};
use ringmatch_engine::event::{EventBody, Modified, PriorityChanged};
use ringmatch_engine::{
    CancelReason, ClOrdId, Firm, InstrumentId, OrderId, Quantity, RejectReason, SessionId, UserRef,
};

impl Model {
    pub(super) fn cancel(&mut self, session: SessionId, cancel: &Cancel) {
        let Some(order) = self.find(session, cancel.user_ref) else {
            self.counters.unknown_orders += 1;
            return;
        };
        let id = order.details.order_id;
        let wanted = cancel.quantity.0.saturating_sub(order.executed);
        if wanted >= order.open {
            self.counters.superfluous_cancels += 1;
        } else if wanted == 0 {
            self.cancel_all_of(id, CancelReason::User);
        } else {
            let by = order.open - wanted;
            let seen = self.order_mut(id).reduce(by);
            let order = *self.order_mut(id);
            self.note_change(order.details.instrument);
            self.say_canceled(&order, by, seen, CancelReason::User);
        }
    }

    pub(super) fn modify(&mut self, session: SessionId, modify: &Modify) {
        let Some(order) = self.find(session, modify.user_ref) else {
            self.counters.unknown_orders += 1;
            return;
        };
        let id = order.details.order_id;
        let wanted = modify.quantity.0.saturating_sub(order.executed);
        let marking = order.details.attributes.short_sale;
        let changes_nothing = wanted == order.open && modify.short_sale == marking;
        if modify.side != order.details.side
            || !may_become(marking, modify.short_sale)
            || changes_nothing
            || (wanted > order.open && !self.may_grow(&order, modify.quantity, wanted))
        {
            self.counters.refused_modifies += 1;
        } else if wanted == 0 {
            self.cancel_all_of(id, CancelReason::User);
        } else if wanted <= order.open {
            let by = order.open - wanted;
            let changed = self.order_mut(id);
            changed.details.attributes.short_sale = modify.short_sale;
            let seen = changed.reduce(by);
            let changed = *changed;
            if by > 0 {
                self.note_change(changed.details.instrument);
            }
            self.say_modified(&changed, seen);
        } else {
            self.grow(id, wanted, modify.short_sale);
        }
    }

    fn may_grow(&self, order: &Order, total: Quantity, wanted: u32) -> bool {
        let instrument = order.details.instrument;
        let listed = self.instrument(instrument);
        let grown = Order { open: wanted, ..*order };
        self.is_valid_quantity(instrument, total.0)
            && is_over(listed.phase).is_none()
            && listed.status == InstrumentStatus::Enabled
            && self.session(order.session).enabled
            && !self.stopped_firms.contains(&self.firm(order.session))
            && self.check_value(&grown).is_none()
            && self.check_risk(&grown, self.value(&grown), Some(order.details.order_id)).is_none()
    }

    /// It goes to the end of its queue under a new reference.
    fn grow(&mut self, id: OrderId, wanted: u32, short_sale: ShortSale) {
        let mut order = self.remove(id);
        order.open = wanted;
        order.details.attributes.short_sale = short_sale;
        self.say_modified(&order, 0);
        order.details.order_id = self.next_order_id();
        order.show();
        self.append(order);
        let changed = PriorityChanged {
            to: self.to(order.session),
            instrument: order.details.instrument,
            original_order_id: id,
            order_id: order.details.order_id,
            user_ref: order.details.user_ref,
            price: order.details.price,
            display: order.details.display,
            displayed_quantity: Quantity(order.seen()),
        };
        self.say(order.seen() > 0, EventBody::PriorityChanged(changed));
    }

    fn say_modified(&mut self, order: &Order, seen: u32) {
        let modified = Modified {
            to: self.to(order.session),
            instrument: order.details.instrument,
            order_id: order.details.order_id,
            user_ref: order.details.user_ref,
            side: order.details.side,
            short_sale: order.details.attributes.short_sale,
            quantity: Quantity(order.open),
            displayed_reduction: Quantity(seen),
        };
        self.say(seen > 0, EventBody::Modified(modified));
    }

    pub(super) fn mass_cancel(&mut self, session: SessionId, request: &MassCancel) {
        let MassCancel { user_ref, firm, instrument, side, group } = *request;
        if !self.is_authorized(session, user_ref, firm) {
            return;
        }
        let to = self.to(session);
        self.say(false, EventBody::MassCanceled { to, user_ref, firm, instrument });
        let session = if firm == Firm::default() { session } else { SessionId(0) };
        let scope = Scope { session, firm, instrument, side, group };
        self.cancel_scope(&scope, CancelReason::MassCancel);
        self.follow_up_all();
    }

    pub(super) fn set_order_entry(&mut self, session: SessionId, request: &SetOrderEntry) {
        let SetOrderEntry { user_ref, firm, enabled } = *request;
        if !self.is_authorized(session, user_ref, firm) {
            return;
        }
        let firm = self.firm(session);
        self.stopped_firms.retain(|stopped| *stopped != firm);
        if !enabled {
            self.stopped_firms.push(firm);
        }
        let to = self.to(session);
        self.say(false, EventBody::OrderEntrySet { to, user_ref, firm, enabled });
    }

    /// Whether the number is new and the firm is blank or the session's own.
    fn is_authorized(&mut self, session: SessionId, user_ref: UserRef, firm: Firm) -> bool {
        if !self.use_up(session, user_ref) {
            return false;
        }
        let is_own = firm == Firm::default() || firm == self.firm(session);
        if !is_own {
            self.reject(session, user_ref, RejectReason::NotAuthorized, ClOrdId::default());
        }
        is_own
    }

    /// Cancels the orders that are meant, in the order of their references.
    pub(super) fn cancel_scope(&mut self, scope: &Scope, reason: CancelReason) {
        let meant = self.orders.iter().filter(|order| {
            let details = &order.details;
            (scope.session == SessionId(0) || scope.session == order.session)
                && (scope.firm == Firm::default() || scope.firm == self.firm(order.session))
                && (scope.instrument == InstrumentId(0) || scope.instrument == details.instrument)
                && scope.side.is_none_or(|side| side == details.side)
                && scope.group.is_none_or(|group| group == details.options.group)
        });
        let ids: Vec<OrderId> = meant.map(|order| order.details.order_id).collect();
        self.cancel_each(ids, reason);
    }

    /// Cancels orders, in the order of their references.
    pub(super) fn cancel_each(&mut self, mut ids: Vec<OrderId>, reason: CancelReason) {
        ids.sort_unstable();
        for id in ids {
            self.cancel_all_of(id, reason);
        }
    }

    /// The open orders of an instrument that are meant.
    pub(super) fn open_in(
        &self,
        instrument: InstrumentId,
        meant: impl Fn(&Order) -> bool,
    ) -> Vec<OrderId> {
        let of = self.orders.iter().filter(|order| order.details.instrument == instrument);
        of.filter(|order| meant(order)).map(|order| order.details.order_id).collect()
    }

    /// Those that wait for the closing auction, first come first.
    pub(super) fn waiting_for_close(&self, instrument: InstrumentId) -> Vec<OrderId> {
        self.open_in(instrument, |order| order.place == Place::Close)
    }
}

/// Long to short, long to exempt, exempt to short; or as it is.
fn may_become(from: ShortSale, to: ShortSale) -> bool {
    use ShortSale::{Exempt, No, Short};
    from == to || matches!((from, to), (No, Short | Exempt) | (Exempt, Short))
}
