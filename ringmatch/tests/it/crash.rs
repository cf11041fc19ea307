//! Killed at any moment (SIGKILL), the venue comes back to the same state, and
//! nobody can tell from its streams that it was away.
//!
//! One client sends one flow, and lives on while the engine under it is killed
//! and started again on the same data directory. The moments are numbers of
//! responses received, drawn from a printed seed: no test waits for luck. A
//! burst of orders goes out just before, so that they are caught in every place
//! where they can be: in sockets, in rings, in a frame on its way to the disk,
//! in answers on their way back. Now and then the engine that would recover is
//! killed too, while it does. The engine makes snapshots all the time, goes on from
//! them, and is held against a replay of the whole journal, whose closed segments
//! it compresses meanwhile.
//!
//! ```text
//! cargo test --release -p ringmatch --test it crash_machine -- --ignored --nocapture
//! ```
//!
//! is the long run, of 200 kills; `RINGMATCH_KILLS=n` makes it another number, and
//! `RINGMATCH_SEED=n` plays other moments.

use crate::day::Day;
use crate::engine::{BINARY, Engine, PATIENCE, Site, run, run_json};
use crate::record;
use fastrand::Rng;
use ringmatch::feed::{OrderFlow, Record, Sides, Survey, Translation};
use ringmatch::follower::Follower;
use ringmatch_engine::{Exchange, Sequence, UserRef};
use ringmatch_gateway::client::{Client, Response, Start};
use ringmatch_gateway::market::{MarketBook, MarketFeed};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::ouch::{Inbound, Outbound};
use ringmatch_journal::{Directory, Reader};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Orders between two account queries, whose answers are the flow control.
const STRIDE: usize = 100;
/// Account queries without an answer before the sender waits.
const QUERIES: u64 = 10;
/// Snapshots as often as can be.
const SNAPSHOTS: &str =
    "[snapshots]\nevery_bytes = 262144\nevery_s = 1\nkeep = 2\nclosed_segments = \"compress\"";
/// Fewer orders than this are sent just before a kill.
const BURST: usize = 400;

#[test]
fn a_made_up_flow_survives_20_kills_with_fsync() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("record.itch");
    record::write(&Day::new(81, 20_000).messages, &path);
    play(&Record::new(&path), "fsync", 20, 8101);
}

#[test]
fn a_made_up_flow_survives_5_kills_in_the_page_cache() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("record.itch");
    record::write(&Day::new(82, 20_000).messages, &path);
    play(&Record::new(&path), "write", 5, 8201);
}

#[test]
fn the_recorded_flow_survives_20_kills_with_fsync() {
    if let Some(path) = record::real() {
        play(&Record::new(&path), "fsync", 20, 8301);
    }
}

#[test]
#[ignore = "minutes; see the head of this file"]
fn crash_machine() {
    let number = |name: &str, usual| {
        std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
    };
    let (kills, seed) = (number("RINGMATCH_KILLS", 200), number("RINGMATCH_SEED", 8401));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("record.itch");
    record::write(&Day::new(84, 40_000).messages, &path);
    play(&Record::new(&path), "fsync", kills as usize, seed);
}

/// Plays a record to an engine that is killed again and again, and then holds
/// everything that was ever said against everything that is there.
fn play(record: &Record, durability: &'static str, kills: usize, seed: u64) {
    println!("seed {seed}");
    let survey = record.survey().unwrap();
    let mut victim = Victim::start(orders(record), durability);
    victim.choose_moments(kills, &mut Rng::with_seed(seed));
    while victim.send_next() {
        victim.wait_for_queries(QUERIES);
    }
    victim.query();
    victim.wait_for_queries(1);
    let Victim { kills: killed, unsafe_orders, unheard, resumed, .. } = victim;
    println!(
        "{killed} kills; {unsafe_orders} found orders that were not safe, {unheard} found answers \
         that were not heard; {resumed} starts went on from a snapshot"
    );
    assert!(resumed * 3 >= kills, "snapshots are of use");
    assert_eq!(killed, kills);
    assert!(unsafe_orders * 2 > kills, "most kills must find orders on their way");

    victim.check_streams(&survey);
    victim.check_journal();
}

/// The order messages of a record; the first is number 1.
fn orders(record: &Record) -> Vec<Inbound> {
    let mut flow = OrderFlow::new(UserRef(1));
    let translate = |message| match flow.translate(&message) {
        Translation::Order(order) | Translation::Execution(order, _) => Some(order),
        Translation::UnknownOrder | Translation::Nothing => None,
    };
    let messages = record.messages().unwrap().map(|recorded| recorded.unwrap().message);
    messages.filter_map(translate).collect()
}

