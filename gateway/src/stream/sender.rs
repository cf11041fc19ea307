//! `StreamSender`: numbers messages and sends them in MoldUDP64 packets.
//!
//! A message pushed is in the retransmission window and in the packet under
//! construction; the packet goes out when the next message does not fit, or
//! when it is flushed. Everything that goes out is handed to the caller's
//! `emit`, which may lose it: the window answers for it later. Heartbeats carry
//! the next number, soon after the last data so that a lost tail is noticed,
//! then ever more rarely down to one a second. The numbers are the caller's
//! history: after a restart, `remember` fills the window again without sending.

use super::MonotonicNanos;
use super::backoff::Backoff;
use super::window::Window;
use crate::wire::mold::{DEFAULT_MAX_PAYLOAD, PacketBuilder, Request, SessionName};

/// Pause between the last data and the first heartbeat: 10 ms.
const HEARTBEAT_FIRST_NS: u64 = 10_000_000;
/// Longest pause between heartbeats: one second, as MoldUDP64 1.00 has it.
const HEARTBEAT_LIMIT_NS: u64 = 1_000_000_000;

/// How a [`StreamSender`] is made.
#[derive(Clone, Copy, Debug)]
pub struct SenderConfig {
    /// Name of the run of numbers.
    pub session: SessionName,
    /// Number of the first message: 1 for a new session.
    pub next: u64,
    /// Longest packet in bytes, header included.
    pub max_payload: usize,
    /// Bytes of messages that the window holds.
    pub window_bytes: usize,
    /// Messages that the window holds.
    pub window_messages: usize,
}

impl SenderConfig {
    /// A new session with packets of 1,400 bytes and a window of 8 MiB or
    /// 131,072 messages.
    pub fn new(session: SessionName) -> Self {
        Self {
            session,
            next: 1,
            max_payload: DEFAULT_MAX_PAYLOAD,
            window_bytes: 8 << 20,
            window_messages: 1 << 17,
        }
    }
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The message does not fit a packet.
    #[error("the message has {bytes} bytes; a packet of this stream holds {room}")]
    TooLong {
        /// Bytes of the message.
        bytes: usize,
        /// Bytes that a packet has room for.
        room: usize,
    },
    /// The end of the session has been announced.
    #[error("the session has ended; nothing can follow")]
    Ended,
}

/// Why a request gets no answer; MoldUDP64 1.00 knows no negative reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unanswered {
    /// It names another session.
    ForeignSession,
    /// It asks for no messages.
    Nothing,
    /// It asks for a message that has not been sent.
    NotYetSent,
    /// It asks for a message that has left the window.
    Forgotten,
}

/// The sending end of one stream.
#[derive(Debug)]
pub struct StreamSender {
    session: SessionName,
    window: Window,
    packet: PacketBuilder,
    answer: PacketBuilder,
    heartbeat: Backoff,
    ended: bool,
}

impl StreamSender {
    /// A sender that has sent nothing; its first heartbeat is due at once.
    ///
    /// # Panics
    /// If a packet has no room for a message, or the window none for the
    /// longest message.
    pub fn new(config: SenderConfig) -> Self {
        let SenderConfig { session, next, max_payload, window_bytes, window_messages } = config;
        let packet = PacketBuilder::new(session, next, max_payload);
        assert!(
            window_bytes >= packet.max_message(),
            "window_bytes is less than the longest message of a packet"
        );
        Self {
            session,
            window: Window::new(next, window_bytes, window_messages),
            packet,
            answer: PacketBuilder::new(session, next, max_payload),
            heartbeat: Backoff::new(HEARTBEAT_FIRST_NS, HEARTBEAT_LIMIT_NS),
            ended: false,
        }
    }

    /// Number that the next message will have.
    pub fn next(&self) -> u64 {
        self.window.next()
    }

    /// Number of the oldest message that a request can have.
    pub fn oldest(&self) -> u64 {
        self.window.oldest()
    }

    /// The message with this number, if a request can have it.
    pub fn held(&self, number: u64) -> Option<&[u8]> {
        self.window.get(number)
    }

