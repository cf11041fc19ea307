//! Plays one flow once, for `valgrind --tool=callgrind`, which counts what is
//! executed between entering and leaving [`play_measured`].
//!
//! Instructions do not depend on what else the machine does, so they tell a
//! change of one percent where a clock on a busy machine tells nothing. They
//! know no cache, no branch predictor and no store buffer: a decision is made
//! by the clock. `count.sh` beside this file runs it and divides.

use clap::{Parser, ValueEnum};
use ringmatch_benches::flow::{Mix, Script, read_recording};
use ringmatch_benches::peers::ringmatch::Guards;
use ringmatch_benches::peers::{BATCH, Engine, Lobster, Matchcore, OrderBookRs, Ringmatch};
use ringmatch_engine::LimitsError;
use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// Plays one flow once with one engine.
#[derive(Parser)]
#[command(name = "callgrind")]
struct Args {
    /// A hundredth of a mix, or the file of a recorded flow.
    flow: PathBuf,
    /// Who plays it.
    engine: Player,
}

#[derive(Clone, Copy, ValueEnum)]
enum Player {
    #[value(name = Ringmatch::NAME)]
    Ringmatch,
    /// Ringmatch with every session limit on.
    Limits,
    /// Ringmatch with fees.
    Fees,
    #[value(name = Matchcore::NAME)]
    Matchcore,
    #[value(name = OrderBookRs::NAME)]
    OrderBookRs,
    #[value(name = Lobster::NAME)]
    Lobster,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let script = script(&args.flow)?;
    match args.engine {
        Player::Ringmatch => play::<Ringmatch>(&script),
        Player::Limits => guarded(&script, Guards { limits: true, fees: false })?,
        Player::Fees => guarded(&script, Guards { limits: false, fees: true })?,
        Player::Matchcore => play::<Matchcore>(&script),
        Player::OrderBookRs => play::<OrderBookRs>(&script),
        Player::Lobster => play::<Lobster>(&script),
    }
    println!("{}", script.measured());
    Ok(())
}

fn script(flow: &Path) -> Result<Script, Box<dyn Error>> {
    Ok(match flow.to_str() {
        Some("a") => Mix::A.hundredth().script(),
        Some("b") => Mix::B.hundredth().script(),
        Some("c") => Mix::C.hundredth().script(),
        _ => read_recording(flow)?,
    })
}

fn play<E: Engine>(script: &Script) {
    play_with(E::open(&script.room), script);
}

fn guarded(script: &Script, guards: Guards) -> Result<(), LimitsError> {
    play_with(Ringmatch::try_open(&script.room, guards)?, script);
    Ok(())
}

fn play_with<E: Engine>(mut engine: E, script: &Script) {
    let commands = E::commands(script);
    for command in commands.opening() {
        engine.apply(command);
    }
    play_measured(&mut engine, commands.measured());
}

/// What is counted.
#[inline(never)]
fn play_measured<E: Engine>(engine: &mut E, commands: &[E::Command]) {
    for batch in commands.chunks(BATCH) {
        engine.look_ahead(batch);
        for command in batch {
            engine.apply(black_box(command));
        }
    }
}
