//! What was missed long ago, from disk, and the book for who joins late: real
//! engines with windows of a few packets, so that nearly everything is old.

use crate::engine::{Engine, PATIENCE, Site, run_json};
use ringmatch::follower::Follower;
use ringmatch::log::decode_limits;
use ringmatch_engine::command::Side;
use ringmatch_engine::{Exchange, Price, Sequence};
use ringmatch_gateway::client::{Client, NewOrder, Response, Start};
use ringmatch_gateway::market::{
    DisplayedLevel, FeedConfig, MarketBook, MarketFeed, Snapshot, SnapshotError,
};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::mold::Request;
use ringmatch_gateway::wire::ouch::Outbound;
use ringmatch_journal::{Directory, Reader};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Windows of the smallest size: about thirty responses or a hundred messages.
pub fn site(old_packets_per_s: u32) -> Site {
    let more = format!(
        "[repair]\nmarket_window_bytes = 4096\nresponse_window_bytes = 4096\n\
         old_packets_per_s = {old_packets_per_s}\n\
         [glimpse]\naddress = \"127.0.0.1:0\"\nconnections = 8\n"
    );
    Site { more, durability: "write", ..Site::multicast(&["ALPHA", "BRAVO"]) }
}

pub fn glimpse(engine: &Engine) -> SocketAddrV4 {
    engine.ready["glimpse"].as_str().unwrap().parse().unwrap()
}

/// Orders that rest at twenty prices, trade and leave, by a seed.
pub struct Flow {
    random: fastrand::Rng,
    live: Vec<ringmatch_engine::UserRef>,
}

impl Flow {
    pub fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), live: Vec::new() }
    }

    fn send(&mut self, client: &mut Client) {
        let Self { random, live } = self;
        if !live.is_empty() && random.u8(0..4) == 0 {
            let old = live.swap_remove(random.usize(0..live.len()));
            client.cancel(old, 0).unwrap();
            return;
        }
        let symbol = ["AAPL", "MSFT"][random.usize(0..2)].parse().unwrap();
        let side = if random.bool() { Side::Buy } else { Side::Sell };
        let price = Price(1_000_000 + 100 * random.i64(-10..10));
        live.push(client.enter(&NewOrder::limit(symbol, side, random.u32(1..50), price)).unwrap());
    }
}

/// Sends orders and waits for the answer to a query after them; what was heard.
pub fn trade(client: &mut Client, flow: &mut Flow, orders: usize) -> Vec<Response> {
    let mut heard = Vec::new();
    for sent in 1..=orders {
        flow.send(client);
        if sent % 50 == 0 {
            client.query().unwrap();
            hear_answer(client, &mut heard);
        }
    }
    client.query().unwrap();
    hear_answer(client, &mut heard);
    heard
}

fn hear_answer(client: &mut Client, heard: &mut Vec<Response>) {
    loop {
        let response = client.receive(PATIENCE).unwrap().expect("an answer");
        let is_answer = matches!(response.message, Outbound::AccountQueryResponse(_));
        heard.push(response);
        if is_answer {
            return;
        }
    }
}

/// The first `count` responses of a session, by a client that was away.
pub fn rewind(site: &Site, session: &str, count: usize) -> Vec<Response> {
    let mut client = site.connect(session, Start::At(1));
    let heard = (0..count).map(|_| client.receive(PATIENCE).unwrap().expect("an old response"));
    heard.collect()
}

/// Messages of a feed that begins at 1, up to and with this number.
pub fn read(feed: &mut MarketFeed, last: u64) -> Vec<ItchMessage> {
    let mut messages = Vec::new();
    while (messages.len() as u64) < last {
        let (_, message) = feed.receive(PATIENCE).unwrap().expect("an old message");
        messages.push(message);
    }
    messages
}

pub fn book(messages: &[ItchMessage]) -> MarketBook {
    let mut book = MarketBook::default();
    for message in messages {
        book.apply(message);
    }
    assert_eq!(book.unknown_orders(), 0);
    book
}

pub fn shown(book: &MarketBook) -> Vec<Vec<DisplayedLevel>> {
    let instruments = book.instruments();
    let both = |(number, _)| [Side::Buy, Side::Sell].map(|side| book.levels(number, side));
    instruments.flat_map(both).collect()
}

