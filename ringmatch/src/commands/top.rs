//! `ringmatch top`: a running engine, watched.
//!
//! It reads the board in the data directory and asks the engine nothing, so it
//! tells also of an engine that is stuck, and of the last moments of one that
//! has gone. On a terminal the screen is drawn anew, elsewhere block follows
//! block.

use super::{Outcome, top_books};
use crate::board::{self, Writing};
use crate::clock::{Clock, SystemClock};
use crate::pipeline::Counter;
use crate::threads::{Stall, ThreadState};
use clap::Parser;
use crossterm::{cursor, execute, terminal};
use ringmatch_journal::ENOUGH_SEGMENTS;
use serde_json::{Value, json};
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A board that is older than this was not written by an engine in health.
const STALE_MS: u64 = 1_500;

/// Watch a running engine: rates, stages, ring fill, journal lag, gaps, books
#[derive(Parser)]
pub(super) struct Args {
    /// The engine's data directory
    #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
    data_dir: PathBuf,
    /// Seconds between two looks, which rates are of
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = interval)]
    interval: f64,
    /// Look so many times and end
    #[arg(long, value_name = "TIMES")]
    times: Option<u64>,
    /// Print one JSON line for each look
    #[arg(long)]
    json: bool,
}

fn interval(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is no number of seconds"))?;
    if (0.2..=3_600.0).contains(&seconds) { Ok(seconds) } else { Err("use 0.2 to 3600".into()) }
}

pub(super) fn run(args: &Args) -> Outcome {
    let clock = SystemClock::start();
    let mut before = board::read(&args.data_dir)?;
    let mut looks = 0;
    while args.times.is_none_or(|times| looks < times) {
        looks += 1;
        std::thread::sleep(Duration::from_secs_f64(args.interval));
        let writing = board::read(&args.data_dir)?;
        let view = View { health: Health::of(&writing, &clock), before: &before, now: &writing };
        if args.json {
            println!("{}", view.json());
        } else {
            if stdout().is_terminal() {
                execute!(
                    stdout(),
                    terminal::Clear(terminal::ClearType::All),
                    cursor::MoveTo(0, 0)
                )?;
            }
            println!("{}", view.text(&args.data_dir));
        }
        before = writing;
    }
    Ok(true)
}

/// Whether the engine writes its board, and gets on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Running,
    /// The process is well, and one of its stages makes no progress.
    Stalled(Stall),
    /// The process is there and has not written for so many milliseconds.
    Stuck(u64),
    /// The process has gone; it last wrote so many milliseconds ago.
    Gone(u64),
}

impl Health {
    pub(super) fn of(writing: &Writing, clock: &SystemClock) -> Self {
        let age_ms = clock.now().0.saturating_sub(writing.time.0) / 1_000_000;
        let process = Path::new("/proc").join(writing.process.to_string());
        match (process.exists() || !Path::new("/proc/self").exists(), age_ms) {
            (false, _) => Self::Gone(age_ms),
            (true, age_ms) if age_ms > STALE_MS => Self::Stuck(age_ms),
            (true, _) => {
                let stall = writing.threads.iter().find_map(ThreadState::stall);
                stall.map_or(Self::Running, Self::Stalled)
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stuck(_) | Self::Stalled(_) => "stuck",
            Self::Gone(_) => "gone",
        }
    }

    fn text(&self) -> String {
        let seconds = |ms: &u64| *ms as f64 / 1_000.0;
        match self {
            Self::Running => "running".into(),
            Self::Stalled(stall) => format!("STUCK: {stall}"),
            Self::Stuck(ms) => format!("STUCK: it has not written for {:.1} s", seconds(ms)),
            Self::Gone(ms) => format!("GONE: it last wrote {:.1} s ago", seconds(ms)),
        }
    }
}

/// Two writings, and what they tell together.
struct View<'a> {
    health: Health,
    before: &'a Writing,
    now: &'a Writing,
}

