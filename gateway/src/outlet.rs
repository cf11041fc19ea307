//! The venue's end of all output streams: one of market data, and one of
//! responses for each session.
//!
//! Events become messages and messages packets. Market data goes to its group.
//! A session's responses go to whoever subscribed to them last, by a request
//! packet that names the session; with a count of zero it asks for nothing but
//! to be told the next number, which it is at once. What a subscriber missed
//! it asks for again, from the window.
//!
//! The numbers in the events must be the streams' own: the exchange assigns
//! them, and a stream that would number differently is a bug that stops the
//! venue here, before anything wrong is sent.

use crate::directory::Directory;
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
    /// Datagrams that are no request.
    pub malformed: u64,
    /// Requests that name a session that does not exist.
    pub unknown_session: u64,
    /// Requests for messages that were never sent.
    pub never_sent: u64,
    /// Requests for messages that have left the window.
    pub forgotten: u64,
}

/// How much of each stream can be asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutletConfig {
    /// The venue's name, which is the session of its market data.
    pub name: SessionName,
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
    /// Windows of 64 MiB or 2,097,152 messages of market data, and of 8 MiB or
    /// 131,072 responses for each session.
    #[must_use]
    pub fn new(name: SessionName) -> Self {
        let SenderConfig { window_bytes, window_messages, .. } = SenderConfig::new(name);
        Self {
            name,
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
}

/// One session's responses.
#[derive(Debug)]
struct Mailbox {
    name: SessionName,
    stream: StreamSender,
    subscriber: Option<SocketAddr>,
    is_dirty: bool,
}

impl Mailbox {
    fn new(name: SessionName, next: u64, window_bytes: usize, window_messages: usize) -> Self {
        let config =
            SenderConfig { next, window_bytes, window_messages, ..SenderConfig::new(name) };
        Self { name, stream: StreamSender::new(config), subscriber: None, is_dirty: false }
    }
}

/// Gives a mailbox's packets to `send`, if anybody subscribed to them.
fn to_subscriber<'a>(
    subscriber: Option<SocketAddr>,
    send: &'a mut impl FnMut(Destination, &[u8]),
) -> impl FnMut(&[u8]) + 'a {
    move |packet| {
        if let Some(address) = subscriber {
            send(Destination::To(address), packet);
        }
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
            next,
            window_bytes: config.market_bytes,
            window_messages: config.market_messages,
            ..SenderConfig::new(config.name)
        };
        Self {
            config,
            market: StreamSender::new(market),
            mailboxes: Vec::new(),
            directory: Directory::default(),
            dirty: Vec::new(),
            counters: OutletCounters::default(),
        }
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
        let Self { market, mailboxes, directory, dirty, .. } = self;
        translate::responses(event, directory, |to: Recipient, message| {
            let mailbox = mailbox_of(mailboxes, to.session());
            if !mailbox.is_dirty {
                mailbox.is_dirty = true;
                dirty.push(usize::from(to.session().0) - 1);
            }
            let emit = to_subscriber(mailbox.subscriber, send);
            check_number(mailbox.stream.push(message, now, emit), to.number().0);
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
            mailbox.stream.flush(now, to_subscriber(mailbox.subscriber, send));
        }
        self.market.flush(now, |packet| send(Destination::Market, packet));
    }

    /// Sends the heartbeats that are due.
    pub fn heartbeats(&mut self, now: MonotonicNanos, send: &mut impl FnMut(Destination, &[u8])) {
        for mailbox in &mut self.mailboxes {
            mailbox.stream.poll(now, to_subscriber(mailbox.subscriber, send));
        }
        self.market.poll(now, |packet| send(Destination::Market, packet));
    }

    /// Serves a request. What cannot be served is counted and met with
    /// silence, as the protocol has it.
    pub fn request(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
        now: MonotonicNanos,
        send: &mut impl FnMut(Destination, &[u8]),
    ) {
        let Ok(request) = Request::decode(datagram) else {
            self.counters.malformed += 1;
            return;
        };
        let stream = if request.session == self.config.name {
            // What waits for a flush is everybody's, not only of who asked.
            self.market.flush(now, |packet| send(Destination::Market, packet));
            &mut self.market
        } else {
            let named = |mailbox: &&mut Mailbox| mailbox.name == request.session;
            let Some(mailbox) = self.mailboxes.iter_mut().find(named) else {
                self.counters.unknown_session += 1;
                return;
            };
            mailbox.subscriber = Some(from);
            self.counters.subscriptions += 1;
            &mut mailbox.stream
        };
        if request.count == 0 {
            stream.heartbeat(now, |packet| send(Destination::To(from), packet));
            return;
        }
        match stream.answer(&request) {
            Ok(packet) => {
                self.counters.answered += 1;
                send(Destination::To(from), packet);
            }
            Err(Unanswered::NotYetSent) => self.counters.never_sent += 1,
            Err(Unanswered::Forgotten) => self.counters.forgotten += 1,
            Err(Unanswered::ForeignSession | Unanswered::Nothing) => self.counters.malformed += 1,
        }
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
        match &event.body {
            EventBody::SessionAdded { to, name, firm } => {
                self.directory.admit(to.session(), *firm);
                let OutletConfig { response_bytes, response_messages, .. } = self.config;
                self.mailboxes.push(Mailbox::new(*name, 1, response_bytes, response_messages));
                self.dirty.reserve(self.mailboxes.len());
            }
            EventBody::InstrumentAdded { instrument, symbol, .. } => {
                self.directory.list(*instrument, *symbol);
            }
            _ => {}
        }
    }
}

/// Sessions are numbered from 1 in the order in which they were added.
fn mailbox_of(mailboxes: &mut [Mailbox], session: SessionId) -> &mut Mailbox {
    &mut mailboxes[usize::from(session.0) - 1]
}

fn check_number(taken: Result<u64, PushError>, expected: u64) {
    let number = taken.expect("every message fits a packet, and no stream has ended");
    assert_eq!(number, expected, "the exchange and the stream count alike");
}
