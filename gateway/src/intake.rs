//! The venue's end of all order streams.
//!
//! Each session has one MoldUDP64 stream of orders to the venue. The intake
//! takes whatever datagrams arrive, gives each session's messages to the
//! sequencer exactly once and in order, as commands, and asks the client again
//! for what is missing.
//!
//! It also tells clients where they stand. A request for *no* messages (count
//! zero), sent from the venue to a client, says "all below this number is
//! safe": the client may forget those messages. A message is safe when its
//! command is durable, not before: what is sequenced and not yet durable dies
//! with the venue, and must then come again. A client that does not know its
//! next number asks with a heartbeat that has the number zero, and is answered
//! when nothing of its is in doubt.
//!
//! Each session has one client at a time. With a key, that is the client that
//! is logged in (see `login`): only its packets are taken, and the venue's
//! answers are sealed too. Without one it is the address that last asked where
//! the session stands; packets from elsewhere are refused.

use crate::directory::Directory;
use crate::login::{Admitted, Gate, Logins, SealCounters};
use crate::seal::{Purpose, Stamp};
use crate::stream::{MonotonicNanos, ReceiverConfig, ReceiverCounters, StreamReceiver};
use crate::translate;
use crate::wire::mold::{Header, Request, SessionName};
use ringmatch_engine::command::Command;
use ringmatch_engine::{Firm, InstrumentId, Sequence, SessionId, Symbol};
use std::net::SocketAddr;

/// What a sequencer does with a command: gives it a place in the log, or says
/// that there is no room now.
pub trait Sequencer {
    /// The command of a session's message with this number; `None` if there is
    /// no room, and then it is offered again.
    fn sequence(&mut self, session: SessionId, number: u64, command: Command) -> Option<Sequence>;
}

/// What became of datagrams that are not counted by a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntakeCounters {
    /// Datagrams that name a session that does not exist.
    pub unknown_session: u64,
    /// Datagrams too short to name a session.
    pub truncated: u64,
    /// Datagrams of sessions without keys that another address speaks for.
    pub other_source: u64,
    /// Attempts to log in that were too many at once to be answered.
    pub unchallenged: u64,
    /// Of sessions that have keys.
    pub seals: SealCounters,
}

/// Attempts to log in that are answered at a time.
const CHALLENGES: usize = 64;

/// All order streams of a venue, on its side.
#[derive(Debug, Default)]
pub struct Intake {
    inboxes: Vec<Inbox>,
    by_name: Vec<(SessionName, usize)>,
    directory: Directory,
    /// Inboxes that may have something to say, each once.
    attention: Vec<usize>,
    counters: IntakeCounters,
    logins: Logins,
    /// Whom to answer that they must log in: which inbox, with what, where to.
    challenges: Vec<(usize, Stamp, SocketAddr)>,
    /// The sealed answer under construction.
    sealed: Vec<u8>,
}

/// One session's stream.
#[derive(Debug)]
struct Inbox {
    id: SessionId,
    name: SessionName,
    stream: StreamReceiver,
    /// Where its datagrams come from.
    source: Option<SocketAddr>,
    /// Who may send them, if the session has a key.
    gate: Option<Gate>,
    /// The only address that may, if it has none and one has asked for it.
    claimed: Option<SocketAddr>,
    /// Whether its client has said anything since this was last looked at.
    heard: bool,
    safe: Safe,
    /// What its client asked for and has not got.
    asked: Option<Asked>,
    has_attention: bool,
}

/// What a client's heartbeat asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// Its next number, once nothing is in doubt.
    Position,
    /// The number below which all is safe.
    Acknowledgement,
}

/// Up to where a session's messages are durable. Only two points are kept, so
/// it lags behind the truth and never leads it.
#[derive(Clone, Copy, Debug)]
struct Safe {
    /// All below is durable.
    below: u64,
    /// All below is durable as soon as the command is.
    pending: Option<(Sequence, u64)>,
    /// The last command, and the number after its message.
    last: (Sequence, u64),
}

impl Safe {
    fn starting_at(next: u64) -> Self {
        Self { below: next, pending: None, last: (Sequence(0), next) }
    }

    fn note(&mut self, sequence: Sequence, number: u64) {
        self.last = (sequence, number + 1);
        self.pending.get_or_insert(self.last);
    }

    fn update(&mut self, durable: Sequence) {
        if let Some((sequence, below)) = self.pending
            && sequence <= durable
        {
            self.below = below;
            self.pending = (self.last.0 > durable).then_some(self.last);
            if self.pending.is_none() {
                self.below = self.last.1;
            }
        }
    }

    fn in_doubt(&self) -> bool {
        self.below < self.last.1
    }
}

/// What is known of a session's client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Which session.
    pub session: SessionId,
    /// Its name.
    pub name: SessionName,
    /// Number of the next message that it can send.
    pub next: u64,
    /// Whether its client has said anything since this was last asked.
    pub heard: bool,
}