/// The engine that is killed, and those who talked to it.
struct Victim {
    directory: tempfile::TempDir,
    site: Site,
    config: PathBuf,
    engine: Option<Engine>,
    client: Client,
    market: MarketFeed,
    /// What the client and the reader of market data have heard, in full.
    responses: Vec<Response>,
    market_data: Vec<(u64, ItchMessage)>,
    /// What is to be sent, and how much of it has been.
    orders: Vec<Inbound>,
    next_order: usize,
    /// Numbers of responses at which the engine is still to be killed, and how
    /// many orders are sent just before.
    moments: BTreeMap<usize, usize>,
    kills: usize,
    /// Kills when orders had been sent that the journal did not have.
    unsafe_orders: usize,
    /// Kills when the journal had more answers than the client had heard.
    unheard: usize,
    /// Starts that went on from a snapshot.
    resumed: usize,
    /// Messages that the client sent, and queries among them.
    sent: u64,
    queries: u64,
    queries_answered: u64,
}

impl Victim {
    fn start(orders: Vec<Inbound>, durability: &'static str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let site = Site { durability, snapshots: SNAPSHOTS, ..Site::multicast(&["FEED"]) };
        let config = site.write_config(directory.path());
        let engine = Some(Engine::start(&config, &directory.path().join("data")));
        let client = site.connect("FEED", Start::At(1));
        let market = site.feed(Start::At(1));
        Self {
            directory,
            site,
            config,
            engine,
            client,
            market,
            responses: Vec::new(),
            market_data: Vec::new(),
            orders,
            next_order: 0,
            moments: BTreeMap::new(),
            kills: 0,
            unsafe_orders: 0,
            unheard: 0,
            resumed: 0,
            // A client asks for its position when it connects.
            sent: 1,
            queries: 1,
            queries_answered: 0,
        }
    }

    /// Every order has a response at least, and executions have more: so all
    /// these moments come.
    fn choose_moments(&mut self, kills: usize, rng: &mut Rng) {
        while self.moments.len() < kills {
            self.moments.insert(rng.usize(2..self.orders.len()), rng.usize(0..BURST));
        }
    }

    /// Sends the next order, and takes answers now and then; false at the end.
    fn send_next(&mut self) -> bool {
        if !self.push_next() {
            return false;
        }
        if self.next_order.is_multiple_of(STRIDE) {
            self.query();
            self.take(Duration::ZERO);
        }
        true
    }

