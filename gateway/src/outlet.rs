//! The venue's end of all output streams: one of market data, and one of
//! responses for each session.
//!
//! Events become messages and messages packets. Market data goes to its group.
//! A session's responses go to whoever subscribed to them last, by a request
//! packet that names the session; with a count of zero it asks for nothing but
//! to be told the next number, which it is at once. What a subscriber missed
//! it asks for again, from the window; a request for what has left the window is
//! handed back, for whoever keeps more. If the session has a key, only whoever is
//! logged in to it is served (see `login`), and what it is sent is sealed.
//!
//! The numbers in the events must be the streams' own: the exchange assigns
//! them, and a stream that would number differently is a bug that stops the
//! venue here, before anything wrong is sent.

use crate::directory::Directory;
use crate::login::{AccountId, Login, Logins, SealCounters};
use crate::rate::RateLimit;
use crate::seal::{Purpose, Unsealed};
use crate::stream::{MonotonicNanos, PushError, SenderConfig, StreamSender, Unanswered};
use crate::translate;
use crate::wire::itch::ItchMessage;
use crate::wire::mold::{Request, SessionName};
use ringmatch_engine::SessionId;
use ringmatch_engine::event::{Event, EventBody, Recipient};
use std::net::SocketAddr;

mod windows;

pub use windows::{RecallError, Retained};

/// Where a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To all readers of market data.
    Market,
    /// To one subscriber, or to whoever asked.
    To(SocketAddr),
}

/// What became of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutletCounters {
    /// Requests answered.
    pub answered: u64,
    /// Subscriptions made or renewed.
    pub subscriptions: u64,
    /// Datagrams that are no request, and requests for number zero, which no
    /// message has.
    pub malformed: u64,
    /// Requests that name a session that does not exist.
    pub unknown_session: u64,
    /// Requests for messages that were never sent.
    pub never_sent: u64,
    /// Requests for messages that have left the window.
    pub forgotten: u64,
    /// Requests of sources that made too many.
    pub too_many: u64,
    /// Of sessions that have keys.
    pub seals: SealCounters,
}

/// How often the end of a session is said: who misses all of them hears nothing
/// more, which is the same.
const FAREWELLS: usize = 3;

/// How much of each stream can be asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutletConfig {
    /// The venue's name, which is the session of its market data.
    pub name: SessionName,
    /// Bytes of the longest packet, header included and seal not.
    pub max_packet_bytes: usize,
    /// Bytes of market data that the window holds.
    pub market_bytes: usize,
    /// Messages of market data that the window holds.
    pub market_messages: usize,
    /// Bytes of responses that the window of each session holds.
    pub response_bytes: usize,
    /// Responses that the window of each session holds.
    pub response_messages: usize,
}

impl OutletConfig {
    /// Packets of 1,400 bytes, windows of 64 MiB or 2,097,152 messages of market
    /// data, and of 8 MiB or 131,072 responses for each session.
    #[must_use]
    pub fn new(name: SessionName) -> Self {
        let SenderConfig { max_payload, window_bytes, window_messages, .. } =
            SenderConfig::new(name);
        Self {
            name,
            max_packet_bytes: max_payload,
            market_bytes: 64 << 20,
            market_messages: 1 << 21,
            response_bytes: window_bytes,
            response_messages: window_messages,
        }
    }
}

/// All output streams of a venue, on its side.
#[derive(Debug)]
pub struct Outlet {
    config: OutletConfig,
    market: StreamSender,
    mailboxes: Vec<Mailbox>,
    directory: Directory,
    /// Mailboxes with a packet under construction, each once.
    dirty: Vec<usize>,
    counters: OutletCounters,
    rate: RateLimit,
    post: Post,
}

/// What packets to clients are sealed with.
#[derive(Debug, Default)]
struct Post {
    logins: Logins,
    /// The sealed packet under construction.
    sealed: Vec<u8>,
}

/// One session's responses.
#[derive(Debug)]
struct Mailbox {
    name: SessionName,
    stream: StreamSender,
    owner: Owner,
    is_dirty: bool,
}

/// Whose mailbox it is.
#[derive(Debug)]
struct Owner {
    subscriber: Option<SocketAddr>,
    /// If the session has a key.
    account: Option<AccountId>,
    /// The login that asked last, and its highest packet.
    heard: (Login, u64),
    /// Packets sealed for it.
    sent: u64,
}

impl Mailbox {
    fn new(name: SessionName, next: u64, config: &OutletConfig) -> Self {
        let config = SenderConfig {
            session: name,
            next,
            max_payload: config.max_packet_bytes,
            window_bytes: config.response_bytes,
            window_messages: config.response_messages,
        };
        let owner =
            Owner { subscriber: None, account: None, heard: (Login::default(), 0), sent: 0 };
        Self { name, stream: StreamSender::new(config), owner, is_dirty: false }
    }
}

