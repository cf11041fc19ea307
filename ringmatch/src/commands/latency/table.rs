//! `ringmatch latency table`: the table of the README, by one command.

use super::super::Outcome;
use crate::config::Config;
use crate::latency::{
    Arrivals, Echo, Load, Mix, Percentiles, Plan, Row, Summary, Table, Workload, measure,
};
use crate::threads::{Cpus, Layout, Pin};
use clap::Parser;
use ringmatch_engine::Price;
use ringmatch_journal::Durability;
use ringmatch_ring::WaitStrategy;
use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Orders are placed about this price.
const MIDDLE: Price = Price(1_000_000);

/// Measure durabilities and rates beside a bare echo, and print them as Markdown
#[derive(Parser)]
pub(super) struct TableArgs {
    /// Orders a second, such as 1000,10000
    #[arg(long, value_name = "RATES", value_delimiter = ',', default_value = "1000,10000,30000",
          value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rates: Vec<u64>,
    /// When a result may leave: fsync, write or interval:MS
    #[arg(
        long,
        value_name = "POLICIES",
        value_delimiter = ',',
        default_value = "write,interval:10,fsync"
    )]
    durabilities: Vec<Durability>,
    /// Seconds to measure each row in each turn
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = super::run::seconds)]
    duration: f64,
    /// Seconds of the same load before that, which do not count
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = super::run::seconds)]
    warmup: f64,
    /// Turns; each figure is the median over them
    #[arg(long, value_name = "TIMES", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    repeat: u32,
    /// Which stages share a thread: dedicated, shared-network, shared, single or auto
    #[arg(long, default_value = "auto")]
    layout: Layout,
    /// How idle threads wait, the client's and the echo's included: spin, yield or backoff
    #[arg(long, value_name = "STRATEGY", default_value = "yield")]
    wait: WaitStrategy,
    /// CPU numbers for the venue's threads, such as 0,1, or auto
    #[arg(long, value_name = "CPUS")]
    pin: Option<Pin>,
    /// The journals are in new directories in here, gone afterwards; choose a disk
    #[arg(long, value_name = "DIR", default_value = ".")]
    data_dir: PathBuf,
    /// Ten seconds instead of minutes: one rate, one turn, a second each
    #[arg(long, conflicts_with_all = ["rates", "duration", "warmup", "repeat"])]
    brief: bool,
}

pub(super) fn run(args: &TableArgs) -> Outcome {
    let stop = super::stopped_by_signals()?;
    let form = args.form();
    let mut rows = Vec::new();
    for durability in &args.durabilities {
        rows.extend(
            form.rates
                .iter()
                .map(|&rate| (*durability, rate, Row::new(durability.to_string(), rate))),
        );
    }
    let mut last = None;
    for turn in 1..=form.repeat {
        for (durability, rate, row) in &mut rows {
            eprintln!("turn {turn} of {}: {durability} at {rate}/s", form.repeat);
            let plan = args.plan(*durability, form.workload(*rate))?;
            let echo = measure_echo(args, &plan, &stop)?;
            let summary = measure(&plan, &stop, |_| {})?.summary;
            row.push(&summary, &echo);
            last = Some(summary);
        }
    }
    let rows: Vec<Row> = rows.into_iter().map(|(_, _, row)| row).collect();
    print!("{}", Table(&rows));
    if let Some(last) = last {
        print!("\n{}", args.caption(&form, &last));
    }
    rows.iter().filter_map(Row::doubt).for_each(|doubt| println!("(!) {doubt}"));
    Ok(rows.iter().all(Row::is_valid))
}

/// The echo does what the venue must: it waits for the disk where that does.
fn measure_echo(
    args: &TableArgs,
    plan: &Plan,
    stop: &AtomicBool,
) -> Result<Percentiles, Box<dyn Error>> {
    let waits_for_disk = plan.config.journal.durability == Durability::Fsync;
    let echo = Echo::start(args.wait, waits_for_disk.then_some(args.data_dir.as_path()))?;
    let measured = echo.measure(&plan.workload, args.wait, stop);
    echo.stop()?;
    Ok(Percentiles::of(&measured?.series.total()))
}

/// How much is measured.
struct Form {
    rates: Vec<u64>,
    duration_s: f64,
    warm_up_s: f64,
    repeat: u32,
}

impl Form {
    fn workload(&self, rate_per_s: u64) -> Workload {
        Workload {
            load: Load::Open { rate_per_s, arrivals: Arrivals::Constant, seed: 1 },
            duration: Duration::from_secs_f64(self.duration_s),
            warm_up: Duration::from_secs_f64(self.warm_up_s),
            sessions: 1,
            mix: Mix::Turnover,
        }
    }
}

impl TableArgs {
    fn form(&self) -> Form {
        if self.brief {
            return Form { rates: vec![2_000], duration_s: 1.0, warm_up_s: 0.2, repeat: 1 };
        }
        let (duration_s, warm_up_s) = (self.duration, self.warmup);
        Form { rates: self.rates.clone(), duration_s, warm_up_s, repeat: self.repeat }
    }

    fn plan(&self, durability: Durability, workload: Workload) -> Result<Plan, Box<dyn Error>> {
        let mut config = Config::load(None)?;
        config.journal.durability = durability;
        config.threads.layout = self.layout;
        config.threads.wait = self.wait;
        config.threads.pin = self.pin.clone().unwrap_or(Pin::To(Vec::new()));
        let data_dir = Some(self.data_dir.clone());
        Ok(Plan { workload, config, data_dir, pin_client: None, symbol: None, middle: MIDDLE })
    }

    /// What the figures were taken on, and how.
    fn caption(&self, form: &Form, summary: &Summary) -> String {
        let environment = &summary.environment;
        let (machine, built) = (&environment.machine, &environment.built);
        let first_line = machine.to_string().lines().next().unwrap_or_default().to_owned();
        let Form { duration_s, repeat, .. } = form;
        format!(
            "Order to answer, open loop, µs, medians of {repeat} run(s) of {duration_s} s, wait `{}`; the \
             echo beside `fsync` writes and syncs 4 KiB before it answers.\n\
             {first_line}; {built}; {} may be used.\n{}\n\
             `*` fewer than ten samples lie above.\n",
            self.wait,
            Cpus::usable(),
            summary.noise,
        )
    }
}
