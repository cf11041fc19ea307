//! One sale, and who dies at which step of it.
//!
//! ALPHA's order to sell rests; BRAVO sends an order that takes it. The stages are
//! let to work one by one, so that the sale stands exactly where the row of
//! `docs/failures.md` says when somebody dies: the intent is sent, accepted (it
//! has its place in the log), matched, or told. Whatever dies comes back, and then
//! the order is in the journal once, it traded once, and each side has heard of it
//! once. The network loses nothing but what a row says.

use super::CONFIG;
use super::address;
use super::clock::Time;
use super::house::House;
use super::network::{Network, Socket};
use ringmatch::config::Config;
use ringmatch_engine::command::{Command, Side};
use ringmatch_engine::event::EventBody;
use ringmatch_engine::{Price, SessionId, SessionName, UserRef};
use ringmatch_gateway::client::{Channel, ClientSession, NewOrder, Start};
use ringmatch_gateway::net::{Datagrams, MAX_DATAGRAM};
use ringmatch_gateway::wire::ouch::{Inbound, Outbound};
use std::net::SocketAddr;

/// How long one turn of everything takes.
const TURN_NS: u64 = 5_000_000;
/// Turns in which everything must have come right: ten seconds.
const TURNS: usize = 2_000;

/// A step of the sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// BRAVO's order is on its way.
    Sent,
    /// It has its place in the log, which is not on the disk yet.
    Accepted,
    /// It has traded, durably; nobody has been told.
    Matched,
    /// What is told of it is on its way.
    Told,
}

/// A client.
struct Party {
    name: SessionName,
    session: ClientSession,
    socket: Socket,
    heard: Vec<Outbound>,
    orders: SocketAddr,
    requests: SocketAddr,
}

impl Party {
    fn new(name: &str, at: SocketAddr, config: &Config, network: &Network) -> Self {
        let name = name.parse().unwrap();
        let (orders, requests) = (config.network.orders.into(), config.network.requests.into());
        let session = ClientSession::new(name, Start::At(1));
        Self { name, session, socket: network.socket(at), heard: Vec::new(), orders, requests }
    }

    fn work(&mut self, now: u64) {
        let Self { session, socket, heard, orders, requests, .. } = self;
        let mut buffer = vec![0; MAX_DATAGRAM];
        while let Some((len, from)) = socket.receive(&mut buffer).unwrap() {
            let datagram = &buffer[..len];
            if from == *orders {
                session.order_datagram(datagram, &mut sender(socket, *orders, *requests));
            } else {
                session.response_datagram(datagram, &mut |number, message| {
                    heard.push(Outbound::decode(message).unwrap().0);
                    assert_eq!(number, heard.len() as u64, "each response once and in order");
                });
            }
        }
        session.poll(now, &mut sender(socket, *orders, *requests));
    }

    fn enter(&mut self, side: Side, now: u64) {
        let order = NewOrder::limit("AAPL".parse().unwrap(), side, 10, Price(10_000));
        let (message, options) = order.message(UserRef(1));
        let mut bytes = [0; Inbound::MAX_LEN];
        let len = Inbound::from(message).encode(options, &mut bytes);
        let Self { session, socket, orders, requests, .. } = self;
        let mut send = sender(socket, *orders, *requests);
        session.push(&bytes[..len], now, &mut send).unwrap();
        session.flush(now, &mut send);
    }

    /// Its process goes, and another one goes on from another port with what it
    /// had heard.
    fn die_and_come_back(&mut self, network: &Network) {
        let mut address = self.socket.address;
        network.close(address);
        address.set_port(address.port() + 1);
        self.socket = network.socket(address);
        let start = Start::At(self.heard.len() as u64 + 1);
        self.session = ClientSession::new(self.name, start);
    }

    fn executions(&self) -> usize {
        self.heard.iter().filter(|said| matches!(said, Outbound::OrderExecuted(_))).count()
    }
}

fn sender(
    socket: &mut Socket,
    orders: SocketAddr,
    requests: SocketAddr,
) -> impl FnMut(Channel, &[u8]) {
    move |channel, packet| {
        let to = if channel == Channel::Orders { orders } else { requests };
        assert!(socket.send(packet, to).unwrap());
    }
}

/// The venue, the two parties, and what is between them.
struct Sale {
    time: Time,
    network: Network,
    house: House,
    alpha: Party,
    bravo: Party,
}

