//! Order entry by TCP: an OUCH client that speaks SoupBinTCP, through a real
//! engine.
//!
//! What a client hears is what its session's response stream holds, under the same
//! numbers, whatever becomes of connections and of the engine: it logs in again
//! and names the number that it wants next.

use crate::engine::{Engine, PATIENCE, Site, free_port};
use ringmatch_engine::command::Side;
use ringmatch_engine::{Price, UserRef};
use ringmatch_gateway::bridge::{OrderBridge, VenueAddress};
use ringmatch_gateway::client::{Client, ClientConfig, NewOrder, Start};
use ringmatch_gateway::seal::Key;
use ringmatch_gateway::soup::{ClientEvent, Closed, HostConfig, SoupClient, SoupConfig};
use ringmatch_gateway::wire::Alpha;
use ringmatch_gateway::wire::ouch::{Inbound, Outbound};
use ringmatch_gateway::wire::soup::{LoginReject, LoginRequest};
use std::fs::Permissions;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PRICE: Price = Price(100_000);
const ALPHA: Key = Key::new([7; Key::BYTES]);
const CHARLIE: Key = Key::new([9; Key::BYTES]);

/// A venue that takes orders by TCP from ALPHA and CHARLIE, and by UDP from all.
struct Place {
    site: Site,
    soup: SocketAddrV4,
    data: TempDir,
    config: PathBuf,
}

impl Place {
    fn new() -> Self {
        let site = Site::multicast(&["ALPHA", "BRAVO", "CHARLIE"]);
        let soup = SocketAddrV4::new(Ipv4Addr::LOCALHOST, free_port());
        let data = TempDir::new().unwrap();
        let config = data.path().join("venue.toml");
        let text = format!(
            "{}[soup]\naddress = \"{soup}\"\nconnections = 8\n\
             [order_entry]\nkeys = \"venue.keys\"\n",
            site.config()
        );
        let keys = data.path().join("venue.keys");
        std::fs::write(&keys, format!("ALPHA {}\nCHARLIE {}\n", ALPHA.to_hex(), CHARLIE.to_hex()))
            .unwrap();
        std::fs::set_permissions(&keys, Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&config, text).unwrap();
        Self { site, soup, data, config }
    }

    fn start(&self) -> Engine {
        Engine::start(&self.config, &self.data.path().join("data"))
    }
}

fn login(user: &str, password: Alpha<10>, sequence: u64) -> LoginRequest {
    LoginRequest {
        username: user.parse().unwrap(),
        password,
        session: Alpha::BLANK,
        sequence,
        heartbeat_timeout_ms: None,
    }
}

