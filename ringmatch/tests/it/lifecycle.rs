//! Start, stop, start again; two on one directory; a busy port.

use crate::engine::{Engine, PATIENCE, Site, run_json};
use ringmatch_engine::Price;
use ringmatch_engine::command::Side;
use ringmatch_gateway::client::{NewOrder, Start};
use ringmatch_gateway::wire::ouch::Outbound;

#[test]
fn what_was_answered_before_a_stop_is_there_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA", "BRAVO"]);
    let config = site.write_config(directory.path());
    let data = directory.path().join("data");
    let engine = Engine::start(&config, &data);
    let mut alpha = site.connect("ALPHA", Start::At(1));
    let order = NewOrder::limit("AAPL".parse().unwrap(), Side::Buy, 10, Price(1_000_000));
    let user_ref = alpha.enter(&order).unwrap();
    let mut answers = Vec::new();
    while answers.len() < 3 {
        answers.push(alpha.receive(PATIENCE).unwrap().expect("an answer").message);
    }
    assert!(matches!(answers[0], Outbound::SystemEvent(_)), "{answers:?}");
    assert!(matches!(answers[1], Outbound::AccountQueryResponse(_)), "{answers:?}");
    let Outbound::OrderAccepted(accepted) = answers[2] else { panic!("{answers:?}") };
    assert_eq!((accepted.user_ref_num, accepted.quantity), (user_ref.0, 10));
    assert_eq!(engine.stop(), Some(0));

    let replayed = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(replayed["resting_orders"], 1);
    let engine = Engine::start(&config, &data);
    assert_eq!(engine.ready["digest"], replayed["digest"]);
    assert_eq!(engine.ready["state_hash"], replayed["state_hash"]);
    assert_eq!(engine.ready["recovered_commands"], replayed["commands"]);

    // The same client goes on: another session takes what it left.
    let mut bravo = site.connect("BRAVO", Start::Now);
    let order = NewOrder::limit("AAPL".parse().unwrap(), Side::Sell, 4, Price(990_000));
    bravo.enter(&order).unwrap();
    bravo.flush().unwrap();
    let executed = alpha.receive(PATIENCE).unwrap().expect("an execution").message;
    let Outbound::OrderExecuted(executed) = executed else { panic!("{executed:?}") };
    assert_eq!((executed.user_ref_num, executed.quantity, executed.price.0), (1, 4, 1_000_000));
}

/// A client that rewinds hears the answers to the queries of earlier ones
/// again. Their numbers are long used: it must go by its own.
#[test]
fn a_client_that_rewinds_goes_on_with_a_number_that_is_not_used() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA"]);
    let _engine =
        Engine::start(&site.write_config(directory.path()), &directory.path().join("data"));
    let order = NewOrder::limit("AAPL".parse().unwrap(), Side::Buy, 10, Price(1_000_000));
    let mut first = site.connect("ALPHA", Start::Now);
    let used = (0..200).map(|_| first.enter(&order).unwrap()).last().unwrap();
    first.query().unwrap();
    while !matches!(
        first.receive(PATIENCE).unwrap().expect("an answer").message,
        Outbound::AccountQueryResponse(answer) if answer.next_user_ref_num > used.0
    ) {}
    drop(first);

    let mut again = site.connect("ALPHA", Start::At(1));
    let user_ref = again.enter(&order).unwrap();
    assert_eq!(user_ref, used.next());
    let mut heard = 0;
    loop {
        let response = again.receive(PATIENCE).unwrap().expect("an answer");
        heard += 1;
        assert_eq!(response.number, heard);
        match response.message {
            Outbound::OrderAccepted(accepted) if accepted.user_ref_num == user_ref.0 => break,
            _ => {}
        }
    }
}

#[test]
fn a_data_directory_in_use_and_a_busy_port_are_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA"]);
    let config = site.write_config(directory.path());
    let data = directory.path().join("data");
    let _engine = Engine::start(&config, &data);

    let in_use = Engine::try_start(&config, &data).err().expect("one engine a directory");
    assert!(in_use.contains("in use"), "{in_use}");
    let other = directory.path().join("other");
    let busy = Engine::try_start(&config, &other).err().expect("one engine a port");
    assert!(busy.contains(&site.orders.to_string()) && busy.contains("in use"), "{busy}");
}
