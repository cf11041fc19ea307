//! A replica: a venue's exchange and output streams, fed from its journal.
//!
//! It is what a start goes on from, and what a snapshot is made of: the follower
//! with its exchange, and the outlet in which every message stands that clients
//! may ask for again. Both come from the newest snapshot that is any good and
//! from the frames after it, or from all frames; which of the two cannot be told
//! from what comes of it. A snapshot that does not hold is passed over by name
//! with the reason, and the one before it serves.

use crate::config::Config;
use crate::follower::{FollowError, Follower};
use crate::log::{self, BodyError};
use crate::snapshot::{self, SnapshotError};
use ringmatch_engine::{Exchange, Limits, LimitsError, Sequence};
use ringmatch_gateway::{Outlet, OutletConfig};
use ringmatch_journal::{
    Frame, Identity, JournalError, Position, Reader, Recovery, SaveRate, Snapshot, SnapshotInfo,
    SnapshotStore, Start, Storage,
};

/// How large a replica may become.
#[derive(Clone, Copy, Debug)]
pub struct ReplicaConfig {
    /// The bounds of the exchange.
    pub limits: Limits,
    /// How much of each stream can be asked for again.
    pub outlet: OutletConfig,
}

impl ReplicaConfig {
    /// That of a venue.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self { limits: config.limits(), outlet: OutletConfig::new(config.venue.name) }
    }

    /// That of the venue whose journal this is.
    ///
    /// # Errors
    /// When what the journal says of the venue cannot be read.
    pub fn named_in(identity: &Identity) -> Result<Self, ReplicaError> {
        let limits = log::decode_limits(identity.config()).map_err(ReplicaError::Venue)?;
        let name = identity.venue_name();
        let name = name.parse().map_err(|_| ReplicaError::Name(name.to_string()))?;
        Ok(Self { limits, outlet: OutletConfig::new(name) })
    }
}

/// See the [module](self).
pub struct Replica {
    follower: Follower,
    outlet: Outlet,
}

/// A replica at the place where a journal is read on.
pub struct Resumed {
    /// What the snapshot gives, or one before the first command.
    pub replica: Replica,
    /// Commands that the snapshot stands for; zero without one.
    pub snapshot: u64,
    /// Snapshots that were of no use, and why.
    pub passed_over: Vec<String>,
}

/// Something with a journal that can go to behind a snapshot.
pub trait Resume<S: Storage> {
    /// Goes to behind the newest sound snapshot, or to the beginning.
    ///
    /// # Errors
    /// When there is nothing to start from.
    fn start_from(&mut self, store: &SnapshotStore<S>) -> Result<Start<S>, JournalError>;
}

impl<S: Storage> Resume<S> for Recovery<S> {
    fn start_from(&mut self, store: &SnapshotStore<S>) -> Result<Start<S>, JournalError> {
        Self::start_from(self, store)
    }
}

impl<S: Storage> Resume<S> for Reader<S> {
    fn start_from(&mut self, store: &SnapshotStore<S>) -> Result<Start<S>, JournalError> {
        Self::start_from(self, store)
    }
}

/// A reader that goes to behind the oldest sound snapshot instead: of a journal
/// whose beginning was dropped, this is as much as can be replayed.
pub struct FromOldest<'a, S: Storage>(pub &'a mut Reader<S>);

impl<S: Storage> Resume<S> for FromOldest<'_, S> {
    fn start_from(&mut self, store: &SnapshotStore<S>) -> Result<Start<S>, JournalError> {
        self.0.start_from_oldest(store)
    }
}

impl Replica {
    /// A replica before the first command.
    ///
    /// # Errors
    /// When no exchange can be built with these limits.
    pub fn new(config: &ReplicaConfig) -> Result<Self, LimitsError> {
        let follower = Follower::new(config.limits)?;
        Ok(Self { follower, outlet: Outlet::new(config.outlet) })
    }

    /// A replica that goes on from what a snapshot gave.
    pub(crate) fn resumed(exchange: Box<Exchange>, outlet: Outlet) -> Self {
        Self { follower: Follower::resume(exchange), outlet }
    }

