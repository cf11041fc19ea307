//! A venue in one thread: the real stages, on a simulated disk and network.
//!
//! It starts as the engine does, through `Restored` and `Stages`. Which stage
//! is polled when, and how much slower than the others it is, is drawn, so that
//! every order in which threads could come to work is played. A crash takes all stages at once, between two polls, or in
//! the middle of one when the disk fails; with the power, what the disk had
//! not synced goes too. The service comes to work among the stages; its output
//! log is on a disk of its own, of which nothing is ever synced, and every other
//! venue has windows so small that clients hear most of what they missed from
//! there.

use super::clock::Time;
use super::network::{Network, Socket};
use ringmatch::config::Config;
use ringmatch::follower::Follower;
use ringmatch::pipeline::{
    Counter, Counters, Meters, Recovered, Restored, Sockets, Stage, Stages, StartError, Stop,
    control, open_journal,
};
use ringmatch::replica::{ReplicaConfig, ReplicaError};
use ringmatch::service::{
    Archive, Handover, LiveFollower, OutputLog, Repair, Service, old_requests,
};
use ringmatch::snapshotter::Snapshotter;
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use ringmatch_engine::{Exchange, Nanos, Sequence};
use ringmatch_gateway::{Logins, OutletConfig};
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{Reader, SaveRate};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Slots of the rings: so few that every ring is full again and again.
const RING: usize = 32;
/// Where the wall clock begins.
const MORNING: u64 = 1_000_000_000_000_000;
/// How far it may be set back between two processes.
const SET_BACK_NS: u64 = 3_600_000_000_000;

pub struct House {
    pub config: Config,
    pub disk: SimulatedDisk,
    /// Where the output log is.
    streams: SimulatedDisk,
    network: Network,
    time: Time,
    random: fastrand::Rng,
    stop: Arc<AtomicBool>,
    stages: Vec<Paced>,
    service: Option<Service<SimulatedDisk, Socket>>,
    snapshotter: Option<Snapshotter<SimulatedDisk>>,
    window_bytes: usize,
    counters: Counters,
    /// Requests answered from the output log, in all runs.
    repaired: u64,
}

/// The market as a late joiner is told of it: messages, and the number to go on
/// with.
pub struct Picture {
    pub messages: Vec<Vec<u8>>,
    pub next: u64,
}

/// A stage, and how often it comes to work: 1 is always.
struct Paced {
    stage: Box<dyn Stage>,
    pace: f64,
}

/// What the journal says, by a replay of its own.
pub struct Replay {
    pub exchange: Box<Exchange>,
    pub commands: Vec<SequencedCommand>,
    pub events: Vec<Event>,
}

impl House {
    pub fn new(config: Config, network: Network, time: Time, mut random: fastrand::Rng) -> Self {
        let disk = SimulatedDisk::new(random.u64(..));
        let streams = SimulatedDisk::new(random.u64(..));
        let window_bytes = if random.bool() { 1 << 11 } else { 1 << 17 };
        Self {
            config,
            disk,
            streams,
            network,
            time,
            random,
            stop: Arc::default(),
            stages: Vec::new(),
            service: None,
            snapshotter: None,
            window_bytes,
            counters: Counters::default(),
            repaired: 0,
        }
    }

    /// Starts on whatever the disk holds. A replay of the journal must come to
    /// the same.
    pub fn start(&mut self) -> Result<Recovered, StartError> {
        let recovery = open_journal(&self.config, self.disk.clone())?;
        let restored = Restored::replay(&self.config, recovery, self.windows())?;
        let recovered = restored.recovered.clone();
        let (old_requests, waiting) = old_requests();
        let sockets = Sockets {
            orders: self.network.socket(self.config.network.orders.into()),
            requests: self.network.socket(self.config.network.requests.into()),
            market_data: self.config.network.market_data.into(),
            old_requests: Some(old_requests),
        };
        let set_to = MORNING + self.time.now() - self.random.u64(0..SET_BACK_NS);
        let meters = Meters::new(self.time.wall_clock(set_to));
        self.stop = Arc::default();
        let (_, queue) = control();
        let stages =
            Stages::join(&self.config, restored, sockets, RING, queue, &meters, &self.stop)?;
        let venue = self.config.venue.name;
        let bounds = ReplicaConfig { limits: self.config.limits(), outlet: self.windows() };
        let follower = LiveFollower::new(self.disk.clone(), bounds, stages.durable())?;
        let network = self.network.socket(self.config.network.requests.into());
        let archive = Archive {
            log: OutputLog::open(self.streams.clone(), venue)?,
            repair: Repair::new(network, waiting, 1_000_000, Logins::default()),
        };
        self.counters = meters.counters.clone();
        let (counters, handover) = (self.counters.clone(), Handover::default());
        self.service = Some(Service::new(follower, Some(archive), None, counters, handover));
        let paces = [1.0, 0.3, 0.05, 0.01];
        let paced = |stage| Paced { stage, pace: paces[self.random.usize(0..paces.len())] };
        self.stages = stages.in_order().into_iter().map(paced).collect();
        self.snapshotter = self.open_snapshotter();
        Ok(recovered)
    }

