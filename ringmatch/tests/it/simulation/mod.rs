//! A whole venue in one seeded thread: bad network, unkind disk, crashes.
//!
//! One seed is one history: clients trade and a reader rebuilds the book while
//! datagrams are lost, doubled, delayed and reordered, the venue dies in the
//! middle of its work, the power goes, the disk fails, clients start again, and
//! the wall clock is set back. Nothing is mocked between the datagram and the
//! disk: the stages, the recovery and the client's protocol are the real ones.
//!
//! `RINGMATCH_SEED=n` plays one history again; `RINGMATCH_HISTORIES=n` plays
//! that many, for a soak.

mod clock;
mod house;
mod network;
mod reader;
/// Who dies at which step of one sale.
mod sale;
mod silence;
mod trader;

use clock::Time;
use house::{House, Picture, Replay};
use network::Network;
use reader::Reader;
use ringmatch::config::Config;
use ringmatch_engine::command::{Command, SequencedCommand, Side, SystemEvent};
use ringmatch_engine::{Digest, Exchange, SessionId};
use ringmatch_gateway::market::{DisplayedLevel, MarketBook};
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::{Directory, translate};
use std::net::SocketAddr;
use trader::Trader;

/// Histories of a usual run.
const HISTORIES: u64 = 300;
/// The longest time that a history may take, of its own clock.
const LIMIT_NS: u64 = 60_000_000_000;

const CONFIG: &str = r#"
[venue]
name = "SIMULATED"
[network]
interface = "127.0.0.1"
orders = "10.0.0.1:1"
market_data = "239.0.0.1:1"
requests = "10.0.0.1:2"
[journal]
durability = "fsync"
segment_bytes = 65536
[threads]
layout = "auto"
wait = "backoff"
pin = []
[limits]
orders = 64
levels_per_side = 8
instruments = 2
sessions = 3
special_orders = 32
recent_trades = 16
[[instrument]]
symbol = "AAPL"
tick_size = "0.01"
lot_size = 1
max_quantity = 1000
[[instrument]]
symbol = "MSFT"
tick_size = "0.01"
lot_size = 10
max_quantity = 1000
[[session]]
name = "ALPHA"
firm = "ONE"
[[session]]
name = "BRAVO"
firm = "TWO"
[[session]]
name = "CHARLIE"
firm = "TWO"
"#;

/// What a history came to; equal seeds give equal outcomes.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    digest: Digest,
    commands: usize,
    ticks: usize,
    crashes: u32,
    /// Requests answered from disk.
    repaired: u64,
    /// Late joiners.
    late: usize,
    carried: u64,
    time: u64,
}

struct History {
    random: fastrand::Rng,
    time: Time,
    network: Network,
    house: House,
    traders: Vec<Trader>,
    reader: Reader,
    /// What late joiners were told.
    pictures: Vec<Picture>,
    crashes: u32,
    /// When the venue comes back.
    up_at: u64,
}

fn address(host: u8, port: u16) -> SocketAddr {
    ([10, 0, 0, host], port).into()
}

impl History {
    fn new(seed: u64) -> Self {
        Self::with(Config::parse(CONFIG, "simulation").unwrap(), seed)
    }

    fn with(config: Config, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let time = Time::default();
        let network = Network::new(random.fork(), time.clone());
        let (orders, requests) = (config.network.orders.into(), config.network.requests.into());
        let market = config.network.market_data.into();
        let mut traders = Vec::new();
        for (session, host) in config.sessions.iter().zip(10..) {
            let who = (session.name, address(host, 1));
            let messages = random.usize(20..120);
            let random = random.fork();
            let where_to = (orders, requests);
            traders.push(Trader::new(who, where_to, messages, &network, &time, random));
        }
        let sockets = (market, address(9, 1), requests);
        let reader = Reader::new(config.venue.name, sockets, &network, &time);
        let house = House::new(config, network.clone(), time.clone(), random.fork());
        let pictures = Vec::new();
        Self { random, time, network, house, traders, reader, pictures, crashes: 0, up_at: 0 }
    }

