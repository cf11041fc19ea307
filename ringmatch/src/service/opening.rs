//! `Opening`: the service of a venue that is starting.
//!
//! What can stand in its way is found before anything else starts: the folder of
//! the output log, the port for late joiners. It starts when the stages are
//! joined, because only then is there something to follow.

use super::{
    Archive, Glimpse, Handover, LiveFollower, OldRequests, OutputLog, Repair, Service,
    ServiceThread, old_requests,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::pipeline::{Meters, StartError};
use crate::replica::ReplicaConfig;
use ringmatch_gateway::Logins;
use ringmatch_gateway::net::{EndpointError, UdpEndpoint};
use ringmatch_journal::Directory;
use ringmatch_ring::SequenceReader;
use std::net::SocketAddr;
use std::path::Path;

/// The folder of the output log, in the data directory.
const STREAMS: &str = "streams";

/// The service of a venue that is starting. By default it does nothing: without a
/// journal there is nothing to follow.
#[derive(Default)]
pub struct Opening {
    archive: Option<Archive<Directory, UdpEndpoint>>,
    old_requests: Option<OldRequests>,
    glimpse: Option<Glimpse>,
}

impl Opening {
    /// Opens what the config asks for; old messages are sent from `requests`.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or the port is taken.
    pub fn new(
        config: &Config,
        data_dir: &Path,
        requests: &UdpEndpoint,
        logins: &Logins,
    ) -> Result<Self, StartError> {
        let venue = config.venue.name;
        let glimpse = config
            .glimpse
            .map(|glimpse| Glimpse::open(venue, glimpse.address, glimpse.connections.into()))
            .transpose()?;
        let per_s = config.repair.old_packets_per_s;
        if per_s == 0 {
            return Ok(Self { archive: None, old_requests: None, glimpse });
        }
        let path = data_dir.join(STREAMS);
        let folder =
            Directory::create(&path).map_err(|source| StartError::Directory { path, source })?;
        let log = OutputLog::open(folder, venue)?;
        let network = requests.try_clone().map_err(|source| EndpointError::Refused {
            purpose: "requests",
            address: config.network.requests,
            step: "share the socket",
            source,
        })?;
        let (old_requests, queue) = old_requests();
        let repair = Repair::new(network, queue, per_s, logins.clone());
        let archive = Some(Archive { log, repair });
        Ok(Self { archive, old_requests: Some(old_requests), glimpse })
    }

    /// Where the publisher hands requests over, if anybody takes them.
    #[must_use]
    pub fn old_requests(&self) -> Option<OldRequests> {
        self.old_requests.clone()
    }

    /// Where late joiners connect to, if they can.
    #[must_use]
    pub fn glimpse_address(&self) -> Option<SocketAddr> {
        self.glimpse.as_ref().map(Glimpse::local_address)
    }

    /// Starts it on a thread of its own, behind the venue whose commands are
    /// durable up to `durable`; nothing if the config asks for nothing. Through
    /// `handover` it says what it needs of the journal.
    ///
    /// # Errors
    /// When the limits are out of range or there is no thread to be had.
    pub fn start<C: Clock + Clone + 'static>(
        self,
        config: &Config,
        journal: Directory,
        durable: SequenceReader,
        meters: &Meters<C>,
        handover: Handover,
    ) -> Result<Option<ServiceThread>, StartError> {
        let Self { archive, glimpse, .. } = self;
        if archive.is_none() && glimpse.is_none() {
            return Ok(None);
        }
        let follower = LiveFollower::new(journal, ReplicaConfig::of(config), durable)?;
        let service = Service::new(follower, archive, glimpse, meters.counters.clone(), handover);
        let clock = meters.clock.clone();
        ServiceThread::start(service, clock).map(Some).map_err(StartError::Thread)
    }
}