/// The displayed levels of the exchange that a journal comes to, and the number
/// of its next market-data message.
fn journaled(data: &Path) -> (Vec<Vec<DisplayedLevel>>, u64) {
    let mut reader = Reader::open(Directory::open(data).unwrap()).unwrap();
    let limits = decode_limits(reader.identity().config()).unwrap();
    let mut follower = Follower::new(limits).unwrap();
    while let Some(frame) = reader.next_frame().unwrap() {
        follower.follow(&frame, Sequence(u64::MAX), &mut |_, _| {}).unwrap();
    }
    let exchange = follower.exchange();
    let sides = |id| [Side::Buy, Side::Sell].map(|side| levels(exchange, id, side));
    let shown = exchange.instruments().iter().flat_map(|listed| sides(listed.id)).collect();
    (shown, exchange.next_market().0)
}

pub fn levels(
    exchange: &Exchange,
    instrument: ringmatch_engine::InstrumentId,
    side: Side,
) -> Vec<DisplayedLevel> {
    let levels = exchange.book(instrument).unwrap().levels(side).map(|level| DisplayedLevel {
        price: level.price(),
        shares: level.orders().filter(|o| o.displayed).map(|o| o.displayed_quantity.0).collect(),
    });
    levels.filter(|level| !level.shares.is_empty()).collect()
}

/// What the engine's counters say now, by a piece of their text.
fn total(data: &Path, text: &str) -> u64 {
    let view = run_json(&[
        "top",
        "--data-dir",
        data.to_str().unwrap(),
        "--times",
        "1",
        "--interval",
        "0.3",
    ]);
    let totals = view["totals"].as_object().unwrap();
    let found = totals.iter().find(|(name, _)| name.contains(text));
    found.unwrap_or_else(|| panic!("no counter {text}")).1.as_u64().unwrap()
}

/// What happens to a file of these bytes.
type Damage = dyn Fn(&Path, &[u8]);

/// The files of the output log.
pub fn streams(data: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(data.join("streams")).unwrap();
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    };
    entries.map(read).collect()
}

#[test]
fn who_was_away_hears_everything_also_after_a_crash_and_from_a_damaged_log() {
    let directory = tempfile::tempdir().unwrap();
    let site = site(1_000_000);
    let config = site.write_config(directory.path());
    let data = directory.path().join("data");
    let engine = Engine::start(&config, &data);
    let mut feed = site.feed(Start::At(1));
    let mut alpha = site.connect("ALPHA", Start::At(1));
    let mut flow = Flow::new(1);
    let mut heard = trade(&mut alpha, &mut flow, 3_000);
    drop(alpha);

    // Away, and back from the first number on; the reader of market data too.
    assert_eq!(rewind(&site, "ALPHA", heard.len()), heard);
    let next = Snapshot::fetch("TESTVENUE".parse().unwrap(), glimpse(&engine), PATIENCE);
    let last = next.unwrap().next - 1;
    assert!(last > 1_000, "{last} messages are more than the window has");
    let told = read(&mut feed, last);
    assert_eq!(read(&mut site.feed(Start::At(1)), last), told);
    assert!(total(&data, "answered_from_disk") > 50, "nearly all came from disk");

    // A crash, and more that happens; the client goes on where it was.
    engine.kill();
    let engine = Engine::start(&config, &data);
    let next_number = heard.last().unwrap().number + 1;
    let mut alpha = site.connect("ALPHA", Start::At(next_number));
    heard.extend(trade(&mut alpha, &mut flow, 1_000));
    drop(alpha);
    let numbers: Vec<u64> = heard.iter().map(|response| response.number).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "each once and in order");
    assert_eq!(rewind(&site, "ALPHA", heard.len()), heard);
    assert_eq!(engine.stop(), Some(0));

    // Whatever becomes of the log, the next start derives it anew.
    let sound = streams(&data);
    assert!(sound["market"].len() >= 64 << 10 && sound["session-00001"].len() >= 64 << 10);
    let damages: [&Damage; 4] = [
        &|path, bytes| {
            let mut bytes = bytes.to_vec();
            let middle = bytes.len() / 2;
            bytes[middle..middle + 40].fill(0xa5);
            std::fs::write(path, bytes).unwrap();
        },
        &|path, bytes| std::fs::write(path, &bytes[..bytes.len() - 5_000]).unwrap(),
        &|path, _| std::fs::remove_file(path).unwrap(),
        // Another venue's, or of another day.
        &|path, bytes| std::fs::write(path, vec![0x42; bytes.len() + 40_000]).unwrap(),
    ];
    for damage in damages {
        for (name, bytes) in &sound {
            damage(&data.join("streams").join(name), bytes);
        }
        let engine = Engine::start(&config, &data);
        assert_eq!(rewind(&site, "ALPHA", heard.len()), heard);
        assert_eq!(read(&mut site.feed(Start::At(1)), last), told);
        let is_mended = || {
            let now = streams(&data);
            sound
                .iter()
                .all(|(name, bytes)| now.get(name).is_some_and(|now| now.starts_with(bytes)))
        };
        let begun = Instant::now();
        while !is_mended() {
            assert!(begun.elapsed() < PATIENCE, "the log is not as it was");
        }
        assert_eq!(engine.stop(), Some(0));
    }
}

