//! Mischief of every kind, beside a client that trades and one that does nothing.
//!
//! A venue of this process, on real sockets. Each kind of datagram is sent so
//! many times, a handful between two trades of the client that behaves, so that
//! none finds a buffer full and every single one must be in the counters. The
//! trades are answered exactly; the session that does nothing is in the journal's
//! replay, to its position and its fees, what it was; and its orders are whole.

use crate::engine::{PATIENCE, Site};
use crate::recorded::Recorded;
use ringmatch::config::Config;
use ringmatch::follower::Follower;
use ringmatch::pipeline::{Counter, Venue};
use ringmatch_engine::command::Side;
use ringmatch_engine::{Exchange, InstrumentId, Price, Sequence, Session, UserRef};
use ringmatch_gateway::client::{Channel, Client, ClientConfig, NewOrder, Start, cancellation};
use ringmatch_gateway::seal::{Key, Purpose, Seal, Stamp};
use ringmatch_gateway::wire::mold::{PacketBuilder, Request};
use ringmatch_gateway::wire::ouch::{AccountQuery, Inbound, Outbound};
use ringmatch_journal::{Directory, Reader};
use std::fs::Permissions;
use std::net::{SocketAddrV4, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const HONEST: Key = Key::new([7; Key::BYTES]);
const IDLE: Key = Key::new([8; Key::BYTES]);
const OTHER: Key = Key::new([9; Key::BYTES]);
/// Where the honest client trades with itself, far above the idle one's bids.
const PRICE: Price = Price(2_000_000);
/// Datagrams of a kind, and of them between two trades.
const DATAGRAMS: usize = 64;
const HANDFUL: usize = 8;

/// What tells how far things are, and not that something was odd.
const PROGRESS: [Counter; 9] = [
    Counter::Sequenced,
    Counter::Durable,
    Counter::Matched,
    Counter::Events,
    Counter::Executions,
    Counter::RestingOrders,
    Counter::Published,
    Counter::RoomSegments,
    Counter::Followed,
];

/// A venue in which HONEST and IDLE have keys, and OPEN has none.
struct Place {
    site: Site,
    config: Config,
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let mut site = Site::multicast(&["HONEST", "IDLE", "OPEN"]);
        site.durability = "write";
        site.more = "[order_entry]\nkeys = \"venue.keys\"\n\
                     [fees]\nmaker_bp = \"1.00\"\ntaker_bp = \"2.00\"\n"
            .into();
        let directory = TempDir::new().unwrap();
        let keys = directory.path().join("venue.keys");
        let text = format!("HONEST {}\nIDLE {}\n", HONEST.to_hex(), IDLE.to_hex());
        std::fs::write(&keys, text).unwrap();
        std::fs::set_permissions(&keys, Permissions::from_mode(0o600)).unwrap();
        let config = Config::load(Some(&site.write_config(directory.path()))).unwrap();
        Self { site, config, directory }
    }

    fn start(&self) -> Venue {
        Venue::start(&self.config, &self.directory.path().join("data")).unwrap()
    }

    /// What the journal replays to.
    fn replay(&self) -> Box<Exchange> {
        let directory = Directory::open(self.directory.path().join("data")).unwrap();
        let mut reader = Reader::open(directory).unwrap();
        let mut follower = Follower::new(self.config.limits()).unwrap();
        while let Some(frame) = reader.next_frame().unwrap() {
            follower.follow(&frame, Sequence(u64::MAX), &mut |_, _| {}).unwrap();
        }
        follower.into_exchange()
    }

    fn session(&self, name: &str) -> Session {
        let exchange = self.replay();
        let sessions = exchange.sessions();
        sessions.iter().find(|session| session.name.to_string() == name).unwrap().clone()
    }

    /// Waits until the venue has taken all requests that came before now.
    fn close_requests(&self) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let session = self.config.venue.name;
        let question = Request { session, sequence: 0, count: 0 }.encode();
        socket.send_to(&question, self.site.requests).unwrap();
        assert!(socket.recv(&mut [0; 2_000]).is_ok(), "the venue answers");
    }
}

/// A client that trades with itself.
struct Honest {
    client: Client,
    next_answer: u64,
}

