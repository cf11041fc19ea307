//! A venue in one thread: the real stages, on a simulated disk and network.
//!
//! It starts as the engine does, through `Restored` and `Stages`. Which stage
//! is polled when, and how much slower than the others it is, is drawn, so that
//! every order in which threads could come to work is played. A crash takes all stages at once, between two polls, or in
//! the middle of one when the disk fails; with the power, what the disk had
//! not synced goes too.

use super::clock::Time;
use super::network::Network;
use ringmatch::config::Config;
use ringmatch::follower::Follower;
use ringmatch::pipeline::{
    Meters, Recovered, Restored, Sockets, Stage, Stages, StartError, Stop, control, open_journal,
};
use ringmatch::replica::{ReplicaConfig, ReplicaError};
use ringmatch::snapshotter::Snapshotter;
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use ringmatch_engine::{Exchange, Nanos, Sequence};
use ringmatch_gateway::OutletConfig;
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
    network: Network,
    time: Time,
    random: fastrand::Rng,
    stop: Arc<AtomicBool>,
    stages: Vec<Paced>,
    snapshotter: Option<Snapshotter<SimulatedDisk>>,
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
        let (stop, stages, snapshotter) = (Arc::default(), Vec::new(), None);
        Self { config, disk, network, time, random, stop, stages, snapshotter }
    }

    /// Starts on whatever the disk holds. A replay of the journal must come to
    /// the same.
    pub fn start(&mut self) -> Result<Recovered, StartError> {
        let recovery = open_journal(&self.config, self.disk.clone())?;
        let restored = Restored::replay(&self.config, recovery, self.windows())?;
        let recovered = restored.recovered.clone();
        let sockets = Sockets {
            orders: self.network.socket(self.config.network.orders.into()),
            requests: self.network.socket(self.config.network.requests.into()),
            market_data: self.config.network.market_data.into(),
        };
        let set_to = MORNING + self.time.now() - self.random.u64(0..SET_BACK_NS);
        let meters = Meters::new(self.time.wall_clock(set_to));
        self.stop = Arc::default();
        let (_, queue) = control();
        let stages =
            Stages::join(&self.config, restored, sockets, RING, queue, &meters, &self.stop)?;
        let paces = [1.0, 0.3, 0.05, 0.01];
        let paced = |stage| Paced { stage, pace: paces[self.random.usize(0..paces.len())] };
        self.stages = stages.in_order().into_iter().map(paced).collect();
        self.snapshotter = self.open_snapshotter();
        Ok(recovered)
    }

    /// Windows that hold more than any history has messages.
    fn windows(&self) -> OutletConfig {
        OutletConfig {
            market_bytes: 1 << 17,
            market_messages: 1 << 12,
            response_bytes: 1 << 16,
            response_messages: 1 << 11,
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
        for _ in 0..stages {
            let at = self.random.usize(0..stages);
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

    /// The process dies.
    pub fn die(&mut self) {
        self.stages.clear();
        self.snapshotter = None;
        for address in self.addresses() {
            self.network.close(address);
        }
    }

    /// The process dies, and so does the machine.
    pub fn lose_power(&mut self) {
        self.die();
        self.disk.power_cut();
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
