//! `ringmatch shadow`: this build on the flow of another.
//!
//! It follows the journal of a running engine, or reads one that is finished,
//! with an exchange of its own, and changes nothing. The first digest that differs
//! from the writer's ends it with exit code 1, and it shows which commands it can
//! have been. Until then it tells, now and then and at its end, how long commands
//! took here, and how far it was behind.

use super::Outcome;
use super::describe;
use super::top::Health;
use crate::board;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::follower::Until;
use crate::latency::Percentiles;
use crate::pipeline::Counter;
use crate::shadow::{AtEnd, Divergence, Shadow, Step};
use clap::Parser;
use ringmatch_engine::Sequence;
use ringmatch_journal::{Directory, Reader};
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long it waits before it looks for another frame: a look costs the venue's
/// machine a few microseconds.
const PAUSE: Duration = Duration::from_millis(1);
/// Between two lines about how it does.
const REPORT_EVERY: Duration = Duration::from_secs(10);
/// Suspects shown as text; `--json` has all.
const SHOWN_SUSPECTS: usize = 8;

/// Follow a journal with this build or other limits, and report the first divergence
#[derive(Parser)]
pub(super) struct Args {
    /// Where the journal is; it is only read
    #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
    data_dir: PathBuf,
    /// Take the limits from this config file, not those that the journal was written under
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Stop after this command, or after the last one taken by this time
    #[arg(long, value_name = "SEQ|TIME")]
    until: Option<Until>,
    /// Stop at the end of what is there, and do not wait for more
    #[arg(long)]
    once: bool,
    /// Print one JSON line at the end
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        // A second signal ends the process at once.
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let limits = match &args.config {
        Some(path) => Some(Config::load(Some(path))?.limits()),
        None => None,
    };
    let reader = Reader::open(Directory::open(&args.data_dir)?)?;
    let venue = reader.identity().venue_name();
    let until = args.until.unwrap_or_default();
    let at_end = if args.once { AtEnd::Stops } else { AtEnd::Waits };
    let mut shadow = Shadow::new(reader, limits, until, at_end, SystemClock::start())?;
    for passed_over in shadow.passed_over() {
        eprintln!("warning: passed over: {passed_over}");
    }
    eprintln!("shadow of {venue} in {}: reads only, changes nothing", args.data_dir.display());
    if shadow.begins() > Sequence(0) {
        eprintln!("the first {} commands come from a snapshot", shadow.begins());
    }
    let divergence = follow(args, &mut shadow, &stop)?;
    let report = Report { shadow: &shadow, divergence, data_dir: &args.data_dir };
    if args.json {
        println!("{}", report.json());
    } else {
        report.print();
    }
    Ok(divergence.is_none())
}

/// Follows until something ends it: the first divergence, if that is what did.
fn follow(
    args: &Args,
    shadow: &mut Shadow<SystemClock>,
    stop: &AtomicBool,
) -> Result<Option<Divergence>, Box<dyn std::error::Error>> {
    let (mut told, mut is_live) = (Instant::now(), false);
    loop {
        // What was there when the signal came is still taken.
        let is_stopped = stop.load(Ordering::Acquire);
        match shadow.step()? {
            Step::Diverged(divergence) => return Ok(Some(divergence)),
            Step::Done => return Ok(None),
            Step::UpToDate if is_stopped => return Ok(None),
            Step::UpToDate if !is_live => {
                is_live = true;
                let commands = shadow.exchange().sequence();
                eprintln!("up to date after {commands} commands: what comes now is live");
            }
            Step::UpToDate => std::thread::sleep(PAUSE),
            Step::Frame => {}
        }
        if told.elapsed() >= REPORT_EVERY {
            told = Instant::now();
            let report = Report { shadow, divergence: None, data_dir: &args.data_dir };
            eprintln!("{}", report.line());
        }
    }
}

/// How a shadow has done.
struct Report<'a> {
    shadow: &'a Shadow<SystemClock>,
    divergence: Option<Divergence>,
    data_dir: &'a Path,
}