impl Intake {
    /// An intake whose sessions log in if they have keys.
    #[must_use]
    pub fn with_logins(logins: Logins) -> Self {
        Self { logins, ..Self::default() }
    }

    /// Admits a session of a firm, whose next message has the number `next`.
    pub fn admit(&mut self, id: SessionId, name: SessionName, firm: Firm, next: u64) {
        self.directory.admit(id, firm);
        let index = self.inboxes.len();
        self.inboxes.push(Inbox {
            id,
            name,
            stream: StreamReceiver::new(ReceiverConfig::starting_at(name, next)),
            source: None,
            gate: Gate::new(&self.logins, name),
            claimed: None,
            heard: false,
            safe: Safe::starting_at(next),
            asked: None,
            has_attention: false,
        });
        self.attention.reserve(self.inboxes.len());
        let at = self.by_name.partition_point(|entry| entry.0 < name);
        self.by_name.insert(at, (name, index));
    }

    /// Lists an instrument, which orders may name from now on.
    pub fn list(&mut self, instrument: InstrumentId, symbol: Symbol) {
        self.directory.list(instrument, symbol);
    }

    /// The number of an instrument, if it is listed.
    #[must_use]
    pub fn instrument(&self, symbol: Symbol) -> Option<InstrumentId> {
        Some(self.directory.number(symbol)).filter(|number| *number != InstrumentId(0))
    }

    /// The number of a session, if it is admitted.
    #[must_use]
    pub fn session(&self, name: SessionName) -> Option<SessionId> {
        let at = self.by_name.binary_search_by_key(&name, |entry| entry.0).ok()?;
        Some(self.inboxes[self.by_name[at].1].id)
    }

    /// Takes a datagram.
    pub fn datagram(&mut self, datagram: &[u8], from: SocketAddr, sequencer: &mut impl Sequencer) {
        if datagram.len() < Header::LEN {
            self.counters.truncated += 1;
            return;
        }
        let Some(index) = self.find(datagram) else {
            self.counters.unknown_session += 1;
            return;
        };
        let Some(packet) = self.admitted(index, datagram, from) else { return };
        self.inboxes[index].offer(packet, &self.directory, sequencer);
        self.attend(index);
    }

    /// The packet in a datagram, if its sender speaks for the session; and
    /// notes what the datagram says of its sender.
    fn admitted<'a>(
        &mut self,
        index: usize,
        datagram: &'a [u8],
        from: SocketAddr,
    ) -> Option<&'a [u8]> {
        let Self { inboxes, counters, logins, challenges, .. } = self;
        let inbox = &mut inboxes[index];
        let Some(gate) = &mut inbox.gate else {
            if asked(datagram) == Some(Asked::Position) {
                inbox.claimed = Some(from);
            } else if inbox.claimed.is_some_and(|claimed| claimed != from) {
                counters.other_source += 1;
                return None;
            }
            inbox.hear(datagram, from);
            return Some(datagram);
        };
        match gate.admit(datagram, logins, &mut counters.seals) {
            Admitted::Packet { packet, fresh, begins } => {
                if begins {
                    inbox.stream.forget_early();
                }
                if fresh {
                    inbox.hear(packet, from);
                } else if !has_messages(packet) {
                    counters.seals.replayed += 1;
                    return None;
                }
                Some(packet)
            }
            Admitted::Challenge(_) if challenges.len() == CHALLENGES => {
                counters.unchallenged += 1;
                None
            }
            Admitted::Challenge(stamp) => {
                challenges.push((index, stamp, from));
                None
            }
            Admitted::Refused => None,
        }
    }

    /// Offers again what the sequencer had no room for.
    pub fn resume(&mut self, sequencer: &mut impl Sequencer) {
        for &index in &self.attention {
            let inbox = &mut self.inboxes[index];
            if inbox.stream.is_blocked() {
                inbox.resume(&self.directory, sequencer);
            }
        }
    }

    /// Sends what is due: requests for what is missing, and answers to clients
    /// who asked where they stand.
    pub fn poll(
        &mut self,
        now: MonotonicNanos,
        durable: Sequence,
        mut send: impl FnMut(&[u8], SocketAddr),
    ) {
        let Self { inboxes, attention, logins, challenges, sealed, .. } = self;
        for (index, stamp, to) in challenges.drain(..) {
            let Inbox { name, gate, .. } = &inboxes[index];
            let Some(gate) = gate else { continue };
            let challenge = Request { session: *name, sequence: 0, count: 0 }.encode();
            logins.seal(gate.account).close(Purpose::Answers, stamp, &challenge, sealed);
            send(sealed, to);
        }
        attention.retain(|&index| {
            let inbox = &mut inboxes[index];
            inbox.poll(now, durable, &mut |gate, answer: Request, to| {
                let answer = answer.encode();
                let Some(gate) = gate else { return send(&answer, to) };
                let stamp = gate.answer(logins);
                logins.seal(gate.account).close(Purpose::Answers, stamp, &answer, sealed);
                send(sealed, to);
            });
            inbox.has_attention = inbox.needs_attention();
            inbox.has_attention
        });
    }

    /// What was dropped before a session could count it.
    #[must_use]
    pub fn counters(&self) -> IntakeCounters {
        self.counters
    }

    /// What each session's stream has seen.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionName, ReceiverCounters)> {
        self.inboxes.iter().map(|inbox| (inbox.name, inbox.stream.counters()))
    }

    /// What each session's client has done since this was last asked.
    pub fn activity(&mut self) -> impl Iterator<Item = Activity> {
        self.inboxes.iter_mut().map(|inbox| Activity {
            session: inbox.id,
            name: inbox.name,
            next: inbox.stream.next(),
            heard: std::mem::take(&mut inbox.heard),
        })
    }

    fn find(&self, datagram: &[u8]) -> Option<usize> {
        let name = SessionName::from_bytes(*datagram.first_chunk()?);
        let at = self.by_name.binary_search_by_key(&name, |entry| entry.0).ok()?;
        Some(self.by_name[at].1)
    }

    fn attend(&mut self, index: usize) {
        let inbox = &mut self.inboxes[index];
        if !inbox.has_attention {
            inbox.has_attention = true;
            self.attention.push(index);
        }
    }
}

