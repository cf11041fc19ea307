//! Sessions with keys, through the real engine: who gets in and who does not,
//! what a recording is good for, who takes a session over, and what becomes of
//! the orders of a client that is gone.

use crate::engine::{Engine, PATIENCE, Site, run, run_json};
use crate::recorded::Recorded;
use ringmatch_engine::Price;
use ringmatch_engine::command::Side;
use ringmatch_gateway::client::{
    Channel, Client, ClientConfig, ClientError, NewOrder, SendError, Start,
};
use ringmatch_gateway::seal::{Key, Purpose, Seal};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::mold::Request;
use ringmatch_gateway::wire::ouch::Outbound;
use serde_json::Value;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const ALPHA: Key = Key::new([7; Key::BYTES]);
const OTHER: Key = Key::new([8; Key::BYTES]);
/// How long a client waits that is not going to be answered.
const REFUSED: Duration = Duration::from_millis(300);

/// Writes a file of keys, with these permissions.
fn write_keys(path: &Path, mode: u32) {
    std::fs::write(path, format!("# ours\nALPHA {}\n", ALPHA.to_hex())).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// The config of a venue in which ALPHA, the last session, has a key, and loses
/// its orders after two seconds of silence.
fn write_config(site: &Site, directory: &Path) -> PathBuf {
    write_keys(&directory.join("venue.keys"), 0o600);
    let path = directory.join("venue.toml");
    let order_entry = "[order_entry]\nkeys = \"venue.keys\"\n";
    let text = site.config() + "cancel_after_silence_ms = 2000\n" + order_entry;
    std::fs::write(&path, text).unwrap();
    path
}

fn keyed(site: &Site, key: Key) -> ClientConfig {
    ClientConfig { key: Some(key), ..site.client("ALPHA", Start::Now) }
}

/// Ten shares.
pub fn bid(price: i64) -> NewOrder {
    NewOrder::limit("AAPL".parse().unwrap(), Side::Buy, 10, Price(price * 10_000))
}

/// Sends an order and waits until it is accepted.
fn enter(client: &mut Client, price: i64) {
    let user_ref = client.enter(&bid(price)).unwrap();
    loop {
        let response = client.receive(PATIENCE).unwrap().expect("an answer");
        match response.message {
            Outbound::OrderAccepted(accepted) if accepted.user_ref_num == user_ref.0 => return,
            _ => {}
        }
    }
}

/// What the engine has counted, once that is so.
fn totals_when(data: &Path, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = run_json(&["top", "--data-dir", data.to_str().unwrap(), "--times", "1"]);
        if is_so(&seen["totals"]) {
            return seen["totals"].clone();
        }
        assert!(Instant::now() < deadline, "{seen}");
    }
}

const UNSEALED: &str = "datagrams_without_a_seal,_of_sessions_that_have_keys";
const BROKEN: &str = "datagrams_sealed_with_a_wrong_key,_or_changed_on_the_way";
const OVER: &str = "datagrams_of_logins_that_are_over";
const REPLAYED: &str = "datagrams_that_were_sealed_and_had_come_before";
const OLD_REQUESTS: &str = "requests_of_logins_that_are_over,_or_that_had_come_before";
const UNSEALED_REQUESTS: &str = "requests_without_a_seal,_of_sessions_that_have_keys";
const BROKEN_REQUESTS: &str = "requests_sealed_with_a_wrong_key,_or_changed_on_the_way";

#[test]
fn only_the_key_gets_in_and_who_has_none_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["BRAVO", "ALPHA"]);
    let data = directory.path().join("data");
    let _engine = Engine::start(&write_config(&site, directory.path()), &data);
    let mut alpha = Client::connect(keyed(&site, ALPHA), PATIENCE).unwrap();
    enter(&mut alpha, 100);

    for config in [keyed(&site, OTHER), site.client("ALPHA", Start::At(1))] {
        let refused = Client::connect(config, REFUSED).unwrap_err();
        assert!(matches!(refused, ClientError::Silence { .. }), "{refused}");
    }
    // By hand, because a client without a login does not even ask: a request
    // for everything that the session was ever told.
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger.set_read_timeout(Some(REFUSED)).unwrap();
    let all = Request { session: "ALPHA".parse().unwrap(), sequence: 1, count: 100 }.encode();
    let mut sealed = Vec::new();
    Seal::new(&OTHER).close(Purpose::Requests, Default::default(), &all, &mut sealed);
    for request in [&all[..], &sealed] {
        stranger.send_to(request, site.requests).unwrap();
    }
    assert!(stranger.recv(&mut [0; 2_000]).is_err(), "silence");

    // A session without a key is nobody's, and trades as before.
    enter(&mut site.connect("BRAVO", Start::Now), 99);
    enter(&mut alpha, 98);
    let seen = totals_when(&data, |totals| totals["orders_resting"] == 3);
    for refused in [UNSEALED, BROKEN, UNSEALED_REQUESTS, BROKEN_REQUESTS] {
        assert!(seen[refused].as_u64() > Some(0), "{refused}: {seen}");
    }
}

