//! The public matching-engine challenge, played by the production engine.
//!
//! Five recorded flows for one book; the whole stream of reports must hash to
//! what every correct engine makes of the flow. How its messages stand to an
//! exchange that speaks OUCH is said in `peers::ringmatch`; how its reports do:
//!
//! | challenge | here |
//! |---|---|
//! | order ack | `Accepted` |
//! | trade | `Executed` |
//! | cancel ack | `Canceled`, also for the rest of an immediate order; side and price are those of the client's message |
//! | modify ack | `Replaced` |
//! | cancel or modify reject | silence: no event has the command as its cause |
//! | none | `Added`: the rest of an order that traded comes to rest |
//!
//! The matching side is `Exchange::apply` and nothing else: every event is
//! numbered, folded into the digest, and written into the production ring. The
//! reports are made on the other side of the ring, by another thread. What is
//! timed stands in `run`; every run is hashed after its time was taken. A peer
//! plays the same flow over the same ring, in turn, run by run.
//!
//! ```text
//! cargo run --release -p ringmatch-benches --bin challenge -- --flows FOLDER
//! ```
//!
//! Exit code 0: all hashes of this house's engine are right; 1: one is wrong;
//! 2: nothing to say, because the flows are not there or cannot be played. A
//! peer's hashes are shown, and decide nothing.

mod figures;
mod outlet;
mod player;
mod run;

use clap::{Parser, ValueEnum};
use figures::{Figures, Rates, Summary};
use player::{Guest, House, Null, Player};
use ringmatch_benches::flow::{Report, SCENARIOS, Scenario, Script, Size, hash, read_recording};
use ringmatch_benches::peers::ringmatch::Guards;
use ringmatch_benches::peers::{Engine, Lobster, Matchcore, OrderBookRs};
use run::{Cores, RunError};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Plays the public matching-engine challenge.
#[derive(Parser)]
#[command(name = "challenge", max_term_width = 100)]
struct Args {
    /// The folder with the flows (NAME.flow.zst, NAME.small.flow.zst).
    #[arg(long)]
    flows: PathBuf,
    /// Plays the flows of ten thousand new orders instead of a million.
    #[arg(long)]
    small: bool,
    /// How often each flow is played.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Plays only the scenario of this name.
    #[arg(long, value_parser = SCENARIOS.map(|scenario| scenario.name))]
    scenario: Option<String>,
    /// Lets another engine play in turn with this house's.
    #[arg(long, value_enum)]
    peer: Option<Opponent>,
    /// Ends with one JSON object instead of a line for a reader.
    #[arg(long)]
    json: bool,
}

/// Who else can play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Opponent {
    #[value(name = Matchcore::NAME)]
    Matchcore,
    #[value(name = OrderBookRs::NAME)]
    OrderBookRs,
    #[value(name = Lobster::NAME)]
    Lobster,
    /// This house's engine with every session limit on: what they cost.
    Limits,
    /// This house's engine with fees: what they cost.
    Fees,
    /// Matches nothing and acknowledges everything: the harness's ceiling. Its
    /// hashes are wrong, of course.
    Null,
}

fn main() -> ExitCode {
    match play_all(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Plays what was asked for; whether all hashes are right.
fn play_all(args: &Args) -> Result<bool, Box<dyn Error>> {
    if !args.flows.is_dir() {
        let folder = args.flows.display();
        return Err(format!("there is no folder {folder}: the challenge's flows are absent").into());
    }
    let cores = Cores::find();
    if !cores.are_two() {
        println!("only one core: both threads share it, and no figure compares");
    }
    let mut all = Vec::new();
    for scenario in &SCENARIOS {
        if args.scenario.as_deref().is_none_or(|name| name == scenario.name) {
            let figures = play(scenario, args, cores)?;
            println!("{}", figures.line());
            all.push(figures);
        }
    }
    let peer = args.peer.and_then(|peer| peer.to_possible_value());
    let peer = peer.map(|peer| peer.get_name().to_owned());
    let summary = Summary::new(all, peer).ok_or("no scenario was played")?;
    match args.json {
        true => println!("{}", serde_json::to_string(&summary)?),
        false => println!("{}", summary.line()),
    }
    Ok(summary.are_all_right())
}

/// Plays a scenario as often as was asked for, and hashes every run.
fn play(scenario: &Scenario, args: &Args, cores: Cores) -> Result<Figures, Box<dyn Error>> {
    let size = if args.small { Size::Small } else { Size::Full };
    let script = read_recording(&scenario.file(&args.flows, size))?;
    let stage = Stage { script: &script, cores, hash: scenario.hash(size) };
    let mut house = stage.seat(House::new(&script, Guards::default()));
    let mut peer = args.peer.map(|peer| stage.seat_opponent(peer));
    let mut reports = run::report_buffer(&script);
    for _ in 0..args.runs {
        house.play(&mut reports)?;
        if let Some(peer) = &mut peer {
            peer.play(&mut reports)?;
        }
    }
    let rates = |seat: &dyn Seat| Rates::new(script.messages.len(), seat.hash_ok(), seat.runs());
    Ok(Figures {
        scenario: scenario.name,
        messages: script.messages.len(),
        reports: script.reports.len(),
        house: rates(&house),
        peer: peer.as_deref().map(rates),
    })
}

/// What is played, where, and what must come of it.
struct Stage<'a> {
    script: &'a Script,
    cores: Cores,
    hash: &'static str,
}

impl<'a> Stage<'a> {
    fn seat<P: Player>(&'a self, player: P) -> Turns<'a, P> {
        Turns { stage: self, player, runs: Vec::new(), hash_ok: true }
    }

    fn seat_opponent(&'a self, opponent: Opponent) -> Box<dyn Seat + 'a> {
        let script = self.script;
        match opponent {
            Opponent::Matchcore => Box::new(self.seat(Guest::<Matchcore>::new(script))),
            Opponent::OrderBookRs => Box::new(self.seat(Guest::<OrderBookRs>::new(script))),
            Opponent::Lobster => Box::new(self.seat(Guest::<Lobster>::new(script))),
            Opponent::Limits => {
                let guards = Guards { limits: true, ..Guards::default() };
                Box::new(self.seat(House::new(script, guards)))
            }
            Opponent::Fees => {
                let guards = Guards { fees: true, ..Guards::default() };
                Box::new(self.seat(House::new(script, guards)))
            }
            Opponent::Null => Box::new(self.seat(Null::new(script))),
        }
    }
}

/// A player of whatever kind, with its runs.
trait Seat {
    fn play(&mut self, reports: &mut Vec<Report>) -> Result<(), RunError>;
    fn runs(&self) -> &[Duration];
    fn hash_ok(&self) -> bool;
}

/// See [`Seat`].
struct Turns<'a, P> {
    stage: &'a Stage<'a>,
    player: P,
    runs: Vec<Duration>,
    hash_ok: bool,
}

impl<P: Player> Seat for Turns<'_, P> {
    fn play(&mut self, reports: &mut Vec<Report>) -> Result<(), RunError> {
        let Stage { script, cores, hash: expected } = *self.stage;
        reports.clear();
        self.runs.push(run::play(&self.player, script, cores, reports)?);
        self.hash_ok &= hash(reports) == expected;
        Ok(())
    }

    fn runs(&self) -> &[Duration] {
        &self.runs
    }

    fn hash_ok(&self) -> bool {
        self.hash_ok
    }
}
