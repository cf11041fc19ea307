//! One measurement, from the start of the venue to the result.

use super::{
    Environment, Generator, Load, MAX_ORDERS, Measured, Named, Notes, Schedule, Site, Summary,
    Workload, WorkloadRecord,
};
use crate::config::{Config, SessionConfig};
use crate::environment::Noise;
use crate::threads::{self, Cpus, Oversubscribed, Pinned};
use ringmatch_engine::{Price, Symbol};
use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long an idle loop runs on each CPU to find the noise floor.
const IDLE: Duration = Duration::from_millis(200);

/// What to measure, and on what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is asked of the venue.
    pub workload: Workload,
    /// How the venue runs, or where the engine is that runs already.
    pub config: Config,
    /// Under which directory the journal of a venue of its own is; without one
    /// an engine that runs already is measured.
    pub data_dir: Option<PathBuf>,
    /// CPU for the client's thread.
    pub pin_client: Option<usize>,
    /// The instrument; the config's first one, if none is given.
    pub symbol: Option<Symbol>,
    /// The price about which orders are placed.
    pub middle: Price,
}

impl Plan {
    /// Whether it is more than this program can hold.
    ///
    /// # Errors
    /// When it is; the text says what is less.
    pub fn check(&self) -> Result<(), String> {
        let Workload { load: Load::Open { rate_per_s, .. }, duration, warm_up, .. } = self.workload
        else {
            return Ok(());
        };
        let orders = Schedule::orders_in(rate_per_s, duration + warm_up);
        if orders > MAX_ORDERS {
            return Err(format!("{orders} orders are too many: {MAX_ORDERS} fit one measurement"));
        }
        Ok(())
    }
}

/// Measures. What it does meanwhile, it says to `say`.
///
/// # Errors
/// When the venue or a client fails, or `stop` was set.
pub fn measure(
    plan: &Plan,
    stop: &AtomicBool,
    mut say: impl FnMut(&str),
) -> Result<Measured, Box<dyn Error>> {
    plan.check()?;
    let Plan { workload, config, data_dir, pin_client, symbol, middle } = plan;
    if data_dir.is_some() {
        check_threads(config)?;
    }
    let cpus: Vec<usize> = config.threads.pin.named().iter().chain(pin_client).copied().collect();
    let noise = Noise::measure(&cpus, IDLE);
    let site = match data_dir {
        Some(parent) => Site::start(admitting(config, workload.sessions)?, parent)?,
        None => Site::running(config.clone()),
    };
    let pinned = pin_client.map_or(Pinned::No, threads::pin);
    let environment = Environment::of(&site, config.threads.wait, pinned);
    say(&format!("{environment}\n{noise}"));
    if let Some(directory) = site.directory() {
        say(&format!("journal in {} for as long as this takes", directory.display()));
    }
    if environment.built.build == "debug" {
        say("warning: this is a debug build; its figures mean nothing");
    }
    let place = site.place(*symbol, *middle)?;
    let parties = site.parties(workload.sessions, place, workload.mix)?;
    let mut generator = Generator::new(parties, site.time_base(), stop);
    let recorder = generator.run(workload, config.threads.wait, || {
        if let Some(venue) = site.venue() {
            venue.restart_timing();
        }
        say("measuring");
    });
    let target = if data_dir.is_some() { "own venue" } else { "running engine" };
    let account = site.stop()?;
    let tally = recorder?.finish();
    let mut stages: Vec<Named> =
        account.times.iter().map(|times| (times.name.to_owned(), times.histogram())).collect();
    if data_dir.is_some() {
        let client_to_receive = tally.client_to_receive_ns.clone();
        stages.insert(0, ("client_to_receive".to_owned(), client_to_receive));
    }
    let notes = Notes {
        rejected: generator.rejected(),
        gap_repairs: generator.repairs() + account.gap_requests,
    };
    let durability = environment.durability.clone();
    let record = WorkloadRecord::new(workload, durability, target);
    let summary = Summary::new(record, &tally, notes, &stages, (noise, environment));
    Ok(Measured { summary, tally, stages })
}

/// Refuses to spin where a venue of its own and the client have not a CPU each.
fn check_threads(config: &Config) -> Result<(), Oversubscribed> {
    let cpus = Cpus::usable();
    let layout = config.threads.layout.resolve(cpus.count(), config.journal.durability);
    layout.check(config.threads.wait, 1, &cpus)
}

/// The config of a venue of its own: with sessions for the measurement's
/// clients, and no others.
fn admitting(config: &Config, sessions: u16) -> Result<Config, Box<dyn Error>> {
    let mut config = config.clone();
    let session = |number| -> Result<SessionConfig, Box<dyn Error>> {
        Ok(SessionConfig::new(format!("LATENCY{number}").parse()?, "LATE".parse()?))
    };
    config.sessions = (1..=sessions).map(session).collect::<Result<_, _>>()?;
    config.limits.sessions = config.limits.sessions.max(sessions);
    Ok(config)
}
