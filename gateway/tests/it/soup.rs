//! SoupBinTCP: packets as bytes, packets in pieces, and connections from the
//! login to their end, against a peer that does what it should and one that
//! does not.

use proptest::prelude::*;
use ringmatch_gateway::soup::{
    ClientEvent, Closed, Grant, SoupClient, SoupConfig, SoupHandler, SoupSendError, SoupServer,
};
use ringmatch_gateway::wire::mold::SessionName;
use ringmatch_gateway::wire::soup::{LoginReject, LoginRequest, SoupPacket, SoupReader};
use ringmatch_gateway::wire::{Letter, WireError};

const SECOND: u64 = 1_000_000_000;

fn request(session: &str, sequence: u64, heartbeat_timeout_ms: Option<u32>) -> LoginRequest {
    LoginRequest {
        username: "user".parse().unwrap(),
        password: "secret".parse().unwrap(),
        session: session.parse().unwrap(),
        sequence,
        heartbeat_timeout_ms,
    }
}

fn encoded(packet: &SoupPacket<'_>) -> Vec<u8> {
    let mut bytes = vec![0; packet.encoded_len()];
    assert_eq!(packet.encode(&mut bytes), bytes.len());
    bytes
}

// Packets.

#[test]
fn every_packet_has_the_bytes_of_the_protocol() {
    let session: SessionName = "SES1".parse().unwrap();
    let login = |timeout| SoupPacket::LoginRequest(request("SES1", 17, timeout));
    let cases: [(SoupPacket<'_>, &[u8]); 12] = [
        (SoupPacket::Debug(b"hi"), b"\0\x03+hi"),
        (login(None), b"\0\x2fLuser  secret    SES1                        17"),
        (login(Some(2500)), b"\0\x34Luser  secret    SES1                        17 2500"),
        (
            SoupPacket::LoginAccepted { session, sequence: 1 },
            b"\0\x1fA      SES1                   1",
        ),
        (SoupPacket::LoginRejected(LoginReject::NotAuthorized), b"\0\x02JA"),
        (SoupPacket::LoginRejected(LoginReject::SessionNotAvailable), b"\0\x02JS"),
        (SoupPacket::Sequenced(b"abc"), b"\0\x04Sabc"),
        (SoupPacket::Unsequenced(b""), b"\0\x01U"),
        (SoupPacket::ServerHeartbeat, b"\0\x01H"),
        (SoupPacket::ClientHeartbeat, b"\0\x01R"),
        (SoupPacket::EndOfSession, b"\0\x01Z"),
        (SoupPacket::LogoutRequest, b"\0\x01O"),
    ];
    for (packet, bytes) in cases {
        assert_eq!(encoded(&packet), bytes, "{packet:?}");
        assert_eq!(SoupPacket::decode(&bytes[2..]), Ok(packet));
    }
    // Lengths of whole packets, as the protocol gives them.
    let lengths = [cases[1], cases[2], cases[3], cases[4]].map(|(packet, _)| packet.encoded_len());
    assert_eq!(lengths, [49, 54, 33, 4]);
}

#[test]
fn numbers_and_sessions_are_read_padded_on_either_side() {
    let right = b"A SES1     17                  ";
    let left = b"A      SES1                  17";
    assert_eq!(SoupPacket::decode(right), SoupPacket::decode(left));
    let zeros = b"A      SES100000000000000000017";
    assert_eq!(SoupPacket::decode(zeros), SoupPacket::decode(left));
    let largest = b"A      SES118446744073709551615";
    let session = "SES1".parse().unwrap();
    let expected = SoupPacket::LoginAccepted { session, sequence: u64::MAX };
    assert_eq!(SoupPacket::decode(largest), Ok(expected));
    assert_eq!(encoded(&expected)[2..], largest[..]);
}

#[test]
fn what_is_no_packet_is_refused_by_name() {
    let not_a_number = WireError::NotANumber("sequence number");
    let length = |letter, expected, found| WireError::Length { letter, expected, found };
    let cases: [(&[u8], WireError); 11] = [
        (b"", WireError::Empty),
        (b"?", WireError::UnknownLetter(Letter(b'?'))),
        (b"Hx", length(Letter(b'H'), 1, 2)),
        (b"A", length(Letter(b'A'), 31, 1)),
        (b"L", length(Letter(b'L'), 47, 1)),
        (b"J", length(Letter(b'J'), 2, 1)),
        (b"JX", WireError::UnknownLetter(Letter(b'X'))),
        (b"A      SES1                   x", not_a_number),
        (b"A      SES1                    ", not_a_number),
        (b"A      SES1                  +1", not_a_number),
        (b"A      SES118446744073709551616", not_a_number),
    ];
    for (bytes, error) in cases {
        assert_eq!(SoupPacket::decode(bytes), Err(error), "{bytes:?}");
    }
}

#[test]
fn a_user_is_known_whatever_the_case() {
    let request = request("", 0, None);
    let (user, password) = ("USER".parse().unwrap(), "Secret".parse().unwrap());
    assert!(request.is_from(&user, &password));
    assert!(!request.is_from(&user, &"secre".parse().unwrap()));
}

#[test]
fn a_length_that_cannot_be_is_said_as_soon_as_it_is_there() {
    let mut none = |_: &[u8]| panic!("there is no packet");
    assert_eq!(SoupReader::new(10).offer(&[0, 0], &mut none), Err(WireError::Empty));
    let too_long = WireError::SoupTooLong { stated: 11, most: 10 };
    assert_eq!(SoupReader::new(10).offer(&[0, 11], &mut none), Err(too_long));
    let mut reader = SoupReader::new(10);
    assert_eq!(reader.offer(&[0], &mut none), Ok(()));
    assert_eq!(reader.offer(&[11], &mut none), Err(too_long));
}

fn printable<const N: usize>() -> impl Strategy<Value = String> {
    prop::collection::vec(b'!'..=b'~', 0..=N).prop_map(|bytes| String::from_utf8(bytes).unwrap())
}

fn packets() -> impl Strategy<Value = Vec<u8>> {
    let payload = || prop::collection::vec(any::<u8>(), 0..80);
    let timeout = prop::option::of(0..=99_999_u32);
    let login = (printable::<6>(), printable::<10>(), printable::<10>(), any::<u64>(), timeout);
    prop_oneof![
        payload().prop_map(|bytes| encoded(&SoupPacket::Debug(&bytes))),
        payload().prop_map(|bytes| encoded(&SoupPacket::Sequenced(&bytes))),
        payload().prop_map(|bytes| encoded(&SoupPacket::Unsequenced(&bytes))),
        (printable::<10>(), any::<u64>()).prop_map(|(session, sequence)| {
            let session = session.parse().unwrap();
            encoded(&SoupPacket::LoginAccepted { session, sequence })
        }),
        login.prop_map(|(username, password, session, sequence, heartbeat_timeout_ms)| {
            encoded(&SoupPacket::LoginRequest(LoginRequest {
                username: username.parse().unwrap(),
                password: password.parse().unwrap(),
                session: session.parse().unwrap(),
                sequence,
                heartbeat_timeout_ms,
            }))
        }),
        Just(encoded(&SoupPacket::ServerHeartbeat)),
        Just(encoded(&SoupPacket::EndOfSession)),
        Just(encoded(&SoupPacket::LogoutRequest)),
    ]
}

/// The same bytes in pieces that end where `cuts` says.
fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([bytes.len()]);
    starts.zip(ends).map(|(start, end)| &bytes[start..end]).collect()
}