    fn play(mut self) -> Outcome {
        while !self.traders.iter().all(Trader::has_sent) {
            self.step();
            self.misfortune();
        }
        // Everything is safe. What was not heard yet can be asked for, also
        // from a venue that has been stopped in order and started again.
        if !self.house.is_up() {
            self.up_at = 0;
            self.start();
        }
        self.house.disk.heal();
        self.house.stop();
        let mut replay = self.house.replay();
        self.up_at = 0;
        loop {
            while !self.has_heard(&replay) {
                self.step();
            }
            let now = self.house.replay();
            let added = &now.commands[replay.commands.len()..];
            if added.is_empty() {
                break;
            }
            // Nobody asks for anything any more, but time still passes.
            let is_tick = |added: &SequencedCommand| added.command == Command::Tick;
            assert!(added.iter().all(is_tick), "nothing was added: {added:?}");
            replay = now;
        }
        self.check(&replay);
        Outcome {
            digest: replay.exchange.digest(),
            commands: replay.commands.len(),
            ticks: replay.commands.iter().filter(|c| c.command == Command::Tick).count(),
            crashes: self.crashes,
            repaired: self.house.repaired(),
            late: self.pictures.len(),
            carried: self.network.carried(),
            time: self.time.now(),
        }
    }

    fn step(&mut self) {
        self.time.pass(self.random.u64(20_000..400_000));
        assert!(self.time.now() < LIMIT_NS, "the history does not come to an end");
        if self.house.is_up() {
            if let Err(why) = self.house.work() {
                assert!(why.starts_with("journaler: "), "only the disk fails here: {why}");
                self.crash();
            }
        } else if self.time.now() >= self.up_at {
            self.start();
        }
        self.traders.iter_mut().for_each(Trader::work);
        self.reader.work();
    }

    /// Now and then something goes wrong.
    fn misfortune(&mut self) {
        match self.random.u16(0..4_000) {
            0..12 => self.crash(),
            12..14 => self.house.disk.fail_write_after(self.random.u32(0..4)),
            14..16 => self.house.disk.fail_sync_after(self.random.u32(0..4)),
            16..20 => {
                let at = self.random.usize(0..self.traders.len());
                self.traders[at].restart();
            }
            20..40 => self.pictures.extend(self.house.picture()),
            _ => {}
        }
    }

    /// The process dies, or the whole machine.
    fn crash(&mut self) {
        self.crashes += 1;
        if self.random.bool() {
            self.house.lose_power();
        } else {
            self.house.die();
            self.house.disk.heal();
        }
        self.up_at = self.time.now() + self.random.u64(0..20_000_000);
    }

    /// The venue comes back, and stands where a replay of its journal does.
    fn start(&mut self) {
        let recovered = match self.house.start() {
            Ok(recovered) => recovered,
            // The disk failed once more; the next start finds it healed.
            Err(error) => {
                assert!(error.to_string().contains("the simulated disk failed"), "{error}");
                return self.crash();
            }
        };
        let replay = self.house.replay();
        assert_eq!(recovered.digest, replay.exchange.digest());
        assert_eq!(recovered.state_hash, replay.exchange.state_hash());
        assert_eq!(recovered.commands, replay.commands.len() as u64);
    }

    fn has_heard(&self, replay: &Replay) -> bool {
        let next = replay.exchange.sessions().iter().map(|session| session.next_response.0);
        let mut heard = self.traders.iter().map(|trader| trader.heard.len() as u64 + 1).zip(next);
        self.reader.heard.len() as u64 + 1 >= replay.exchange.next_market().0
            && heard.all(|(heard, next)| heard >= next)
    }

    /// What clients sent is in the log once and in order; what they and the
    /// reader heard is what a replay of the log says, to the byte.
    fn check(&self, replay: &Replay) {
        let Replay { exchange, commands, events } = replay;
        assert_eq!(exchange.system_event(), Some(SystemEvent::StartOfMarketHours));
        assert_eq!(exchange.counters().duplicate_inputs, 0);
        assert_eq!(exchange.counters().refused_operations, 0);
        let mut directory = Directory::default();
        for instrument in exchange.instruments() {
            directory.list(instrument.id, instrument.symbol);
        }
        for session in exchange.sessions() {
            directory.admit(session.id, session.firm);
        }
        let mut told = vec![Vec::new(); self.traders.len()];
        let mut market = Vec::new();
        for event in events {
            translate::responses(event, &directory, |to, message| {
                told[usize::from(to.session().0) - 1].push(message.to_vec());
            });
            if let Some(message) = translate::market_message(event, &directory) {
                let mut bytes = [0; ItchMessage::MAX_LEN];
                let len = message.encode(&mut bytes);
                market.push(bytes[..len].to_vec());
            }
        }
        for ((trader, told), number) in self.traders.iter().zip(told).zip(1..) {
            let applied = commands.iter().filter(|command| command.session.0 == number);
            let applied: Vec<_> = applied.map(|entry| (entry.number, entry.command)).collect();
            let session = SessionId(number);
            let sent = trader.sent.iter();
            let sent = sent.map(|message| translate::command(message, session, &directory));
            let sent: Vec<_> = (1..).zip(sent).collect();
            assert_eq!(applied, sent, "{}: each message once and in order", trader.name);
            assert_eq!(trader.heard, told, "{}: each response", trader.name);
        }
        assert_eq!(self.reader.heard, market);
        check_book(exchange, &self.reader);
        self.pictures.iter().for_each(|picture| self.check_picture(picture));
        assert!(commands.is_sorted_by_key(|command| command.time), "time never goes back");
    }
}

