//! The outlet, rule by rule: where messages go, what can be asked for again,
//! and what is counted and met with silence.

use crate::floor::{Floor, session_name, venue};
use ringmatch_engine::SessionId;
use ringmatch_engine::command::{Command, Side, SystemEvent};
use ringmatch_engine::event::Event;
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::mold::{Packet, Request, SessionName};
use ringmatch_gateway::wire::ouch::Outbound;
use ringmatch_gateway::{Destination, Outlet, OutletConfig, OutletCounters, RecallError};
use std::net::SocketAddr;

/// Packets that an outlet sent.
#[derive(Default)]
struct Sent(Vec<(Destination, Vec<u8>)>);

impl Sent {
    /// Destination, first number and count of each packet.
    fn summary(&self) -> Vec<(Destination, SessionName, u64, u16)> {
        let packets = self.0.iter().map(|(to, bytes)| (to, Packet::parse(bytes).unwrap()));
        packets.map(|(to, p)| (*to, p.session(), p.sequence(), p.count())).collect()
    }

    fn messages(&self) -> Vec<Vec<u8>> {
        let packets = self.0.iter().map(|(_, bytes)| Packet::parse(bytes).unwrap());
        packets.flat_map(|packet| packet.messages().map(<[u8]>::to_vec)).collect()
    }
}

fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn publish(outlet: &mut Outlet, events: &[Event]) -> Sent {
    let mut sent = Sent::default();
    let mut send = |to, packet: &[u8]| sent.0.push((to, packet.to_vec()));
    events.iter().for_each(|event| outlet.publish(event, 1, &mut send));
    outlet.flush(1, &mut send);
    sent
}

fn ask(
    outlet: &mut Outlet,
    session: SessionName,
    sequence: u64,
    count: u16,
    from: SocketAddr,
) -> Sent {
    let mut sent = Sent::default();
    let request = Request { session, sequence, count }.encode();
    outlet.request(&request, from, 2, &mut |to, packet| sent.0.push((to, packet.to_vec())));
    sent
}

/// An outlet that has published the opening of a venue with two sessions.
fn open(config: OutletConfig) -> (Floor, Outlet) {
    let (floor, events) = Floor::open(2);
    let mut outlet = Outlet::new(config);
    let sent = publish(&mut outlet, &events);
    let expected = [(Destination::Market, venue(), 1, 5)];
    assert_eq!(sent.summary(), expected, "nobody subscribed to responses yet");
    (floor, outlet)
}

fn default() -> OutletConfig {
    OutletConfig::new(venue())
}

#[test]
fn responses_go_to_the_last_subscriber_and_market_data_to_its_group() {
    let (mut floor, mut outlet) = open(default());
    let (one, two) = (session_name(1), session_name(2));
    let (first, second, other) = (address(1), address(2), address(3));
    for from in [first, second] {
        let told = ask(&mut outlet, one, 0, 0, from);
        assert_eq!(told.summary(), [(Destination::To(from), one, 2, 0)], "the next number");
    }
    ask(&mut outlet, two, 0, 0, other);
    let mut events = floor.enter(1, Side::Buy, 100, 5_000);
    events.extend(floor.enter(2, Side::Sell, 30, 5_000));
    let sent = publish(&mut outlet, &events);
    let expected = [
        (Destination::To(second), one, 2, 2),
        (Destination::To(other), two, 2, 2),
        (Destination::Market, venue(), 6, 2),
    ];
    assert_eq!(sent.summary(), expected, "one packet each, responses first");
    let [accepted, executed, accepted_too, executed_too, added, traded] = &sent.messages()[..]
    else {
        panic!("six messages")
    };
    let letters = [accepted, executed, accepted_too, executed_too].map(|message| message[0]);
    assert_eq!(letters, *b"AEAE");
    assert!(matches!(ItchMessage::decode(added), Ok(ItchMessage::AddOrder(_))));
    assert!(matches!(ItchMessage::decode(traded), Ok(ItchMessage::OrderExecuted(_))));
    assert_eq!(outlet.counters().subscriptions, 3);
}

#[test]
fn what_was_missed_is_answered_to_whoever_asks() {
    let (mut floor, mut outlet) = open(default());
    let one = session_name(1);
    for price in 1..=200 {
        let events = floor.enter(1, Side::Buy, 1, price % 50 + 1);
        publish(&mut outlet, &events);
    }
    let from = address(7);
    let answer = ask(&mut outlet, one, 1, 10, from);
    assert_eq!(answer.summary(), [(Destination::To(from), one, 1, 10)]);
    assert!(matches!(Outbound::decode(&answer.messages()[0]), Ok((Outbound::SystemEvent(_), _))));
    let whole = ask(&mut outlet, one, 1, 500, from).summary();
    let [(_, _, 1, count)] = whole[..] else { panic!("{whole:?}") };
    assert!((15..201).contains(&count), "one packet, however much is asked for: {count}");
    let last = ask(&mut outlet, one, 201, 500, from).summary();
    assert_eq!(last, [(Destination::To(from), one, 201, 1)]);
    let market = ask(&mut outlet, venue(), 6, 3, address(8));
    assert_eq!(market.summary(), [(Destination::To(address(8)), venue(), 6, 3)]);
    let told = ask(&mut outlet, venue(), 0, 0, address(8));
    assert_eq!(told.summary(), [(Destination::To(address(8)), venue(), 206, 0)]);
    let counters = outlet.counters();
    assert_eq!((counters.answered, counters.never_sent, counters.forgotten), (4, 0, 0));
}