proptest! {
    #[test]
    fn a_packet_encodes_to_its_own_bytes(bytes in packets()) {
        let packet = SoupPacket::decode(&bytes[2..]).unwrap();
        prop_assert_eq!(encoded(&packet), bytes);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
        if let Ok(packet) = SoupPacket::decode(&bytes) {
            let again = encoded(&packet);
            prop_assert_eq!(SoupPacket::decode(&again[2..]), Ok(packet));
        }
    }

    /// However TCP cuts the bytes, the same packets come out.
    #[test]
    fn packets_are_put_together_from_any_pieces(
        packets in prop::collection::vec(packets(), 0..12),
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let bytes = packets.concat();
        let mut reader = SoupReader::new(200);
        let mut found = Vec::new();
        for piece in pieces(&bytes, &cuts) {
            reader.offer(piece, &mut |packet| { found.push(packet.to_vec()); true }).unwrap();
        }
        let expected: Vec<_> = packets.iter().map(|packet| packet[2..].to_vec()).collect();
        prop_assert_eq!(found, expected);
    }
}

// Connections.

/// Grants what is asked for from a history of `next - 1` messages.
struct Desk {
    session: SessionName,
    next: u64,
    taken: Vec<Vec<u8>>,
}

impl Desk {
    fn new(next: u64) -> Self {
        Self { session: "TODAY".parse().unwrap(), next, taken: Vec::new() }
    }
}

