//! Commands, events and messages as JSON, for scripts.
//!
//! Keys are the field names of the types they come from; prices are decimal
//! texts, so that no reader rounds them.

use crate::names;
use ringmatch_engine::Price;
use ringmatch_engine::command::{
    Command, Enter, Options, Replace, Scope, SequencedCommand, SetRules, SetSessionLimits,
};
use ringmatch_engine::event::{
    AuctionFigures, BrokenParty, Canceled, CrossExecuted, Event, EventBody, Executed, Modified,
    OrderDetails, Party, PriorityChanged, Recipient, Restated, SelfTradePrevented,
};
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
        Command::SetPhase(change) => (
            "set_phase",
            json!({ "instrument": change.instrument.0, "phase": format!("{:?}", change.phase) }),
        ),
        Command::Enter(order) => ("enter", enter(order)),
        Command::Replace(replacement) => ("replace", replace(replacement)),
        Command::EnterSpecial(special) => {
            ("enter_special", with_options(enter(&special.order), &special.options))
        }
        Command::ReplaceSpecial(special) => {
            ("replace_special", with_options(replace(&special.order), &special.options))
        }
        Command::Cancel(cancel) => {
            ("cancel", json!({ "user_ref": cancel.user_ref.0, "quantity": cancel.quantity.0 }))
        }
        Command::Modify(modify) => (
            "modify",
            json!({
                "user_ref": modify.user_ref.0,
                "side": names::name(modify.side),
                "short_sale": format!("{:?}", modify.short_sale),
                "quantity": modify.quantity.0,
            }),
        ),
        Command::MassCancel(request) => (
            "mass_cancel",
            json!({
                "user_ref": request.user_ref.0,
                "firm": request.firm.to_string(),
                "instrument": request.instrument.0,
                "side": request.side.map(names::name),
                "group": request.group,
            }),
        ),
        Command::SetOrderEntry(switch) => (
            "set_order_entry",
            json!({
                "user_ref": switch.user_ref.0,
                "firm": switch.firm.to_string(),
                "enabled": switch.enabled,
            }),
        ),
        Command::AccountQuery => ("account_query", json!({})),
        Command::Malformed(malformed) => (
            "malformed",
            json!({
                "user_ref": malformed.user_ref.0,
                "reason": format!("{:?}", malformed.reason),
            }),
        ),
        Command::Tick => ("tick", json!({})),
        Command::SetRules(rules) => ("set_rules", set_rules(rules)),
        Command::AddTickBand(band) => (
            "add_tick_band",
            json!({
                "table": band.table,
                "from": band.from.to_string(),
                "tick_size": band.tick_size.to_string(),
            }),
        ),
        Command::SetInstrumentStatus(change) => (
            "set_instrument_status",
            json!({
                "instrument": change.instrument.0, "status": format!("{:?}", change.status),
            }),
        ),
        Command::SetSessionLimits(limits) => ("set_session_limits", set_session_limits(limits)),
        Command::SetSessionStatus(change) => (
            "set_session_status",
            json!({ "of_session": change.session.0, "enabled": change.enabled }),
        ),
        Command::SetFees(fees) => ("set_fees", json!({ "maker": fees.maker, "taker": fees.taker })),
        Command::CancelOrders(scope) => ("cancel_orders", cancel_orders(scope)),
        Command::BustTrade(bust) => (
            "bust_trade",
            json!({
                "match_number": bust.match_number.0, "reason": format!("{:?}", bust.reason),
            }),
        ),
    }
}

fn enter(order: &Enter) -> Value {
    json!({
        "user_ref": order.user_ref.0,
        "instrument": order.instrument.0,
        "side": names::name(order.side),
        "quantity": order.quantity.0,
        "price": order.price.to_string(),
        "order_type": format!("{:?}", order.order_type),
        "time_in_force": format!("{:?}", order.time_in_force),
        "display": format!("{:?}", order.display),
        "cl_ord_id": order.attributes.cl_ord_id.to_string(),
    })
}

fn replace(replacement: &Replace) -> Value {
    json!({
        "original": replacement.original.0,
        "user_ref": replacement.user_ref.0,
        "quantity": replacement.quantity.0,
        "price": replacement.price.to_string(),
        "order_type": format!("{:?}", replacement.order_type),
        "time_in_force": format!("{:?}", replacement.time_in_force),
        "display": format!("{:?}", replacement.display),
        "cl_ord_id": replacement.cl_ord_id.to_string(),
    })
}