/// A request between a publish and its flush must not take away what is
/// everybody's.
#[test]
fn whoever_asks_where_market_data_stands_does_not_get_it_alone() {
    let (mut floor, mut outlet) = open(default());
    let mut sent = Sent::default();
    for event in floor.enter(1, Side::Buy, 1, 50) {
        outlet.publish(&event, 1, &mut |to, packet| sent.0.push((to, packet.to_vec())));
    }
    assert_eq!(sent.summary(), [], "it waits for a flush");
    let told = ask(&mut outlet, venue(), 0, 0, address(8));
    let asker = Destination::To(address(8));
    let expected = [(Destination::Market, venue(), 6, 1), (asker, venue(), 7, 0)];
    assert_eq!(told.summary(), expected);
}

#[test]
fn packets_are_as_long_as_the_config_says() {
    let mut told = Vec::new();
    for most in [256, 1_400, 8_900] {
        let (mut floor, mut outlet) = open(OutletConfig { max_packet_bytes: most, ..default() });
        ask(&mut outlet, session_name(1), 0, 0, address(1));
        let events: Vec<Event> =
            (0..200).flat_map(|_| floor.enter(1, Side::Sell, 100, 5_000)).collect();
        let sent = publish(&mut outlet, &events);
        let longest = sent.0.iter().map(|(_, packet)| packet.len()).max().unwrap();
        // No message has more than a hundred bytes.
        assert!((most - 100..=most).contains(&longest), "{longest} of {most}");
        let again = ask(&mut outlet, session_name(1), 2, u16::MAX, address(1));
        let answer = again.0[0].1.len();
        assert!((most - 100..=most).contains(&answer), "{answer} of {most}");
        let mut messages = sent.messages();
        messages.sort();
        told.push(messages);
    }
    assert_eq!(told[0].len(), 400, "an answer and a message of market data each");
    assert!(told.iter().all(|messages| *messages == told[0]));
}

#[test]
fn what_cannot_be_served_is_counted_and_met_with_silence() {
    let small = OutletConfig {
        response_bytes: 2_000,
        response_messages: 16,
        market_bytes: 2_000,
        market_messages: 16,
        ..default()
    };
    let (mut floor, mut outlet) = open(small);
    for _ in 0..30 {
        publish(&mut outlet, &floor.apply(1, Command::AccountQuery));
        publish(&mut outlet, &floor.enter(2, Side::Sell, 1, 900));
    }
    let from = address(9);
    let one = session_name(1);
    let silent = |outlet: &mut Outlet, session, sequence, count| {
        assert_eq!(ask(outlet, session, sequence, count, from).summary(), []);
    };
    silent(&mut outlet, one, 32, 1);
    silent(&mut outlet, one, u64::MAX, u16::MAX);
    silent(&mut outlet, one, 15, 1);
    silent(&mut outlet, one, 0, 1);
    silent(&mut outlet, venue(), 19, 1);
    silent(&mut outlet, venue(), 36, 1);
    silent(&mut outlet, "NOBODY".parse().unwrap(), 1, 1);
    assert_eq!(ask(&mut outlet, one, 16, 1, from).summary().len(), 1, "the oldest one");
    let mut sent = Sent::default();
    for garbage in [&[][..], &[0; 19]] {
        outlet.request(garbage, from, 2, &mut |to, packet| sent.0.push((to, packet.to_vec())));
    }
    assert_eq!(sent.summary(), []);
    let expected = OutletCounters {
        answered: 1,
        subscriptions: 5,
        // With the one for number zero.
        malformed: 3,
        unknown_session: 1,
        never_sent: 3,
        forgotten: 2,
        ..OutletCounters::default()
    };
    assert_eq!(outlet.counters(), expected);
}

#[test]
fn heartbeats_tell_the_next_number_to_subscribers_and_the_group() {
    let (_, mut outlet) = open(default());
    let one = session_name(1);
    ask(&mut outlet, one, 0, 0, address(1));
    let mut sent = Sent::default();
    let later = 60_000_000_000;
    outlet.heartbeats(later, &mut |to, packet| sent.0.push((to, packet.to_vec())));
    let expected = [(Destination::To(address(1)), one, 2, 0), (Destination::Market, venue(), 6, 0)];
    assert_eq!(sent.summary(), expected);
    outlet.heartbeats(later + 1, &mut |_, _| panic!("not again at once"));
}

