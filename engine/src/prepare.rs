//! Reading ahead: what the next commands will touch, before they do.
//!
//! With many instruments an order, its level and its neighbours are rarely near
//! when a command asks for them, and each is found only by way of the one
//! before: four or five waits for memory in a row. A batch of commands hides
//! that. The loads of one step do not depend on each other, so they wait
//! together; the steps of all commands are done one after the other, and by the
//! time a command is applied, what it needs is near. Nothing is changed, and
//! nothing depends on what is read: a command that an earlier one of the batch
//! has made stale was read for in vain.

use crate::book::NIL;
use crate::command::{Command, Enter, SequencedCommand};
use crate::exchange::Exchange;
use std::hint::black_box;

/// Commands that are read ahead for at a time.
const BATCH: usize = Exchange::AHEAD;
/// With fewer orders than this the books are near anyway, and reading ahead
/// costs more than it gives (`benches/README.md`).
const FAR_ORDERS: u32 = 1 << 16;

impl Exchange {
    /// How many commands [`prepare`](Self::prepare) looks at.
    pub const AHEAD: usize = 16;

    /// Reads what applying these commands will need. Call it with the commands
    /// that are applied next; it looks at the first [`AHEAD`](Self::AHEAD) of them,
    /// and at none while there are few orders.
    pub fn prepare<'a>(&self, commands: impl Iterator<Item = &'a SequencedCommand> + Clone) {
        if self.books.len() < FAR_ORDERS {
            return;
        }
        let mut orders = [NIL; BATCH];
        let mut levels = [NIL; BATCH];
        let mut seen = 0;
        for (at, input) in commands.take(BATCH).enumerate() {
            match &input.command {
                Command::Enter(order) => {
                    seen ^= self.books.peek(input.session, order.user_ref);
                    let Enter { instrument, side, price, .. } = *order;
                    let (level, read) = self.books.look_at_price(instrument, side, price);
                    levels[at] = level;
                    seen ^= read;
                }
                Command::Cancel(cancel) => {
                    orders[at] = self.books.peek(input.session, cancel.user_ref);
                }
                Command::Replace(order) => {
                    seen ^= self.books.peek(input.session, order.user_ref);
                    orders[at] = self.books.peek(input.session, order.original);
                }
                _ => {}
            }
        }
        let mut neighbours = [(NIL, NIL); BATCH];
        for at in 0..BATCH {
            if orders[at] != NIL {
                let order = &self.books.orders[orders[at]];
                levels[at] = order.level;
                neighbours[at] = (order.next, order.previous);
            }
        }
        for at in 0..BATCH {
            if levels[at] == NIL {
                continue;
            }
            let level = &self.books.levels[levels[at]];
            seen ^= level.head;
            if orders[at] == NIL {
                neighbours[at].1 = level.tail;
            } else if neighbours[at] == (NIL, NIL) {
                let side = self.books.orders[orders[at]].marks.side();
                seen ^= self.books.look_at_level(level, side);
            }
        }
        for (next, previous) in neighbours {
            for order in [next, previous].into_iter().filter(|&order| order != NIL) {
                seen ^= self.books.orders[order].next;
            }
        }
        black_box(seen);
    }
}