/// Options that ask for nothing are left out.
fn with_options(mut value: Value, options: &Options) -> Value {
    if *options != Options::NONE {
        value["options"] = json!({
            "pricing": format!("{:?}", options.pricing),
            "offset": Price(options.offset.into()).to_string(),
            "max_floor": options.max_floor.0,
            "min_quantity": options.min_quantity.0,
            "expire_after_s": options.expire_after_s,
            "group": options.group,
            "post_only": options.post_only,
            "self_trade": format!("{:?}", options.self_trade),
        });
    }
    value
}

fn set_rules(rules: &SetRules) -> Value {
    json!({
        "instrument": rules.instrument.0,
        "reference_price": rules.reference_price.to_string(),
        "max_value": money(rules.max_value),
        "static_collar_bp": rules.static_collar_bp,
        "dynamic_collar_bp": rules.dynamic_collar_bp,
        "on_breach": format!("{:?}", rules.on_breach),
        "volatility_auction_s": rules.volatility_auction_s,
        "tick_table": rules.tick_table,
        "post_only_slides": rules.post_only_slides,
    })
}

fn set_session_limits(limits: &SetSessionLimits) -> Value {
    json!({
        "of_session": limits.session.0,
        "max_open_orders": limits.max_open_orders,
        "max_position": limits.max_position,
        "max_exposure": money(limits.max_exposure),
        "max_messages_per_s": limits.max_messages_per_s,
        "self_trade": format!("{:?}", limits.self_trade),
    })
}

fn cancel_orders(scope: &Scope) -> Value {
    json!({
        "of_session": scope.session.0,
        "firm": scope.firm.to_string(),
        "instrument": scope.instrument.0,
        "side": scope.side.map(names::name),
        "group": scope.group,
    })
}

/// An amount in 1/10,000 as decimal text.
fn money(units: u64) -> String {
    Price(i64::try_from(units).unwrap_or(i64::MAX)).to_string()
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
                "to": recipient(*to), "name": name.to_string(), "firm": firm.to_string(),
            }),
        ),
        EventBody::TradingAction { instrument, phase, reason } => (
            "trading_action",
            json!({
                "instrument": instrument.0, "phase": format!("{phase:?}"),
                "reason": format!("{reason:?}"),
            }),
        ),
        EventBody::Accepted(accepted) => {
            ("accepted", json!({ "to": recipient(accepted.to), "order": order(&accepted.order) }))
        }
        EventBody::Replaced(replaced) => (
            "replaced",
            json!({
                "to": recipient(replaced.to), "order": order(&replaced.order),
                "original_user_ref": replaced.original_user_ref.0,
                "original_order_id": replaced.original_order_id.0,
            }),
        ),
        EventBody::Added(added) => (
            "added",
            json!({
                "instrument": added.instrument.0, "order_id": added.order_id.0,
                "side": names::name(added.side), "quantity": added.quantity.0,
                "price": added.price.to_string(),
            }),
        ),
        EventBody::Executed(execution) => ("executed", executed(execution)),
        EventBody::Canceled(cancel) => ("canceled", canceled(cancel)),
        EventBody::Rejected { to, user_ref, reason, .. } => (
            "rejected",
            json!({
                "to": recipient(*to), "user_ref": user_ref.0, "reason": format!("{reason:?}"),
            }),
        ),
        EventBody::AccountStatus { to, next_user_ref } => {
            ("account_status", json!({ "to": recipient(*to), "next_user_ref": next_user_ref }))
        }
        EventBody::Modified(change) => ("modified", modified(change)),
        EventBody::PriorityChanged(change) => ("priority_changed", priority_changed(change)),
        EventBody::Restated(change) => ("restated", restated(change)),
        EventBody::MassCanceled { to, user_ref, firm, instrument } => (
            "mass_canceled",
            json!({
                "to": recipient(*to), "user_ref": user_ref.0, "firm": firm.to_string(),
                "instrument": instrument.0,
            }),
        ),
        EventBody::OrderEntrySet { to, user_ref, firm, enabled } => (
            "order_entry_set",
            json!({
                "to": recipient(*to), "user_ref": user_ref.0, "firm": firm.to_string(),
                "enabled": enabled,
            }),
        ),
        EventBody::SelfTradePrevented(event) => ("self_trade_prevented", prevented(event)),
        EventBody::CrossExecuted(execution) => ("cross_executed", cross_executed(execution)),
        EventBody::CrossTrade { instrument, cross, price, quantity, match_number } => (
            "cross_trade",
            json!({
                "instrument": instrument.0, "cross": format!("{cross:?}"),
                "price": price.to_string(), "quantity": quantity,
                "match_number": match_number.0,
            }),
        ),
        EventBody::AuctionFigures(figures) => ("auction_figures", auction_figures(figures)),
        EventBody::CollarBroken { instrument, reference, upper, lower } => (
            "collar_broken",
            json!({
                "instrument": instrument.0, "reference": reference.to_string(),
                "upper": upper.to_string(), "lower": lower.to_string(),
            }),
        ),
        EventBody::TradeBroken(broken) => (
            "trade_broken",
            json!({
                "instrument": broken.instrument.0, "match_number": broken.match_number.0,
                "buyer": broken_party(&broken.buyer), "seller": broken_party(&broken.seller),
                "reason": format!("{:?}", broken.reason),
            }),
        ),
    }
}

