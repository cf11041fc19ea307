//! What a flow really consists of, counted.

use ringmatch_benches::flow::{Kind, Message, Reference, Script, Silent};
use std::fmt::{self, Display, Formatter};

/// Shares of the measured operations in percent, and the books around them.
#[derive(Debug, Default)]
pub(crate) struct Proportions {
    operations: usize,
    limit: usize,
    immediate: usize,
    cancel: usize,
    replace: usize,
    reduce: usize,
    /// Operations that trade at once.
    trading: usize,
    /// Resting orders and price levels before and after.
    resting: [usize; 2],
    levels: [usize; 2],
}

impl Proportions {
    /// Counts.
    pub(crate) fn of(script: &Script) -> Self {
        let mut counts = Self { operations: script.measured(), ..Self::default() };
        let mut reference = Reference::new(script.room.books);
        for (number, message) in script.messages.iter().enumerate() {
            if number == script.opening {
                counts.look(0, &reference);
            }
            let outcome = reference.apply(number as u64, message, &mut Silent);
            if number >= script.opening {
                counts.count(message);
                counts.trading += usize::from(outcome.traded > 0);
            }
        }
        counts.look(1, &reference);
        counts
    }

    fn look(&mut self, when: usize, reference: &Reference) {
        self.levels[when] = reference.levels();
        self.resting[when] = reference.resting_orders();
    }

    fn count(&mut self, message: &Message) {
        let kind = match message.kind {
            Kind::New if message.immediate_or_cancel => &mut self.immediate,
            Kind::New => &mut self.limit,
            Kind::Cancel => &mut self.cancel,
            Kind::Modify => &mut self.replace,
            Kind::Reduce => &mut self.reduce,
        };
        *kind += 1;
    }
}

impl Display for Proportions {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let percent = |count: usize| 100.0 * count as f64 / self.operations as f64;
        let ([resting, resting_after], [levels, levels_after]) = (self.resting, self.levels);
        write!(
            f,
            "{} operations: {:.1}% limit, {:.1}% immediate, {:.1}% cancel, {:.1}% replace, \
             {:.1}% reduce; {:.1}% trade; {resting} to {resting_after} resting orders on \
             {levels} to {levels_after} levels",
            self.operations,
            percent(self.limit),
            percent(self.immediate),
            percent(self.cancel),
            percent(self.replace),
            percent(self.reduce),
            percent(self.trading),
        )
    }
}
