//! Canceling many orders at once, and the kill switch.

use crate::table::*;
use ringmatch_engine::CancelReason::{
    MassCancel as Mass, SessionDisabled as Disabled, Supervisory,
};
use ringmatch_engine::RejectReason::{NotAuthorized, OrderEntryDisabled, SessionDisabled};
use ringmatch_engine::command::*;
use ringmatch_engine::{Firm, InstrumentId, SessionId, UserRef};

fn mass(user_ref: u32, change: impl FnOnce(&mut MassCancel)) -> Ask {
    let mut request = MassCancel { user_ref: UserRef(user_ref), ..MassCancel::default() };
    change(&mut request);
    ask(Command::MassCancel(request))
}

fn firm(name: &str) -> Firm {
    name.parse().expect("a short text")
}

fn orders() -> [Ask; 5] {
    [
        buy(1, 100, 5),
        sell(2, 101, 5).group(7),
        buy(3, 100, 10).on(2),
        buy(4, 99, 5).by(2),
        buy(5, 90, 5).stop(105),
    ]
}

fn taken() -> [Fact; 5] {
    [rests(1), rests(2), rests(3), rests(4), accepted(5)]
}

#[test]
fn what_is_meant_goes_in_the_order_of_references() {
    let row = |request, gone_: &[Fact]| {
        let asks = [&orders()[..], &[request]].concat();
        let facts = [&taken()[..], &[mass_canceled(9)], gone_].concat();
        check(&asks, &facts);
    };
    let stop = gone(5, 5, Mass).unseen();
    row(mass(9, |_| ()), &[gone(1, 5, Mass), gone(2, 5, Mass), gone(3, 10, Mass), stop]);
    row(
        mass(9, |all| all.firm = firm("FIRM")),
        &[gone(1, 5, Mass), gone(2, 5, Mass), gone(3, 10, Mass), gone(4, 5, Mass), stop],
    );
    row(mass(9, |some| some.instrument = InstrumentId(2)), &[gone(3, 10, Mass)]);
    row(mass(9, |some| some.side = Some(Side::Sell)), &[gone(2, 5, Mass)]);
    row(mass(9, |some| some.group = Some(7)), &[gone(2, 5, Mass)]);
    row(
        mass(9, |some| (some.group, some.instrument) = (Some(0), InstrumentId(1))),
        &[gone(1, 5, Mass), stop],
    );
}

#[test]
fn another_firm_may_not_be_named_and_a_used_number_is_silent() {
    check(
        &[buy(1, 100, 5), mass(2, |all| all.firm = firm("OTHR")), mass(2, |_| ()), query()],
        &[rests(1), rejected(2, NotAuthorized), next(3)],
    );
}

#[test]
fn the_kill_switch_stops_new_orders_of_the_firm_and_no_cancel() {
    let switch = |user_ref, enabled| {
        let user_ref = UserRef(user_ref);
        ask(Command::SetOrderEntry(SetOrderEntry { user_ref, firm: Firm::default(), enabled }))
    };
    check(
        &[
            buy(1, 100, 5).by(2),
            buy(1, 100, 5),
            switch(2, false),
            buy(2, 100, 5).by(2),
            replace(1, 3, 100, 5),
            cancel(1).by(2),
            switch(4, true),
            replace(1, 5, 101, 5),
        ],
        &[
            rests(1),
            rests(1),
            order_entry(2, false),
            rejected(2, OrderEntryDisabled),
            rejected(3, OrderEntryDisabled),
            canceled(1, 5),
            order_entry(4, true),
            replaced(1, 5, 5),
        ],
    );
}

#[test]
fn the_operator_cancels_what_is_in_the_scope() {
    let scope = Scope { side: Some(Side::Buy), ..Scope::default() };
    check(
        &[&orders()[..], &[operator(Command::CancelOrders(scope))]].concat(),
        &[
            &taken()[..],
            &[
                gone(1, 5, Supervisory),
                gone(3, 10, Supervisory),
                gone(4, 5, Supervisory),
                gone(5, 5, Supervisory).unseen(),
            ],
        ]
        .concat(),
    );
}

#[test]
fn a_session_that_is_disabled_loses_its_orders() {
    let status = |enabled| {
        let session = SessionId(1);
        operator(Command::SetSessionStatus(SetSessionStatus { session, enabled }))
    };
    check(
        &[
            buy(1, 100, 5),
            buy(2, 90, 5).by(2),
            status(false),
            buy(2, 100, 5),
            cancel(1),
            status(true),
            buy(3, 100, 5),
        ],
        &[rests(1), rests(2), gone(1, 5, Disabled), rejected(2, SessionDisabled), rests(3)],
    );
}
