//! A client's end of its session, without sockets and without a clock.
//!
//! It finds out where the session stands, numbers the orders and keeps them
//! until the venue says that they are safe, delivers each response once and in
//! order, and repairs whatever the network loses in either direction. All this
//! also holds when the venue is killed and comes back: what it had not made
//! safe it asks for again. If the session has a key, all of it is sealed (see
//! `sealing`).

use super::sealing::{Heard, Sealing, seal};
use crate::seal::Key;
use crate::stream::{
    MonotonicNanos, PushError, ReceiverConfig, ReceiverCounters, SenderConfig, StreamReceiver,
    StreamSender,
};
use crate::wire::mold::{DEFAULT_MAX_PAYLOAD, Header, Packet, PacketKind, Request, SessionName};

/// Pause between attempts to learn where the session stands: 5 ms.
const RETRY_NS: u64 = 5_000_000;
/// Pause between renewals of the subscription to responses: 250 ms. A venue
/// that was restarted does not know its subscribers.
const RENEWAL_NS: u64 = 250_000_000;
/// Orders between two requests for an acknowledgement.
const ACKNOWLEDGE_EVERY: u64 = 512;

/// Where a client's packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// To where the venue takes orders.
    Orders,
    /// To where the venue takes requests.
    Requests,
}

/// The first response that a client wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// Only what is said from now on.
    #[default]
    Now,
    /// This number; 1 is the first response that the session ever had. A number
    /// that nothing has yet means what comes next.
    At(u64),
}

impl Start {
    /// The first number to deliver of a stream whose next one is `next`. No
    /// stream has a number zero.
    pub(crate) fn first(self, next: u64) -> u64 {
        match self {
            Self::Now => next,
            Self::At(number) => number.clamp(1, next.max(1)),
        }
    }
}

/// Why a client cannot send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The venue has not said yet where the session stands.
    #[error("the session is not established yet")]
    NotEstablished,
    /// As much as fits is on its way and not yet safe.
    #[error("the window of orders that are not yet acknowledged is full")]
    WindowFull,
    /// Another client has logged in to the session.
    #[error("another client has logged in to the session, which ended this one")]
    TakenOver,
    /// The message does not fit a packet.
    #[error(transparent)]
    Push(#[from] PushError),
}

/// A client's end of its session, without socket and clock: packets and times
/// are arguments.
#[derive(Debug)]
pub struct ClientSession {
    name: SessionName,
    start: Start,
    max_packet_bytes: usize,
    orders: Option<StreamSender>,
    responses: Option<StreamReceiver>,
    hello_due: MonotonicNanos,
    subscription_due: MonotonicNanos,
    first_own_response: u64,
    /// All orders below are safe with the venue.
    safe_below: u64,
    acknowledgement_asked_at: u64,
    sealing: Option<Sealing>,
    taken_over: bool,
    refused: u64,
}

impl ClientSession {
    /// A session that knows nothing yet, and sends packets of up to 1,400 bytes.
    #[must_use]
    pub fn new(name: SessionName, start: Start) -> Self {
        Self {
            name,
            start,
            max_packet_bytes: DEFAULT_MAX_PAYLOAD,
            orders: None,
            responses: None,
            hello_due: 0,
            subscription_due: 0,
            first_own_response: 0,
            safe_below: 0,
            acknowledgement_asked_at: 0,
            sealing: None,
            taken_over: false,
            refused: 0,
        }
    }

    /// The same with packets of up to so many bytes, header included: one of
    /// [`PACKET_BYTES`](crate::wire::mold::PACKET_BYTES).
    #[must_use]
    pub fn with_packets_of(mut self, max_packet_bytes: usize) -> Self {
        self.max_packet_bytes = max_packet_bytes;
        self
    }

    /// The same with a key: everything is sealed in both directions. `instance`
    /// is drawn at random, and no two clients of the session may have the same.
    #[must_use]
    pub fn sealed(mut self, key: &Key, instance: u64) -> Self {
        self.sealing = Some(Sealing::new(key, instance));
        self
    }

    /// Whether another client has logged in to the session. Then nothing more
    /// is sent or delivered.
    #[must_use]
    pub fn is_taken_over(&self) -> bool {
        self.taken_over
    }

