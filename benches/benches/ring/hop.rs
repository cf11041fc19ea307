//! One hop: an event alone, from one core to the other.
//!
//! A ping of 32 bytes goes one way and a pong comes back the other. A round trip
//! is two hops and one reading of the clock, whose cost is measured first and
//! taken off.

use crate::players::{Lines, Receiving, Seen, Sending, Way, disruptor, ours, rtrb};
use crate::{Cores, median};
use hdrhistogram::Histogram;
use std::hint::spin_loop;
use std::thread;
use std::time::Instant;

/// Words of an event.
const WORDS: usize = 4;
/// Round trips of one turn, and before them to warm up.
const ROUND_TRIPS: u64 = 20_000;
const WARM_UP: u64 = 2_000;
/// The ping that ends a turn; it has a successor.
const LAST: u64 = u64::MAX - 1;
const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

/// Measures and prints.
pub(crate) fn measure(cores: Cores, rounds: u32) {
    cores.pin(0);
    let clock_ns = clock_ns();
    let mut players =
        ["bare lines", "ringmatch", "disruptor", "rtrb"].map(|name| (name, Vec::new()));
    for _ in 0..rounds {
        let [there, back] = [Lines::default(), Lines::default()];
        players[0].1.push(Turn::play(cores, there.way(), back.way()));
        players[1].1.push(Turn::play(cores, ours::<WORDS>(), ours::<WORDS>()));
        players[2].1.push(Turn::play(cores, disruptor::<WORDS>(), disruptor::<WORDS>()));
        players[3].1.push(Turn::play(cores, rtrb::<WORDS>(), rtrb::<WORDS>()));
    }
    println!(
        "a hop of 32 bytes, ns, and its ratio to bare lines in the same round ({rounds} rounds)"
    );
    print!("{:12}", "");
    QUANTILES.iter().for_each(|(name, _)| print!("{name:>10}{:>8}", "ratio"));
    println!();
    let bare = &players[0].1;
    for (name, turns) in &players {
        print!("{name:12}");
        for (_, quantile) in QUANTILES {
            let hops = turns.iter().map(|turn| turn.hop(quantile, clock_ns));
            let ratios = turns
                .iter()
                .zip(bare)
                .map(|(turn, bare)| turn.hop(quantile, clock_ns) / bare.hop(quantile, clock_ns));
            print!("{:>10.1}{:>8.2}", median(hops), median(ratios));
        }
        println!();
    }
    let (mut nearest, mut farthest) = (f64::MAX, 0.0_f64);
    for turn in bare {
        let hop = turn.hop(0.5, clock_ns);
        (nearest, farthest) = (nearest.min(hop), farthest.max(hop));
    }
    println!(
        "core distance: a bare hop took {nearest:.0} to {farthest:.0} ns at p50; a reading of the"
    );
    println!("clock, {clock_ns} ns, is taken off each round trip");
}

/// What a reading of the clock costs.
fn clock_ns() -> u64 {
    let mut times = Histogram::<u64>::new(3).expect("three digits");
    let mut before = Instant::now();
    for _ in 0..100_000 {
        let now = Instant::now();
        times.saturating_record((now - before).as_nanos() as u64);
        before = now;
    }
    times.value_at_quantile(0.5)
}

/// What one player's turn gave: round trips in nanoseconds.
struct Turn(Histogram<u64>);

impl Turn {
    /// Plays over a way there and one back.
    fn play(
        cores: Cores,
        there: Way<impl Sending, impl Receiving>,
        back: Way<impl Sending, impl Receiving>,
    ) -> Self {
        let Way { send: mut ping, receive: hear_ping } = there;
        let Way { send: pong, receive: mut hear_pong } = back;
        let mut times = Histogram::new(3).expect("three digits");
        thread::scope(|scope| {
            scope.spawn(move || {
                cores.pin(1);
                echo(hear_ping, pong);
            });
            let mut seen = Seen::default();
            let mut before = Instant::now();
            for number in 0..WARM_UP + ROUND_TRIPS {
                ping(number, 1);
                wait_for_one(&mut hear_pong, &mut seen);
                assert_eq!(seen.latest, number, "what comes back is what was sent");
                let now = Instant::now();
                if number >= WARM_UP {
                    times.saturating_record((now - before).as_nanos() as u64);
                }
                before = now;
            }
            ping(LAST, 1);
        });
        Self(times)
    }

    /// One hop at a quantile, in nanoseconds.
    fn hop(&self, quantile: f64, clock_ns: u64) -> f64 {
        self.0.value_at_quantile(quantile).saturating_sub(clock_ns) as f64 / 2.0
    }
}

fn wait_for_one(receive: &mut impl Receiving, seen: &mut Seen) {
    let before = seen.count;
    loop {
        receive(seen);
        if seen.count > before {
            return;
        }
        spin_loop();
    }
}

/// Sends back what comes, until the last.
fn echo(mut receive: impl Receiving, mut send: impl Sending) {
    let mut seen = Seen::default();
    loop {
        wait_for_one(&mut receive, &mut seen);
        if seen.latest == LAST {
            return;
        }
        send(seen.latest, 1);
    }
}