impl SoupHandler for Desk {
    fn login(&mut self, request: &LoginRequest) -> Result<Option<Grant>, LoginReject> {
        if !request.is_from(&"USER".parse().unwrap(), &"SECRET".parse().unwrap()) {
            return Err(LoginReject::NotAuthorized);
        }
        if !request.session.is_blank() && request.session != self.session {
            return Err(LoginReject::SessionNotAvailable);
        }
        let next = if request.sequence == 0 { self.next } else { request.sequence.min(self.next) };
        Ok(Some(Grant { session: self.session, next }))
    }

    fn message(&mut self, message: &[u8]) {
        self.taken.push(message.to_vec());
    }
}

/// A client and a server with a wire between them that holds what was sent.
struct Connection {
    client: SoupClient,
    server: SoupServer,
    desk: Desk,
    to_server: Vec<u8>,
    to_client: Vec<u8>,
    heard: Vec<String>,
}

impl Connection {
    fn new(request: LoginRequest, desk: Desk) -> Self {
        Self::with(SoupConfig::default(), request, desk)
    }

    fn with(config: SoupConfig, request: LoginRequest, desk: Desk) -> Self {
        Self {
            client: SoupClient::new(config, request, 0),
            server: SoupServer::new(config, 0),
            desk,
            to_server: Vec::new(),
            to_client: Vec::new(),
            heard: Vec::new(),
        }
    }

    fn established(request: LoginRequest, desk: Desk) -> Self {
        let mut connection = Self::new(request, desk);
        connection.round(0);
        assert!(connection.client.is_logged_in() && connection.server.is_logged_in());
        connection
    }

    /// Both ends do what is due and take all that was sent.
    fn round(&mut self, now: u64) {
        self.client.poll(now, &mut |bytes| self.to_server.extend(bytes));
        self.server.poll(now, &mut |bytes| self.to_client.extend(bytes));
        self.deliver(now, &[], &[]);
    }

    fn deliver(&mut self, now: u64, cuts_to_server: &[usize], cuts_to_client: &[usize]) {
        let Self { client, server, desk, to_server, to_client, heard } = self;
        for piece in pieces(&std::mem::take(to_server), cuts_to_server) {
            server.receive(piece, now, desk, &mut |bytes| to_client.extend(bytes));
        }
        for piece in pieces(&std::mem::take(to_client), cuts_to_client) {
            client.receive(piece, now, &mut |event| {
                heard.push(match event {
                    ClientEvent::Accepted { session, next } => format!("{session} from {next}"),
                    ClientEvent::Sequenced { number, message } => {
                        format!("{number} {}", message.escape_ascii())
                    }
                    ClientEvent::Unsequenced(message) => format!("- {}", message.escape_ascii()),
                });
            });
        }
    }

    fn say(&mut self, message: &[u8]) -> u64 {
        self.server.sequenced(message, 0, &mut |bytes| self.to_client.extend(bytes)).unwrap()
    }
}

#[test]
fn a_client_logs_in_hears_and_says() {
    let mut connection = Connection::established(request("", 1, None), Desk::new(3));
    assert_eq!([connection.say(b"one"), connection.say(b"two")], [1, 2]);
    let to_client = &mut connection.to_client;
    connection.server.unsequenced(b"aside", 0, &mut |bytes| to_client.extend(bytes)).unwrap();
    assert_eq!(connection.say(b"three"), 3);
    let to_server = &mut connection.to_server;
    connection.client.message(b"order", 0, &mut |bytes| to_server.extend(bytes)).unwrap();
    connection.round(1);
    assert_eq!(connection.heard, ["TODAY from 1", "1 one", "2 two", "- aside", "3 three"]);
    assert_eq!(connection.desk.taken, [b"order"]);
}

