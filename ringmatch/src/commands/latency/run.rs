//! `ringmatch latency run`: one measurement, or several of the same.

use super::super::Outcome;
use super::super::venue_args::VenueArgs;
use crate::latency::{Arrivals, Load, Mix, Plan, Workload, measure};
use crate::threads::{Layout, Pin};
use clap::Parser;
use ringmatch_engine::{Price, Symbol};
use ringmatch_journal::Durability;
use ringmatch_ring::WaitStrategy;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Measure how long answers to orders take, on a venue of its own or on a running engine
#[derive(Parser)]
pub(super) struct RunArgs {
    /// Orders a second, on average
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rate: u64,
    #[command(flatten)]
    pub(super) asked: Asked,
    /// Closed loop: send when fewer than N orders wait for an answer; gives a
    /// service time and no latency
    #[arg(long, value_name = "N", conflicts_with_all = ["rate", "arrivals", "seed"],
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    closed: Option<u32>,
    /// Measure so many times, each on a new venue; --out then has a directory for each
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    repeat: u32,
    /// Write latency.json, latency.hlog (ns), *.hgrm (µs) and timeline.csv there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON line for each measurement, the last one last
    #[arg(long)]
    json: bool,
}

/// What is asked of the venue at any rate, and how it runs.
#[derive(Clone, clap::Args)]
pub(super) struct Asked {
    /// How orders arrive: constant, poisson, or burst:N, N at once
    #[arg(long, default_value_t = Arrivals::Constant)]
    arrivals: Arrivals,
    /// Seed of random arrivals
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds to measure
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    duration: f64,
    /// Seconds of the same load before that, which do not count
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    warmup: f64,
    /// Sessions that send in turn; of a running engine the last ones in its config
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    sessions: u16,
    /// Which orders: turnover (trade, rest and cancel), rest (and cancel) or trade
    #[arg(long, default_value_t = Mix::Turnover)]
    mix: Mix,
    /// The instrument; without it, the config's first
    #[arg(long)]
    symbol: Option<Symbol>,
    /// Orders are placed within two ticks of this price
    #[arg(long, default_value = "100.00")]
    price: Price,
    /// When a result may leave: fsync, write or interval:MS
    #[arg(long, value_name = "POLICY", default_value = "fsync", conflicts_with = "connect")]
    durability: Durability,
    /// Which stages share a thread: dedicated, shared-network, shared, single or auto
    #[arg(long, default_value = "auto", conflicts_with = "connect")]
    layout: Layout,
    /// How idle threads wait, the client's included: spin, yield or backoff
    #[arg(long, value_name = "STRATEGY", default_value = "yield")]
    wait: WaitStrategy,
    /// CPU numbers for the venue's threads, such as 0,1, or auto
    #[arg(long, value_name = "CPUS", conflicts_with = "connect")]
    pin: Option<Pin>,
    /// CPU number for the client's thread
    #[arg(long, value_name = "CPU")]
    pin_client: Option<usize>,
    /// The journal is in a new directory in here, gone afterwards; choose a disk
    #[arg(long, value_name = "DIR", default_value = ".", conflicts_with = "connect")]
    data_dir: PathBuf,
    /// Measure the engine that runs already, where the config says; it keeps its
    /// stages to itself
    #[arg(long)]
    connect: bool,
    #[command(flatten)]
    venue: VenueArgs,
}

/// A number of seconds that a measurement can take.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is no number of seconds"))?;
    let a_day = 86_400.0;
    if (0.0..=a_day).contains(&seconds) { Ok(seconds) } else { Err("use 0 to 86400".into()) }
}

impl Asked {
    /// An open load at a rate.
    pub(super) fn open(&self, rate_per_s: u64) -> Load {
        Load::Open { rate_per_s, arrivals: self.arrivals, seed: self.seed }
    }

    /// What to measure under a load.
    pub(super) fn plan(&self, load: Load) -> Result<Plan, Box<dyn Error>> {
        let mut config = self.venue.load()?;
        if !self.connect {
            if self.venue.names_addresses() {
                return Err(
                    "a venue of its own has addresses of its own: leave them out, or give \
                            --connect"
                        .into(),
                );
            }
            config.journal.durability = self.durability;
            config.threads.layout = self.layout;
        }
        config.threads.wait = self.wait;
        config.threads.pin = self.pin.clone().unwrap_or(Pin::To(Vec::new()));
        let workload = Workload {
            load,
            duration: Duration::from_secs_f64(self.duration),
            warm_up: Duration::from_secs_f64(self.warmup),
            sessions: self.sessions,
            mix: self.mix,
        };
        let data_dir = (!self.connect).then(|| self.data_dir.clone());
        let (pin_client, symbol, middle) = (self.pin_client, self.symbol, self.price);
        Ok(Plan { workload, config, data_dir, pin_client, symbol, middle })
    }
}

pub(super) fn run(args: &RunArgs) -> Outcome {
    let stop = super::stopped_by_signals()?;
    let load = match args.closed {
        Some(outstanding) => Load::Closed { outstanding },
        None => args.asked.open(args.rate),
    };
    let plan = args.asked.plan(load)?;
    let mut all_valid = true;
    for time in 1..=args.repeat {
        let measured = measure(&plan, &stop, |said| eprintln!("{said}"))?;
        print!("{}", measured.summary);
        if let Some(out) = &args.out {
            let directory = directory_of(out, time, args.repeat);
            measured.write(&directory)?;
            println!("files        {}", directory.display());
        }
        if args.json {
            println!("{}", serde_json::to_string(&measured.summary)?);
        }
        all_valid &= measured.summary.valid;
    }
    Ok(all_valid)
}

/// Where a measurement's files go: beneath, if there are several.
fn directory_of(out: &Path, time: u32, times: u32) -> PathBuf {
    if times == 1 { out.to_owned() } else { out.join(format!("{time:03}")) }
}
