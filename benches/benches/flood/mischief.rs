//! The kinds of mischief: what each sends, and where the venue must count it.
//!
//! What ends in none of a kind's counters, in the kernel, or in the log was
//! dropped in silence, and fails the run. Everything is drawn from one seed.

use crate::source::{Door, Source};
use ringmatch::pipeline::Counter;
use ringmatch_gateway::wire::mold::Request;

/// One kind of mischief.
pub struct Kind {
    pub name: &'static str,
    /// Makes the next datagram, and says where it goes.
    pub next: fn(&mut Source) -> Door,
    /// Where the venue counts it, in one of these.
    pub counted: &'static [Counter],
    /// Whether its sender is told anything.
    pub is_answered: bool,
    /// Whether the venue keeps next to nothing in memory that can be asked for
    /// again.
    pub has_small_window: bool,
}

impl Kind {
    const fn silent(
        name: &'static str,
        next: fn(&mut Source) -> Door,
        counted: &'static [Counter],
    ) -> Self {
        Self { name, next, counted, is_answered: false, has_small_window: false }
    }

    const fn answered(
        name: &'static str,
        next: fn(&mut Source) -> Door,
        counted: &'static [Counter],
    ) -> Self {
        Self { is_answered: true, ..Self::silent(name, next, counted) }
    }
}

/// Where requests are counted that were served, and those that were too many.
const SERVED: &[Counter] = &[
    Counter::Answered,
    Counter::NeverSent,
    Counter::TooManyRequests,
    Counter::Forgotten,
    Counter::OldDropped,
    Counter::OldAnswered,
    Counter::OldRefused,
    Counter::OldMissing,
    Counter::OldUnreadable,
    Counter::OldUnsent,
    // Of packets ahead of a gap that nobody fills.
    Counter::StashOverflows,
];

pub const KINDS: &[Kind] = &[
    Kind::silent("past the venue", past, &[]),
    Kind::silent(
        "random bytes as orders",
        random_orders,
        &[Counter::UnknownSession, Counter::Truncated],
    ),
    Kind::silent(
        "random bytes as requests",
        random_requests,
        &[Counter::UnknownRequests, Counter::MalformedRequests, Counter::TooManyRequests],
    ),
    Kind::silent("orders of a stranger", stranger, &[Counter::UnknownSession]),
    Kind::silent(
        "a recording, again and again",
        recording,
        &[
            Counter::DuplicatePackets,
            Counter::Replayed,
            Counter::OldRequests,
            Counter::TooManyRequests,
        ],
    ),
    Kind::silent(
        "a wrong key, and none",
        wrong_key,
        &[
            Counter::BrokenSeals,
            Counter::Unsealed,
            Counter::BrokenRequests,
            Counter::UnsealedRequests,
            Counter::TooManyRequests,
        ],
    ),
    Kind::answered("requests for what there is", sound_requests, SERVED),
    Kind {
        has_small_window: true,
        ..Kind::answered("the same, from disk", sound_requests, SERVED)
    },
    Kind::silent(
        "requests for nonsense",
        nonsense_requests,
        &[
            Counter::NeverSent,
            Counter::UnknownRequests,
            Counter::MalformedRequests,
            Counter::TooManyRequests,
        ],
    ),
    Kind::answered(MUTE, never_reads, SERVED),
];

/// The kind that trades.
pub const MUTE: &str = "a client that never reads";

/// Costs what the sending costs, and nobody is there.
fn past(source: &mut Source) -> Door {
    source.fill_with_random_bytes(20..1_400);
    Door::Past
}

fn random_orders(source: &mut Source) -> Door {
    source.fill_with_random_bytes(0..1_400);
    Door::Orders
}

fn random_requests(source: &mut Source) -> Door {
    source.fill_with_random_bytes(0..1_400);
    Door::Requests
}

/// Sound packets of sound orders, in a session that the venue does not have.
fn stranger(source: &mut Source) -> Door {
    let first = source.random.u64(1..1 << 40);
    source.fill_with_orders("STRANGER", first, 20);
    Door::Orders
}

/// Whatever the idle client had sent in its login.
fn recording(source: &mut Source) -> Door {
    source.fill_from_recording()
}

/// The idle client's next message, and its requests, by somebody who has
/// another key or none.
fn wrong_key(source: &mut Source) -> Door {
    let (name, next) = source.idle;
    let door = if source.random.bool() { Door::Orders } else { Door::Requests };
    match door {
        Door::Orders => source.fill_with_orders(name, next, 1),
        _ => source.fill_with_request(name, 1, 100),
    }
    if source.random.bool() {
        source.seal_with_wrong_key(door);
    }
    door
}

fn sound_requests(source: &mut Source) -> Door {
    let first = source.random.u64(1..20);
    source.fill_with_request(&source.venue.to_string(), first, 1_024);
    Door::Requests
}

fn nonsense_requests(source: &mut Source) -> Door {
    let venue = source.venue.to_string();
    match source.random.u8(0..4) {
        0 => source.fill_with_request(&venue, u64::MAX, u16::MAX),
        1 => source.fill_with_request(&venue, 0, 1),
        2 => source.fill_with_request("NOBODY", 1, 1),
        _ => source.fill_with_random_bytes(0..Request::LEN),
    }
    Door::Requests
}

/// Trades with its own key, has all it was told sent again and again, and looks
/// at nothing.
fn never_reads(source: &mut Source) -> Door {
    let door = if source.random.u8(0..4) > 0 { Door::Orders } else { Door::Requests };
    source.fill_with_mute(door);
    door
}