#[test]
fn a_lost_connection_is_taken_up_where_it_stopped() {
    let mut connection = Connection::established(request("", 5, None), Desk::new(9));
    connection.say(b"five");
    connection.say(b"six");
    connection.round(1);
    let again = connection.client.resumption();
    assert_eq!((again.session.to_string(), again.sequence), ("TODAY".into(), 7));
    let connection = Connection::established(again, Desk::new(9));
    assert_eq!(connection.heard, ["TODAY from 7"]);
    assert_eq!(connection.server.next(), Some(7));
}

#[test]
fn a_login_is_refused_by_its_cause() {
    let stranger = LoginRequest { username: "other".parse().unwrap(), ..request("", 1, None) };
    for (request, reason) in [
        (stranger, LoginReject::NotAuthorized),
        (request("YESTERDAY", 1, None), LoginReject::SessionNotAvailable),
    ] {
        let mut connection = Connection::new(request, Desk::new(1));
        connection.round(0);
        assert_eq!(connection.client.closed(), Some(Closed::Rejected(reason)));
        assert_eq!(connection.server.closed(), Some(Closed::Rejected(reason)));
        assert_eq!(connection.server.next(), None);
    }
}

#[test]
fn a_session_that_was_not_asked_for_is_not_taken() {
    let mut client = SoupClient::new(SoupConfig::default(), request("TODAY", 1, None), 0);
    client.poll(0, &mut |_| {});
    let session = "OTHER".parse().unwrap();
    let accepted = encoded(&SoupPacket::LoginAccepted { session, sequence: 1 });
    client.receive(&accepted, 0, &mut |event| panic!("{event:?}"));
    assert_eq!(client.closed(), Some(Closed::AnotherSession));
}

#[test]
fn heartbeats_keep_a_quiet_connection_and_silence_ends_it() {
    let mut connection = Connection::established(request("", 1, None), Desk::new(1));
    for tenth in 1..=400 {
        connection.round(tenth * SECOND / 10);
    }
    assert_eq!((connection.client.closed(), connection.server.closed()), (None, None));

    // Nobody carries the bytes from here on.
    let (mut heartbeats, from) = ([0, 0], 40 * SECOND);
    for tenth in 1..=149 {
        let now = from + tenth * SECOND / 10;
        connection.client.poll(now, &mut |bytes| {
            assert_eq!(bytes, b"\0\x01R");
            heartbeats[0] += 1;
        });
        connection.server.poll(now, &mut |bytes| {
            assert_eq!(bytes, b"\0\x01H");
            heartbeats[1] += 1;
        });
    }
    assert_eq!(heartbeats, [14, 14]);
    assert_eq!((connection.client.closed(), connection.server.closed()), (None, None));
    connection.client.poll(from + 15 * SECOND, &mut |_| panic!("a closed end says nothing"));
    connection.server.poll(from + 15 * SECOND, &mut |_| panic!("a closed end says nothing"));
    assert_eq!(connection.client.closed(), Some(Closed::Silent));
    assert_eq!(connection.server.closed(), Some(Closed::Silent));
}

#[test]
fn data_is_as_good_as_a_heartbeat() {
    let mut server = SoupServer::new(SoupConfig::default(), 0);
    let login = encoded(&SoupPacket::LoginRequest(request("", 1, None)));
    server.receive(&login, 0, &mut Desk::new(1), &mut |_| {});
    server.sequenced(b"x", SECOND / 2, &mut |_| {}).unwrap();
    server.poll(SECOND, &mut |_| panic!("it spoke half a second ago"));
    let mut beats = 0;
    server.poll(SECOND * 3 / 2, &mut |_| beats += 1);
    assert_eq!(beats, 1);
}

#[test]
fn a_client_names_its_own_timeout() {
    let mut connection = Connection::established(request("", 1, Some(600)), Desk::new(1));
    // Heartbeats come often enough for it.
    for tenth in 1..=50 {
        connection.round(tenth * SECOND / 10);
    }
    assert_eq!((connection.client.closed(), connection.server.closed()), (None, None));
    connection.server.poll(5 * SECOND + 599_000_000, &mut |_| {});
    assert_eq!(connection.server.closed(), None);
    connection.server.poll(5 * SECOND + 600_000_000, &mut |_| {});
    assert_eq!(connection.server.closed(), Some(Closed::Silent));
}