fn executed(executed: &Executed) -> Value {
    json!({
        "instrument": executed.instrument.0, "match_number": executed.match_number.0,
        "price": executed.price.to_string(), "quantity": executed.quantity.0,
        "maker": party(&executed.maker), "taker": party(&executed.taker),
    })
}

fn canceled(canceled: &Canceled) -> Value {
    json!({
        "to": recipient(canceled.to), "order_id": canceled.order_id.0,
        "user_ref": canceled.user_ref.0, "quantity": canceled.quantity.0,
        "remaining": canceled.remaining.0, "displayed_quantity": canceled.displayed_quantity.0,
        "reason": format!("{:?}", canceled.reason),
    })
}

fn modified(modified: &Modified) -> Value {
    json!({
        "to": recipient(modified.to), "order_id": modified.order_id.0,
        "user_ref": modified.user_ref.0, "short_sale": format!("{:?}", modified.short_sale),
        "quantity": modified.quantity.0, "displayed_reduction": modified.displayed_reduction.0,
    })
}

fn priority_changed(changed: &PriorityChanged) -> Value {
    json!({
        "to": recipient(changed.to), "original_order_id": changed.original_order_id.0,
        "order_id": changed.order_id.0, "user_ref": changed.user_ref.0,
        "price": changed.price.to_string(), "displayed_quantity": changed.displayed_quantity.0,
    })
}

fn restated(restated: &Restated) -> Value {
    json!({
        "to": recipient(restated.to), "order_id": restated.order_id.0,
        "user_ref": restated.user_ref.0, "price": restated.price.to_string(),
        "quantity": restated.quantity.0, "displayed_quantity": restated.displayed_quantity.0,
        "reason": format!("{:?}", restated.reason),
    })
}

fn prevented(prevented: &SelfTradePrevented) -> Value {
    json!({
        "to": recipient(prevented.to), "order_id": prevented.order_id.0,
        "user_ref": prevented.user_ref.0, "quantity": prevented.quantity.0,
        "remaining": prevented.remaining.0,
        "displayed_quantity": prevented.displayed_quantity.0,
        "prevented": prevented.prevented.0, "price": prevented.price.to_string(),
        "action": format!("{:?}", prevented.action), "is_maker": prevented.is_maker,
    })
}

fn cross_executed(executed: &CrossExecuted) -> Value {
    json!({
        "to": recipient(executed.to), "order_id": executed.order_id.0,
        "user_ref": executed.user_ref.0, "side": names::name(executed.side),
        "price": executed.price.to_string(), "quantity": executed.quantity.0,
        "match_number": executed.match_number.0, "cross": format!("{:?}", executed.cross),
    })
}

fn auction_figures(figures: &AuctionFigures) -> Value {
    json!({
        "instrument": figures.instrument.0, "cross": format!("{:?}", figures.cross),
        "price": figures.price.to_string(), "paired": figures.paired,
        "imbalance": figures.imbalance, "side": figures.side.map(names::name),
        "reference": figures.reference.to_string(),
    })
}

fn recipient(to: Recipient) -> Value {
    json!({ "session": to.session().0, "number": to.number().0 })
}

fn party(party: &Party) -> Value {
    json!({
        "session": party.to.session().0, "number": party.to.number().0,
        "order_id": party.order_id.0, "user_ref": party.user_ref.0,
    })
}

fn broken_party(party: &BrokenParty) -> Value {
    json!({
        "session": party.to.session().0, "number": party.to.number().0,
        "user_ref": party.user_ref.0,
    })
}

fn order(order: &OrderDetails) -> Value {
    let value = json!({
        "instrument": order.instrument.0, "order_id": order.order_id.0,
        "user_ref": order.user_ref.0, "side": names::name(order.side),
        "quantity": order.quantity.0,
        "price": order.price.to_string(), "order_type": format!("{:?}", order.order_type),
        "time_in_force": format!("{:?}", order.time_in_force),
        "display": format!("{:?}", order.display), "rests": order.rests,
    });
    with_options(value, &order.options)
}