fn lower_case(text: Alpha<10>) -> Alpha<10> {
    Alpha::from_bytes(text.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// A client on one connection.
struct Trader {
    stream: TcpStream,
    client: SoupClient,
    epoch: Instant,
    heard: Vec<(u64, Outbound)>,
    /// The number that the login was granted.
    granted: Option<u64>,
    is_hung_up: bool,
}

impl Trader {
    /// Sends the login.
    fn call(address: SocketAddrV4, request: LoginRequest) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        stream.set_nodelay(true).unwrap();
        let client = SoupClient::new(SoupConfig::default(), request, 0);
        let mut trader = Self {
            stream,
            client,
            epoch: Instant::now(),
            heard: Vec::new(),
            granted: None,
            is_hung_up: false,
        };
        trader.turn();
        trader
    }

    /// Logs in.
    fn log_in(address: SocketAddrV4, request: LoginRequest) -> Self {
        let mut trader = Self::call(address, request);
        let is_answered = |trader: &Self| trader.granted.is_some() || trader.is_hung_up;
        trader.until("its login is answered", is_answered);
        assert!(trader.granted.is_some(), "{:?}", trader.client.closed());
        trader
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap()
    }

    /// Does what is due and takes what has come, for a few milliseconds.
    fn turn(&mut self) {
        let now = self.now();
        let Self { stream, client, heard, granted, is_hung_up, .. } = self;
        // The venue may have hung up.
        client.poll(now, &mut |bytes| drop(stream.write_all(bytes)));
        let mut bytes = [0; 4096];
        match stream.read(&mut bytes) {
            Ok(0) => *is_hung_up = true,
            Ok(len) => client.receive(&bytes[..len], now, &mut |event| match event {
                ClientEvent::Accepted { session, next } => {
                    assert!(!session.is_blank());
                    *granted = Some(next);
                }
                ClientEvent::Sequenced { number, message } => {
                    heard.push((number, Outbound::decode(message).unwrap().0));
                }
                ClientEvent::Unsequenced(_) => panic!("the venue says nothing without a number"),
            }),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => *is_hung_up = true,
        }
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "not so in time: {what}");
            self.turn();
        }
    }

    fn hears(&mut self, count: usize) {
        self.until("it hears enough", |trader| trader.heard.len() >= count);
        assert_eq!(self.heard.len(), count, "{:?}", self.heard);
    }

    fn enter(&mut self, user_ref: u32, side: Side, quantity: u32) {
        let order = NewOrder::limit("AAPL".parse().unwrap(), side, quantity, PRICE);
        let (message, options) = order.message(UserRef(user_ref));
        let mut bytes = [0; Inbound::MAX_LEN];
        let len = Inbound::from(message).encode(options, &mut bytes);
        let now = self.now();
        let Self { stream, client, .. } = self;
        let send = &mut |packet: &[u8]| stream.write_all(packet).unwrap();
        client.message(&bytes[..len], now, send).unwrap();
    }

    /// The numbers of orders that were accepted, in order.
    fn accepted(&self) -> Vec<u32> {
        let accepted = self.heard.iter().filter_map(|(_, said)| match said {
            Outbound::OrderAccepted(accepted) => Some(accepted.user_ref_num),
            _ => None,
        });
        accepted.collect()
    }

    fn executed(&self) -> u32 {
        let executed = self.heard.iter().map(|(_, said)| match said {
            Outbound::OrderExecuted(executed) => executed.quantity,
            _ => 0,
        });
        executed.sum()
    }
}

#[test]
fn a_client_logs_in_trades_is_cut_off_and_goes_on() {
    let place = Place::new();
    let engine = place.start();
    let mut bravo = place.site.connect("BRAVO", Start::Now);
    let mut buy = |quantity| {
        bravo.enter(&NewOrder::limit("AAPL".parse().unwrap(), Side::Buy, quantity, PRICE)).unwrap();
        while !matches!(
            bravo.receive(PATIENCE).unwrap().expect("an answer").message,
            Outbound::OrderExecuted(_)
        ) {}
    };

    let mut alpha = Trader::log_in(place.soup, login("alpha", lower_case(ALPHA.password()), 1));
    assert_eq!(alpha.granted, Some(1));
    alpha.hears(1);
    alpha.enter(1, Side::Sell, 100);
    alpha.hears(2);
    buy(40);
    alpha.hears(3);
    assert_eq!((alpha.accepted(), alpha.executed()), (vec![1], 40));
    let resumption = alpha.client.resumption();
    assert_eq!((resumption.session.to_string(), resumption.sequence), ("ALPHA".into(), 4));
    let first = alpha.heard.clone();
    drop(alpha);

    // It fills while nobody is there to hear of it.
    buy(60);
    let mut alpha = Trader::log_in(place.soup, resumption);
    assert_eq!(alpha.granted, Some(4));
    alpha.hears(1);
    assert_eq!((alpha.heard[0].0, alpha.executed()), (4, 60));

    let mut again = Trader::log_in(place.soup, login("ALPHA", ALPHA.password(), 1));
    again.hears(4);
    assert_eq!((&again.heard[..3], &again.heard[3..]), (&first[..], &alpha.heard[..]));
    // Zero is what comes next, and so is what has not come yet.
    for sequence in [0, 99] {
        let newest = Trader::log_in(place.soup, login("ALPHA", ALPHA.password(), sequence));
        assert_eq!(newest.granted, Some(5));
    }
    assert_eq!(engine.stop(), Some(0));
}