#[test]
fn a_login_that_does_not_come_or_is_not_answered_ends_both() {
    let mut connection = Connection::new(request("", 1, None), Desk::new(1));
    let mut sent: Vec<u8> = Vec::new();
    connection.client.poll(0, &mut |bytes| sent.extend(bytes));
    assert_eq!(sent.len(), 49);
    connection.client.poll(30 * SECOND - 1, &mut |_| panic!("one login is enough"));
    connection.server.poll(30 * SECOND - 1, &mut |_| panic!("nobody is logged in"));
    assert_eq!((connection.client.closed(), connection.server.closed()), (None, None));
    connection.client.poll(30 * SECOND, &mut |_| {});
    connection.server.poll(30 * SECOND, &mut |_| {});
    assert_eq!(connection.client.closed(), Some(Closed::LoginTimeout));
    assert_eq!(connection.server.closed(), Some(Closed::LoginTimeout));
}

#[test]
fn a_session_ends_and_a_client_goes() {
    let mut connection = Connection::established(request("", 1, None), Desk::new(1));
    connection.say(b"last");
    let to_client = &mut connection.to_client;
    connection.server.end_of_session(1, &mut |bytes| to_client.extend(bytes));
    connection.round(1);
    assert_eq!(connection.heard.last().unwrap(), "1 last");
    assert_eq!(connection.client.closed(), Some(Closed::Ended));
    assert_eq!(connection.server.closed(), Some(Closed::Ended));

    let mut connection = Connection::established(request("", 1, None), Desk::new(1));
    let to_server = &mut connection.to_server;
    connection.client.log_out(1, &mut |bytes| to_server.extend(bytes));
    connection.round(1);
    assert_eq!(connection.client.closed(), Some(Closed::LoggedOut));
    assert_eq!(connection.server.closed(), Some(Closed::LoggedOut));
}

#[test]
fn what_has_no_place_here_or_now_ends_the_connection() {
    let login = SoupPacket::LoginRequest(request("", 1, None));
    let unexpected = |letter| Some(Closed::Unexpected(Letter(letter)));
    // Before the login, and after it.
    for (packet, before, after) in [
        (SoupPacket::Debug(b"x"), None, None),
        (login, None, unexpected(b'L')),
        (SoupPacket::Unsequenced(b"x"), unexpected(b'U'), None),
        (SoupPacket::ClientHeartbeat, unexpected(b'R'), None),
        (SoupPacket::LogoutRequest, Some(Closed::LoggedOut), Some(Closed::LoggedOut)),
        (SoupPacket::Sequenced(b"x"), unexpected(b'S'), unexpected(b'S')),
        (SoupPacket::ServerHeartbeat, unexpected(b'H'), unexpected(b'H')),
        (SoupPacket::EndOfSession, unexpected(b'Z'), unexpected(b'Z')),
    ] {
        let mut server = SoupServer::new(SoupConfig::default(), 0);
        server.receive(&encoded(&packet), 0, &mut Desk::new(1), &mut |_| {});
        assert_eq!(server.closed(), before, "{packet:?}");
        let mut server = SoupServer::new(SoupConfig::default(), 0);
        let bytes = [encoded(&login), encoded(&packet)].concat();
        server.receive(&bytes, 0, &mut Desk::new(1), &mut |_| {});
        assert_eq!(server.closed(), after, "{packet:?}");
    }
}

#[test]
fn nothing_is_sent_without_a_login_nor_beyond_a_packet() {
    let mut none = |_: &[u8]| panic!("nothing may be sent");
    let config = SoupConfig { max_packet: 10, ..SoupConfig::default() };
    let mut connection = Connection::with(config, request("", 1, None), Desk::new(1));
    let refused = Err(SoupSendError::NotLoggedIn);
    assert_eq!(connection.client.message(b"x", 0, &mut none), refused);
    assert_eq!(connection.server.unsequenced(b"x", 0, &mut none), refused);
    assert_eq!(connection.server.sequenced(b"x", 0, &mut none), Err(SoupSendError::NotLoggedIn));
    connection.round(0);
    let too_long = SoupSendError::TooLong { bytes: 10, room: 9 };
    assert_eq!(connection.client.message(&[0; 10], 0, &mut none), Err(too_long));
    assert_eq!(connection.server.sequenced(&[0; 10], 0, &mut none), Err(too_long));
    assert_eq!(connection.server.next(), Some(1));
    assert_eq!(connection.say(&[0; 9]), 1);
}

