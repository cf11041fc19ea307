//! Hand-off: as many events as pass from one core to the other.
//!
//! The clock runs from the first claim until the receiver has said that it saw
//! the last event; building, pinning and starting threads is outside.

use crate::players::{Receiving, Seen, Sending, Way, disruptor, ours, ours_one_by_one, rtrb};
use crate::{Cores, median};
use std::hint::spin_loop;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

const PLAYERS: [&str; 4] = ["ringmatch", "one by one", "disruptor", "rtrb"];
const BATCHES: [usize; 3] = [1, 10, 100];
/// Events of a turn, for each event of a batch up to ten.
const EVENTS: u64 = 200_000;

/// Measures and prints.
pub(crate) fn measure(cores: Cores, rounds: u32) {
    println!("hand-off, M events/s, and ratios to the first in the same round ({rounds} rounds);");
    println!("`one by one` claims slot by slot and publishes the batch");
    print!("{:>6}{:>7}{:>12}", "bytes", "batch", PLAYERS[0]);
    PLAYERS[1..].iter().for_each(|name| print!("{name:>12}{:>7}", "ratio"));
    println!();
    for batch in BATCHES {
        line::<4>(cores, rounds, batch);
    }
    for batch in BATCHES {
        line::<16>(cores, rounds, batch);
    }
}

fn line<const WORDS: usize>(cores: Cores, rounds: u32, batch: usize) {
    let mut players: [Vec<f64>; PLAYERS.len()] = Default::default();
    for round in 0..rounds as usize {
        // Nobody is always the first.
        for place in 0..PLAYERS.len() {
            let player = (round + place) % PLAYERS.len();
            players[player].push(match player {
                0 => turn(cores, batch, ours::<WORDS>()),
                1 => turn(cores, batch, ours_one_by_one::<WORDS>()),
                2 => turn(cores, batch, disruptor::<WORDS>()),
                _ => turn(cores, batch, rtrb::<WORDS>()),
            });
        }
    }
    print!("{:>6}{batch:>7}{:>12.1}", WORDS * 8, median(players[0].iter().copied()));
    for rates in &players[1..] {
        let ratios = rates.iter().zip(&players[0]).map(|(rate, ours)| rate / ours);
        print!("{:>12.1}{:>7.2}", median(rates.iter().copied()), median(ratios));
    }
    println!();
}

/// One player's turn, in millions of events a second.
fn turn(cores: Cores, batch: usize, way: Way<impl Sending, impl Receiving>) -> f64 {
    let Way { mut send, receive } = way;
    let batches = EVENTS * batch.min(10) as u64 / batch as u64;
    let events = batches * batch as u64;
    let (ready, done) = (Barrier::new(2), AtomicBool::new(false));
    cores.pin(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            cores.pin(1);
            ready.wait();
            drain(receive, events);
            done.store(true, Ordering::Release);
        });
        ready.wait();
        let start = Instant::now();
        for number in 0..batches {
            send(number, batch);
        }
        while !done.load(Ordering::Acquire) {
            spin_loop();
        }
        events as f64 / start.elapsed().as_secs_f64() / 1e6
    })
}

/// Receives until so many events have come.
fn drain(mut receive: impl Receiving, events: u64) {
    let mut seen = Seen::default();
    while seen.count < events {
        let before = seen.count;
        receive(&mut seen);
        if seen.count == before {
            spin_loop();
        }
    }
    std::hint::black_box(seen.sum);
}