#[test]
fn logins_that_are_not_right_are_refused() {
    let place = Place::new();
    let engine = place.start();
    let elsewhere =
        LoginRequest { session: "BRAVO".parse().unwrap(), ..login("ALPHA", ALPHA.password(), 1) };
    for request in [
        login("ALPHA", "SECRET".parse().unwrap(), 1),
        login("ALPHA", CHARLIE.password(), 1),
        login("STRAY", ALPHA.password(), 1),
        // A session that has no key.
        login("BRAVO", ALPHA.password(), 1),
        elsewhere,
    ] {
        let mut trader = Trader::call(place.soup, request);
        trader.until("it is hung up on", |trader| trader.is_hung_up);
        let refused = Closed::Rejected(LoginReject::NotAuthorized);
        assert_eq!((trader.client.closed(), trader.granted), (Some(refused), None), "{request:?}");
    }
    let mut alpha = Trader::log_in(place.soup, login("ALPHA", ALPHA.password(), 1));
    alpha.hears(1);
    assert_eq!(engine.stop(), Some(0));
    alpha.until("it hears of the end", |trader| trader.client.closed() == Some(Closed::Ended));
}

/// The last to log in is the session's client, and what the one before it had
/// sent is not lost.
#[test]
fn a_second_login_takes_over() {
    const ORDERS: u32 = 500;
    let place = Place::new();
    let engine = place.start();
    let mut first = Trader::log_in(place.soup, login("ALPHA", ALPHA.password(), 1));
    first.enter(1, Side::Buy, 1);
    first.hears(2);
    for user_ref in 2..=ORDERS {
        first.enter(user_ref, Side::Buy, 1);
    }
    first.until("the last order is answered", |first| first.accepted().last() == Some(&ORDERS));
    let mut second = Trader::log_in(place.soup, login("ALPHA", ALPHA.password(), 1));
    first.until("it is hung up on", |first| first.is_hung_up);
    second.enter(ORDERS + 1, Side::Buy, 1);
    second.hears(usize::try_from(ORDERS).unwrap() + 2);
    assert_eq!(second.accepted(), (1..=ORDERS + 1).collect::<Vec<_>>());
    assert!(second.heard.iter().map(|said| said.0).eq(1..=u64::from(ORDERS) + 2));
    // Another session is another matter.
    let mut charlie = Trader::log_in(place.soup, login("CHARLI", CHARLIE.password(), 1));
    charlie.enter(1, Side::Sell, 2);
    charlie.until("it trades", |charlie| charlie.executed() == 2);
    assert!(!second.is_hung_up);
    assert_eq!(engine.stop(), Some(0));
}

/// Orders that were on their way when the connection died are taken or not, and
/// sending all of them again makes none of them two.
#[test]
fn after_a_crash_everything_can_be_sent_again() {
    const ORDERS: u32 = 2_000;
    let place = Place::new();
    let engine = place.start();
    let mut alpha = Trader::log_in(place.soup, login("ALPHA", ALPHA.password(), 1));
    for user_ref in 1..=ORDERS {
        alpha.enter(user_ref, Side::Buy, 1);
    }
    alpha.until("some are answered", |alpha| alpha.heard.len() > 100);
    engine.kill();
    alpha.until("it is cut off", |alpha| alpha.is_hung_up);

    let engine = place.start();
    let mut again = Trader::log_in(place.soup, alpha.client.resumption());
    assert_eq!(again.granted, Some(alpha.heard.len() as u64 + 1), "nothing heard was lost");
    for user_ref in 1..=ORDERS + 1 {
        again.enter(user_ref, Side::Buy, 1);
        again.turn();
    }
    again.until("the last is answered", |again| again.accepted().last() == Some(&(ORDERS + 1)));
    let accepted = [alpha.accepted(), again.accepted()].concat();
    assert_eq!(accepted, (1..=ORDERS + 1).collect::<Vec<_>>(), "each once and in order");
    assert_eq!(engine.stop(), Some(0));
}

