//! What a venue goes on from: everything that its journal gives.
//!
//! A start is a replay, of all of the journal or of what follows the newest
//! snapshot. The exchange gets its state back, the streams the
//! messages that clients may ask for again, and the journal a writer at its
//! end. Nothing here knows what the storage is, so a simulated disk is restored
//! from exactly as a directory is.

use super::StartError;
use crate::config::Config;
use crate::log;
use crate::replica::{Replica, ReplicaConfig, Resumed};
use ringmatch_engine::{Digest, Exchange};
use ringmatch_gateway::{Logins, Outlet, OutletConfig};
use ringmatch_journal::{Identity, Options, Recovery, RecoveryReport, Storage, Writer};
use std::time::{Duration, Instant};

/// What a venue goes on from.
pub struct Restored<S: Storage> {
    /// The exchange after the last command of the journal.
    pub exchange: Box<Exchange>,
    /// The output streams, which stand where the exchange does.
    pub outlet: Outlet,
    /// The journal, to go on with.
    pub writer: Writer<S>,
    /// What was found.
    pub recovered: Recovered,
}

/// What a start found in the journal.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Commands recovered.
    pub commands: u64,
    /// How many of them a snapshot stands for; the others were replayed.
    pub snapshot: u64,
    /// Snapshots that were of no use, and why.
    pub passed_over: Vec<String>,
    /// How long it took.
    pub time: Duration,
    /// The digest after them.
    pub digest: Digest,
    /// The state hash after them.
    pub state_hash: Digest,
    /// Checkpoints of the earlier runs that agreed with the replay.
    pub checkpoints: u64,
    /// What the journal itself found and did.
    pub journal: RecoveryReport,
}

/// Takes the lock of a venue's journal; nothing is read or changed yet.
///
/// # Errors
/// When somebody else has the lock, or it is another venue's journal.
pub fn open_journal<S: Storage>(config: &Config, storage: S) -> Result<Recovery<S>, StartError> {
    let venue = config.venue.name.to_string();
    let identity = Identity::new(&venue, &log::encode_limits(&config.limits()))?;
    let options = Options {
        segment_bytes: config.journal.segment_bytes,
        durability: config.journal.durability,
    };
    Ok(Recovery::open(storage, identity, options)?)
}

impl<S: Storage> Restored<S> {
    /// With the keys of sessions, and who is logged in to them.
    #[must_use]
    pub fn with_logins(self, logins: Logins) -> Self {
        Self { outlet: self.outlet.with_logins(logins), ..self }
    }

    /// Replays a journal, from its newest snapshot on, into an exchange and into
    /// output streams with windows of this size.
    ///
    /// # Errors
    /// When the journal is damaged, or replays to something else than before:
    /// then nothing was changed. When the disk fails.
    ///
    /// # Panics
    /// When the streams do not count as the exchange does, which is a bug.
    pub fn replay(
        config: &Config,
        mut recovery: Recovery<S>,
        outlet: OutletConfig,
    ) -> Result<Self, StartError> {
        let start = Instant::now();
        let mut store = recovery.snapshots(config.snapshots.keep);
        let bounds = ReplicaConfig { limits: config.limits(), outlet };
        let Resumed { mut replica, snapshot, passed_over } =
            Replica::resume(&bounds, &mut recovery, &mut store)?;
        while let Some(frame) = recovery.next_frame()? {
            replica.follow(&frame)?;
        }
        let (writer, journal) = recovery.into_writer()?;
        let checkpoints = replica.verified();
        let (exchange, outlet) = replica.into_parts();
        let recovered = Recovered {
            commands: exchange.sequence().0,
            snapshot,
            passed_over,
            time: start.elapsed(),
            digest: exchange.digest(),
            state_hash: exchange.state_hash(),
            checkpoints,
            journal,
        };
        let responses = exchange.sessions().iter().map(|session| session.next_response.0);
        assert!(
            outlet.stands_at(exchange.next_market().0, responses),
            "the streams count as the exchange does"
        );
        Ok(Self { exchange, outlet, writer, recovered })
    }
}