#[test]
fn a_recording_played_from_elsewhere_does_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA"]);
    let data = directory.path().join("data");
    let config = write_config(&site, directory.path());
    let engine = Engine::start(&config, &data);
    let mut client = Recorded::connect(&site, "ALPHA", &ALPHA);
    client.trade(1..21);
    client.until(|client| client.heard.len() == 21);

    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger.set_read_timeout(Some(REFUSED)).unwrap();
    let play = |recording: &[(Channel, Vec<u8>)]| {
        for (channel, packet) in recording {
            let to = if *channel == Channel::Orders { site.orders } else { site.requests };
            stranger.send_to(packet, to).unwrap();
        }
    };
    // In the same login: only the hellos, which have no login, are answered.
    let recording = client.recording.clone();
    play(&recording);
    let is_answer_to_hello = |answer: &[u8]| {
        let opened = Seal::new(&ALPHA).open(Purpose::Answers, answer);
        let (offer, stamp) = opened.expect("only what the client can read");
        let offer = Request::decode(offer).unwrap();
        (offer.sequence, offer.count, stamp.instance) == (0, 0, 5)
    };
    let mut buffer = [0; 2_000];
    while let Ok(len) = stranger.recv(&mut buffer) {
        assert!(is_answer_to_hello(&buffer[..len]), "{:?}", &buffer[..len]);
    }
    // Answers still go to the client and not to the stranger.
    client.trade(21..31);
    client.until(|client| client.heard.len() == 31);
    assert!(!client.session.is_taken_over());
    let seen = totals_when(&data, |totals| totals[REPLAYED].as_u64() > Some(0));
    assert!(seen[OLD_REQUESTS].as_u64() > Some(0), "{seen}");
    assert_eq!(seen["orders_resting"], 30);

    // In the next run of the venue: the client logs in again by itself, and no
    // packet of the run before is of any login.
    engine.kill();
    let _engine = Engine::start(&config, &data);
    play(&recording);
    client.trade(31..41);
    client.until(|client| client.heard.len() == 41);
    play(&client.recording.clone());
    client.trade(41..51);
    client.until(|client| client.heard.len() == 51);
    let seen = totals_when(&data, |totals| totals["orders_resting"] == 50);
    assert!(seen[OVER].as_u64() > Some(0), "{seen}");
    let number = client.session.next_message();
    assert_eq!(number, 51, "each order was numbered once");
}

#[test]
fn who_logs_in_takes_over_and_the_client_before_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA"]);
    let data = directory.path().join("data");
    let _engine = Engine::start(&write_config(&site, directory.path()), &data);
    let mut first = Client::connect(keyed(&site, ALPHA), PATIENCE).unwrap();
    enter(&mut first, 100);
    let mut second = Client::connect(keyed(&site, ALPHA), PATIENCE).unwrap();
    enter(&mut second, 101);

    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        assert!(Instant::now() < deadline);
        let outcome = first.enter(&bid(102)).and_then(|_| first.receive(REFUSED));
        if let Err(error) = outcome {
            break error;
        }
    };
    assert!(matches!(error, ClientError::Send(SendError::TakenOver)), "{error}");
    enter(&mut second, 103);
    totals_when(&data, |totals| totals["orders_resting"] == 3);
}

/// The cancel is in the log: a crash after it, and a replay, know it.
#[test]
fn a_client_that_is_gone_loses_its_orders_and_a_crash_does_not_bring_them_back() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["BRAVO", "ALPHA"]);
    let data = directory.path().join("data");
    let config = write_config(&site, directory.path());
    let engine = Engine::start(&config, &data);
    let mut feed = site.feed(Start::Now);
    let mut alpha = Client::connect(keyed(&site, ALPHA), PATIENCE).unwrap();
    enter(&mut alpha, 100);
    enter(&mut site.connect("BRAVO", Start::Now), 99);
    // While it lives it keeps its order, however little it says.
    let lives_until = Instant::now() + Duration::from_millis(2_500);
    while Instant::now() < lives_until {
        alpha.receive(Duration::from_millis(50)).unwrap();
    }
    drop(alpha);
    let died = Instant::now();
    let mut adds = 0;
    loop {
        match feed.receive(PATIENCE).unwrap().expect("the cancel").1 {
            ItchMessage::AddOrder(_) => adds += 1,
            ItchMessage::OrderDelete(_) => break,
            _ => {}
        }
    }
    assert_eq!(adds, 2, "nothing was canceled before");
    assert!(died.elapsed() > Duration::from_millis(900), "its last words were a second ago");
    engine.kill();

    let replayed = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(replayed["resting_orders"], 1, "BRAVO has no limit");
    let engine = Engine::start(&config, &data);
    assert_eq!(engine.ready["digest"], replayed["digest"]);
    let mut alpha =
        Client::connect(ClientConfig { start: Start::At(1), ..keyed(&site, ALPHA) }, PATIENCE)
            .unwrap();
    loop {
        let response = alpha.receive(PATIENCE).unwrap().expect("the cancel");
        let Outbound::OrderCanceled(canceled) = response.message else { continue };
        assert_eq!((canceled.quantity, canceled.reason.0), (10, b'S'));
        break;
    }
}

