//! The public matching-engine challenge, played by the production engine.
//!
//! Five recorded flows for one book; the whole stream of reports must hash to
//! what every correct engine makes of the flow. How its messages and reports
//! stand to an exchange that speaks OUCH:
//!
//! | challenge | here |
//! |---|---|
//! | tick | one unit of [`Price`](ringmatch_engine::Price); all prices are positive |
//! | order id | the client's own table leads to its `UserRef`, which is the message's number plus one |
//! | new, immediate | `Enter`, immediate-or-cancel |
//! | cancel | `Cancel` to a quantity of zero |
//! | modify | `Replace` with a new `UserRef`; its quantity is what shall be open plus what the chain has executed, which the client adds up |
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
//! timed stands in `run`; every run is hashed after its time was taken.
//!
//! ```text
//! cargo run --release -p ringmatch-benches --bin challenge -- --flows FOLDER
//! ```
//!
//! Exit code 0: all hashes right; 1: one is wrong; 2: nothing to say, because
//! the flows are not there or cannot be played.

mod client;
mod executions;
mod figures;
mod flow;
mod outlet;
mod report;
mod reporter;
mod run;
mod scenario;

use clap::Parser;
use figures::{Figures, Summary};
use flow::Flow;
use run::Cores;
use scenario::{SCENARIOS, Scenario, Size};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

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
    /// Ends with one JSON object instead of a line for a reader.
    #[arg(long)]
    json: bool,
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
    let summary = Summary::new(all).ok_or("no scenario was played")?;
    match args.json {
        true => println!("{}", serde_json::to_string(&summary)?),
        false => println!("{}", summary.line()),
    }
    Ok(summary.hashes_ok())
}

/// Plays a scenario as often as was asked for, and hashes every run.
fn play(scenario: &Scenario, args: &Args, cores: Cores) -> Result<Figures, Box<dyn Error>> {
    let size = if args.small { Size::Small } else { Size::Full };
    let flow = Flow::read(&scenario.file(&args.flows, size))?;
    let mut reports = run::report_buffer(&flow);
    let (mut runs, mut hash_ok) = (Vec::new(), true);
    for _ in 0..args.runs {
        reports.clear();
        runs.push(run::play(&flow, cores, &mut reports)?);
        let hash = report::hash(&mut reports);
        if hash_ok && hash != scenario.hash(size) {
            eprintln!("{}: the hash is {hash}, not {}", scenario.name, scenario.hash(size));
            hash_ok = false;
        }
    }
    Ok(Figures::new(scenario.name, flow.messages.len(), reports.len(), hash_ok, &runs))
}