#[test]
fn a_storm_of_requests_is_bounded_and_trading_goes_on() {
    const PER_S: u32 = 200;
    let directory = tempfile::tempdir().unwrap();
    let site = site(PER_S);
    let config = site.write_config(directory.path());
    let data = directory.path().join("data");
    let _engine = Engine::start(&config, &data);
    let mut alpha = site.connect("ALPHA", Start::At(1));
    let mut flow = Flow::new(2);
    trade(&mut alpha, &mut flow, 1_000);

    // Another host, as far as anybody can tell.
    let storm = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).unwrap();
    storm.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let market = Request { session: "TESTVENUE".parse().unwrap(), sequence: 1, count: 1024 };
    let nonsense = [
        market.encode(),
        Request { sequence: 0, ..market }.encode(),
        Request { sequence: u64::MAX, count: u16::MAX, ..market }.encode(),
        Request { session: "NOBODY".parse().unwrap(), ..market }.encode(),
    ];
    let unserved =
        || total(&data, "beyond_what_one_source_may_have") + total(&data, "too_many_waited");
    let begun = Instant::now();
    let (stop, answered) = (AtomicBool::new(false), std::sync::Mutex::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = [0; 2048];
            while !stop.load(Ordering::Acquire) {
                while storm.recv(&mut buffer).is_ok() {
                    *answered.lock().unwrap() += 1;
                }
            }
        });
        while unserved() < 500 {
            assert!(begun.elapsed() < PATIENCE, "the storm is not felt");
            for request in nonsense.iter().cycle().take(4_000) {
                storm.send_to(request, site.requests).unwrap();
            }
            // Somebody else trades and is answered as ever.
            trade(&mut alpha, &mut flow, 100);
        }
        stop.store(true, Ordering::Release);
    });
    let seconds = begun.elapsed().as_secs_f64() + 0.5;
    let answered = *answered.lock().unwrap();
    let most = (seconds * f64::from(PER_S)).ceil() as u64 + u64::from(PER_S) / 2;
    assert!((1..=most).contains(&answered), "{answered} answers, {most} are the most");
    // The storm's excess is not held against anybody else.
    let heard = rewind(&site, "ALPHA", 100);
    assert_eq!(heard.last().unwrap().number, 100);
}