/// The points of a day are market data; what a session hears goes on over the end
/// of the day with the next number, and nothing says that it ends.
#[test]
fn no_session_hears_of_the_points_of_the_day() {
    use SystemEvent::{
        EndOfMarketHours, EndOfMessages, EndOfSystemHours, StartOfMarketHours, StartOfMessages,
        StartOfSystemHours,
    };
    let (mut floor, mut outlet) = open(default());
    for session in [1, 2] {
        ask(&mut outlet, session_name(session), 0, 0, address(session));
    }
    let end = [StartOfMarketHours, EndOfMarketHours, EndOfSystemHours, EndOfMessages];
    for point in end.into_iter().chain([StartOfMessages, StartOfSystemHours, StartOfMarketHours]) {
        let events = floor.apply(0, Command::SystemEvent(point));
        let sent = publish(&mut outlet, &events).summary();
        assert!(!sent.is_empty(), "{point:?}");
        assert!(sent.iter().all(|(to, ..)| *to == Destination::Market), "{point:?}: {sent:?}");
    }
    let answer = publish(&mut outlet, &floor.apply(1, Command::AccountQuery)).summary();
    assert_eq!(answer, [(Destination::To(address(1)), session_name(1), 2, 1)]);
}

/// What an outlet remembers of the time before a restart can be asked for as
/// if it had published it, and it goes on with the same numbers.
#[test]
fn what_is_remembered_is_as_good_as_published() {
    let (mut floor, opening) = Floor::open(2);
    let mut events = opening;
    for price in [5_000, 4_000, 3_000] {
        events.extend(floor.enter(1, Side::Buy, 10, price));
    }
    events.extend(floor.enter(2, Side::Sell, 25, 4_000));
    let (mut published, mut remembered) = (Outlet::new(default()), Outlet::new(default()));
    publish(&mut published, &events);
    events.iter().for_each(|event| remembered.remember(event));
    let sessions = floor.exchange.sessions().iter().map(|session| session.next_response.0);
    let market = floor.exchange.next_market().0;
    assert!(remembered.stands_at(market, sessions.clone()));
    assert!(!remembered.stands_at(market + 1, sessions.clone()));
    assert!(!remembered.stands_at(market, sessions.map(|next| next - 1)));
    let next = floor.enter(1, Side::Buy, 10, 2_000);
    for outlet in [&mut published, &mut remembered] {
        publish(outlet, &next);
    }
    for name in [session_name(1), session_name(2), venue()] {
        let asked =
            [&mut published, &mut remembered].map(|outlet| ask(outlet, name, 1, 100, address(1)).0);
        assert_eq!(asked[0], asked[1]);
        assert_eq!(asked[0].len(), 1);
    }
}

#[test]
#[should_panic(expected = "the exchange and the stream count alike")]
fn a_number_that_is_not_the_streams_own_stops_the_venue() {
    let (mut floor, mut outlet) = open(default());
    let events = floor.apply(1, Command::AccountQuery);
    assert_eq!(floor.exchange.sessions()[0].id, SessionId(1));
    publish(&mut outlet, &events);
    publish(&mut outlet, &events);
}

/// Windows so small that much has left them.
#[test]
fn an_outlet_that_is_resumed_answers_as_the_one_before() {
    let small = OutletConfig { market_messages: 7, response_messages: 3, ..default() };
    for config in [default(), small] {
        let (mut floor, mut outlet) = open(config);
        let mut events = Vec::new();
        for n in 0..20 {
            events.extend(floor.enter(1 + n % 2, Side::Buy, 100, 5_000 + i64::from(n)));
        }
        publish(&mut outlet, &events);

        let oldest: Vec<u64> = outlet.windows().map(|window| window.oldest()).collect();
        let mut resumed = Outlet::resume(config, &floor.exchange, &oldest);
        for (stream, window) in (0..).zip(outlet.windows()) {
            window.messages().for_each(|message| resumed.recall(stream, message).unwrap());
        }
        let last = resumed.windows().count() as u32;
        assert_eq!(resumed.recall(last, b"x"), Err(RecallError::Stream(last)));

        let all = |outlet: &mut Outlet| {
            let names = [venue(), session_name(1), session_name(2)];
            let asked = names.into_iter().flat_map(|name| (1..40).map(move |n| (name, n)));
            asked
                .map(|(name, n)| ask(outlet, name, n, 1, address(9)).messages())
                .collect::<Vec<_>>()
        };
        assert_eq!(all(&mut resumed), all(&mut outlet));
        assert_eq!(resumed.counters(), outlet.counters());
        let events = floor.enter(2, Side::Sell, 100, 5_000);
        assert_eq!(publish(&mut resumed, &events).0, publish(&mut outlet, &events).0);
    }
}
