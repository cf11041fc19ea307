//! The engine under hostile and broken input, while a client trades through it.
//!
//! Whatever arrives at its two ports, the engine lives, answers what has an
//! answer, counts the rest and says so at a limited rate; the orders of a client
//! that behaves are all answered, and what the journal replays to is what the
//! engine was.

use crate::engine::{Engine, PATIENCE, Site, run_json};
use ringmatch_engine::command::Side;
use ringmatch_engine::{Price, SessionName};
use ringmatch_gateway::client::{Client, NewOrder, Start};
use ringmatch_gateway::net::MAX_DATAGRAM;
use ringmatch_gateway::wire::mold::{PacketBuilder, Request};
use ringmatch_gateway::wire::ouch::{
    EnterOrder, Inbound, MassCancel, ModifyOrder, OuchOption, Outbound,
};
use ringmatch_gateway::wire::{Alpha, Letter, OuchPrice};
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long garbage is sent: warnings are said once a second.
const SIEGE: Duration = Duration::from_millis(3_500);

fn name(text: &str) -> SessionName {
    text.parse().unwrap()
}

fn limit(side: Side, quantity: u32, price: i64) -> NewOrder {
    NewOrder::limit("AAPL".parse().unwrap(), side, quantity, Price(price))
}

/// Trades until the siege is over: every order is answered, in order.
fn trade(client: &mut Client, is_over: &AtomicBool) -> u64 {
    let mut answered = 0;
    while !is_over.load(Ordering::Acquire) {
        let user_ref = client.enter(&limit(Side::Buy, 1, 1_000_000)).unwrap();
        loop {
            let response = client.receive(PATIENCE).unwrap().expect("every order is answered");
            match response.message {
                Outbound::OrderAccepted(accepted) => {
                    assert_eq!(accepted.user_ref_num, user_ref.0);
                    answered += 1;
                }
                Outbound::OrderExecuted(executed) => {
                    assert_eq!((executed.user_ref_num, executed.quantity), (user_ref.0, 1));
                    break;
                }
                Outbound::SystemEvent(_) | Outbound::AccountQueryResponse(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    answered
}

/// One datagram of garbage to the port of orders.
fn bad_orders(random: &mut fastrand::Rng) -> Vec<u8> {
    let packet = |session: &str, first: u64, messages: usize| {
        let mut builder = PacketBuilder::new(name(session), first, 1400);
        (0..messages).for_each(|_| assert!(builder.push(b"garbage")));
        builder.packet().to_vec()
    };
    match random.u8(0..9) {
        0 => vec![0xFF; random.usize(0..20)],
        1 => vec![0xFF; MAX_DATAGRAM],
        2 => (0..random.usize(20..1_400)).map(|_| random.u8(..)).collect(),
        3 => packet("NOBODY", 1, 3),
        // The blocks of a known session run past the end.
        4 => packet("BRAVO", 1, 3)[..24].to_vec(),
        // Of the session that trades: numbers that its client never sent, and
        // one that it has used. (Whoever sends its next number is its client:
        // the wire has no secret that would tell them apart.)
        5 => packet("ALPHA", u64::MAX, 0),
        6 => packet("ALPHA", u64::MAX - 10, 3),
        7 => packet("ALPHA", 1, 1),
        _ => packet("ALPHA", 1 << random.u8(20..60), 3),
    }
}

/// One datagram of garbage to the port of requests.
fn bad_request(random: &mut fastrand::Rng) -> Vec<u8> {
    let request = |session: &str, sequence, count| {
        Request { session: name(session), sequence, count }.encode().to_vec()
    };
    match random.u8(0..7) {
        0 => vec![0; random.usize(0..20)],
        1 => vec![0; MAX_DATAGRAM],
        2 => (0..random.usize(20..1_400)).map(|_| random.u8(..)).collect(),
        3 => request("NOBODY", 1, 1),
        4 => request("TESTVENUE", u64::MAX, u16::MAX),
        5 => request("TESTVENUE", 0, 1),
        _ => request("BRAVO", 1 << 40, 1),
    }
}

#[test]
fn a_client_trades_through_a_siege() {
    let seed = 11;
    println!("seed {seed}");
    let directory = tempfile::tempdir().unwrap();
    let site = Site::unicast(&["ALPHA", "BRAVO", "MUTE"]);
    let (config, data) = (site.write_config(directory.path()), directory.path().join("data"));
    let engine = Engine::start(&config, &data);
    let start = Instant::now();

    // MUTE leaves orders behind that ALPHA trades with, and subscribes to what
    // comes of them with a socket that nobody reads.
    let mut mute = site.connect("MUTE", Start::Now);
    for _ in 0..30 {
        mute.enter(&limit(Side::Sell, 999_999, 990_000)).unwrap();
    }
    mute.query().unwrap();
    while !matches!(
        mute.receive(PATIENCE).unwrap().expect("an answer").message,
        Outbound::AccountQueryResponse(answer) if answer.next_user_ref_num == 31
    ) {}
    drop(mute);
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let subscription = Request { session: name("MUTE"), sequence: 0, count: 0 };
    silent.send_to(&subscription.encode(), site.requests).unwrap();

    let mut alpha = site.connect("ALPHA", Start::Now);
    let is_over = AtomicBool::new(false);
    let answered = std::thread::scope(|scope| {
        let trader = scope.spawn(|| trade(&mut alpha, &is_over));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut random = fastrand::Rng::with_seed(seed);
        while start.elapsed() < SIEGE && !trader.is_finished() {
            for _ in 0..20 {
                socket.send_to(&bad_orders(&mut random), site.orders).unwrap();
                socket.send_to(&bad_request(&mut random), site.requests).unwrap();
            }
            // The flood leaves the engine room to breathe: it is garbage that
            // is tried here, not how much of it fits a socket's buffer.
            std::thread::sleep(Duration::from_millis(5));
        }
        is_over.store(true, Ordering::Release);
        trader.join().unwrap()
    });
    assert!(answered > 10, "{answered} orders were answered");
    every_malformed_order_is_answered(&site);

    check_warnings(&engine, start);
    assert_eq!(engine.stop(), Some(0));
    let replayed = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
    let again = Engine::start(&config, &data);
    for key in ["digest", "state_hash"] {
        assert_eq!(again.ready[key], replayed[key], "{key}");
    }
}

/// Each kind of trouble is said, and none of them more than once a second.
fn check_warnings(engine: &Engine, start: Instant) {
    let kinds = [
        "too short for a MoldUDP64 header",
        "datagrams of orders from unknown sessions",
        "malformed packets of orders",
        "malformed requests",
        "requests for unknown sessions",
        "requests for messages that were never sent",
    ];
    for kind in kinds {
        let lines = || engine.said().lines().filter(|line| line.contains(kind)).count();
        while lines() == 0 {
            assert!(start.elapsed() < PATIENCE, "no warning of {kind}: {}", engine.said());
            std::thread::sleep(Duration::from_millis(20));
        }
        let seconds = usize::try_from(start.elapsed().as_secs()).unwrap() + 1;
        assert!(lines() <= seconds, "{kind}, {seconds} s: {}", engine.said());
    }
}

fn order() -> EnterOrder {
    limit(Side::Buy, 10, 10_000).message(ringmatch_engine::UserRef(0)).0
}

fn encoded(message: impl Into<Inbound>, option: Option<OuchOption>) -> Vec<u8> {
    let mut bytes = [0; Inbound::MAX_LEN];
    let len = message.into().encode(option, &mut bytes);
    bytes[..len].to_vec()
}

/// Orders that cannot be carried out, each with the reject code that answers
/// it; the number of each is the session's next.
fn every_malformed_order_is_answered(site: &Site) {
    type Change = fn(&mut EnterOrder);
    let orders: [(Change, u16); 15] = [
        (|o| o.quantity = 0, 0x13),
        (|o| o.quantity = 1_000_000, 0x13),
        (|o| o.quantity = u32::MAX, 0x13),
        (|o| o.price = OuchPrice(0), 0x1D),
        (|o| o.price = OuchPrice(10_050), 0x1D),
        (|o| o.price = OuchPrice(2_000_000_100), 0x1D),
        (|o| o.price = OuchPrice(1 << 63), 0x1D),
        (|o| o.price = OuchPrice(u64::MAX - 1), 0x1D),
        (|o| o.symbol = "NOPE".parse().unwrap(), 0x17),
        (|o| o.symbol = Alpha::from_bytes([0; 8]), 0x17),
        (|o| o.side = Letter(b'?'), 0x09),
        (|o| o.display = Letter(0), 0x03),
        (|o| o.time_in_force = Letter(b'9'), 0x0F),
        (|o| o.capacity = Letter(b'?'), 0x0F),
        (|o| o.cross_type = Letter(b'H'), 0x14),
    ];
    let mut bravo = site.connect("BRAVO", Start::Now);
    let mut expect = |message: Vec<u8>, user_ref: u32, code: u16| {
        bravo.send_bytes(&message).unwrap();
        let response = loop {
            match bravo.receive(PATIENCE).unwrap().expect("an answer").message {
                Outbound::SystemEvent(_) | Outbound::AccountQueryResponse(_) => {}
                other => break other,
            }
        };
        let Outbound::OrderRejected(rejected) = response else { panic!("{response:?}") };
        assert_eq!((rejected.user_ref_num, rejected.reason), (user_ref, code), "{message:02x?}");
    };
    let mut next = 1;
    for (change, code) in orders {
        let mut order = EnterOrder { user_ref_num: next, ..order() };
        change(&mut order);
        expect(encoded(order, None), next, code);
        next += 1;
    }
    let options = [
        (OuchOption::MinQty(1_000), 0x0D),
        (OuchOption::PostOnly(Letter(b'Y')), 0x0F),
        (OuchOption::ExpireTime(u32::MAX), 0x0F),
    ];
    for (option, code) in options {
        expect(encoded(EnterOrder { user_ref_num: next, ..order() }, Some(option)), next, code);
        next += 1;
    }
    let whole = encoded(EnterOrder { user_ref_num: next, ..order() }, None);
    expect(whole[..whole.len() - 1].to_vec(), next, 0x0A);
    next += 1;
    let (firm, symbol) = (Alpha::BLANK, "NOPE".parse().unwrap());
    expect(encoded(MassCancel { user_ref_num: next, firm, symbol }, None), next, 0x17);
    let modify = ModifyOrder { user_ref_num: 1, side: Letter(b'?'), quantity: 1 };
    expect(encoded(modify, None), 0, 0x09);
    for nonsense in [&b""[..], b"O", b"?", &[0xFF; 1_300]] {
        expect(nonsense.to_vec(), 0, 0x0A);
    }
}
