//! Self-trade prevention: what becomes of two orders of one firm that meet.

use crate::table::*;
use ringmatch_engine::command::SelfTrade::{
    Allow, CancelBoth, CancelNewest, CancelOldest, DecrementBoth, SessionDefault,
};
use ringmatch_engine::command::{Command, SetSessionLimits};

#[test]
fn each_action() {
    let row = |action, said: &[Fact]| {
        let facts = [&[rests(1), rests(2), accepted(3)], said].concat();
        check(&[sell(1, 100, 4).by(2), sell(2, 100, 9), buy(3, 100, 6).self_trade(action)], &facts);
    };
    row(Allow, &[executed(1, 3, 4, 100), executed(2, 3, 2, 100)]);
    row(SessionDefault, &[executed(1, 3, 4, 100), executed(2, 3, 2, 100)]);
    row(CancelNewest, &[prevented(3, 6, 0, CancelNewest).unseen()]);
    row(
        CancelOldest,
        &[prevented(1, 4, 0, CancelOldest), prevented(2, 9, 0, CancelOldest), added(3, 6)],
    );
    row(CancelBoth, &[prevented(1, 4, 0, CancelBoth), prevented(3, 6, 0, CancelBoth).unseen()]);
    row(
        DecrementBoth,
        &[
            prevented(1, 4, 0, DecrementBoth),
            prevented(3, 4, 2, DecrementBoth).unseen(),
            prevented(2, 2, 7, DecrementBoth),
            prevented(3, 2, 0, DecrementBoth).unseen(),
        ],
    );
}

#[test]
fn an_order_without_an_instruction_has_its_sessions() {
    let limits = SetSessionLimits { self_trade: CancelNewest, ..SetSessionLimits::default() };
    check(
        &[
            may(1, limits),
            sell(1, 100, 4).by(2),
            buy(2, 100, 6),
            buy(3, 100, 6).self_trade(Allow),
            buy(4, 90, 1).by(3),
            sell(5, 90, 1).by(2),
        ],
        &[
            rests(1),
            accepted(2),
            prevented(2, 6, 0, CancelNewest).unseen(),
            accepted(3),
            executed(1, 3, 4, 100),
            added(3, 2),
            rests(4),
            accepted(5),
            executed(3, 5, 1, 100),
        ],
    );
}

#[test]
fn another_firms_orders_trade() {
    let mut venue = Venue::open(LIMITS);
    let mut other = admission(4, "OTHER");
    other.firm = "OTHR".parse().expect("a short text");
    venue.check(
        &[
            operator(Command::AddSession(other)),
            sell(1, 100, 4).by(4),
            buy(1, 100, 4).self_trade(CancelBoth),
        ],
        &[admitted(4), rests(1), accepted(1), executed(1, 1, 4, 100)],
    );
}

#[test]
fn fill_or_kill_counts_what_it_may_trade_only() {
    let mut venue = Venue::open(LIMITS);
    let mut other = admission(4, "OTHER");
    other.firm = "OTHR".parse().expect("a short text");
    venue.check(
        &[
            operator(Command::AddSession(other)),
            sell(1, 100, 4).by(4),
            sell(1, 100, 4),
            sell(2, 101, 4).by(4),
            buy(2, 101, 5).fok().self_trade(CancelNewest),
            buy(3, 101, 9).fok().self_trade(CancelOldest),
            buy(4, 101, 8).fok().self_trade(CancelOldest),
        ],
        &[
            admitted(4),
            rests(1),
            rests(1),
            rests(2),
            accepted(2),
            expired(2, 5),
            accepted(3),
            expired(3, 9),
            accepted(4),
            executed(1, 4, 4, 100),
            prevented(1, 4, 0, CancelOldest),
            executed(2, 4, 4, 101),
        ],
    );
}

#[test]
fn an_iceberg_loses_its_reserve_first() {
    check(
        &[
            sell(1, 100, 10).iceberg(3),
            buy(2, 100, 6).self_trade(DecrementBoth),
            buy(3, 100, 2).self_trade(DecrementBoth),
        ],
        &[
            rests(1),
            accepted(2),
            prevented(1, 6, 4, DecrementBoth).unseen(),
            prevented(2, 6, 0, DecrementBoth).unseen(),
            accepted(3),
            prevented(1, 2, 2, DecrementBoth),
            prevented(3, 2, 0, DecrementBoth).unseen(),
        ],
    );
}