impl View<'_> {
    fn total(&self, counter: Counter) -> u64 {
        self.now.total(counter)
    }

    /// A second's worth; nothing, if the engine wrote nothing in between or is
    /// another one.
    fn rate(&self, counter: Counter) -> f64 {
        let Self { before, now, .. } = self;
        let seconds = now.time.0.saturating_sub(before.time.0) as f64 / 1e9;
        let more = now.total(counter).saturating_sub(before.total(counter));
        let is_comparable = seconds > 0.0 && before.process == now.process;
        if is_comparable { more as f64 / seconds } else { 0.0 }
    }

    /// How far one counter is behind another.
    fn lag(&self, ahead: Counter, behind: Counter) -> u64 {
        self.total(ahead).saturating_sub(self.total(behind))
    }

    /// How much more fits on the journal's disk.
    fn room(&self) -> String {
        let segments = self.total(Counter::RoomSegments);
        let mark = if segments < ENOUGH_SEGMENTS { ": SHORT, make room" } else { "" };
        format!("{segments} more segments fit{mark}")
    }

    fn json(&self) -> Value {
        let names = |counter: &Counter| (counter.text().replace(' ', "_"), self.total(*counter));
        let totals: serde_json::Map<String, Value> =
            Counter::ALL.iter().map(names).map(|(name, total)| (name, total.into())).collect();
        let stages =
            self.now.stages.iter().map(|stage| (stage.name.clone(), json!(stage.percentiles)));
        json!({
            "state": self.health.name(),
            "process": self.now.process,
            "turn": self.now.turn,
            "commands_per_s": self.rate(Counter::Matched),
            "events_per_s": self.rate(Counter::Published),
            "executions_per_s": self.rate(Counter::Executions),
            "command_ring_fill": self.lag(Counter::Sequenced, Counter::Matched),
            "event_ring_fill": self.lag(Counter::Events, Counter::Published),
            "ring_slots": self.now.ring,
            "journal_lag": self.lag(Counter::Sequenced, Counter::Durable),
            "totals": totals,
            "threads": self.now.threads.iter().map(thread_json).collect::<Vec<_>>(),
            "books": top_books::json(&self.now.books),
            "stages": stages.collect::<serde_json::Map<String, Value>>(),
        })
    }

    fn text(&self, data_dir: &Path) -> String {
        let Writing { process, ring, .. } = self.now;
        let up_s = self.now.time.0.saturating_sub(self.now.start.0) as f64 / 1e9;
        let mut text = format!(
            "ringmatch on {}, process {process}, {}; up {up_s:.0} s\n\n",
            data_dir.display(),
            self.health.text(),
        );
        let rate = |counter| format!("{:.0}/s", self.rate(counter));
        let fill = |ahead, behind| {
            let slots = self.lag(ahead, behind);
            format!("{slots} of {ring} slots, {:.1} %", slots as f64 * 100.0 / *ring as f64)
        };
        for (name, value) in [
            ("commands", rate(Counter::Matched)),
            ("events sent", rate(Counter::Published)),
            ("executions", rate(Counter::Executions)),
            ("command ring", fill(Counter::Sequenced, Counter::Matched)),
            ("event ring", fill(Counter::Events, Counter::Published)),
            (
                "journal lag",
                format!("{} commands not durable", self.lag(Counter::Sequenced, Counter::Durable)),
            ),
            ("journal's disk", self.room()),
            ("books", format!("{} orders rest", self.total(Counter::RestingOrders))),
            ("sessions", self.total(Counter::Sessions).to_string()),
        ] {
            text += &format!("{name:<22}{value}\n");
        }
        for thread in &self.now.threads {
            let ThreadState { name, stage, .. } = thread;
            let is_at = match thread.stall() {
                Some(stall) => format!("STUCK: {stall}"),
                None => format!("last seen in the {stage}"),
            };
            text += &format!("thread {name:<15}{is_at}\n");
        }
        text += &format!(
            "\n{:<22}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}\n",
            "µs, about a second", "count", "p50", "p90", "p99", "p99.9", "max"
        );
        for stage in &self.now.stages {
            let of = stage.percentiles;
            text += &format!("{:<22}{:>10}", stage.name, of.count);
            for ns in [of.p50_ns, of.p90_ns, of.p99_ns, of.p999_ns, of.max_ns] {
                text += &format!("{:>10.1}", ns as f64 / 1_000.0);
            }
            text += "\n";
        }
        text += &top_books::text(&self.now.books);
        text += "\n";
        for &counter in Counter::ALL.iter().filter(|&&counter| is_of_the_wire(counter)) {
            let total = self.total(counter);
            if total > 0 {
                let mark = if counter.is_trouble() { "!" } else { " " };
                text += &format!("{mark} {total} {} ({})\n", counter.text(), rate(counter));
            }
        }
        text
    }
}

fn thread_json(thread: &ThreadState) -> Value {
    let ThreadState { name, stage, beats, stalled, waiting } = thread;
    json!({
        "name": name, "stage": stage, "beats": beats,
        "stalled_s": stalled.as_secs_f64(), "waiting": waiting,
    })
}

/// Whether it tells of gaps and the like, and is not shown by itself.
fn is_of_the_wire(counter: Counter) -> bool {
    !matches!(
        counter,
        Counter::Sequenced
            | Counter::Durable
            | Counter::Matched
            | Counter::Events
            | Counter::Published
            | Counter::Executions
            | Counter::RestingOrders
            | Counter::Sessions
            | Counter::RoomSegments
    )
}