impl Honest {
    fn connect(site: &Site) -> Self {
        let config = ClientConfig { key: Some(HONEST), ..site.client("HONEST", Start::Now) };
        let mut client = Client::connect(config, PATIENCE).unwrap();
        let stands = client.receive(PATIENCE).unwrap().expect("where the session stands");
        Self { client, next_answer: stands.number + 1 }
    }

    /// The next answer, which has the next number.
    fn hear(&mut self) -> Outbound {
        let response = self.client.receive(PATIENCE).unwrap().expect("every order is answered");
        assert_eq!(response.number, self.next_answer);
        self.next_answer += 1;
        response.message
    }

    fn enter(&mut self, side: Side, price: Price) -> u32 {
        let order = NewOrder::limit("AAPL".parse().unwrap(), side, 10, price);
        self.client.enter(&order).unwrap().0
    }

    /// Sells and buys the same: two acceptances and two executions.
    fn trade(&mut self) {
        let [sale, purchase] = [Side::Sell, Side::Buy].map(|side| self.enter(side, PRICE));
        for order in [sale, purchase] {
            let Outbound::OrderAccepted(accepted) = self.hear() else { panic!("an acceptance") };
            assert_eq!(accepted.user_ref_num, order);
        }
        let mut executed = [(); 2].map(|()| match self.hear() {
            Outbound::OrderExecuted(executed) => (executed.user_ref_num, executed.quantity),
            other => panic!("{other:?}"),
        });
        executed.sort_unstable();
        assert_eq!(executed, [(sale, 10), (purchase, 10)]);
    }
}

/// Logs in, bids three times, and is sold ten shares.
fn idle<'a>(place: &'a Place, honest: &mut Honest) -> Recorded<'a> {
    let mut idle = Recorded::connect(&place.site, "IDLE", &IDLE);
    idle.trade(1..4);
    // The first that a session ever hears is of the day.
    idle.until(|idle| idle.heard.len() == 1 + 3);
    let sale = honest.enter(Side::Sell, Price(1_030_000));
    assert!(matches!(honest.hear(), Outbound::OrderAccepted(said) if said.user_ref_num == sale));
    assert!(matches!(honest.hear(), Outbound::OrderExecuted(said) if said.user_ref_num == sale));
    idle.until(|idle| idle.heard.len() == 1 + 4);
    idle
}

/// What a kind of mischief may know: what somebody in the network could.
struct Known {
    random: fastrand::Rng,
    venue: String,
    /// What the idle client has sent in its login.
    recording: Vec<(Channel, Vec<u8>)>,
    /// Its next message.
    next: u64,
}

impl Known {
    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let len = self.random.usize(0..most);
        (0..len).map(|_| self.random.u8(..)).collect()
    }
}

fn packet(session: &str, first: u64) -> Vec<u8> {
    let mut builder = PacketBuilder::new(session.parse().unwrap(), first, 1_400);
    for number in 50..70 {
        let order = NewOrder::limit("AAPL".parse().unwrap(), Side::Sell, 10, Price(10_000));
        let mut bytes = [0; Inbound::MAX_LEN];
        let (message, options) = order.message(UserRef(number));
        let len = Inbound::from(message).encode(options, &mut bytes);
        assert!(builder.push(&bytes[..len]));
    }
    builder.packet().to_vec()
}

fn request(session: &str, sequence: u64, count: u16) -> Vec<u8> {
    Request { session: session.parse().unwrap(), sequence, count }.encode().to_vec()
}

fn sealed_by_another(purpose: Purpose, packet: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::new();
    let stamp = Stamp { instance: 5, login: 2, packet: 1_000 };
    Seal::new(&OTHER).close(purpose, stamp, packet, &mut sealed);
    sealed
}

type Next = fn(&mut Known) -> (Channel, Vec<u8>);