impl Owner {
    /// Gives a packet to `send`: sealed, if the session has a key.
    fn send(
        &mut self,
        packet: &[u8],
        to: SocketAddr,
        post: &mut Post,
        send: &mut impl FnMut(Destination, &[u8]),
    ) {
        let Some(account) = self.account else { return send(Destination::To(to), packet) };
        let Post { logins, sealed } = post;
        self.sent += 1;
        let stamp = logins.current(account).stamp(self.sent);
        logins.seal(account).close(Purpose::Responses, stamp, packet, sealed);
        send(Destination::To(to), sealed);
    }

    /// Gives packets to `send`, if anybody subscribed to them.
    fn delivery<'a>(
        &'a mut self,
        post: &'a mut Post,
        send: &'a mut impl FnMut(Destination, &[u8]),
    ) -> impl FnMut(&[u8]) + 'a {
        move |packet| {
            if let Some(address) = self.subscriber {
                self.send(packet, address, post, send);
            }
        }
    }

    /// Whether a request is of whoever the mailbox is for.
    fn admits(&mut self, datagram: &[u8], logins: &Logins, seals: &mut SealCounters) -> bool {
        let Some(account) = self.account else { return true };
        let (packet, stamp) = match logins.seal(account).open(Purpose::Requests, datagram) {
            Ok(opened) => opened,
            Err(Unsealed::Missing) => {
                seals.unsealed += 1;
                return false;
            }
            Err(Unsealed::Broken) => {
                seals.broken += 1;
                return false;
            }
        };
        let login = Login::of(stamp);
        if login.number == 0 || login != logins.current(account) || packet.len() != Request::LEN {
            seals.other_login += 1;
            return false;
        }
        if self.heard.0 == login && stamp.packet <= self.heard.1 {
            seals.replayed += 1;
            return false;
        }
        self.heard = (login, stamp.packet);
        true
    }
}

impl Outlet {
    /// The streams of a venue before its first event.
    #[must_use]
    pub fn new(config: OutletConfig) -> Self {
        Self::starting_at(config, 1)
    }

    /// The same with another first number of market data.
    fn starting_at(config: OutletConfig, next: u64) -> Self {
        let market = SenderConfig {
            session: config.name,
            next,
            max_payload: config.max_packet_bytes,
            window_bytes: config.market_bytes,
            window_messages: config.market_messages,
        };
        Self {
            config,
            market: StreamSender::new(market),
            mailboxes: Vec::new(),
            directory: Directory::default(),
            dirty: Vec::new(),
            counters: OutletCounters::default(),
            rate: RateLimit::default(),
            post: Post::default(),
        }
    }

    /// The same with keys for some sessions, which log in at the intake with
    /// the same `logins`.
    #[must_use]
    pub fn with_logins(mut self, logins: Logins) -> Self {
        for Mailbox { name, owner, .. } in &mut self.mailboxes {
            owner.account = logins.account(*name);
        }
        self.post.logins = logins;
        self
    }

    /// The logins of its sessions, for the intake.
    #[must_use]
    pub fn logins(&self) -> &Logins {
        &self.post.logins
    }

    /// Takes an event of the past: its messages can be asked for, and are not
    /// sent.
    pub fn remember(&mut self, event: &Event) {
        self.learn(event);
        let Self { market, mailboxes, directory, .. } = self;
        translate::responses(event, directory, |to, message| {
            let stream = &mut mailbox_of(mailboxes, to.session()).stream;
            check_number(stream.remember(message), to.number().0);
        });
        if let Some(message) = translate::market_message(event, directory) {
            let mut bytes = [0; ItchMessage::MAX_LEN];
            let len = message.encode(&mut bytes);
            check_number(market.remember(&bytes[..len]), event.market.0);
        }
    }

    /// Sends an event's messages; the last packets wait for
    /// [`flush`](Self::flush).
    pub fn publish(
        &mut self,
        event: &Event,
        now: MonotonicNanos,
        send: &mut impl FnMut(Destination, &[u8]),
    ) {
        self.learn(event);
        let Self { market, mailboxes, directory, dirty, post, .. } = self;
        translate::responses(event, directory, |to: Recipient, message| {
            let mailbox = mailbox_of(mailboxes, to.session());
            if !mailbox.is_dirty {
                mailbox.is_dirty = true;
                dirty.push(usize::from(to.session().0) - 1);
            }
            let Mailbox { stream, owner, .. } = mailbox;
            let emit = owner.delivery(post, send);
            check_number(stream.push(message, now, emit), to.number().0);
        });
        if let Some(message) = translate::market_message(event, directory) {
            let mut bytes = [0; ItchMessage::MAX_LEN];
            let len = message.encode(&mut bytes);
            let emit = |packet: &[u8]| send(Destination::Market, packet);
            check_number(market.push(&bytes[..len], now, emit), event.market.0);
        }
    }