#[test]
fn a_session_without_numbers_left_says_so() {
    let desk = Desk::new(u64::MAX);
    let mut connection = Connection::established(request("", u64::MAX, None), desk);
    let sent = connection.server.sequenced(b"x", 0, &mut |_| panic!("it has no number"));
    assert_eq!(sent, Err(SoupSendError::NumbersExhausted));
    let counted = encoded(&SoupPacket::Sequenced(b"x"));
    connection.client.receive(&counted, 0, &mut |event| panic!("{event:?}"));
    assert_eq!(connection.client.closed(), Some(Closed::Unexpected(Letter(b'S'))));
}

/// Packets, bytes that are none, and pieces of both.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let any_bytes = prop::collection::vec(any::<u8>(), 0..40);
    prop::collection::vec(prop_oneof![4 => packets(), 1 => any_bytes], 0..10)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Whatever way TCP cuts both directions, every message arrives once, in
    /// order, with its number.
    #[test]
    fn a_conversation_survives_any_cuts(
        first in 1..1_000_u64,
        said in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..20),
        cuts in prop::collection::vec(any::<usize>(), 0..30),
    ) {
        let mut connection = Connection::new(request("", first, None), Desk::new(u64::MAX));
        connection.client.poll(0, &mut |bytes| connection.to_server.extend(bytes));
        connection.deliver(0, &cuts, &cuts);
        let mut expected = vec![format!("TODAY from {first}")];
        for (number, message) in (first..).zip(&said) {
            prop_assert_eq!(connection.say(message), number);
            expected.push(format!("{number} {}", message.escape_ascii()));
            let to_server = &mut connection.to_server;
            connection.client.message(message, 0, &mut |b| to_server.extend(b)).unwrap();
        }
        connection.deliver(0, &cuts, &cuts);
        prop_assert_eq!(&connection.heard, &expected);
        prop_assert_eq!(&connection.desk.taken, &said);
    }

    /// An end takes any bytes; once closed, it says and delivers nothing more.
    #[test]
    fn an_end_takes_any_bytes_and_is_quiet_once_closed(
        logged_in: bool,
        bytes in hostile(),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let (mut server, mut desk) = (SoupServer::new(SoupConfig::default(), 0), Desk::new(5));
        let mut client = SoupClient::new(SoupConfig::default(), request("", 1, None), 0);
        client.poll(0, &mut |_| {});
        if logged_in {
            let login = encoded(&SoupPacket::LoginRequest(request("", 1, None)));
            server.receive(&login, 0, &mut desk, &mut |_| {});
            let session = desk.session;
            let accepted = encoded(&SoupPacket::LoginAccepted { session, sequence: 1 });
            client.receive(&accepted, 0, &mut |_| {});
        }
        for piece in pieces(&bytes, &cuts) {
            let (server_closed, client_closed) = (server.closed(), client.closed());
            let (taken, mut said, mut heard) = (desk.taken.len(), 0, 0);
            server.receive(piece, 1, &mut desk, &mut |_| said += 1);
            client.receive(piece, 1, &mut |_| heard += 1);
            if server_closed.is_some() {
                prop_assert_eq!((said, desk.taken.len()), (0, taken));
                prop_assert_eq!(server.closed(), server_closed);
            }
            if client_closed.is_some() {
                prop_assert_eq!((heard, client.closed()), (0, client_closed));
            }
        }
        let closed = [server.closed(), client.closed()];
        let mut said = [0, 0];
        server.poll(10 * SECOND, &mut |_| said[0] += 1);
        client.poll(10 * SECOND, &mut |_| said[1] += 1);
        for (closed, said) in closed.into_iter().zip(said) {
            prop_assert!(closed.is_none() || said == 0);
        }
    }
}