    /// Whether the venue has ended in order and nothing of it came since: it
    /// may be started again, and then all goes on.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.responses.as_ref().is_some_and(StreamReceiver::has_ended)
    }

    /// Datagrams that the venue did not seal for this login.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether it knows where both streams stand.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.orders.is_some() && self.responses.is_some()
    }

    /// Whether every message sent is safe with the venue.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.orders.as_ref().is_some_and(|orders| self.safe_below >= orders.next())
    }

    /// Number of the next response; zero before the session is established.
    #[must_use]
    pub fn next_response(&self) -> u64 {
        self.responses.as_ref().map_or(0, StreamReceiver::next)
    }

    /// Number of the next message to the venue; zero before the session is
    /// established.
    #[must_use]
    pub fn next_message(&self) -> u64 {
        self.orders.as_ref().map_or(0, StreamSender::next)
    }

    /// All messages below this number are safe with the venue.
    #[must_use]
    pub fn safe_below(&self) -> u64 {
        self.safe_below
    }

    /// The first response that can be an answer to this client: the number
    /// that came next when the session was established. Those before it, which
    /// a client may want as well, are of an earlier one. Zero until then.
    #[must_use]
    pub fn first_own_response(&self) -> u64 {
        self.first_own_response
    }

    /// What the stream of responses has seen.
    #[must_use]
    pub fn counters(&self) -> ReceiverCounters {
        self.responses.as_ref().map(StreamReceiver::counters).unwrap_or_default()
    }

    /// Takes a message to send. It leaves with the packet that it fits in:
    /// when that is full, or at [`flush`](Self::flush).
    ///
    /// # Errors
    /// When the session is not established, or the window is full.
    pub fn push(
        &mut self,
        message: &[u8],
        now: MonotonicNanos,
        send: &mut impl FnMut(Channel, &[u8]),
    ) -> Result<(), SendError> {
        if self.taken_over {
            return Err(SendError::TakenOver);
        }
        let Self { orders, sealing, .. } = self;
        let orders = orders.as_mut().ok_or(SendError::NotEstablished)?;
        if orders.is_full() {
            return Err(SendError::WindowFull);
        }
        let mut emit = |packet: &[u8]| seal(sealing, Channel::Orders, packet, send);
        let number = orders.push(message, now, &mut emit)?;
        if number - self.acknowledgement_asked_at >= ACKNOWLEDGE_EVERY {
            self.ask_for_acknowledgement(now, send);
        }
        Ok(())
    }

    /// Sends the packet under construction.
    pub fn flush(&mut self, now: MonotonicNanos, send: &mut impl FnMut(Channel, &[u8])) {
        let Self { orders, sealing, .. } = self;
        if let Some(orders) = orders {
            orders.flush(now, |packet| seal(sealing, Channel::Orders, packet, send));
        }
    }

    /// Asks the venue up to where the orders are safe.
    pub fn ask_for_acknowledgement(
        &mut self,
        now: MonotonicNanos,
        send: &mut impl FnMut(Channel, &[u8]),
    ) {
        let Self { orders, sealing, .. } = self;
        if let Some(orders) = orders {
            self.acknowledgement_asked_at = orders.next();
            orders.heartbeat(now, |packet| seal(sealing, Channel::Orders, packet, send));
        }
    }

    /// Takes a datagram that came from where the venue sends responses.
    pub fn response_datagram(&mut self, datagram: &[u8], deliver: &mut impl FnMut(u64, &[u8])) {
        let datagram = match &mut self.sealing {
            None => datagram,
            Some(sealing) => match sealing.response(datagram) {
                Some(packet) if !self.taken_over => packet,
                _ => {
                    self.refused += 1;
                    return;
                }
            },
        };
        let responses = match &mut self.responses {
            Some(responses) => responses,
            none => {
                let Ok(packet) = Packet::parse(datagram) else { return };
                if packet.session() != self.name || packet.kind() != PacketKind::Heartbeat {
                    return;
                }
                let first = self.start.first(packet.sequence());
                self.first_own_response = packet.sequence();
                none.insert(StreamReceiver::new(ReceiverConfig::of_a_reader(self.name, first)))
            }
        };
        responses.offer(datagram, &mut |number, message| {
            deliver(number, message);
            true
        });
    }

    /// Takes a datagram that came from where the venue takes orders: a request
    /// for what it missed, or word of what is safe.
    pub fn order_datagram(&mut self, datagram: &[u8], send: &mut impl FnMut(Channel, &[u8])) {
        let Some(request) = self.answer(datagram) else { return };
        if request.session != self.name {
            return;
        }
        let name = self.name;
        let orders = match &mut self.orders {
            Some(orders) => orders,
            none if request.count == 0 => {
                let config = SenderConfig {
                    next: request.sequence,
                    max_payload: self.max_packet_bytes,
                    ..SenderConfig::new(name)
                };
                self.acknowledgement_asked_at = request.sequence;
                none.insert(StreamSender::new(config))
            }
            _ => return,
        };
        if request.count == 0 {
            if request.sequence <= orders.next() {
                self.safe_below = self.safe_below.max(request.sequence);
                orders.release_below(self.safe_below);
            }
        } else if let Ok(packet) = orders.answer(&request) {
            seal(&mut self.sealing, Channel::Orders, packet, send);
        }
    }

    /// What an answer says, if it is to be believed and is not about the login.
    fn answer(&mut self, datagram: &[u8]) -> Option<Request> {
        let Some(sealing) = &mut self.sealing else {
            let request = Request::decode(datagram).ok();
            return request.filter(|_| datagram.len() == Header::LEN);
        };
        let heard = sealing.answer(datagram).filter(|_| !self.taken_over);
        match heard {
            None => self.refused += 1,
            Some(Heard::Answer(request)) => return Some(request),
            Some(Heard::Offer(login)) if self.orders.is_some() && sealing.is_followed_by(login) => {
                self.taken_over = true;
            }
            Some(Heard::Offer(login)) => {
                sealing.log_in(login);
                self.hello_due = 0;
                self.subscription_due = 0;
            }
        }
        None
    }

    /// Sends what is due: questions where the session stands, requests for
    /// missed responses, heartbeats.
    pub fn poll(&mut self, now: MonotonicNanos, send: &mut impl FnMut(Channel, &[u8])) {
        if self.taken_over {
            return;
        }
        self.poll_orders(now, send);
        // Without a login nothing could be answered.
        if self.sealing.as_ref().is_none_or(Sealing::has_login) {
            self.poll_responses(now, send);
        }
    }

    fn poll_orders(&mut self, now: MonotonicNanos, send: &mut impl FnMut(Channel, &[u8])) {
        let Self { orders, sealing, .. } = self;
        let is_unconfirmed = sealing.as_ref().is_some_and(Sealing::is_unconfirmed);
        let says_hello = (orders.is_none() || is_unconfirmed) && now >= self.hello_due;
        let mut emit = |packet: &[u8]| seal(sealing, Channel::Orders, packet, send);
        if says_hello {
            self.hello_due = now + RETRY_NS;
        }
        match orders {
            Some(orders) if says_hello => orders.heartbeat(now, emit),
            Some(orders) => orders.poll(now, emit),
            None if says_hello => emit(&hello(self.name)),
            None => {}
        }
    }

    fn poll_responses(&mut self, now: MonotonicNanos, send: &mut impl FnMut(Channel, &[u8])) {
        while let Some(request) = self.responses.as_mut().and_then(|stream| stream.poll(now)) {
            seal(&mut self.sealing, Channel::Requests, &request.encode(), send);
        }
        if now >= self.subscription_due {
            let pause = if self.responses.is_some() { RENEWAL_NS } else { RETRY_NS };
            self.subscription_due = now + pause;
            let sequence = self.next_response();
            let subscription = Request { session: self.name, sequence, count: 0 };
            seal(&mut self.sealing, Channel::Requests, &subscription.encode(), send);
        }
    }
}

/// A heartbeat with the number zero, which asks for the next number.
fn hello(session: SessionName) -> [u8; Header::LEN] {
    Request { session, sequence: 0, count: 0 }.encode()
}