#[test]
fn a_venue_that_ends_in_order_says_so_and_may_begin_again() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA"]);
    let data = directory.path().join("data");
    let config = write_config(&site, directory.path());
    let engine = Engine::start(&config, &data);
    let mut feed = site.feed(Start::Now);
    let mut alpha = Client::connect(keyed(&site, ALPHA), PATIENCE).unwrap();
    enter(&mut alpha, 100);
    assert!(!alpha.has_ended() && !feed.has_ended());
    assert_eq!(engine.stop(), Some(0));
    let deadline = Instant::now() + PATIENCE;
    while !(alpha.has_ended() && feed.has_ended()) {
        assert!(Instant::now() < deadline, "nobody said that it ended");
        alpha.receive(Duration::from_millis(20)).unwrap();
        feed.receive(Duration::from_millis(20)).unwrap();
    }
    let _engine = Engine::start(&config, &data);
    enter(&mut alpha, 101);
    assert!(!alpha.has_ended());
}

#[test]
fn keys_that_others_can_read_and_sessions_that_anybody_can_use_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA"]);
    let config = write_config(&site, directory.path());
    let (data, keys) = (directory.path().join("data"), directory.path().join("venue.keys"));
    for mode in [0o640, 0o604, 0o620, 0o777] {
        write_keys(&keys, mode);
        let said = Engine::try_start(&config, &data).err().expect("it is refused");
        assert!(said.contains("chmod 600") && said.contains(&format!("{mode:03o}")), "{said}");
        assert!(!said.contains(&ALPHA.to_hex()), "{said}");
    }
    write_keys(&keys, 0o400);
    drop(Engine::start(&config, &data));

    // From a network, and without a key.
    let open = format!("orders = \"0.0.0.0:{}\"", site.orders.port());
    let text = site.config().replace(&format!("orders = \"{}\"", site.orders), &open);
    assert!(text.contains(&open));
    std::fs::write(&config, &text).unwrap();
    let said = Engine::try_start(&config, &data).err().expect("it is refused");
    for part in
        ["ALPHA has no key", "ringmatch key ALPHA", "accept_unsealed_orders_from_the_network"]
    {
        assert!(said.contains(part), "{said}");
    }
    let told = "[order_entry]\naccept_unsealed_orders_from_the_network = true\n";
    std::fs::write(&config, text + told).unwrap();
    drop(Engine::start(&config, &data));
}

#[test]
fn key_makes_a_line_of_the_file_and_send_trades_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA"]);
    let config = write_config(&site, directory.path());
    let (lines, code) = run(&["key", "ALPHA", "BRAVO"]);
    assert_eq!(code, Some(0));
    let sessions: Vec<_> = lines.lines().map(|line| line.split_once(' ').unwrap().0).collect();
    assert_eq!(sessions, ["ALPHA", "BRAVO"]);

    let keys = directory.path().join("venue.keys");
    std::fs::write(&keys, lines.lines().next().unwrap()).unwrap();
    let _engine = Engine::start(&config, &directory.path().join("data"));
    let orders = directory.path().join("orders.csv");
    let row = "action,symbol,side,quantity,price\nenter,AAPL,buy,100,286.67\n";
    std::fs::write(&orders, row).unwrap();
    let [config, orders] = [&config, &orders].map(|path| path.to_str().unwrap());
    let (out, code) = run(&["send", orders, "--session", "ALPHA", "--config", config]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("Order Accepted"), "{out}");
}

/// What has left the window comes from disk, and sealed too: a client with the
/// key hears all of it from the first response on.
#[test]
fn old_responses_are_sealed_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let small = "[repair]\nmarket_window_bytes = 4096\nresponse_window_bytes = 4096\n\
                 old_packets_per_s = 1000000\n";
    let site = Site { durability: "write", ..Site::unicast(&["ALPHA"]) };
    write_keys(&directory.path().join("venue.keys"), 0o600);
    let config = directory.path().join("venue.toml");
    let order_entry = "[order_entry]\nkeys = \"venue.keys\"\n";
    std::fs::write(&config, site.config() + order_entry + small).unwrap();
    let _engine = Engine::start(&config, &directory.path().join("data"));
    let mut alpha = Client::connect(keyed(&site, ALPHA), PATIENCE).unwrap();
    for price in 1..=300 {
        enter(&mut alpha, price);
    }
    drop(alpha);
    let from_the_first = ClientConfig { start: Start::At(1), ..keyed(&site, ALPHA) };
    let mut alpha = Client::connect(from_the_first, PATIENCE).unwrap();
    for number in 1..=300 {
        let response = alpha.receive(PATIENCE).unwrap().expect("an old response");
        assert_eq!(response.number, number);
    }
}
