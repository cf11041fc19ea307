//! A client's end of its login.
//!
//! With a key, everything that a client sends is sealed, and only what the
//! venue sealed for this very login is believed. The venue says which login it
//! offers to whoever asks with the key; the next packet accepts the offer. A
//! venue that was started again offers a login of a new run, which is accepted
//! as well. One that offers the next login of the same run has given this one
//! to another client, and then this client is over: two that share a session
//! would otherwise push each other out forever.

use super::session::Channel;
use crate::seal::{Key, Purpose, Seal, Stamp};
use crate::wire::mold::{Packet, PacketKind, Request};
use std::fmt;

/// Logins that one run of a venue can give. A number that is this close behind
/// another one is of the same run.
const LOGINS_OF_A_RUN: u64 = 1 << 32;

/// What an answer of the venue turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A request, or word of what is safe.
    Answer(Request),
    /// The offer of this login to a client that has none that the venue knows.
    Offer(u64),
}

/// See the [module](self).
pub(super) struct Sealing {
    seal: Seal,
    instance: u64,
    /// Zero before the first offer.
    login: u64,
    /// Whether the venue has answered in this login.
    confirmed: bool,
    /// Packets sent so far.
    packets: u64,
    /// Packets sent before this login.
    earlier: u64,
    /// The highest answer of the login.
    answered: u64,
    /// The highest packet of responses without messages, likewise.
    responded: u64,
    buffer: Vec<u8>,
}

impl fmt::Debug for Sealing {
    /// Without the buffer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "login {} of {}, {} packets", self.login, self.instance, self.packets)
    }
}

impl Sealing {
    pub(super) fn new(key: &Key, instance: u64) -> Self {
        Self {
            seal: Seal::new(key),
            instance,
            login: 0,
            confirmed: false,
            packets: 0,
            earlier: 0,
            answered: 0,
            responded: 0,
            buffer: Vec::new(),
        }
    }

    /// Whether it has a login to confirm or use.
    pub(super) fn has_login(&self) -> bool {
        self.login != 0
    }

    /// Whether it must still show the venue that it accepts its login.
    pub(super) fn is_unconfirmed(&self) -> bool {
        self.login != 0 && !self.confirmed
    }

    /// A packet with its trailer.
    pub(super) fn close(&mut self, channel: Channel, packet: &[u8]) -> &[u8] {
        self.packets += 1;
        let Self { instance, login, packets, .. } = *self;
        let purpose = match channel {
            Channel::Orders => Purpose::Orders,
            Channel::Requests => Purpose::Requests,
        };
        let stamp = Stamp { instance, login, packet: packets };
        self.seal.close(purpose, stamp, packet, &mut self.buffer);
        &self.buffer
    }

    /// Takes a login.
    pub(super) fn log_in(&mut self, login: u64) {
        self.login = login;
        self.confirmed = false;
        self.earlier = self.packets;
        self.answered = 0;
        self.responded = 0;
    }

    /// Whether a login comes after this one in the same run of the venue.
    pub(super) fn is_followed_by(&self, login: u64) -> bool {
        (1..LOGINS_OF_A_RUN).contains(&login.wrapping_sub(self.login))
    }

    /// What an answer says, if it is to be believed.
    pub(super) fn answer(&mut self, datagram: &[u8]) -> Option<Heard> {
        let (answer, stamp) = self.seal.open(Purpose::Answers, datagram).ok()?;
        let answer = Request::decode(answer).ok().filter(|_| answer.len() == Request::LEN)?;
        if stamp.instance != self.instance {
            return None;
        }
        if answer.sequence == 0 && answer.count == 0 {
            // An offer answers a packet. To what was sent before this login it
            // is old, or provoked by somebody who recorded it.
            let is_new = (self.earlier + 1..=self.packets).contains(&stamp.packet);
            return is_new.then_some(Heard::Offer(stamp.login));
        }
        if stamp.login != self.login || stamp.packet <= self.answered {
            return None;
        }
        self.answered = stamp.packet;
        self.confirmed = true;
        Some(Heard::Answer(answer))
    }

    /// A packet of responses, if it is to be believed.
    pub(super) fn response<'a>(&mut self, datagram: &'a [u8]) -> Option<&'a [u8]> {
        let (packet, stamp) = self.seal.open(Purpose::Responses, datagram).ok()?;
        if stamp.instance != self.instance || stamp.login != self.login || self.login == 0 {
            return None;
        }
        if Packet::parse(packet).ok()?.kind() != PacketKind::Data {
            if stamp.packet <= self.responded {
                return None;
            }
            self.responded = stamp.packet;
        }
        Some(packet)
    }
}

/// Hands a packet to `send`: with its trailer, if the session has a key.
pub(super) fn seal(
    sealing: &mut Option<Sealing>,
    channel: Channel,
    packet: &[u8],
    send: &mut impl FnMut(Channel, &[u8]),
) {
    match sealing {
        Some(sealing) => send(channel, sealing.close(channel, packet)),
        None => send(channel, packet),
    }
}