impl Report<'_> {
    fn commands(&self) -> u64 {
        self.shadow.exchange().sequence().0
    }

    /// Commands that the engine says are durable and that are not applied here;
    /// nothing if no engine is running there.
    fn behind(&self) -> Option<u64> {
        let writing = board::read(self.data_dir).ok()?;
        let is_gone = matches!(Health::of(&writing, &SystemClock::start()), Health::Gone(_));
        let behind = writing.total(Counter::Durable).saturating_sub(self.commands());
        (!is_gone).then_some(behind)
    }

    fn line(&self) -> String {
        let apply = Percentiles::of(self.shadow.apply_ns());
        let lag = Percentiles::of(self.shadow.lag_ns());
        let behind = self.behind().map_or(String::new(), |n| format!(", {n} behind"));
        format!(
            "{} commands, {} digests agree{behind}; a command takes p50 {} p99 {} ns; lag p50 {} p99 {} us",
            self.commands(),
            self.shadow.verified(),
            apply.p50_ns,
            apply.p99_ns,
            lag.p50_ns / 1_000,
            lag.p99_ns / 1_000,
        )
    }

    fn json(&self) -> Value {
        let shadow = self.shadow;
        let percentiles = |histogram| match Percentiles::of(histogram) {
            Percentiles { count: 0, .. } => Value::Null,
            percentiles => json!(percentiles),
        };
        json!({
            "same": self.divergence.is_none(),
            "commands": self.commands(),
            "snapshot_commands": shadow.begins().0,
            "behind": self.behind(),
            "checkpoints": shadow.verified(),
            "digest": shadow.exchange().digest().to_string(),
            "state_hash": shadow.exchange().state_hash().to_string(),
            "apply": percentiles(shadow.apply_ns()),
            "lag": percentiles(shadow.lag_ns()),
            "divergence": self.divergence.map(|divergence| self.describe(divergence)),
        })
    }

    fn describe(&self, divergence: Divergence) -> Value {
        let Divergence { agreed, sequence, own, recorded } = divergence;
        let suspects = self.shadow.suspects().up_to(sequence);
        let suspects = suspects.map(|(command, events)| describe::command(command, Some(&events)));
        json!({
            "agreed": agreed.0,
            "sequence": sequence.0,
            "own": own.to_string(),
            "recorded": recorded.to_string(),
            "suspects": suspects.collect::<Value>(),
        })
    }

    fn print(&self) {
        let shadow = self.shadow;
        println!("commands     {}", self.commands());
        if let Some(behind) = self.behind() {
            println!("behind       {behind} commands that the engine has made durable");
        }
        println!("checkpoints  {} agree", shadow.verified());
        println!("digest       {}", shadow.exchange().digest());
        println!("state hash   {}", shadow.exchange().state_hash());
        print_times("apply", "ns", 1, &Percentiles::of(shadow.apply_ns()));
        print_times("lag", "us", 1_000, &Percentiles::of(shadow.lag_ns()));
        if let Some(divergence) = self.divergence {
            self.print_divergence(divergence);
        }
    }

    fn print_divergence(&self, divergence: Divergence) {
        let Divergence { agreed, sequence, own, recorded } = divergence;
        println!(
            "DIVERGED     after command {sequence}: digest {own} here, {recorded} of the writer"
        );
        println!("             both agreed after command {agreed}: it is one of those since then");
        let suspects: Vec<Value> = self
            .shadow
            .suspects()
            .up_to(sequence)
            .map(|(command, events)| describe::command(command, Some(&events)))
            .collect();
        for suspect in suspects.iter().rev().take(SHOWN_SUSPECTS).rev() {
            println!("             {suspect}");
        }
        let hidden = suspects.len().saturating_sub(SHOWN_SUSPECTS);
        if hidden > 0 {
            println!("             ({hidden} before these: --json has all)");
        }
        println!(
            "             To find it, run `ringmatch journal dump --events --json --from {} --until \
             {sequence}` with both builds, and compare",
            agreed.next(),
        );
    }
}

fn print_times(name: &str, unit: &str, divisor: u64, percentiles: &Percentiles) {
    let Percentiles { count, p50_ns, p99_ns, p999_ns, max_ns, .. } = *percentiles;
    if count == 0 {
        println!("{name:<12} -");
        return;
    }
    let [p50, p99, p999, max] = [p50_ns, p99_ns, p999_ns, max_ns].map(|ns| ns / divisor);
    println!("{name:<12} p50 {p50}, p99 {p99}, p99.9 {p999}, max {max} {unit} ({count} commands)");
}
