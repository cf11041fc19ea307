//! A flow, how large its venue is, and what must come of each message.
//!
//! The first `opening` messages build the books and are never measured. What
//! must come of the messages is found once, when the script is made.

use super::{Message, Outcome, Reference, Report};

/// How large the venue of a flow is.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Books.
    pub books: u16,
    /// Orders that can rest at a time, in all books together.
    pub orders: u32,
    /// Price levels that a side of one book can have.
    pub levels_per_side: u32,
}

/// A flow with what must come of each message.
#[derive(Debug)]
pub struct Script {
    /// How large the venue is.
    pub room: Room,
    /// All messages, those that build the books first.
    pub messages: Vec<Message>,
    /// How many build the books.
    pub opening: usize,
    /// By message: what must come of it.
    pub outcomes: Vec<Outcome>,
    /// Every report that must be made, in order.
    pub reports: Vec<Report>,
}

impl Script {
    /// The script of a flow.
    #[must_use]
    pub fn new(room: Room, messages: Vec<Message>, opening: usize) -> Self {
        let mut reference = Reference::new(room.books);
        let mut reports = Vec::with_capacity(messages.len() * 3 / 2);
        let apply = |(number, message): (usize, &Message)| {
            reference.apply(number as u64, message, &mut reports)
        };
        let outcomes = messages.iter().enumerate().map(apply).collect();
        Self { room, messages, opening, outcomes, reports }
    }

    /// The messages that are measured.
    #[must_use]
    pub fn measured(&self) -> usize {
        self.messages.len() - self.opening
    }
}
