//! Clients that fall silent, and what becomes of their orders.
//!
//! A client is heard at least once a second. If nothing has been heard of one
//! for as long as the config says for its session, its orders are canceled, by
//! a command in the log like any other: a replay needs no clock, and a crash
//! after it changes nothing. Each silence causes it once, since a session that
//! has sent nothing after it has no orders left; after a start it is the
//! recovered book that says who has any. Only time in which the venue listened
//! counts: not a stop, and not a stall in which clients spoke to its full ring.

use super::receiver::Desk;
use crate::config::{Config, SessionConfig};
use ringmatch_engine::command::{Command, Scope, Side};
use ringmatch_engine::{Exchange, Nanos, Sequence, SessionId, SessionName};
use ringmatch_gateway::{Activity, Intake, Sequencer};

/// Nanoseconds between two looks at who was heard.
const LOOK_NS: u64 = 1_000_000;
/// Of a longer pause in which nobody was listened to, only this much counts.
const STALL_NS: u64 = 50_000_000;

/// The sessions whose silence means something.
#[derive(Debug, Default)]
pub struct Silences {
    watched: Vec<Watched>,
    looked: Nanos,
    /// For how long clients were listened to since the start.
    listened_ns: u64,
    canceled: u64,
}

#[derive(Debug)]
struct Watched {
    session: SessionName,
    limit_ns: u64,
    /// When its client was last heard, in time that was listened.
    heard_ns: u64,
    /// Of its messages below this number no order is left.
    clear_below: u64,
}

impl Silences {
    /// Of the sessions of a config, in a venue that goes on with `exchange`.
    #[must_use]
    pub fn of(config: &Config, exchange: &Exchange) -> Self {
        let has_limit = |session: &&SessionConfig| session.cancel_after_silence_ms > 0;
        let watched = config.sessions.iter().filter(has_limit).map(|session| Watched {
            session: session.name,
            limit_ns: session.cancel_after_silence_ms.saturating_mul(1_000_000),
            heard_ns: 0,
            clear_below: clear_below(session.name, exchange),
        });
        Self { watched: watched.collect(), ..Self::default() }
    }

    /// Sequences the cancel of one client that has been silent for too long.
    /// To be called when all that clients have sent has been taken.
    pub(super) fn poll(
        &mut self,
        now: Nanos,
        intake: &mut Intake,
        desk: &mut Desk,
    ) -> Option<Sequence> {
        let passed_ns = now.0.saturating_sub(self.looked.0);
        if self.watched.is_empty() || passed_ns < LOOK_NS {
            return None;
        }
        self.looked = now;
        self.listened_ns += passed_ns.min(STALL_NS);
        let mut silent = None;
        for activity in intake.activity() {
            let named = |watched: &Watched| watched.session == activity.name;
            let Some(at) = self.watched.iter().position(named) else { continue };
            let watched = &mut self.watched[at];
            if activity.heard {
                watched.heard_ns = self.listened_ns;
            }
            let is_silent = self.listened_ns - watched.heard_ns >= watched.limit_ns;
            if is_silent && activity.next > watched.clear_below && silent.is_none() {
                silent = Some((at, activity));
            }
        }
        let (at, Activity { session, next, .. }) = silent?;
        let scope = Scope { session, ..Scope::default() };
        let sequence = desk.sequence(SessionId(0), 0, Command::CancelOrders(scope))?;
        self.watched[at].clear_below = next;
        self.canceled += 1;
        Some(sequence)
    }

    /// Silences that had orders canceled.
    pub(super) fn canceled(&self) -> u64 {
        self.canceled
    }
}

/// The number of the next message of a session that has no orders; else a
/// number that no message is below.
fn clear_below(name: SessionName, exchange: &Exchange) -> u64 {
    let Some(session) = exchange.sessions().iter().find(|session| session.name == name) else {
        return 1;
    };
    if has_orders(session.id, exchange) { 0 } else { session.next_input }
}

fn has_orders(session: SessionId, exchange: &Exchange) -> bool {
    let books = exchange.instruments().iter().filter_map(|listed| exchange.book(listed.id));
    let mut orders = books.flat_map(|book| {
        let sides = [Side::Buy, Side::Sell].into_iter();
        let levels = sides.flat_map(move |side| book.levels(side).chain(book.stops(side)));
        levels.flat_map(|level| level.orders()).chain(book.waiting())
    });
    orders.any(|order| order.session == session)
}
