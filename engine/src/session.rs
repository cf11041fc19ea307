//! An order-entry session as the exchange knows it.
//!
//! The numbers here are what makes "exactly once" hold over a crash: where the
//! session's input stream goes on, which of the client's own numbers are used,
//! and the next number of its response stream.

use crate::event::Recipient;
use crate::types::{Firm, SessionId, SessionName, StreamNumber, UserRef};

/// An order-entry session as the exchange knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// Its name, which is also that of its streams.
    pub name: SessionName,
    /// The firm it belongs to.
    pub firm: Firm,
    /// The number that its next input message must have, from 1.
    pub next_input: u64,
    /// The lowest [`UserRef`] it may use next; beyond `u32::MAX` there is none.
    pub next_user_ref: u64,
    /// The number that its next response will have, from 1.
    pub next_response: StreamNumber,
}

impl Session {
    pub(crate) fn new(id: SessionId, name: SessionName, firm: Firm) -> Self {
        let next_response = StreamNumber(1);
        Self { id, name, firm, next_input: 1, next_user_ref: 1, next_response }
    }

    /// Uses a number up, unless it is used already.
    pub(crate) fn consume(&mut self, user_ref: UserRef) -> bool {
        let fresh = self.is_fresh(user_ref);
        if fresh {
            self.next_user_ref = u64::from(user_ref.0) + 1;
        }
        fresh
    }

    pub(crate) fn is_fresh(&self, user_ref: UserRef) -> bool {
        u64::from(user_ref.0) >= self.next_user_ref
    }

    /// This session, as the recipient of its next response.
    pub(crate) fn respond(&mut self) -> Recipient {
        let number = self.next_response;
        self.next_response = number.next();
        Recipient { session: self.id, number }
    }
}