/// What is sent, and where all of it is counted.
const KINDS: [(&str, Next, &[Counter]); 13] = {
    use Channel::{Orders, Requests};
    [
        (
            "random bytes as orders",
            |known| (Orders, known.bytes(1_400)),
            &[Counter::UnknownSession, Counter::Truncated],
        ),
        (
            "random bytes as requests",
            |known| (Requests, known.bytes(1_400)),
            &[Counter::UnknownRequests, Counter::MalformedRequests],
        ),
        ("a stranger", |_| (Orders, packet("STRANGER", 1)), &[Counter::UnknownSession]),
        (
            "an address that does not speak for the session",
            |_| (Orders, packet("OPEN", 2)),
            &[Counter::OtherSources],
        ),
        (
            "a recording",
            |known| known.random.choice(&known.recording).unwrap().clone(),
            &[Counter::DuplicatePackets, Counter::Replayed, Counter::OldRequests],
        ),
        (
            "orders with a wrong key",
            |known| (Orders, sealed_by_another(Purpose::Orders, &packet("IDLE", known.next))),
            &[Counter::BrokenSeals],
        ),
        (
            "orders without a key",
            |known| (Orders, packet("IDLE", known.next)),
            &[Counter::Unsealed],
        ),
        (
            "requests with a wrong key",
            |_| (Requests, sealed_by_another(Purpose::Requests, &request("IDLE", 1, 100))),
            &[Counter::BrokenRequests],
        ),
        (
            "requests without a key",
            |_| (Requests, request("IDLE", 1, 100)),
            &[Counter::UnsealedRequests],
        ),
        (
            "requests for what was never sent",
            |known| (Requests, request(&known.venue, known.random.u64(1 << 40..), 9)),
            &[Counter::NeverSent],
        ),
        (
            "requests for number zero, which no message has",
            |known| (Requests, request(&known.venue, 0, known.random.u16(1..))),
            &[Counter::MalformedRequests],
        ),
        (
            "requests of a session that there is not",
            |known| (Requests, request("NOBODY", known.random.u64(..), known.random.u16(..))),
            &[Counter::UnknownRequests],
        ),
        // The last, because it is answered.
        (
            "requests for what there is",
            |known| (Requests, request(&known.venue, known.random.u64(1..9), 1_024)),
            &[Counter::Answered],
        ),
    ]
};

/// Sends one kind, and waits until the venue has taken all of it.
fn send(
    place: &Place,
    stranger: &UdpSocket,
    honest: &mut Honest,
    mut next: impl FnMut() -> (Channel, Vec<u8>),
) {
    for _ in 0..DATAGRAMS / HANDFUL {
        for _ in 0..HANDFUL {
            let (channel, datagram) = next();
            let to: SocketAddrV4 = match channel {
                Channel::Orders => place.site.orders,
                Channel::Requests => place.site.requests,
            };
            stranger.send_to(&datagram, to).unwrap();
        }
        honest.trade();
        place.close_requests();
    }
}