    /// Windows that hold more than any history has messages, or next to nothing.
    fn windows(&self) -> OutletConfig {
        OutletConfig {
            market_bytes: self.window_bytes,
            market_messages: self.window_bytes / 32,
            response_bytes: self.window_bytes,
            response_messages: self.window_bytes / 64,
            ..OutletConfig::new(self.config.venue.name)
        }
    }

    /// One that cannot follow the journal is done without, as the engine does.
    fn open_snapshotter(&self) -> Option<Snapshotter<SimulatedDisk>> {
        let bounds = ReplicaConfig { limits: self.config.limits(), outlet: self.windows() };
        let (policy, disk) = (self.config.snapshots, self.disk.clone());
        let opened = Snapshotter::open(policy, &bounds, disk, SaveRate::Full, Nanos(0));
        let (snapshotter, passed_over) = opened.inspect_err(only_the_disk).ok()?;
        assert!(passed_over.is_empty(), "{passed_over:?}");
        Some(snapshotter)
    }

    pub fn is_up(&self) -> bool {
        !self.stages.is_empty()
    }

    /// Lets some stages work, in any order. Says why if one has failed, which
    /// ends the venue.
    pub fn work(&mut self) -> Result<(), String> {
        let stages = self.stages.len();
        for _ in 0..=stages {
            let at = self.random.usize(0..=stages);
            if let (true, Some(service)) = (at == stages, &mut self.service) {
                service.poll(self.time.now()).expect("the service goes on");
            }
            let Some(Paced { stage, pace }) = self.stages.get_mut(at) else { continue };
            if self.random.f64() >= *pace {
                continue;
            }
            match stage.poll() {
                Ok(_) => {}
                Err(Stop::Finished) => self.stages.remove(at).stage.release(),
                Err(Stop::Failed(why)) => return Err(format!("{}: {why}", stage.name())),
            }
        }
        if self.random.u8(..) < 20
            && let Some(snapshotter) = &mut self.snapshotter
            && let Err(error) = snapshotter.poll(Nanos(self.time.now()))
        {
            only_the_disk(&error);
            self.snapshotter = None;
        }
        Ok(())
    }

    /// Lets one stage do all that it can do now. Says why if it has failed.
    pub fn work_of(&mut self, name: &str) -> Result<(), String> {
        while let Some(Paced { stage, .. }) =
            self.stages.iter_mut().find(|paced| paced.stage.name() == name)
        {
            match stage.poll() {
                Ok(0) | Err(Stop::Finished) => return Ok(()),
                Ok(_) => {}
                Err(Stop::Failed(why)) => return Err(format!("{name}: {why}")),
            }
        }
        Ok(())
    }

    /// The process dies.
    pub fn die(&mut self) {
        self.stages.clear();
        self.service = None;
        self.repaired += std::mem::take(&mut self.counters).get(Counter::OldAnswered);
        self.snapshotter = None;
        for address in self.addresses() {
            self.network.close(address);
        }
    }

    /// The process dies, and so does the machine.
    pub fn lose_power(&mut self) {
        self.die();
        self.disk.power_cut();
        self.streams.power_cut();
        self.disk.heal();
    }

    /// Lets it take no more, finish what it has, and end.
    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::Release);
        while self.is_up() {
            self.time.pass(100_000);
            self.work().expect("nothing fails at the end");
        }
        self.die();
    }

    /// Requests answered from the output log so far.
    pub fn repaired(&self) -> u64 {
        self.repaired + self.counters.get(Counter::OldAnswered)
    }

    /// What a late joiner would be told now.
    pub fn picture(&self) -> Option<Picture> {
        let follower = self.service.as_ref()?.follower();
        let (exchange, mut messages) = (follower.exchange(), Vec::new());
        follower.standing().tell(exchange, &mut |message| messages.push(message.to_vec()));
        Some(Picture { messages, next: exchange.next_market().0 })
    }

    fn addresses(&self) -> [SocketAddr; 2] {
        [self.config.network.orders.into(), self.config.network.requests.into()]
    }

    /// Reads the journal as any tool would.
    pub fn replay(&self) -> Replay {
        let mut reader = Reader::open(self.disk.clone()).expect("a journal");
        let mut follower = Follower::new(self.config.limits()).expect("sound limits");
        let (mut commands, mut events) = (Vec::new(), Vec::new());
        while let Some(frame) = reader.next_frame().expect("a sound journal") {
            let mut witness = |command: &SequencedCommand, caused: &[Event]| {
                commands.push(*command);
                events.extend_from_slice(caused);
            };
            follower.follow(&frame, Sequence(u64::MAX), &mut witness).expect("the same replay");
        }
        Replay { exchange: follower.into_exchange(), commands, events }
    }
}

fn only_the_disk(error: &ReplicaError) {
    assert!(error.to_string().contains("the simulated disk failed"), "{error}");
}