impl History {
    /// A late joiner has the books of one who has heard everything before the
    /// number that it is to go on with, and in the end the same as everybody.
    fn check_picture(&self, picture: &Picture) {
        let book = |messages: &[Vec<u8>]| {
            let mut book = MarketBook::default();
            for message in messages {
                book.apply(&ItchMessage::decode(message).expect("a sound message"));
            }
            book
        };
        let told = usize::try_from(picture.next - 1).unwrap();
        let (before, after) = self.reader.heard.split_at(told);
        let (mut late, known) = (book(&picture.messages), book(before));
        assert_eq!(shown(&late), shown(&known), "before message {}", picture.next);
        for message in after {
            late.apply(&ItchMessage::decode(message).expect("a sound message"));
        }
        assert_eq!(shown(&late), shown(&self.reader.book), "joined at {}", picture.next);
        assert_eq!(late.unknown_orders(), 0);
    }
}

/// All levels of all instruments.
fn shown(book: &MarketBook) -> Vec<Vec<DisplayedLevel>> {
    let instruments = book.instruments();
    let both = |(number, _)| [Side::Buy, Side::Sell].map(|side| book.levels(number, side));
    instruments.flat_map(both).collect()
}

/// The book that the reader rebuilt is the one that the exchange has.
fn check_book(exchange: &Exchange, reader: &Reader) {
    assert_eq!(reader.book.unknown_orders(), 0);
    for instrument in exchange.instruments() {
        for side in [Side::Buy, Side::Sell] {
            let levels = exchange.book(instrument.id).unwrap().levels(side);
            let levels = levels.map(|level| DisplayedLevel {
                price: level.price(),
                shares: level
                    .orders()
                    .filter(|o| o.displayed)
                    .map(|o| o.displayed_quantity.0)
                    .collect(),
            });
            let displayed: Vec<_> = levels.filter(|level| !level.shares.is_empty()).collect();
            assert_eq!(reader.book.levels(instrument.id.0, side), displayed);
        }
    }
}

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn nothing_is_lost_doubled_or_told_before_it_is_safe() {
    let seeds = match (number_from("RINGMATCH_SEED"), number_from("RINGMATCH_HISTORIES")) {
        (Some(seed), _) => seed..seed + 1,
        (None, histories) => 0..histories.unwrap_or(HISTORIES),
    };
    let (mut histories, mut commands, mut ticks, mut crashes) = (0, 0, 0, 0);
    let (mut repaired, mut late) = (0, 0);
    for seed in seeds {
        let play = || History::new(seed).play();
        match std::panic::catch_unwind(play) {
            Ok(outcome) => {
                histories += 1;
                commands += outcome.commands;
                ticks += outcome.ticks;
                crashes += outcome.crashes;
                repaired += outcome.repaired;
                late += outcome.late;
            }
            Err(panic) => {
                eprintln!("history {seed} failed; RINGMATCH_SEED={seed} plays it again");
                std::panic::resume_unwind(panic);
            }
        }
    }
    println!("{histories} histories, {commands} commands, {ticks} ticks, {crashes} crashes");
    println!("{repaired} requests answered from disk, {late} late joiners");
    assert!(repaired.min(late as u64) > 0 || histories < HISTORIES, "nobody was away, or late");
    assert!(ticks > 0 || histories < HISTORIES, "time was told nowhere");
}

#[test]
fn a_seed_is_a_history() {
    for seed in 0..5 {
        assert_eq!(History::new(seed).play(), History::new(seed).play(), "seed {seed}");
    }
}