    fn push_next(&mut self) -> bool {
        let Some(order) = self.orders.get(self.next_order) else { return false };
        self.client.send(order, None).unwrap();
        self.sent += 1;
        self.next_order += 1;
        true
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn query(&mut self) {
        self.client.query().unwrap();
        self.sent += 1;
        self.queries += 1;
    }

    fn wait_for_queries(&mut self, open: u64) {
        while self.queries - self.queries_answered >= open {
            self.take(PATIENCE);
        }
    }

    /// Takes what has arrived, and kills the engine if the moment has come; if
    /// nothing has arrived, waits for a response.
    fn take(&mut self, timeout: Duration) {
        let mut response = self.client.receive(timeout).unwrap();
        assert!(response.is_some() || timeout.is_zero(), "no response: {:?}", self.client);
        while let Some(arrived) = response {
            self.queries_answered +=
                u64::from(matches!(arrived.message, Outbound::AccountQueryResponse(_)));
            self.responses.push(arrived);
            if let Some(burst) = self.moments.remove(&self.responses.len()) {
                self.crash(burst);
            }
            response = self.client.try_receive().unwrap();
        }
        while let Some(message) = self.market.receive(Duration::ZERO).unwrap() {
            self.market_data.push(message);
        }
    }

    /// Kills the engine, looks at what it left, and starts it again.
    fn crash(&mut self, burst: usize) {
        (0..burst).for_each(|_| _ = self.push_next());
        self.client.flush().unwrap();
        self.engine.take().unwrap().kill();
        self.kills += 1;
        let (data, replayed) = (self.data(), replayed(&self.data()));
        // Nothing observable leaves before its cause is safe.
        let session = &replayed.sessions()[0];
        let heard = (self.responses.last().unwrap().number, self.market.next() - 1);
        let safe = (session.next_response.0 - 1, replayed.next_market().0 - 1);
        assert!(heard.0 <= safe.0 && heard.1 <= safe.1, "heard {heard:?}, journaled {safe:?}");
        self.unsafe_orders += usize::from(session.next_input <= self.sent);
        self.unheard += usize::from(heard.0 < safe.0);

        if self.kills.is_multiple_of(4) {
            kill_while_it_starts(&self.config, &data, self.kills.is_multiple_of(8));
        }
        // How often the engine itself came to make one depends on the machine.
        if self.kills % 3 == 1 {
            let saved = run_json(&["snapshot", "--data-dir", data.to_str().unwrap()]);
            assert_eq!(saved["digest"], replayed.digest().to_string());
        }
        let told = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
        let engine = Engine::start(&self.config, &data);
        assert_eq!(engine.digest(), replayed.digest().to_string());
        assert_eq!(told["digest"], engine.ready["digest"]);
        assert_eq!(told["state_hash"], engine.ready["state_hash"]);
        assert_eq!(told["commands"], engine.ready["recovered_commands"]);
        assert_eq!(engine.ready["snapshots_passed_over"], Value::Array(Vec::new()));
        self.resumed += usize::from(engine.ready["snapshot_commands"] != 0);
        self.engine = Some(engine);
    }

    /// Whoever asks for the streams again gets what was said the first time,
    /// and the book is the record's.
    fn check_streams(&mut self, survey: &Survey) {
        let numbers = self.responses.iter().map(|response| response.number);
        assert!(numbers.eq(1..=self.responses.len() as u64), "each response once, in order");
        assert_eq!((self.client.undecodable(), self.market.undecodable()), (0, 0));

        let mut second = self.site.connect("FEED", Start::At(1));
        self.sent += 1;
        for first in &self.responses {
            let again = second.receive(PATIENCE).unwrap().expect("a response of the past");
            assert_eq!((&again, bytes(&again)), (first, bytes(first)));
        }

        // The market data of everything that was answered.
        let end = self.site.feed(Start::Now).next();
        while self.market.next() < end || self.market_data.len() as u64 + 1 < end {
            self.market_data.push(self.market.receive(PATIENCE).unwrap().expect("market data"));
        }
        let mut again = self.site.feed(Start::At(1));
        let mut book = MarketBook::default();
        for (number, first) in (1..).zip(&self.market_data) {
            let message = again.receive(PATIENCE).unwrap().expect("market data of the past");
            assert_eq!((number, message), (first.0, *first));
            book.apply(&message.1);
        }
        for (&symbol, &number) in &survey.symbols {
            let recorded = Sides::of(&survey.book, Some(number));
            assert_eq!(Sides::of(&book, book.number(symbol)), recorded, "{symbol}");
        }
    }

    /// The journal has what was sent: each message once, in order, and in it
    /// every order that the client was ever told of.
    fn check_journal(&mut self) {
        self.engine.take().unwrap().kill();
        let (dump, code) =
            run(&["journal", "dump", "--json", "--data-dir", self.data().to_str().unwrap()]);
        assert_eq!(code, Some(0));
        let journaled: Vec<Value> =
            dump.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of_client = journaled.iter().filter(|command| command["session"] == 1);
        let numbers = of_client.clone().map(|command| command["number"].as_u64().unwrap());
        assert!(numbers.eq(1..=self.sent), "each message once, in order");

        let numbered = of_client.filter_map(numbered).collect::<Vec<_>>();
        let sent: Vec<_> = self.orders.iter().filter_map(number_of).collect();
        assert_eq!(numbered, sent, "each order once, in order");
        let journaled: HashMap<u64, usize> =
            numbered.iter().fold(HashMap::new(), |mut times, &number| {
                *times.entry(number).or_default() += 1;
                times
            });
        for response in &self.responses {
            if let Outbound::OrderAccepted(accepted) = response.message {
                assert_eq!(journaled.get(&accepted.user_ref_num.into()), Some(&1), "{accepted:?}");
            }
        }
        let accepted = self.responses.iter();
        let accepted = accepted.filter(|r| matches!(r.message, Outbound::OrderAccepted(_)));
        let enters = self.orders.iter().filter(|order| matches!(order, Inbound::EnterOrder(_)));
        assert_eq!(accepted.count(), enters.count(), "each order was accepted once");
    }
}

/// The number of a command that enters or replaces an order.
fn numbered(command: &Value) -> Option<u64> {
    match command["command"].as_str() {
        Some("enter" | "replace") => command["user_ref"].as_u64(),
        _ => None,
    }
}

/// The number of a message that enters or replaces an order.
fn number_of(order: &Inbound) -> Option<u64> {
    match order {
        Inbound::EnterOrder(order) => Some(order.user_ref_num.into()),
        Inbound::ReplaceOrder(order) => Some(order.user_ref_num.into()),
        _ => None,
    }
}

/// A response as it is on the wire.
fn bytes(response: &Response) -> Vec<u8> {
    let mut bytes = vec![0; Outbound::MAX_LEN];
    let len = response.message.encode(response.options.iter().copied(), &mut bytes);
    bytes.truncate(len);
    bytes
}

/// What the journal alone comes to.
fn replayed(data: &Path) -> Box<Exchange> {
    let mut reader = Reader::open(Directory::open(data).unwrap()).unwrap();
    let limits = ringmatch::log::decode_limits(reader.identity().config()).unwrap();
    let mut follower = Follower::new(limits).unwrap();
    while let Some(frame) = reader.next_frame().unwrap() {
        follower.follow(&frame, Sequence(u64::MAX), &mut |_, _| {}).unwrap();
    }
    follower.into_exchange()
}

/// Starts an engine and kills it, at once or when it says its first word, which
/// is after it has recovered.
fn kill_while_it_starts(config: &Path, data: &Path, after_recovery: bool) {
    let mut engine = Command::new(BINARY)
        .args(["serve", "--config"])
        .arg(config)
        .arg("--data-dir")
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if after_recovery {
        let mut line = String::new();
        BufReader::new(engine.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    }
    engine.kill().unwrap();
    engine.wait().unwrap();
}