    /// Sends the packets under construction: responses first, because somebody
    /// waits for them.
    pub fn flush(&mut self, now: MonotonicNanos, send: &mut impl FnMut(Destination, &[u8])) {
        for index in self.dirty.drain(..) {
            let mailbox = &mut self.mailboxes[index];
            mailbox.is_dirty = false;
            mailbox.stream.flush(now, mailbox.owner.delivery(&mut self.post, send));
        }
        self.market.flush(now, |packet| send(Destination::Market, packet));
    }

    /// Sends the heartbeats that are due.
    pub fn heartbeats(&mut self, now: MonotonicNanos, send: &mut impl FnMut(Destination, &[u8])) {
        for Mailbox { stream, owner, .. } in &mut self.mailboxes {
            stream.poll(now, owner.delivery(&mut self.post, send));
        }
        self.market.poll(now, |packet| send(Destination::Market, packet));
    }

    /// Tells all readers that the venue ends in order and that nothing follows.
    /// Events cannot be published any more.
    pub fn end(&mut self, now: MonotonicNanos, send: &mut impl FnMut(Destination, &[u8])) {
        for _ in 0..FAREWELLS {
            for Mailbox { stream, owner, .. } in &mut self.mailboxes {
                stream.end_of_session(now, owner.delivery(&mut self.post, send));
            }
            self.market.end_of_session(now, |packet| send(Destination::Market, packet));
        }
    }

    /// Serves a request. What cannot be served is counted and met with
    /// silence, as the protocol has it. A request for what has left the window
    /// is returned: it is sound, and somebody else may have the messages.
    pub fn request(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
        now: MonotonicNanos,
        send: &mut impl FnMut(Destination, &[u8]),
    ) -> Option<Request> {
        let Ok(request) = Request::decode(datagram) else {
            self.counters.malformed += 1;
            return None;
        };
        if !self.rate.take(from, now) {
            self.counters.too_many += 1;
            return None;
        }
        if request.session == self.config.name {
            // What waits for a flush is everybody's, not only of who asked.
            self.market.flush(now, |packet| send(Destination::Market, packet));
            let mut emit = |packet: &[u8]| send(Destination::To(from), packet);
            return serve(&mut self.market, request, now, &mut self.counters, &mut emit);
        }
        let Self { mailboxes, counters, post, .. } = self;
        let named = |mailbox: &&mut Mailbox| mailbox.name == request.session;
        let Some(Mailbox { stream, owner, .. }) = mailboxes.iter_mut().find(named) else {
            counters.unknown_session += 1;
            return None;
        };
        if !owner.admits(datagram, &post.logins, &mut counters.seals) {
            return None;
        }
        owner.subscriber = Some(from);
        counters.subscriptions += 1;
        serve(stream, request, now, counters, &mut |packet| owner.send(packet, from, post, send))
    }

    /// What became of requests so far.
    #[must_use]
    pub fn counters(&self) -> OutletCounters {
        self.counters
    }

    /// Whether every stream stands where the exchange says it must: `market`
    /// and `responses` (by session) are the numbers of the next messages.
    #[must_use]
    pub fn stands_at(&self, market: u64, responses: impl IntoIterator<Item = u64>) -> bool {
        let streams = self.mailboxes.iter().map(|mailbox| mailbox.stream.next());
        self.market.next() == market && streams.eq(responses)
    }

    /// Events tell which sessions and instruments there are.
    fn learn(&mut self, event: &Event) {
        self.directory.learn(event);
        if let EventBody::SessionAdded { name, .. } = &event.body {
            let mut mailbox = Mailbox::new(*name, 1, &self.config);
            mailbox.owner.account = self.post.logins.account(*name);
            self.mailboxes.push(mailbox);
            self.dirty.reserve(self.mailboxes.len());
        }
    }
}

/// Answers a request: with the next number, or with messages. One for what has
/// left the window is returned.
fn serve(
    stream: &mut StreamSender,
    request: Request,
    now: MonotonicNanos,
    counters: &mut OutletCounters,
    emit: &mut impl FnMut(&[u8]),
) -> Option<Request> {
    if request.count == 0 {
        stream.heartbeat(now, emit);
        return None;
    }
    if request.sequence == 0 {
        counters.malformed += 1;
        return None;
    }
    match stream.answer(&request) {
        Ok(packet) => {
            counters.answered += 1;
            emit(packet);
        }
        Err(Unanswered::NotYetSent) => counters.never_sent += 1,
        Err(Unanswered::Forgotten) => {
            counters.forgotten += 1;
            return Some(request);
        }
        Err(Unanswered::ForeignSession | Unanswered::Nothing) => counters.malformed += 1,
    }
    None
}

/// Sessions are numbered from 1 in the order in which they were added.
fn mailbox_of(mailboxes: &mut [Mailbox], session: SessionId) -> &mut Mailbox {
    &mut mailboxes[usize::from(session.0) - 1]
}

fn check_number(taken: Result<u64, PushError>, expected: u64) {
    let number = taken.expect("every message fits a packet, and no stream has ended");
    assert_eq!(number, expected, "the exchange and the stream count alike");
}
