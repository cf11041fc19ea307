//! Commands, events and messages as JSON, for scripts.
//!
//! Keys are the field names of the types they come from; prices are decimal
//! texts, so that no reader rounds them.

use ringmatch_engine::command::{Command, SequencedCommand, Side};
use ringmatch_engine::event::{Event, EventBody, OrderDetails, Party, Recipient};
use serde_json::{Value, json};

/// A command, with what it caused if that is wanted.
pub(super) fn command(sequenced: &SequencedCommand, events: Option<&[Event]>) -> Value {
    let mut value = json!({
        "sequence": sequenced.sequence.0,
        "time": sequenced.time.0,
        "session": sequenced.session.0,
        "number": sequenced.number,
    });
    let (kind, details) = body(&sequenced.command);
    value["command"] = kind.into();
    if let (Some(object), Value::Object(details)) = (value.as_object_mut(), details) {
        object.extend(details);
    }
    if let Some(events) = events {
        value["events"] = events.iter().map(event).collect();
    }
    value
}

fn body(command: &Command) -> (&'static str, Value) {
    match command {
        Command::Nothing => ("nothing", json!({})),
        Command::AddInstrument(listing) => (
            "add_instrument",
            json!({
                "instrument": listing.instrument.0,
                "symbol": listing.symbol.to_string(),
                "tick_size": listing.tick_size.to_string(),
                "lot_size": listing.lot_size.0,
                "max_quantity": listing.max_quantity.0,
            }),
        ),
        Command::AddSession(admission) => (
            "add_session",
            json!({
                "added": admission.session.0,
                "name": admission.name.to_string(),
                "firm": admission.firm.to_string(),
            }),
        ),
        Command::SystemEvent(code) => ("system_event", json!({ "event": format!("{code:?}") })),
        Command::SetTradingState(change) => (
            "set_trading_state",
            json!({ "instrument": change.instrument.0, "state": format!("{:?}", change.state) }),
        ),
        Command::Enter(order) => (
            "enter",
            json!({
                "user_ref": order.user_ref.0,
                "instrument": order.instrument.0,
                "side": side(order.side),
                "quantity": order.quantity.0,
                "price": order.price.to_string(),
                "order_type": format!("{:?}", order.order_type),
                "time_in_force": format!("{:?}", order.time_in_force),
                "display": format!("{:?}", order.display),
                "cl_ord_id": order.attributes.cl_ord_id.to_string(),
            }),
        ),
        Command::Replace(replacement) => (
            "replace",
            json!({
                "original": replacement.original.0,
                "user_ref": replacement.user_ref.0,
                "quantity": replacement.quantity.0,
                "price": replacement.price.to_string(),
                "order_type": format!("{:?}", replacement.order_type),
                "time_in_force": format!("{:?}", replacement.time_in_force),
                "display": format!("{:?}", replacement.display),
                "cl_ord_id": replacement.cl_ord_id.to_string(),
            }),
        ),
        Command::Cancel(cancel) => {
            ("cancel", json!({ "user_ref": cancel.user_ref.0, "quantity": cancel.quantity.0 }))
        }
        Command::AccountQuery => ("account_query", json!({})),
        Command::Malformed(malformed) => (
            "malformed",
            json!({
                "user_ref": malformed.user_ref.0,
                "reason": format!("{:?}", malformed.reason),
            }),
        ),
    }
}

/// An event.
pub(super) fn event(event: &Event) -> Value {
    let (kind, mut details) = event_body(&event.body);
    details["event"] = kind.into();
    if event.market.0 > 0 {
        details["market_number"] = event.market.0.into();
    }
    details
}

fn event_body(body: &EventBody) -> (&'static str, Value) {
    match body {
        EventBody::Nothing => ("nothing", json!({})),
        EventBody::System(code) => ("system", json!({ "code": format!("{code:?}") })),
        EventBody::InstrumentAdded { instrument, symbol, lot_size } => (
            "instrument_added",
            json!({
                "instrument": instrument.0, "symbol": symbol.to_string(), "lot_size": lot_size.0,
            }),
        ),
        EventBody::SessionAdded { to, name, firm } => (
            "session_added",
            json!({
                "to": recipient(to), "name": name.to_string(), "firm": firm.to_string(),
            }),
        ),
        EventBody::TradingAction { instrument, state } => {
            ("trading_action", json!({ "instrument": instrument.0, "state": format!("{state:?}") }))
        }
        EventBody::Accepted(accepted) => (
            "accepted",
            json!({
                "to": recipient(&accepted.to), "order": order(&accepted.order),
                "rests": accepted.rests,
            }),
        ),
        EventBody::Replaced(replaced) => (
            "replaced",
            json!({
                "to": recipient(&replaced.to), "order": order(&replaced.order),
                "original_user_ref": replaced.original_user_ref.0,
                "original_order_id": replaced.original_order_id.0,
                "rests": replaced.rests,
            }),
        ),
        EventBody::Added(added) => (
            "added",
            json!({
                "instrument": added.instrument.0, "order_id": added.order_id.0,
                "side": side(added.side), "quantity": added.quantity.0,
                "price": added.price.to_string(),
            }),
        ),
        EventBody::Executed(executed) => (
            "executed",
            json!({
                "instrument": executed.instrument.0, "match_number": executed.match_number.0,
                "price": executed.price.to_string(), "quantity": executed.quantity.0,
                "maker": party(&executed.maker), "taker": party(&executed.taker),
            }),
        ),
        EventBody::Canceled(canceled) => (
            "canceled",
            json!({
                "to": recipient(&canceled.to), "order_id": canceled.order_id.0,
                "user_ref": canceled.user_ref.0, "quantity": canceled.quantity.0,
                "remaining": canceled.remaining.0, "reason": format!("{:?}", canceled.reason),
            }),
        ),
        EventBody::Rejected { to, user_ref, reason, .. } => (
            "rejected",
            json!({
                "to": recipient(to), "user_ref": user_ref.0, "reason": format!("{reason:?}"),
            }),
        ),
        EventBody::AccountStatus { to, next_user_ref } => {
            ("account_status", json!({ "to": recipient(to), "next_user_ref": next_user_ref }))
        }
    }
}

fn recipient(to: &Recipient) -> Value {
    json!({ "session": to.session.0, "number": to.number.0 })
}

fn party(party: &Party) -> Value {
    json!({
        "session": party.to.session.0, "number": party.to.number.0,
        "order_id": party.order_id.0, "user_ref": party.user_ref.0,
    })
}

fn order(order: &OrderDetails) -> Value {
    json!({
        "instrument": order.instrument.0, "order_id": order.order_id.0,
        "user_ref": order.user_ref.0, "side": side(order.side), "quantity": order.quantity.0,
        "price": order.price.to_string(), "order_type": format!("{:?}", order.order_type),
        "time_in_force": format!("{:?}", order.time_in_force),
        "display": format!("{:?}", order.display),
    })
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}
