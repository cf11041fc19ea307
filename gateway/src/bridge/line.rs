//! `Line`: the bridge's client session towards the venue, for one TCP client.
//!
//! What the TCP client sent waits here while the window of orders that the venue
//! has not made safe is full, and what the venue said waits here while the TCP
//! client does not read. Both are bounded: of the one, the host reads no more
//! while anything waits; of the other, datagrams are left in the socket, and what
//! does not fit there is asked for again.

use super::VenueAddress;
use crate::client::{ClientSession, Network, SendError, Start};
use crate::net::{Datagrams, EndpointConfig, MAX_DATAGRAM, UdpEndpoint};
use crate::seal::Key;
use crate::stream::MonotonicNanos;
use crate::wire::mold::SessionName;
use std::collections::VecDeque;
use std::net::SocketAddrV4;

/// Datagrams taken in one turn.
const DATAGRAMS: usize = 32;
/// Pause between questions whether all is safe, while a line ends: 20 ms.
const QUESTION_NS: u64 = 20_000_000;

/// One session's way to the venue.
#[derive(Debug)]
pub(super) struct Line {
    session: ClientSession,
    network: Network,
    outgoing: VecDeque<Vec<u8>>,
    arrived: VecDeque<(u64, Vec<u8>)>,
    question_due: MonotonicNanos,
    buffer: Box<[u8]>,
}

/// What is wrong with a line: it cannot be used any more.
#[derive(Debug)]
pub(super) struct Broken;

impl Line {
    pub(super) fn open(
        name: SessionName,
        key: &Key,
        start: Start,
        venue: VenueAddress,
    ) -> Result<Self, Broken> {
        let VenueAddress { orders, requests, interface } = venue;
        let local = SocketAddrV4::new(interface, 0);
        let config = EndpointConfig::new("order entry by TCP", local, interface);
        let endpoint = UdpEndpoint::open(&config).map_err(|_| Broken)?;
        let instance = getrandom::u64().map_err(|_| Broken)?;
        Ok(Self {
            session: ClientSession::new(name, start).sealed(key, instance),
            network: Network { endpoint, orders, requests, fault: None },
            outgoing: VecDeque::new(),
            arrived: VecDeque::new(),
            question_due: 0,
            buffer: vec![0; MAX_DATAGRAM].into_boxed_slice(),
        })
    }

    /// Number of the first response to deliver, once the venue has said where
    /// the session stands.
    pub(super) fn next(&self) -> Option<u64> {
        if !self.session.is_established() {
            return None;
        }
        Some(self.arrived.front().map_or(self.session.next_response(), |first| first.0))
    }

    /// Whether nothing waits to be sent.
    pub(super) fn has_room(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// Takes a message of the client.
    pub(super) fn send(&mut self, message: &[u8]) {
        self.outgoing.push_back(message.to_vec());
    }

    /// Whether everything that the client sent is safe with the venue.
    pub(super) fn is_safe(&self) -> bool {
        self.outgoing.is_empty() && self.session.is_safe()
    }

    /// Asks, from time to time, whether that is so.
    pub(super) fn ask_whether_safe(&mut self, now: MonotonicNanos) {
        if now >= self.question_due {
            self.question_due = now + QUESTION_NS;
            let Self { session, network, .. } = self;
            session.ask_for_acknowledgement(now, &mut |channel, packet| {
                network.send(channel, packet);
            });
        }
    }

    /// Does what is due and moves what there is; how many messages.
    pub(super) fn pump(&mut self, now: MonotonicNanos) -> Result<usize, Broken> {
        let sent = self.send_waiting(now)?;
        let taken = self.take_datagrams()?;
        self.network.flush();
        match self.network.fault.take() {
            None if !self.session.is_taken_over() => Ok(sent + taken),
            _ => Err(Broken),
        }
    }

    fn send_waiting(&mut self, now: MonotonicNanos) -> Result<usize, Broken> {
        let Self { session, network, outgoing, .. } = self;
        let send = &mut |channel, packet: &[u8]| network.send(channel, packet);
        session.poll(now, send);
        let mut sent = 0;
        while let Some(message) = outgoing.front() {
            match session.push(message, now, send) {
                Ok(()) => sent += 1,
                Err(SendError::WindowFull) => {
                    session.ask_for_acknowledgement(now, send);
                    break;
                }
                Err(SendError::NotEstablished) => break,
                Err(SendError::Push(_) | SendError::TakenOver) => return Err(Broken),
            }
            outgoing.pop_front();
        }
        session.flush(now, send);
        Ok(sent)
    }

    /// Takes what has arrived, but nothing while a response waits.
    fn take_datagrams(&mut self) -> Result<usize, Broken> {
        for taken in 0..DATAGRAMS {
            if !self.arrived.is_empty() {
                return Ok(taken);
            }
            let received = self.network.endpoint.receive(&mut self.buffer).map_err(|_| Broken)?;
            let Some((len, from)) = received else { return Ok(taken) };
            let Self { session, network, arrived, buffer, .. } = self;
            if from.port() == network.orders.port() {
                session.order_datagram(&buffer[..len], &mut |channel, packet| {
                    network.send(channel, packet);
                });
            } else if from.port() == network.requests.port() {
                session.response_datagram(&buffer[..len], &mut |number, message| {
                    arrived.push_back((number, message.to_vec()));
                });
            }
        }
        Ok(DATAGRAMS)
    }

    /// The next response, which stays until it is [`delivered`](Self::delivered).
    pub(super) fn response(&self) -> Option<(u64, &[u8])> {
        self.arrived.front().map(|(number, message)| (*number, message.as_slice()))
    }

    /// Drops the next response.
    pub(super) fn delivered(&mut self) {
        self.arrived.pop_front();
    }
}