    /// Goes to behind the newest snapshot that is any good, or to the beginning
    /// if there is none.
    ///
    /// # Errors
    /// When there is nothing to start from, or no exchange can be built.
    pub fn resume<S: Storage>(
        config: &ReplicaConfig,
        journal: &mut impl Resume<S>,
        store: &mut SnapshotStore<S>,
    ) -> Result<Resumed, ReplicaError> {
        let mut refused = Vec::new();
        loop {
            let Start { snapshot, passed_over } = journal.start_from(store)?;
            let damaged = passed_over.iter().map(ToString::to_string);
            let Some(mut snapshot) = snapshot else {
                let passed_over = damaged.chain(refused).collect();
                return Ok(Resumed { replica: Self::new(config)?, snapshot: 0, passed_over });
            };
            match load(config, &mut snapshot) {
                Ok(replica) => {
                    let passed_over = damaged.chain(refused).collect();
                    let snapshot = replica.exchange().sequence().0;
                    return Ok(Resumed { replica, snapshot, passed_over });
                }
                Err(error) => {
                    let path = snapshot.path();
                    refused.push(format!("the snapshot {} is of no use: {error}", path.display()));
                    store.refuse(&snapshot);
                }
            }
        }
    }

    /// Applies a frame.
    ///
    /// # Errors
    /// When it makes no sense, does not come next, or shows that the replay came
    /// to something else than the run that wrote the journal.
    ///
    /// # Panics
    /// When the streams do not count as the exchange does, which is a bug.
    pub fn follow(&mut self, frame: &Frame<'_>) -> Result<(), FollowError> {
        let Self { follower, outlet } = self;
        follower.follow(frame, Sequence(u64::MAX), &mut |_, events| {
            events.iter().for_each(|event| outlet.remember(event));
        })
    }

    /// Saves a snapshot that stands at `position`, where this replica does. What
    /// precedes it must be durable.
    ///
    /// # Errors
    /// When the disk fails, or somebody else is saving one.
    pub fn save<S: Storage>(
        &self,
        store: &SnapshotStore<S>,
        position: Position,
        rate: SaveRate,
    ) -> Result<u64, JournalError> {
        let info = SnapshotInfo {
            position,
            digest: self.exchange().digest().0,
            body_version: snapshot::BODY_VERSION,
            time_ns: self.exchange().time().0,
        };
        let mut writer = store.begin(info, rate)?;
        let bytes = snapshot::write(self.exchange(), &self.outlet, |bytes| writer.append(bytes))?;
        writer.finish()?;
        Ok(bytes)
    }

    /// The exchange as it stands.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        self.follower.exchange()
    }

    /// How many checkpoints agreed.
    #[must_use]
    pub fn verified(&self) -> u64 {
        self.follower.verified()
    }

    /// Exchange and streams, to go on with.
    #[must_use]
    pub fn into_parts(self) -> (Box<Exchange>, Outlet) {
        (self.follower.into_exchange(), self.outlet)
    }
}

/// What is in a snapshot, and that it is what the envelope says.
fn load<S: Storage>(
    config: &ReplicaConfig,
    snapshot: &mut Snapshot<S>,
) -> Result<Replica, SnapshotError> {
    let SnapshotInfo { position, digest, body_version, .. } = snapshot.info();
    if body_version != snapshot::BODY_VERSION {
        return Err(SnapshotError::Version { found: body_version });
    }
    let (exchange, outlet) = snapshot::read(config, snapshot)?;
    if exchange.sequence().0 + 1 != position.next_sequence || exchange.digest().0 != digest {
        return Err(SnapshotError::Other);
    }
    Ok(Replica::resumed(exchange, outlet))
}

/// Why there is no replica.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// The journal cannot be read, or is damaged.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No exchange can be built with these limits.
    #[error(transparent)]
    Limits(#[from] LimitsError),
    /// What the journal says of its venue cannot be read.
    #[error("the journal does not say what venue it is of: {0}")]
    Venue(BodyError),
    /// A name that no venue can have.
    #[error("the journal is of a venue {0:?}, which is no name of one")]
    Name(String),
    /// The journal's content cannot be followed.
    #[error(transparent)]
    Follow(#[from] FollowError),
}
