//! What can be asked for again, out of an outlet and into another.
//!
//! A restart from a snapshot replays only the newest part of the log, and clients
//! may ask for messages from before it. So a snapshot carries the windows: for
//! each stream the number of its oldest message and all of them from there. An
//! outlet that was resumed answers every request as the one before would have.

use super::{Mailbox, Outlet, OutletConfig};
use crate::directory::Directory;
use crate::stream::{PushError, StreamSender};
use ringmatch_engine::Exchange;

/// What a stream has in its window.
pub struct Retained<'a> {
    stream: &'a StreamSender,
}

impl<'a> Retained<'a> {
    /// Number of the oldest message; of the next one if there is none.
    #[must_use]
    pub fn oldest(&self) -> u64 {
        self.stream.oldest()
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let stream = self.stream;
        (stream.oldest()..stream.next()).filter_map(|number| stream.held(number))
    }
}

impl Outlet {
    /// The windows of all streams: that of market data, and then those of the
    /// sessions by number.
    pub fn windows(&self) -> impl Iterator<Item = Retained<'_>> {
        let responses = self.mailboxes.iter().map(|mailbox| &mailbox.stream);
        std::iter::once(&self.market).chain(responses).map(|stream| Retained { stream })
    }

    /// The streams of a venue as its exchange stands, with empty windows that go
    /// on from the numbers `oldest`, in the order of [`windows`](Self::windows).
    /// Each is to be filled by [`recall`](Self::recall).
    #[must_use]
    pub fn resume(config: OutletConfig, exchange: &Exchange, oldest: &[u64]) -> Self {
        let mut oldest = oldest.iter().map(|&number| number.max(1)).chain(std::iter::repeat(1));
        let mut next = || oldest.next().unwrap_or(1);
        let mut outlet = Self::starting_at(config, next());
        outlet.directory = Directory::of(exchange);
        for session in exchange.sessions() {
            outlet.mailboxes.push(Mailbox::new(session.name, next(), &config));
        }
        outlet.dirty.reserve(outlet.mailboxes.len());
        outlet
    }

    /// Takes the next message of the past into a window: of stream 0 market
    /// data, of stream n a response of session n.
    ///
    /// # Errors
    /// When there is no such stream, or no packet holds the message.
    pub fn recall(&mut self, stream: u32, message: &[u8]) -> Result<(), RecallError> {
        let unknown = RecallError::Stream(stream);
        let sender = match stream.checked_sub(1) {
            None => &mut self.market,
            Some(at) => {
                let mailbox = self.mailboxes.get_mut(at as usize).ok_or(unknown)?;
                &mut mailbox.stream
            }
        };
        sender.remember(message)?;
        Ok(())
    }
}

/// Why a message of the past was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecallError {
    /// There are fewer streams.
    #[error("the venue has no output stream {0}")]
    Stream(u32),
    /// The stream does not take it.
    #[error(transparent)]
    Message(#[from] PushError),
}