    /// Takes the next message and returns its number. A packet that it does not
    /// fit any more goes out first.
    ///
    /// # Errors
    /// The message does not fit a packet, or the session has ended; nothing
    /// was done then.
    pub fn push(
        &mut self,
        message: &[u8],
        now: MonotonicNanos,
        emit: impl FnMut(&[u8]),
    ) -> Result<u64, PushError> {
        self.check(message)?;
        if !self.packet.push(message) {
            self.flush(now, emit);
            let fits = self.packet.push(message);
            assert!(fits, "a message that was checked fits an empty packet");
        }
        let number = self.window.next();
        self.window.push(message);
        Ok(number)
    }

    /// Takes a message that was sent before a restart: it gets the next number
    /// and can be asked for, but is not sent.
    ///
    /// # Errors
    /// As for [`push`](Self::push).
    ///
    /// # Panics
    /// If a pushed message has not been flushed: what was sent before a restart
    /// precedes everything pushed after it.
    pub fn remember(&mut self, message: &[u8]) -> Result<u64, PushError> {
        assert!(self.packet.count() == 0, "remember comes before push, or after a flush");
        self.check(message)?;
        let number = self.window.next();
        self.window.push(message);
        self.packet.restart(self.window.next());
        Ok(number)
    }

    /// Sends the packet under construction, if it has messages.
    pub fn flush(&mut self, now: MonotonicNanos, mut emit: impl FnMut(&[u8])) {
        if self.packet.count() == 0 {
            return;
        }
        emit(self.packet.packet());
        self.packet.restart(self.packet.next());
        self.heartbeat.restart_after(now);
    }

    /// Sends what is due: a heartbeat, or the end of the session once it has
    /// ended. A packet that nobody flushed goes out instead.
    pub fn poll(&mut self, now: MonotonicNanos, mut emit: impl FnMut(&[u8])) {
        if !self.heartbeat.is_due(now) {
            return;
        }
        if self.packet.count() > 0 {
            self.flush(now, emit);
        } else if self.ended {
            emit(self.packet.end_of_session());
        } else {
            emit(self.packet.packet());
        }
    }

    /// Sends the packet under construction, and the next number, to `emit` now,
    /// whatever is due.
    pub fn heartbeat(&mut self, now: MonotonicNanos, mut emit: impl FnMut(&[u8])) {
        self.flush(now, &mut emit);
        emit(if self.ended { self.packet.end_of_session() } else { self.packet.packet() });
    }

    /// Ends the session: sends what is left and announces the end, which
    /// [`poll`](Self::poll) repeats. Requests are answered as before.
    pub fn end_of_session(&mut self, now: MonotonicNanos, mut emit: impl FnMut(&[u8])) {
        self.flush(now, &mut emit);
        self.ended = true;
        self.heartbeat.restart_after(now);
        emit(self.packet.end_of_session());
    }

    /// Builds the answer to a request: one packet with as many of the messages
    /// asked for as fit. It goes to whoever asked.
    ///
    /// # Errors
    /// Why there is no answer: silence is the protocol's word for it, and the
    /// caller counts it.
    pub fn answer(&mut self, request: &Request) -> Result<&[u8], Unanswered> {
        self.answerable(request)?;
        self.answer.restart(request.sequence);
        let end = request.sequence.saturating_add(u64::from(request.count)).min(self.next());
        for number in request.sequence..end {
            let message = self.window.get(number).expect("the window has no holes");
            if !self.answer.push(message) {
                break;
            }
        }
        Ok(self.answer.packet())
    }

    /// Forgets the messages below `number`, which the other end has
    /// acknowledged.
    pub fn release_below(&mut self, number: u64) {
        self.window.release_below(number);
    }

    /// Whether a further message of the longest kind would push one out of the
    /// window. A sender that must keep what is not acknowledged stops here.
    pub fn is_full(&self) -> bool {
        !self.window.has_room(self.packet.max_message())
    }

    fn check(&self, message: &[u8]) -> Result<(), PushError> {
        let (bytes, room) = (message.len(), self.packet.max_message());
        if self.ended {
            return Err(PushError::Ended);
        }
        if bytes > room { Err(PushError::TooLong { bytes, room }) } else { Ok(()) }
    }

    fn answerable(&self, request: &Request) -> Result<(), Unanswered> {
        if request.session != self.session {
            Err(Unanswered::ForeignSession)
        } else if request.count == 0 {
            Err(Unanswered::Nothing)
        } else if request.sequence >= self.next() {
            Err(Unanswered::NotYetSent)
        } else if request.sequence < self.oldest() {
            Err(Unanswered::Forgotten)
        } else {
            Ok(())
        }
    }
}