impl Sale {
    /// Up to this step, and no further.
    fn at(step: Step) -> Self {
        let time = Time::default();
        let network = Network::quiet(time.clone());
        let config = Config::parse(CONFIG, "simulation").unwrap();
        let alpha = Party::new("ALPHA", address(10, 1), &config, &network);
        let bravo = Party::new("BRAVO", address(11, 1), &config, &network);
        let random = fastrand::Rng::with_seed(1);
        let mut house = House::new(config, network.clone(), time.clone(), random);
        house.start().unwrap();
        let mut sale = Self { time, network, house, alpha, bravo };
        sale.settle(|sale| {
            sale.alpha.session.is_established() && sale.bravo.session.is_established()
        });
        sale.alpha.enter(Side::Sell, sale.time.now());
        sale.settle(|sale| sale.alpha.session.is_safe() && sale.alpha.heard.len() == 2);
        sale.bravo.enter(Side::Buy, sale.time.now());
        if step >= Step::Accepted {
            sale.time.pass(TURN_NS);
            sale.work("receiver");
        }
        if step >= Step::Matched {
            sale.work("matcher");
            sale.work("journaler");
        }
        if step >= Step::Told {
            sale.work("publisher");
        }
        sale
    }

    fn work(&mut self, stage: &str) {
        self.house.work_of(stage).unwrap();
    }

    /// Everything works until it is so.
    fn settle(&mut self, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..TURNS {
            if is_so(self) {
                return;
            }
            self.turn();
        }
        panic!("it does not come to that");
    }

    fn turn(&mut self) {
        self.time.pass(TURN_NS);
        for stage in ["receiver", "matcher", "journaler", "publisher"] {
            self.work(stage);
        }
        self.alpha.work(self.time.now());
        self.bravo.work(self.time.now());
    }

    /// In the end BRAVO's order is in the journal once, traded once, and both
    /// have heard of that once.
    fn comes_right(mut self) {
        self.settle(|sale| {
            let parties = [&sale.alpha, &sale.bravo];
            parties.iter().all(|party| party.session.is_safe() && party.executions() > 0)
        });
        // What could come twice would come now.
        for _ in 0..200 {
            self.turn();
        }
        let replay = self.house.replay();
        let orders = replay.commands.iter().filter(|command| {
            command.session == SessionId(2) && matches!(command.command, Command::Enter(_))
        });
        assert_eq!(orders.count(), 1, "the order is in the journal once");
        let trades = replay.events.iter().filter(|e| matches!(e.body, EventBody::Executed(_)));
        assert_eq!(trades.count(), 1, "it traded once");
        assert_eq!((self.alpha.executions(), self.bravo.executions()), (1, 1), "both heard once");
        assert_eq!((self.alpha.heard.len(), self.bravo.heard.len()), (3, 3));
    }

    /// Nobody has heard of the sale yet.
    fn is_secret(&mut self) {
        self.time.pass(TURN_NS);
        self.alpha.work(self.time.now());
        self.bravo.work(self.time.now());
        assert_eq!((self.alpha.heard.len(), self.bravo.heard.len()), (2, 1));
    }
}

#[test]
fn a_client_dies_when_its_intent_is_sent() {
    let mut sale = Sale::at(Step::Sent);
    // Its host goes with it, and what it had sent.
    sale.network.forget(sale.bravo.socket.address);
    sale.bravo.die_and_come_back(&sale.network);
    sale.settle(|sale| sale.bravo.session.is_established());
    assert_eq!(sale.bravo.session.next_message(), 1, "the venue says that it never came");
    sale.is_secret();
    sale.bravo.enter(Side::Buy, sale.time.now());
    sale.comes_right();
}

#[test]
fn a_client_dies_when_its_intent_is_accepted() {
    let mut sale = Sale::at(Step::Accepted);
    sale.bravo.die_and_come_back(&sale.network);
    sale.settle(|sale| sale.bravo.session.is_established());
    assert_eq!(sale.bravo.session.next_message(), 2, "the venue says that it has it");
    sale.comes_right();
}

#[test]
fn a_client_dies_when_it_is_matched() {
    let mut sale = Sale::at(Step::Matched);
    sale.bravo.die_and_come_back(&sale.network);
    sale.comes_right();
}

#[test]
fn a_client_dies_when_it_is_told() {
    let mut sale = Sale::at(Step::Told);
    // What was told is in its socket.
    sale.time.pass(TURN_NS);
    sale.bravo.die_and_come_back(&sale.network);
    assert_eq!(sale.bravo.executions(), 0);
    sale.comes_right();
}