#[test]
fn late_joiners_have_the_book_while_orders_flow() {
    let directory = tempfile::tempdir().unwrap();
    let site = site(1_000_000);
    let config = site.write_config(directory.path());
    let data = directory.path().join("data");
    let engine = Engine::start(&config, &data);
    let mut feed = site.feed(Start::At(1));
    let address = glimpse(&engine);
    let feed_config = FeedConfig {
        venue: "TESTVENUE".parse().unwrap(),
        market_data: site.market_data,
        requests: site.requests,
        interface: Ipv4Addr::LOCALHOST,
        start: Start::Now,
    };
    let (mut joined, mut fetched) = (Vec::<(Snapshot, MarketFeed)>::new(), 0);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let flowing = scope.spawn(|| {
            let mut alpha = site.connect("ALPHA", Start::At(1));
            let mut flow = Flow::new(3);
            while !done.load(Ordering::Acquire) {
                trade(&mut alpha, &mut flow, 50);
                // So that there is not too much of it.
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        // Pictures are shared for a second: so long it takes for another one.
        while joined.len() < 4 {
            let late = MarketFeed::join_late(feed_config, address, PATIENCE).unwrap();
            fetched += 1;
            if joined.last().is_none_or(|last| last.0.next < late.0.next) {
                joined.push(late);
            }
        }
        done.store(true, Ordering::Release);
        flowing.join().unwrap();
    });
    assert_eq!(total(&data, "told_to_late_joiners"), fetched);
    assert_eq!(engine.stop(), Some(0));
    let (expected, next) = journaled(&data);
    let engine = Engine::start(&config, &data);
    let told = read(&mut feed, next - 1);
    assert_eq!(shown(&book(&told)), expected);

    for (snapshot, mut feed) in joined {
        let before = usize::try_from(snapshot.next - 1).unwrap();
        let mut late = book(&snapshot.messages);
        assert_eq!(shown(&late), shown(&book(&told[..before])), "at {}", snapshot.next);
        let mut number = snapshot.next;
        while number < next {
            let (heard, message) = feed.receive(PATIENCE).unwrap().expect("what follows");
            assert_eq!(heard, number);
            late.apply(&message);
            number += 1;
        }
        assert_eq!((shown(&late), late.unknown_orders()), (expected.clone(), 0));
    }
    drop(engine);
}

#[test]
fn the_book_command_shows_what_rests() {
    let directory = tempfile::tempdir().unwrap();
    let site = site(1_000);
    let config = site.write_config(directory.path());
    let engine = Engine::start(&config, &directory.path().join("data"));
    let mut alpha = site.connect("ALPHA", Start::Now);
    for (side, quantity, price) in
        [(Side::Buy, 10, 1_000_000), (Side::Buy, 5, 1_000_000), (Side::Sell, 7, 1_010_000)]
    {
        let order = NewOrder::limit("MSFT".parse().unwrap(), side, quantity, Price(price));
        alpha.enter(&order).unwrap();
    }
    alpha.query().unwrap();
    hear_answer(&mut alpha, &mut Vec::new());
    let (config, address) = (config.to_str().unwrap(), glimpse(&engine).to_string());
    let args = ["book", "--config", config, "--snapshot", &address, "--symbol", "MSFT"];
    // The follower comes a moment after the venue.
    let begun = Instant::now();
    let book = loop {
        let view = run_json(&args);
        if view["books"][0]["asks"] != serde_json::json!([]) || begun.elapsed() > PATIENCE {
            break view["books"].clone();
        }
    };
    let expected = serde_json::json!([{
        "symbol": "MSFT", "bids": [["100.00", 15, 2]], "asks": [["101.00", 7, 1]],
    }]);
    assert_eq!(book, expected);
}

#[test]
fn late_joiners_that_misbehave_cost_their_bound() {
    let directory = tempfile::tempdir().unwrap();
    let site = site(1_000);
    let config = site.write_config(directory.path());
    let data = directory.path().join("data");
    let engine = Engine::start(&config, &data);
    let (address, venue) = (glimpse(&engine), "TESTVENUE".parse().unwrap());
    // Half of the eight connections are the most from one address.
    let idle: Vec<_> = (0..4).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut fifth = TcpStream::connect(address).unwrap();
    fifth.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(fifth.read(&mut [0; 10]).unwrap_or(0), 0, "it is turned away");
    assert_eq!(total(&data, "because_there_were_too_many"), 1);
    drop(idle);
    // Nonsense ends a connection; the next one is served.
    let mut web = TcpStream::connect(address).unwrap();
    web.set_read_timeout(Some(PATIENCE)).unwrap();
    web.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(web.read(&mut [0; 10]).unwrap_or(0), 0);
    let snapshot = Snapshot::fetch(venue, address, PATIENCE).unwrap();
    assert!(snapshot.messages.len() >= 4 && snapshot.next > 1, "{snapshot:?}");
    // Another venue's session is refused.
    let refused = Snapshot::fetch("OTHER".parse().unwrap(), address, PATIENCE);
    assert!(matches!(refused, Err(SnapshotError::Broken { .. })), "{refused:?}");
    assert_eq!(total(&data, "nonsense_or_a_foreign_session"), 2);
    assert_eq!(engine.stop(), Some(0));
}
