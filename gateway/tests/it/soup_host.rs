//! Many SoupBinTCP connections on real sockets: logins, bounds, slow readers,
//! nonsense, and backpressure. The host's time is the test's own, so that
//! timeouts need no waiting.

use ringmatch_gateway::soup::{
    Closed, ConnectionId, Grant, Hangup, HostConfig, SoupHost, SoupService, Undelivered,
};
use ringmatch_gateway::wire::mold::SessionName;
use ringmatch_gateway::wire::soup::{LoginReject, LoginRequest, SoupPacket};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

const SECOND: u64 = 1_000_000_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// A service that writes down what it hears.
#[derive(Default)]
struct Notes {
    logins: Vec<ConnectionId>,
    messages: Vec<(ConnectionId, Vec<u8>)>,
    endings: Vec<(ConnectionId, Hangup)>,
    busy: bool,
}

impl SoupService for Notes {
    fn login(
        &mut self,
        connection: ConnectionId,
        _peer: SocketAddr,
        request: &LoginRequest,
    ) -> Result<Grant, LoginReject> {
        if request.username.trimmed() != b"user" {
            return Err(LoginReject::NotAuthorized);
        }
        self.logins.push(connection);
        Ok(Grant { session: "SES1".parse().unwrap(), next: request.sequence.max(1) })
    }

    fn message(&mut self, connection: ConnectionId, message: &[u8]) {
        self.messages.push((connection, message.to_vec()));
    }

    fn is_ready(&mut self, _connection: ConnectionId) -> bool {
        !self.busy
    }

    fn ended(&mut self, connection: ConnectionId, why: Hangup) {
        self.endings.push((connection, why));
    }
}

struct Table {
    host: SoupHost,
    notes: Notes,
    now: u64,
}

