//! What the demo promises, and whether it held.
//!
//! Everything is checked from the outside: against the journal as any reader
//! finds it, against what the participants were told, and against the book that
//! the market data tells of.

use super::participant::Testimony;
use super::screen::Screen;
use super::venue::VenueProcess;
use crate::follower::Follower;
use crate::log;
use ringmatch_engine::command::{Command, Side};
use ringmatch_engine::{Exchange, Sequence, SessionId};
use ringmatch_gateway::market::{DisplayedLevel, MarketBook};
use ringmatch_journal::{Directory, Reader};
use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

/// Where a journal comes to.
pub(super) struct Replayed {
    pub(super) commands: u64,
    pub(super) digest: String,
    pub(super) state_hash: String,
    /// Digests that the killed process left in the journal, and the replay had
    /// too.
    pub(super) checkpoints: u64,
}

/// Replays a journal as it is on the disk.
pub(super) fn replay(data_dir: &Path) -> Result<Replayed, Box<dyn Error>> {
    let follower = follow(data_dir, |_, _| {})?;
    let exchange = follower.exchange();
    Ok(Replayed {
        commands: exchange.sequence().0,
        digest: exchange.digest().to_string(),
        state_hash: exchange.state_hash().to_string(),
        checkpoints: follower.verified(),
    })
}

/// Replays a journal and shows each order entered in it.
fn follow(
    data_dir: &Path,
    mut entered: impl FnMut(SessionId, u32),
) -> Result<Follower, Box<dyn Error>> {
    let mut reader = Reader::open(Directory::open(data_dir)?)?;
    let mut follower = Follower::new(log::decode_limits(reader.identity().config())?)?;
    while let Some(frame) = reader.next_frame()? {
        follower.follow(&frame, Sequence(u64::MAX), &mut |input, _| {
            if let Command::Enter(order) = &input.command {
                entered(input.session, order.user_ref.0);
            }
        })?;
    }
    Ok(follower)
}

/// The checks so far: what was promised, and whether it held.
#[derive(Default)]
pub(super) struct Checks {
    done: Vec<(String, bool)>,
}

impl Checks {
    /// Notes whether something held.
    pub(super) fn that(&mut self, promise: &str, held: bool) {
        self.done.push((promise.to_owned(), held));
    }

    /// A restart comes back to what the journal says.
    pub(super) fn recovery(&mut self, replayed: &Replayed, engine: &VenueProcess) {
        let Replayed { checkpoints, .. } = replayed;
        self.that(
            &format!("{checkpoints} digests that the killed process left behind are the replay's"),
            *checkpoints > 0,
        );
        self.that(
            "the restarted venue has the digest that the journal replays to",
            engine.text("digest") == replayed.digest,
        );
        self.that(
            "and the same state: books, sessions, numbers",
            engine.text("state_hash") == replayed.state_hash
                && engine.number("recovered_commands") == replayed.commands,
        );
    }

    /// What the participants were told, and what the market data told, is what
    /// the journal says.
    pub(super) fn journal(
        &mut self,
        data_dir: &Path,
        testimonies: &[Testimony],
        book: &MarketBook,
    ) -> Result<(), Box<dyn Error>> {
        let mut entered: HashMap<(SessionId, u32), u32> = HashMap::new();
        let follower = follow(data_dir, |session, user_ref| {
            *entered.entry((session, user_ref)).or_default() += 1;
        })?;
        let exchange = follower.exchange();
        let orders: usize = testimonies.iter().map(|testimony| testimony.sent.len()).sum();
        let in_journal = |testimony: &Testimony, user_ref: u32| {
            let session = exchange
                .sessions()
                .iter()
                .find(|known| known.name.to_string() == testimony.session);
            session.and_then(|session| entered.get(&(session.id, user_ref))).copied()
        };
        let each = |holds: &dyn Fn(&Testimony) -> bool| testimonies.iter().all(holds);
        self.that(
            &format!("each of {orders} orders was answered, and answered once"),
            each(&|testimony| testimony.complete && testimony.twice == 0),
        );
        self.that(
            "each acknowledged order is in the journal, and none is in it twice",
            each(&|testimony| {
                let mut orders = testimony.acknowledged.iter();
                orders.all(|&user_ref| in_journal(testimony, user_ref) == Some(1))
            }),
        );
        let bought: u64 = testimonies.iter().map(|testimony| testimony.bought).sum();
        let sold: u64 = testimonies.iter().map(|testimony| testimony.sold).sum();
        self.that(
            &format!("buyers were told of {bought} shares, sellers of {sold}"),
            bought == sold,
        );
        self.that(
            &format!("the book told by market data is the venue's: {} orders", book.len()),
            same_books(exchange, book),
        );
        Ok(())
    }

    /// Prints them, and says whether all held.
    pub(super) fn print(&self, screen: &mut Screen) -> bool {
        screen.say("");
        for (promise, held) in &self.done {
            screen.say(&format!("  {} {promise}", if *held { "ok    " } else { "FAILED" }));
        }
        self.done.iter().all(|(_, held)| *held)
    }
}

/// Whether readers of market data see the exchange's displayed orders, level by
/// level and in order of time.
fn same_books(exchange: &Exchange, told: &MarketBook) -> bool {
    exchange.instruments().iter().all(|listed| {
        [Side::Buy, Side::Sell].into_iter().all(|side| {
            let Some(book) = exchange.book(listed.id) else { return false };
            let levels = book.levels(side).filter(|level| level.displayed_quantity() > 0);
            let own = levels.map(|level| DisplayedLevel {
                price: level.price(),
                shares: level
                    .orders()
                    .filter(|order| order.displayed)
                    .map(|order| order.quantity.0)
                    .collect(),
            });
            own.eq(told.levels(listed.id.0, side))
        })
    })
}
