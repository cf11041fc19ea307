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

use crate::directory::Directory;
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
}

/// All order streams of a venue, on its side.
#[derive(Debug, Default)]
pub struct Intake {
    inboxes: Vec<Inbox>,
    by_name: Vec<(SessionName, usize)>,
    directory: Directory,
    /// Inboxes that may have something to say, each once.
    attention: Vec<usize>,
    counters: IntakeCounters,
}

/// One session's stream.
#[derive(Debug)]
struct Inbox {
    id: SessionId,
    name: SessionName,
    stream: StreamReceiver,
    /// Where its datagrams come from.
    source: Option<SocketAddr>,
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

impl Intake {
    /// Admits a session of a firm, whose next message has the number `next`.
    pub fn admit(&mut self, id: SessionId, name: SessionName, firm: Firm, next: u64) {
        self.directory.admit(id, firm);
        let index = self.inboxes.len();
        self.inboxes.push(Inbox {
            id,
            name,
            stream: StreamReceiver::new(ReceiverConfig::starting_at(name, next)),
            source: None,
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
        let Self { inboxes, directory, .. } = self;
        let inbox = &mut inboxes[index];
        inbox.source = Some(from);
        inbox.asked = asked(datagram).or(inbox.asked);
        inbox.offer(datagram, directory, sequencer);
        self.attend(index);
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
        let inboxes = &mut self.inboxes;
        self.attention.retain(|&index| {
            let inbox = &mut inboxes[index];
            inbox.poll(now, durable, &mut send);
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
        send: &mut impl FnMut(&[u8], SocketAddr),
    ) {
        let Some(source) = self.source else { return };
        self.safe.update(durable);
        if let Some(request) = self.stream.poll(now) {
            send(&request.encode(), source);
        }
        let is_due = match self.asked {
            None => false,
            Some(Asked::Acknowledgement) => true,
            Some(Asked::Position) => !self.safe.in_doubt(),
        };
        if is_due {
            self.asked = None;
            let answer = Request { session: self.name, sequence: self.safe.below, count: 0 };
            send(&answer.encode(), source);
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
