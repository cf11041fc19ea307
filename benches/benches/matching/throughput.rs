//! Engines in turn on one flow, and the table of it.

use crate::agreement::Agreement;
use crate::workload::Workload;
use ringmatch_benches::flow::Script;
use ringmatch_benches::peers::{
    BATCH, Commands, Engine, Lobster, Matchcore, OrderBookRs, Ringmatch,
};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The engines, as they are called.
pub(crate) const NAMES: [&str; 4] =
    [Ringmatch::NAME, Matchcore::NAME, OrderBookRs::NAME, Lobster::NAME];

/// An engine with a flow in its own commands.
pub(crate) trait Contestant {
    fn name(&self) -> &'static str;
    fn agreement(&self, script: &Script) -> Agreement;
    /// Plays the flow once; how long the measured part took.
    fn play(&self, script: &Script) -> Duration;
    /// Plays the flow once and hands out how long each command took.
    fn time_each(&self, script: &Script, record: &mut dyn FnMut(Duration));
}

struct Prepared<E: Engine> {
    commands: Commands<E::Command>,
}

impl<E: Engine> Prepared<E> {
    /// With the books built.
    fn open(&self, script: &Script) -> E {
        let mut engine = E::open(&script.room);
        for command in self.commands.opening() {
            engine.apply(command);
        }
        engine
    }
}

impl<E: Engine> Contestant for Prepared<E> {
    fn name(&self) -> &'static str {
        E::NAME
    }

    fn agreement(&self, script: &Script) -> Agreement {
        Agreement::of(&script.reports, &E::reports(script))
    }

    fn play(&self, script: &Script) -> Duration {
        let mut engine = self.open(script);
        let start = Instant::now();
        for batch in self.commands.measured().chunks(BATCH) {
            engine.look_ahead(batch);
            for command in batch {
                engine.apply(black_box(command));
            }
        }
        start.elapsed()
    }

    fn time_each(&self, script: &Script, record: &mut dyn FnMut(Duration)) {
        let mut engine = self.open(script);
        for batch in self.commands.measured().chunks(BATCH) {
            // Looking ahead delays the first command of a batch, and counts there.
            let mut start = Instant::now();
            engine.look_ahead(batch);
            for command in batch {
                engine.apply(black_box(command));
                record(start.elapsed());
                start = Instant::now();
            }
        }
    }
}

/// The engines that play a flow.
pub(crate) struct Contest<'a> {
    script: &'a Script,
    contestants: Vec<Box<dyn Contestant>>,
}

impl<'a> Contest<'a> {
    /// The engines of these names.
    pub(crate) fn new(script: &'a Script, names: &[String]) -> Self {
        let is_wanted = |name: &&str| names.iter().any(|one| one == name);
        let contestants = NAMES.iter().filter(|name| is_wanted(name));
        Self { script, contestants: contestants.map(|name| prepare(name, script)).collect() }
    }

    /// Whether each engine's fills are right.
    pub(crate) fn agreements(&self) -> impl Iterator<Item = (&'static str, Agreement)> {
        self.contestants.iter().map(|one| (one.name(), one.agreement(self.script)))
    }

    /// Lets each engine play so often, in turn; median millions of operations a
    /// second.
    pub(crate) fn play(&self, repetitions: u32) -> Vec<(&'static str, f64)> {
        let mut rates = vec![Vec::new(); self.contestants.len()];
        for _ in 0..repetitions {
            for (contestant, rates) in self.contestants.iter().zip(&mut rates) {
                let took = contestant.play(self.script);
                rates.push(self.script.measured() as f64 / took.as_secs_f64() / 1e6);
            }
        }
        let names = self.contestants.iter().map(|one| one.name());
        names.zip(rates.iter_mut().map(|rates| median(rates))).collect()
    }

    /// Plays the flow once with each engine, each command timed.
    pub(crate) fn time_each(&self, mut record: impl FnMut(&'static str, Duration)) {
        for contestant in &self.contestants {
            contestant.time_each(self.script, &mut |took| record(contestant.name(), took));
        }
    }
}

fn prepare(name: &str, script: &Script) -> Box<dyn Contestant> {
    match name {
        Matchcore::NAME => {
            Box::new(Prepared::<Matchcore> { commands: Matchcore::commands(script) })
        }
        OrderBookRs::NAME => {
            Box::new(Prepared::<OrderBookRs> { commands: OrderBookRs::commands(script) })
        }
        Lobster::NAME => Box::new(Prepared::<Lobster> { commands: Lobster::commands(script) }),
        _ => Box::new(Prepared::<Ringmatch> { commands: Ringmatch::commands(script) }),
    }
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    let middle = rates.len() / 2;
    match rates.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => rates[middle],
        _ => f64::midpoint(rates[middle - 1], rates[middle]),
    }
}

/// Prints the table: workloads down, engines across, and how much faster the
/// first engine is than the fastest other.
pub(crate) fn print(table: &[(Workload, Vec<(&'static str, f64)>)]) {
    let Some((_, first)) = table.first() else { return };
    println!("\nM operations/s, medians");
    let header: String = first.iter().map(|(name, _)| format!("{name:>14}")).collect();
    println!("{:<4}{header}{:>22}", "", "to the fastest other");
    for (workload, figures) in table {
        let cells: String = figures.iter().map(|(_, rate)| format!("{rate:>14.2}")).collect();
        let fastest = figures.iter().skip(1).map(|(_, rate)| *rate).fold(f64::NAN, f64::max);
        let ratio = figures.first().map_or(f64::NAN, |(_, rate)| rate / fastest);
        println!("{:<4}{cells}{ratio:>22.2}", workload.to_string());
    }
}