impl Inbox {
    /// Notes that its client has sent this, from here.
    fn hear(&mut self, packet: &[u8], from: SocketAddr) {
        self.heard = true;
        self.source = Some(from);
        self.asked = asked(packet).or(self.asked);
    }

    fn offer(&mut self, datagram: &[u8], directory: &Directory, sequencer: &mut impl Sequencer) {
        let Self { id, stream, safe, .. } = self;
        stream.offer(datagram, &mut |number, message| {
            hand_over(*id, number, message, safe, directory, sequencer)
        });
    }

    fn resume(&mut self, directory: &Directory, sequencer: &mut impl Sequencer) {
        let Self { id, stream, safe, .. } = self;
        stream.resume(&mut |number, message| {
            hand_over(*id, number, message, safe, directory, sequencer)
        });
    }

    fn poll(
        &mut self,
        now: MonotonicNanos,
        durable: Sequence,
        send: &mut impl FnMut(Option<&mut Gate>, Request, SocketAddr),
    ) {
        let Some(source) = self.source else { return };
        self.safe.update(durable);
        if let Some(request) = self.stream.poll(now) {
            send(self.gate.as_mut(), request, source);
        }
        let is_due = match self.asked {
            None => false,
            Some(Asked::Acknowledgement) => true,
            Some(Asked::Position) => !self.safe.in_doubt(),
        };
        if is_due {
            self.asked = None;
            let answer = Request { session: self.name, sequence: self.safe.below, count: 0 };
            send(self.gate.as_mut(), answer, source);
        }
    }

    fn needs_attention(&self) -> bool {
        self.asked.is_some() || self.stream.has_gap() || self.stream.is_blocked()
    }
}

fn hand_over(
    session: SessionId,
    number: u64,
    message: &[u8],
    safe: &mut Safe,
    directory: &Directory,
    sequencer: &mut impl Sequencer,
) -> bool {
    let command = translate::command(message, session, directory);
    let Some(sequence) = sequencer.sequence(session, number, command) else { return false };
    safe.note(sequence, number);
    true
}

/// Whether a packet is neither a heartbeat nor the end of a session.
fn has_messages(packet: &[u8]) -> bool {
    let count = packet.get(18..Header::LEN);
    count.is_some_and(|count| count != [0, 0] && count != [0xFF, 0xFF])
}

/// What a datagram asks for, if it is a heartbeat.
fn asked(datagram: &[u8]) -> Option<Asked> {
    let header: &[u8; Header::LEN] = datagram.first_chunk()?;
    let (number, count) = header[10..].split_at(8);
    match (number, count) {
        ([0, 0, 0, 0, 0, 0, 0, 0], [0, 0]) => Some(Asked::Position),
        (_, [0, 0]) => Some(Asked::Acknowledgement),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_safe_lags_behind_what_is_durable_and_never_leads_it() {
        let mut safe = Safe::starting_at(1);
        assert!(!safe.in_doubt());
        safe.note(Sequence(10), 1);
        safe.note(Sequence(11), 2);
        safe.note(Sequence(15), 3);
        safe.update(Sequence(9));
        assert_eq!((safe.below, safe.in_doubt()), (1, true));
        safe.update(Sequence(11));
        assert_eq!((safe.below, safe.in_doubt()), (2, true));
        safe.update(Sequence(15));
        assert_eq!((safe.below, safe.in_doubt()), (4, false));
    }
}