#[test]
fn the_engine_dies_when_the_intent_is_sent() {
    let mut sale = Sale::at(Step::Sent);
    // The order is in the engine's socket.
    sale.time.pass(TURN_NS);
    sale.house.die();
    sale.house.start().unwrap();
    assert_eq!(sale.house.replay().exchange.sessions()[1].next_input, 1, "it is gone");
    sale.comes_right();
}

#[test]
fn the_engine_dies_when_it_is_accepted() {
    let mut sale = Sale::at(Step::Accepted);
    sale.house.die();
    sale.is_secret();
    sale.house.start().unwrap();
    assert_eq!(sale.house.replay().exchange.sessions()[1].next_input, 1, "it is gone");
    sale.comes_right();
}

#[test]
fn the_engine_dies_when_it_is_matched() {
    let mut sale = Sale::at(Step::Matched);
    sale.house.die();
    sale.is_secret();
    sale.house.start().unwrap();
    assert_eq!(sale.house.replay().exchange.sessions()[1].next_input, 2, "it is there");
    sale.comes_right();
}

#[test]
fn the_engine_dies_when_it_is_told() {
    let mut sale = Sale::at(Step::Told);
    sale.house.die();
    sale.house.start().unwrap();
    sale.comes_right();
}

#[test]
fn the_network_dies_when_the_intent_is_sent() {
    let mut sale = Sale::at(Step::Sent);
    sale.network.sever();
    sale.is_secret();
    for _ in 0..100 {
        sale.turn();
    }
    sale.is_secret();
    sale.network.mend();
    sale.comes_right();
}

#[test]
fn the_network_dies_when_it_is_accepted() {
    let mut sale = Sale::at(Step::Accepted);
    sale.network.sever();
    for _ in 0..100 {
        sale.turn();
    }
    assert_eq!(sale.house.replay().exchange.sessions()[1].next_input, 2, "it traded alone");
    sale.is_secret();
    sale.network.mend();
    sale.comes_right();
}

#[test]
fn the_network_dies_when_it_is_matched() {
    let mut sale = Sale::at(Step::Matched);
    sale.network.sever();
    for _ in 0..100 {
        sale.turn();
    }
    sale.is_secret();
    sale.network.mend();
    sale.comes_right();
}

#[test]
fn the_network_dies_when_it_is_told() {
    let mut sale = Sale::at(Step::Told);
    // With what is on its way.
    sale.network.sever();
    sale.is_secret();
    sale.network.mend();
    sale.comes_right();
}

/// The disk refuses what is written. The engine stops and says so; the disk is
/// replaced by one with what the old one had promised.
fn disk_refuses_a_write(mut sale: Sale) {
    sale.house.disk.fail_write_after(0);
    sale.time.pass(TURN_NS);
    sale.work("receiver");
    sale.work("matcher");
    let why = sale.house.work_of("journaler").unwrap_err();
    assert!(why.contains("the simulated disk failed"), "{why}");
    sale.work("publisher");
    sale.is_secret();
    sale.house.lose_power();
    sale.house.start().unwrap();
    assert_eq!(sale.house.replay().exchange.sessions()[1].next_input, 1, "it is gone");
    sale.comes_right();
}

#[test]
fn the_disk_dies_when_the_intent_is_sent() {
    disk_refuses_a_write(Sale::at(Step::Sent));
}

#[test]
fn the_disk_dies_when_it_is_accepted() {
    disk_refuses_a_write(Sale::at(Step::Accepted));
}

/// It has traded in memory and is written, and the disk fails to promise it:
/// nobody is told. Whether it is there after the power cut is the disk's affair,
/// and either way it is there once in the end.
#[test]
fn the_disk_dies_when_it_is_matched() {
    let mut sale = Sale::at(Step::Accepted);
    sale.work("matcher");
    sale.house.disk.fail_sync_after(0);
    let why = sale.house.work_of("journaler").unwrap_err();
    assert!(why.contains("the simulated disk failed"), "{why}");
    sale.work("publisher");
    sale.is_secret();
    sale.house.lose_power();
    sale.house.start().unwrap();
    sale.comes_right();
}

/// What was told was promised by the disk before.
#[test]
fn the_disk_dies_when_it_is_told() {
    let mut sale = Sale::at(Step::Told);
    sale.house.lose_power();
    sale.house.start().unwrap();
    assert_eq!(sale.house.replay().exchange.sessions()[1].next_input, 2, "it is there");
    sale.comes_right();
}