/// The counters that are no progress, once `is_so`.
fn odd_when(venue: &Venue, is_so: impl Fn(&[(Counter, u64)]) -> bool) -> Vec<(Counter, u64)> {
    let deadline = Instant::now() + PATIENCE;
    let odd = Counter::ALL.iter().filter(|counter| !PROGRESS.contains(counter));
    loop {
        let now: Vec<_> =
            odd.clone().map(|&counter| (counter, venue.counters().get(counter))).collect();
        if is_so(&now) {
            return now;
        }
        assert!(Instant::now() < deadline, "{now:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn each_datagram_of_mischief_is_counted_and_moves_nobody() {
    let seed = 23;
    println!("seed {seed}");
    let place = Place::new();
    let venue = place.start();
    let mut honest = Honest::connect(&place.site);
    let mut idle = idle(&place, &mut honest);
    let _open = place.site.connect("OPEN", Start::Now);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger.set_nonblocking(true).unwrap();
    let seal = Seal::new(&IDLE);
    let is_of_login = |(channel, datagram): &(Channel, Vec<u8>)| {
        let purpose = match channel {
            Channel::Orders => Purpose::Orders,
            Channel::Requests => Purpose::Requests,
        };
        seal.open(purpose, datagram).is_ok_and(|(_, stamp)| stamp.login != 0)
    };
    let mut known = Known {
        random: fastrand::Rng::with_seed(seed),
        venue: place.config.venue.name.to_string(),
        recording: idle.recording.iter().filter(|sent| is_of_login(sent)).cloned().collect(),
        next: idle.session.next_message(),
    };

    let refused = idle.session.refused();
    let left = ["IDLE", "OPEN"].map(|name| place.session(name));
    assert_ne!(left[0].position(InstrumentId(1)), Default::default());
    assert_ne!(left[0].fees, 0);
    let mut before = odd_when(&venue, |_| true);
    for (what, next, counted) in KINDS {
        println!("{what}");
        let sequenced = place.replay().sequence().0 - honest.client.next_message();
        send(&place, &stranger, &mut honest, || next(&mut known));
        let sum = |odd: &[(Counter, u64)]| -> u64 {
            odd.iter().filter(|(at, _)| counted.contains(at)).map(|(_, count)| count).sum()
        };
        let after = odd_when(&venue, |now| sum(now) >= sum(&before) + DATAGRAMS as u64);
        assert_eq!(sum(&after) - sum(&before), DATAGRAMS as u64, "{what}");
        for (was, is) in before.iter().zip(&after) {
            assert!(counted.contains(&is.0) || was == is, "{what}: {was:?}, {is:?}");
        }
        before = after;

        assert_eq!(["IDLE", "OPEN"].map(|name| place.session(name)), left, "{what}");
        let more = place.replay().sequence().0 - honest.client.next_message();
        assert_eq!(more, sequenced, "{what}: only the honest client was sequenced");
        let is_answered = stranger.recv(&mut [0; 2_000]).is_ok();
        assert_eq!(is_answered, counted == [Counter::Answered], "{what}");
    }

    // The idle client finds everything where it left it.
    let (next, heard) = (known.next, idle.heard.len());
    let ask: [Inbound; 3] = [
        AccountQuery {}.into(),
        cancellation(UserRef(1), 0).into(),
        cancellation(UserRef(2), 0).into(),
    ];
    ask.into_iter().for_each(|message| idle.work(Some(message)));
    idle.until(|idle| idle.heard.len() == heard + 3);
    assert_eq!(idle.session.next_message(), next + 3);
    assert_eq!((idle.session.refused(), idle.session.is_taken_over()), (refused, false));
    let news: Vec<_> = idle.heard[heard..].to_vec();
    assert!(news.iter().map(|said| said.0).eq(heard as u64 + 1..=heard as u64 + 3));
    assert!(
        matches!(&news[0].1, Outbound::AccountQueryResponse(said) if said.next_user_ref_num == 4)
    );
    for (order, (_, said)) in (1..).zip(&news[1..]) {
        let Outbound::OrderCanceled(canceled) = said else { panic!("{said:?}") };
        assert_eq!((canceled.user_ref_num, canceled.quantity), (order, 10));
    }
    venue.stop();
    assert_eq!(venue.join().failure(), None);
}

/// It goes on sending and is sent everything, and its socket is left to drop it.
#[test]
fn a_client_that_never_reads_costs_others_nothing_and_loses_nothing() {
    const ORDERS: u32 = 600;
    let place = Place::new();
    let venue = place.start();
    let mut honest = Honest::connect(&place.site);
    let mut deaf = Recorded::connect(&place.site, "IDLE", &IDLE);
    deaf.until(|deaf| deaf.session.is_safe());
    for handful in (1..=ORDERS).collect::<Vec<_>>().chunks(20) {
        for &number in handful {
            let order = NewOrder::limit("AAPL".parse().unwrap(), Side::Buy, 1, Price(10_000));
            deaf.act(Some(order.message(UserRef(number)).0.into()));
        }
        honest.trade();
    }
    assert!(deaf.heard.is_empty());
    drop(deaf);

    let config = ClientConfig { key: Some(IDLE), ..place.site.client("IDLE", Start::At(1)) };
    let mut back = Client::connect(config, PATIENCE).unwrap();
    let first = back.receive(PATIENCE).unwrap().expect("what every session hears first");
    assert!(matches!(first.message, Outbound::SystemEvent(_)), "{first:?}");
    for number in 1..=ORDERS {
        let response = back.receive(PATIENCE).unwrap().expect("an answer");
        assert_eq!(response.number, u64::from(number) + 1);
        let Outbound::OrderAccepted(accepted) = response.message else { panic!("{response:?}") };
        assert_eq!(accepted.user_ref_num, number);
    }
    assert_eq!(back.next_message(), u64::from(ORDERS) + 2, "with the question where it stands");
    honest.trade();
    venue.stop();
    assert_eq!(venue.join().failure(), None);
    assert_eq!(place.session("IDLE").next_input, u64::from(ORDERS) + 2);
}