/// A client that goes without a word is noticed by its silence; until then it is
/// sent heartbeats.
#[test]
fn a_silent_client_is_hung_up_on() {
    let place = Place::new();
    let engine = place.start();
    let request =
        LoginRequest { heartbeat_timeout_ms: Some(600), ..login("ALPHA", ALPHA.password(), 1) };
    let mut stream = TcpStream::connect(place.soup).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut client = SoupClient::new(SoupConfig::default(), request, 0);
    client.poll(0, &mut |bytes| stream.write_all(bytes).unwrap());
    let mut heard = Vec::new();
    // Until the venue hangs up: this client never sends a heartbeat.
    stream.read_to_end(&mut heard).unwrap();
    let heartbeats = heard.windows(3).filter(|bytes| bytes == b"\0\x01H").count();
    assert!(heartbeats >= 1, "{heard:?}");
    let warned = Instant::now();
    while !engine.said().contains("fell silent") {
        assert!(warned.elapsed() < PATIENCE, "{}", engine.said());
        std::thread::yield_now();
    }
    assert_eq!(engine.stop(), Some(0));
}

/// Ends a loop, also when the test fails.
struct StopAtTheEnd<'a>(&'a AtomicBool);

impl Drop for StopAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A client that does not read is hung up on, costs no more than its bound, and
/// keeps nobody else from trading. Nothing is lost for it: it comes back.
#[test]
fn a_client_that_does_not_read_is_hung_up_on() {
    const ORDERS: u64 = 2_500;
    let place = Place::new();
    let engine = place.start();
    let keyed = ClientConfig { key: Some(ALPHA), ..place.site.client("ALPHA", Start::Now) };
    let mut filler = Client::connect(keyed, PATIENCE).unwrap();
    for _ in 0..ORDERS {
        let order = NewOrder::limit("MSFT".parse().unwrap(), Side::Buy, 1, PRICE);
        filler.enter(&order).unwrap();
        while filler.try_receive().unwrap().is_some() {}
    }
    filler.flush().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !filler.is_safe() {
        assert!(Instant::now() < deadline, "the orders are not safe");
        filler.receive(Duration::from_millis(20)).unwrap();
    }
    drop(filler);

    // A bridge of its own, with small bounds.
    let host = HostConfig {
        out_bytes: 4 << 10,
        stall_ns: 300_000_000,
        ..HostConfig::new("tests", SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
    };
    let venue = VenueAddress {
        orders: place.site.orders.into(),
        requests: place.site.requests.into(),
        interface: Ipv4Addr::LOCALHOST,
    };
    let keys = [("ALPHA", ALPHA), ("CHARLIE", CHARLIE)];
    let keys = keys.map(|(name, key)| (name.parse().unwrap(), key));
    let mut bridge = OrderBridge::open(host, venue, keys).unwrap();
    let std::net::SocketAddr::V4(address) = bridge.local_address() else { panic!("IPv4") };
    let stop = AtomicBool::new(false);
    let slow = std::thread::scope(|scope| {
        let stop_at_the_end = StopAtTheEnd(&stop);
        let served = scope.spawn(|| {
            let epoch = Instant::now();
            while !stop.load(Ordering::Acquire) {
                let now = u64::try_from(epoch.elapsed().as_nanos()).unwrap();
                if bridge.poll(now) == 0 {
                    std::thread::sleep(Duration::from_micros(200));
                }
            }
            bridge.counters().slow
        });
        // It asks for everything, and reads nothing.
        let mut deaf = TcpStream::connect(address).unwrap();
        let mut client =
            SoupClient::new(SoupConfig::default(), login("ALPHA", ALPHA.password(), 1), 0);
        client.poll(0, &mut |bytes| deaf.write_all(bytes).unwrap());
        let mut charlie = Trader::log_in(address, login("CHARLI", CHARLIE.password(), 1));
        for user_ref in 1..=50 {
            charlie.enter(user_ref, Side::Buy, 1);
            charlie.hears(1 + usize::try_from(user_ref).unwrap());
        }
        // Who is hung up on so cannot write either.
        let deadline = Instant::now() + PATIENCE;
        while deaf.write_all(b"\0\x01R").is_ok() {
            assert!(Instant::now() < deadline, "it is still connected");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut back = Trader::log_in(address, login("ALPHA", ALPHA.password(), 1));
        let orders = usize::try_from(ORDERS).unwrap();
        back.until("it hears of all orders", |back| back.accepted().len() == orders);
        assert!(back.heard.iter().map(|said| said.0).eq(1..=back.heard.len() as u64));
        drop(stop_at_the_end);
        served.join().unwrap()
    });
    assert_eq!(slow, 1);
    assert_eq!(engine.stop(), Some(0));
}
