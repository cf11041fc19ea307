//! An exchange that was restored from its image is the exchange it was made of:
//! it says the same to everything that comes after.
//!
//! Any flow is played to two exchanges, of which one is restored again and again
//! from its own image. And no bytes make an image be taken for another one.

use crate::flow::{CROWDED, Clerk, FLOWS, Flow, Seeded};
use ringmatch_engine::event::Event;
use ringmatch_engine::image::{ArchivedPiece, ImageError, Piece, Restoring};
use ringmatch_engine::{Exchange, Limits};
use rkyv::rancor::Error as ArchiveError;
use rkyv::util::AlignedVec;

/// The pieces of an image as they are archived.
fn taken(exchange: &Exchange) -> Vec<AlignedVec> {
    let mut pieces = Vec::new();
    let done = exchange.image(|piece: &Piece| {
        pieces.push(rkyv::to_bytes::<ArchiveError>(piece)?);
        Ok::<_, ArchiveError>(())
    });
    done.expect("memory takes all");
    pieces
}

/// What comes of archived pieces; nothing if a piece is none.
fn restored(limits: Limits, pieces: &[AlignedVec]) -> Option<Result<Box<Exchange>, ImageError>> {
    let mut restoring = Restoring::new(limits);
    for piece in pieces {
        let piece = rkyv::access::<ArchivedPiece, ArchiveError>(piece).ok()?;
        if let Err(error) = restoring.take(piece) {
            return Some(Err(error));
        }
    }
    Some(restoring.finish())
}

fn assert_same(one: &Exchange, other: &Exchange) {
    assert_eq!(one.state_hash(), other.state_hash());
    assert_eq!(one.digest(), other.digest());
    assert_eq!(one.counters(), other.counters());
    assert_eq!(one.next_timer(), other.next_timer());
    assert_eq!(one.resting_orders(), other.resting_orders());
    assert_eq!(one.instruments(), other.instruments());
    assert_eq!(one.sessions(), other.sessions());
}

/// Plays a flow to two exchanges, one of them restored before every so many
/// commands.
fn play(flow: Flow, seed: u64, steps: usize, every: usize) -> u32 {
    let mut clerk = Clerk::new(flow);
    let mut one = Box::new(Exchange::new(flow.limits).expect("limits in range"));
    for command in clerk.opening() {
        one.apply(&command, &mut Vec::<Event>::new());
    }
    let mut other = restored(flow.limits, &taken(&one)).expect("an image").expect("sound");
    let mut most_open = 0;
    for (at, step) in Seeded(seed).steps(steps).iter().enumerate() {
        let command = clerk.prepare(step);
        clerk.follow(&command);
        let (mut said, mut said_again) = (Vec::new(), Vec::new());
        one.apply(&command, &mut said);
        other.apply(&command, &mut said_again);
        assert_eq!(said, said_again, "seed {seed}, step {at}: {command:?}");
        if at.is_multiple_of(every) {
            assert_same(&one, &other);
            most_open = most_open.max(one.resting_orders());
            let image = restored(flow.limits, &taken(&other)).expect("an image");
            other = image.unwrap_or_else(|error| panic!("seed {seed}, step {at}: {error}"));
            assert_same(&one, &other);
        }
    }
    most_open
}

#[test]
fn a_restored_exchange_goes_on_as_if_nothing_had_been() {
    for flow in FLOWS {
        for seed in 0..12 {
            play(flow, seed, 2_000, 7);
        }
    }
}

#[test]
fn deep_books_are_restored() {
    let [.., growing] = FLOWS;
    let most_open = play(growing, 77, 20_000, 997);
    assert!(most_open > 150, "at most {most_open} orders were open");
}

/// An exchange with everything in it that the crowded flow brings.
fn crowded(seed: u64, steps: usize) -> Exchange {
    let mut clerk = Clerk::new(CROWDED);
    let mut exchange = Exchange::new(CROWDED.limits).expect("limits in range");
    let mut events: Vec<Event> = Vec::new();
    for command in clerk.opening() {
        exchange.apply(&command, &mut events);
    }
    for step in &Seeded(seed).steps(steps) {
        let command = clerk.prepare(step);
        clerk.follow(&command);
        exchange.apply(&command, &mut events);
    }
    exchange
}

#[test]
fn pieces_that_are_missing_doubled_or_exchanged_are_refused() {
    let exchange = crowded(5, 900);
    let pieces = taken(&exchange);
    assert!(pieces.len() > 6, "all kinds but one are there");
    let refused = |pieces: &[AlignedVec]| {
        let error = restored(CROWDED.limits, pieces).expect("each is a piece");
        error.expect_err("it is refused").to_string()
    };
    for at in 0..pieces.len() {
        let mut less = pieces.clone();
        less.remove(at);
        assert!(!refused(&less).is_empty(), "without piece {at}");
        let mut doubled = pieces.clone();
        doubled.insert(at, pieces[at].clone());
        assert!(!refused(&doubled).is_empty(), "piece {at} twice");
        let mut exchanged = pieces.clone();
        exchanged.swap(at, (at + 1) % pieces.len());
        assert!(!refused(&exchanged).is_empty(), "piece {at} exchanged with the next");
    }
    let others = Limits { orders: 13, ..CROWDED.limits };
    let error = restored(others, &pieces).expect("each is a piece").expect_err("refused");
    assert_eq!(error.to_string(), "its limits 0 are not this venue's");
}

/// With its checksums forged, so to speak.
#[test]
fn a_changed_byte_is_refused_or_means_nothing() {
    let (mut refused, mut meaningless) = (0, 0);
    for seed in 0..30 {
        let exchange = crowded(seed, 400);
        let pieces = taken(&exchange);
        for [piece, at, more, mask, ..] in Seeded(1_000 + seed).steps(200) {
            let mut changed = pieces.clone();
            let piece = usize::from(piece) % pieces.len();
            let at = (usize::from(at) << 8 | usize::from(more)) % pieces[piece].len();
            changed[piece][at] ^= mask.max(1);
            match restored(CROWDED.limits, &changed) {
                Some(Ok(restored)) => {
                    assert_same(&exchange, &restored);
                    meaningless += 1;
                }
                Some(Err(_)) | None => refused += 1,
            }
        }
    }
    assert!(refused > 1_000 && meaningless > 10, "{refused} refused, {meaningless} were padding");
}
