//! Auctions: orders gather, one price clears the most of them, and while they
//! gather the market is told where it would be.

use crate::table::*;
use ringmatch_engine::CancelReason::AuctionOver;
use ringmatch_engine::Price;
use ringmatch_engine::RejectReason::{NotInAuction, TooLateForAuction};
use ringmatch_engine::command::TimeInForce::{AtClose, AtOpen};
use ringmatch_engine::command::{Phase, SetRules, Side};
use ringmatch_engine::event::{Cross, PhaseReason};

#[test]
fn the_price_at_which_the_most_trades() {
    check(
        &[
            enters(Phase::OpeningAuction),
            buy(1, 103, 5),
            buy(2, 101, 5),
            sell(3, 100, 4),
            sell(4, 101, 4),
            resume(),
        ],
        &[
            action(1, Phase::OpeningAuction),
            rests(1),
            rests(2),
            rests(3),
            rests(4),
            crossed(1, 4, 101),
            crossed(3, 4, 101),
            crossed(1, 1, 101),
            crossed(4, 1, 101),
            crossed(2, 3, 101),
            crossed(4, 3, 101),
            cross_trade(Cross::Opening, 8, 101),
            action(1, Phase::Continuous),
        ],
    );
}

/// The most, then the least left over, then the nearest to the reference, then
/// the lower.
#[test]
fn ties_are_decided_in_the_order_of_the_rules() {
    for (reference, price) in [(0, 100), (104, 103), (102, 102), (90, 100)] {
        let reference_price = Price(reference);
        check(
            &[
                rules(SetRules { reference_price, ..SetRules::default() }),
                enters(Phase::PreOpen),
                buy(1, 103, 5),
                sell(2, 100, 5),
                resume(),
            ],
            &[
                action(1, Phase::PreOpen),
                rests(1),
                rests(2),
                crossed(1, 5, price),
                crossed(2, 5, price),
                cross_trade(Cross::Opening, 5, price),
                action(1, Phase::Continuous),
            ],
        );
    }
    // At 100 nothing is left over, at 103 five are.
    check(
        &[
            rules(SetRules { reference_price: Price(103), ..SetRules::default() }),
            enters(Phase::PreOpen),
            buy(1, 103, 5),
            sell(2, 100, 5),
            sell(3, 103, 5),
            resume(),
        ],
        &[
            action(1, Phase::PreOpen),
            rests(1),
            rests(2),
            rests(3),
            crossed(1, 5, 100),
            crossed(2, 5, 100),
            cross_trade(Cross::Opening, 5, 100),
            action(1, Phase::Continuous),
        ],
    );
}

#[test]
fn orders_for_the_opening_trade_in_it_or_go() {
    check(
        &[
            buy(1, 100, 5).living(AtOpen),
            enters(Phase::PreOpen),
            buy(2, 0, 5).market().living(AtOpen),
            buy(3, 99, 5).living(AtOpen),
            sell(4, 100, 7),
            resume(),
        ],
        &[
            rejected(1, TooLateForAuction),
            action(1, Phase::PreOpen),
            rests(2).unseen(),
            rests(3).unseen(),
            rests(4),
            crossed(2, 5, 100).unseen(),
            crossed(4, 5, 100),
            cross_trade(Cross::Opening, 5, 100),
            gone(3, 5, AuctionOver).unseen(),
            action(1, Phase::Continuous),
        ],
    );
}

#[test]
fn orders_for_the_close_wait_for_it() {
    check(
        &[
            sell(1, 100, 5).living(AtClose),
            buy(2, 100, 3),
            enters(Phase::ClosingAuction),
            buy(3, 0, 4).market().living(AtClose),
            enters(Phase::Closed),
        ],
        &[
            accepted(1),
            rests(2),
            action(1, Phase::ClosingAuction),
            rests(3).unseen(),
            crossed(3, 4, 100).unseen(),
            crossed(1, 4, 100).unseen(),
            crossed(2, 1, 100),
            crossed(1, 1, 100).unseen(),
            cross_trade(Cross::Closing, 5, 100),
            action(1, Phase::Closed),
            gone(2, 2, ringmatch_engine::CancelReason::EndOfDay),
        ],
    );
}

#[test]
fn what_cannot_gather_is_rejected() {
    check(
        &[
            enters(Phase::ClosingAuction),
            buy(1, 100, 5).ioc(),
            buy(2, 100, 5).fok(),
            buy(3, 0, 5).market(),
            buy(4, 0, 5).market_to_limit(),
            buy(5, 100, 5).minimum(2),
        ],
        &[
            action(1, Phase::ClosingAuction),
            rejected(1, NotInAuction),
            rejected(2, NotInAuction),
            rejected(3, NotInAuction),
            rejected(4, NotInAuction),
            rejected(5, NotInAuction),
        ],
    );
}

#[test]
fn the_figures_are_said_a_second_after_a_change() {
    check(
        &[
            enters(Phase::OpeningAuction),
            buy(1, 100, 5),
            tick(),
            tick().later_s(1),
            tick().later_s(1),
            sell(2, 99, 7),
            tick().later_s(1),
            tick().later_s(1),
        ],
        &[
            action(1, Phase::OpeningAuction),
            rests(1),
            figures(0, 0, 5, Some(Side::Buy)),
            rests(2),
            figures(99, 5, 2, Some(Side::Sell)),
        ],
    );
}

#[test]
fn icebergs_refresh_in_an_auction_the_buyer_first() {
    check(
        &[enters(Phase::PreOpen), buy(1, 100, 6).iceberg(3), sell(2, 100, 5).iceberg(3), resume()],
        &[
            action(1, Phase::PreOpen),
            rests(1),
            rests(2),
            crossed(1, 3, 100),
            crossed(2, 3, 100),
            refreshed(1, 3),
            refreshed(2, 2),
            crossed(1, 2, 100),
            crossed(2, 2, 100),
            cross_trade(Cross::Opening, 5, 100),
            action(1, Phase::Continuous),
        ],
    );
}

#[test]
fn a_volatility_auction_ends_by_itself_when_it_has_a_time() {
    let volatility = SetRules { volatility_auction_s: 5, ..SetRules::default() };
    check(
        &[
            rules(volatility),
            enters(Phase::VolatilityAuction),
            buy(1, 100, 5),
            sell(2, 100, 5),
            tick().later_s(4),
            tick().later_s(1),
        ],
        &[
            action(1, Phase::VolatilityAuction),
            rests(1),
            rests(2),
            figures(100, 5, 0, None),
            crossed(1, 5, 100),
            crossed(2, 5, 100),
            cross_trade(Cross::Halt, 5, 100),
            became(Phase::Continuous, PhaseReason::AuctionOver),
        ],
    );
}