fn config() -> HostConfig {
    HostConfig::new("tests", SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
}

impl Table {
    fn open(config: HostConfig) -> Self {
        Self { host: SoupHost::open(config).unwrap(), notes: Notes::default(), now: 0 }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.host.local_address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        stream
    }

    fn poll(&mut self) {
        self.host.poll(self.now, &mut self.notes);
    }

    /// Polls until the notes say so.
    fn poll_until(&mut self, is_done: impl Fn(&Notes) -> bool) {
        let start = Instant::now();
        while !is_done(&self.notes) {
            assert!(start.elapsed() < PATIENCE, "the host did not come to it");
            self.poll();
        }
    }

    /// A connection that is logged in, and has read the answer.
    fn log_in(&mut self, sequence: u64) -> (TcpStream, ConnectionId) {
        let mut stream = self.connect();
        stream.write_all(&login("user", sequence)).unwrap();
        let before = self.notes.logins.len();
        self.poll_until(|notes| notes.logins.len() > before);
        let answer = self.read(&mut stream, 33);
        assert_eq!(answer[..3], *b"\0\x1fA");
        (stream, *self.notes.logins.last().unwrap())
    }

    /// Reads so many bytes, while the host works.
    fn read(&mut self, stream: &mut TcpStream, len: usize) -> Vec<u8> {
        let mut bytes = self.read_to_end_or(stream, len);
        assert_eq!(bytes.len(), len, "{bytes:?}");
        bytes.shrink_to_fit();
        bytes
    }

    /// Reads up to `most` bytes, or less if the host hangs up before.
    fn read_to_end_or(&mut self, stream: &mut TcpStream, most: usize) -> Vec<u8> {
        let (mut bytes, start) = (Vec::new(), Instant::now());
        let mut piece = vec![0; 4096];
        while bytes.len() < most {
            assert!(start.elapsed() < PATIENCE, "{} of {most} bytes came", bytes.len());
            self.poll();
            let wanted = piece.len().min(most - bytes.len());
            match stream.read(&mut piece[..wanted]) {
                Ok(0) => break,
                Ok(len) => bytes.extend_from_slice(&piece[..len]),
                Err(error) => assert!(
                    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
                    "{error}"
                ),
            }
        }
        bytes
    }
}

fn encoded(packet: &SoupPacket<'_>) -> Vec<u8> {
    let mut bytes = vec![0; packet.encoded_len()];
    packet.encode(&mut bytes);
    bytes
}

fn login(user: &str, sequence: u64) -> Vec<u8> {
    encoded(&SoupPacket::LoginRequest(LoginRequest {
        username: user.parse().unwrap(),
        password: "secret".parse().unwrap(),
        session: SessionName::default(),
        sequence,
        heartbeat_timeout_ms: None,
    }))
}

#[test]
fn messages_go_both_ways_until_the_logout() {
    let mut table = Table::open(config());
    let (mut stream, id) = table.log_in(7);
    assert_eq!(table.host.next(id), Some(7));
    for (number, message) in [(7, b"one"), (8, b"two")] {
        assert_eq!(table.host.sequenced(id, message, table.now), Ok(number));
    }
    assert_eq!(table.read(&mut stream, 12), b"\0\x04Sone\0\x04Stwo");
    // In pieces, as TCP may deliver them.
    for piece in [&b"\0\x04U"[..], b"or", b"d\0\x01O"] {
        stream.write_all(piece).unwrap();
        table.poll();
    }
    table.poll_until(|notes| !notes.endings.is_empty());
    assert_eq!(table.notes.messages, [(id, b"ord".to_vec())]);
    assert_eq!(table.notes.endings, [(id, Hangup::Protocol(Closed::LoggedOut))]);
    assert!(table.read_to_end_or(&mut stream, 1).is_empty());
    assert_eq!(table.host.sequenced(id, b"late", table.now), Err(Undelivered::Gone));
    assert_eq!(table.host.next(id), None);
}

#[test]
fn a_login_refused_is_told_so_before_the_end() {
    let mut table = Table::open(config());
    let mut stream = table.connect();
    // What the client says on top of it must not cost it the answer.
    stream.write_all(&[login("other", 1), vec![b'x'; 4096]].concat()).unwrap();
    assert_eq!(table.read_to_end_or(&mut stream, 100), b"\0\x02JA");
    table.poll_until(|notes| !notes.endings.is_empty());
    assert_eq!(table.host.counters().login_rejects, 1);
    assert_eq!(table.host.connections().count(), 0);
}

#[test]
fn too_many_connections_are_turned_away_and_the_others_live() {
    let limits = HostConfig { connections: 3, connections_per_address: 2, ..config() };
    let mut table = Table::open(limits);
    let (mut first, id) = table.log_in(1);
    let (second, _) = table.log_in(1);
    let mut third = table.connect();
    assert!(table.read_to_end_or(&mut third, 1).is_empty(), "it is hung up on");
    assert_eq!(table.host.counters().turned_away, 1);
    assert_eq!(table.host.sequenced(id, b"still", table.now), Ok(1));
    assert_eq!(table.read(&mut first, 8), b"\0\x06Sstill");
    // Room is given back.
    drop(second);
    table.poll_until(|notes| !notes.endings.is_empty());
    assert_eq!(table.notes.endings[0].1, Hangup::Lost);
    let (_, fourth) = table.log_in(1);
    assert_ne!(fourth, table.notes.endings[0].0);
}

#[test]
fn a_peer_that_does_not_read_costs_its_bound_and_is_dropped() {
    let limits = HostConfig { out_bytes: 64 << 10, stall_ns: 5 * SECOND, ..config() };
    let mut table = Table::open(limits);
    let (mut reader, reading) = table.log_in(1);
    let (_idle, idle) = table.log_in(1);
    let message = [b'm'; 1000];
    // The system's own buffers take some megabytes first.
    let mut sent = 0_u64;
    loop {
        match table.host.sequenced(idle, &message, table.now) {
            Ok(number) => sent = number,
            Err(why) => {
                assert_eq!(why, Undelivered::Full);
                let before = table.host.next(idle);
                table.poll();
                assert_eq!(table.host.next(idle), before, "what is full takes no number");
                if table.host.sequenced(idle, &message, table.now) == Err(Undelivered::Full) {
                    break;
                }
                sent += 1;
            }
        }
        assert!(sent < 100_000, "somebody keeps everything");
    }
    table.now += 5 * SECOND;
    // The other one is heard in time, and served as before.
    reader.write_all(b"\0\x01R").unwrap();
    table.poll_until(|notes| !notes.endings.is_empty());
    assert_eq!(table.notes.endings, [(idle, Hangup::Slow)]);
    assert_eq!(table.host.counters().slow, 1);
    assert_eq!(table.host.sequenced(reading, b"on", table.now), Ok(1));
    assert_eq!(table.read(&mut reader, 8), b"\0\x01H\0\x03Son");
}

#[test]
fn nonsense_and_silence_end_a_connection_and_no_other() {
    let mut table = Table::open(config());
    let (mut good, id) = table.log_in(1);
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 64], &[0xff; 64], b"\0\x01S"] {
        let mut stream = table.connect();
        stream.write_all(nonsense).unwrap();
        assert!(table.read_to_end_or(&mut stream, 1).is_empty());
    }
    assert_eq!(table.host.counters().malformed, 4);
    // One that never logs in, and one that logged in and said nothing since.
    let mut mute = table.connect();
    table.poll();
    let accepted = table.host.counters().accepted;
    assert_eq!(accepted, 6);
    table.now += 14 * SECOND;
    good.write_all(b"\0\x01R").unwrap();
    table.poll_until(|notes| notes.endings.len() == 4);
    while table.host.counters().silent == 0 {
        table.now += SECOND;
        good.write_all(b"\0\x01R").unwrap();
        table.poll();
        assert!(table.now < 40 * SECOND);
    }
    assert!(table.read_to_end_or(&mut mute, 1).is_empty());
    assert_eq!(table.host.connections().collect::<Vec<_>>(), [id]);
}

#[test]
fn a_service_that_is_not_ready_is_not_given_more_and_loses_nothing() {
    let mut table = Table::open(config());
    let (mut stream, id) = table.log_in(1);
    table.notes.busy = true;
    for number in 0..100_u8 {
        stream.write_all(&[0, 2, b'U', number]).unwrap();
    }
    for _ in 0..100 {
        table.now += SECOND;
        table.poll();
    }
    assert_eq!(table.notes.messages, [], "nothing was read");
    assert_eq!(table.notes.endings, [], "and nobody taken for silent");
    table.notes.busy = false;
    table.poll_until(|notes| notes.messages.len() == 100);
    let expected: Vec<_> = (0..100).map(|number| (id, vec![number])).collect();
    assert_eq!(table.notes.messages, expected);
}

#[test]
fn a_port_in_use_is_named() {
    let table = Table::open(config());
    let SocketAddr::V4(address) = table.host.local_address() else { panic!("IPv4") };
    let error = SoupHost::open(HostConfig { address, ..config() }).unwrap_err().to_string();
    assert!(error.contains("in use") && error.contains(&address.to_string()), "{error}");
}
