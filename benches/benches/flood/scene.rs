//! A venue, its clients and one kind of mischief, from beginning to end.
//!
//! Three sessions have keys: the honest client's, one whose client leaves two
//! orders and does nothing more, and one whose client never reads. Between two
//! turns everything that was sent has arrived: the venue takes datagrams in
//! their order, so an answer to what was sent last says so. In the end, what was
//! sent is held against what was counted, and what the venue sequenced against
//! what its clients have sent.

use crate::Options;
use crate::honest::{Honest, PATIENCE};
use crate::kernel;
use crate::mischief::{Kind, MUTE};
use crate::recorded::Recorded;
use crate::source::Source;
use hdrhistogram::Histogram;
use ringmatch::config::{Config, SessionConfig};
use ringmatch::latency::Site;
use ringmatch::pipeline::{Counter, Counters};
use ringmatch::threads::{Layout, Pin};
use ringmatch_gateway::client::{Client, ClientConfig};
use ringmatch_gateway::seal::Key;
use ringmatch_gateway::wire::mold::Request;
use ringmatch_ring::WaitStrategy;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// The sessions, and their keys.
const HONEST_KEY: (&str, Key) = ("ALPHA", Key::new([1; Key::BYTES]));
const IDLE_KEY: (&str, Key) = ("BRAVO", Key::new([2; Key::BYTES]));
const MUTE_KEY: (&str, Key) = ("CHARLIE", Key::new([3; Key::BYTES]));
/// Whoever looks whether the venue has come to the end of its requests: an
/// address of this host that is nobody else's.
const PROBE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// The smallest window of market data that a venue may have, in bytes.
const SMALL_WINDOW: usize = 4_096;
/// Packets that wait behind a gap and are not counted while they do.
const STASH: u64 = 64;

pub struct Scene {
    kind: &'static Kind,
    site: Site,
    counters: Counters,
    /// Commands sequenced before the first client came.
    opening: u64,
    drops_before: u64,
    honest: Honest,
    idle: Recorded,
    /// Its socket is read no more.
    mute: Recorded,
    source: Source,
}

/// Where mischief went.
pub struct Found {
    pub sent: u64,
    counted: Vec<(Counter, u64)>,
    dropped: u64,
    traded: u64,
    repairs: u64,
}

impl Scene {
    pub fn set(kind: &'static Kind, options: &Options) -> Result<Self, Box<dyn Error>> {
        // Only its owner can read it.
        let keys = tempfile::NamedTempFile::new()?;
        let lines = [HONEST_KEY, IDLE_KEY, MUTE_KEY];
        let lines = lines.map(|(name, key)| format!("{name} {}\n", key.to_hex()));
        std::fs::write(keys.path(), lines.concat())?;
        let config = config(kind, options, keys.path())?;
        // Beside this file, and so most likely on a disk.
        let site = Site::start(config, Path::new(env!("CARGO_MANIFEST_DIR")))?;
        let counters = site.venue().ok_or("the venue is of this process")?.counters().clone();
        let opening = settled(&counters);
        let honest = Honest::connect(client(&site, HONEST_KEY), options.orders)?;
        let mut idle = Recorded::connect(client(&site, IDLE_KEY), IDLE_KEY.1)?;
        idle.rest_orders()?;
        let mute = Recorded::connect(client(&site, MUTE_KEY), MUTE_KEY.1)?;
        let name = site.config().venue.name;
        let source = Source::open(kind, name, (&idle, IDLE_KEY.0), (&mute, MUTE_KEY.1))?;
        let drops_before = kernel::drops(&doors(&site))?;
        Ok(Self { kind, site, counters, opening, drops_before, honest, idle, mute, source })
    }

    /// The honest client trades alone.
    pub fn quiet_turn(
        &mut self,
        duration: Duration,
        times: &mut Histogram<u64>,
    ) -> Result<(), Box<dyn Error>> {
        self.honest.trade(duration, |_| Ok(()), times)
    }

    /// The honest client trades beside the mischief.
    pub fn turn(
        &mut self,
        duration: Duration,
        rate_per_s: u64,
        times: &mut Histogram<u64>,
    ) -> Result<(), Box<dyn Error>> {
        let Self { honest, source, .. } = self;
        source.begin_turn();
        honest.trade(duration, |elapsed| Ok(source.send_due(elapsed, rate_per_s)?), times)?;
        honest.close()?;
        self.close_requests()
    }

    /// Checks everything, and ends the venue.
    pub fn end(mut self) -> Result<Found, Box<dyn Error>> {
        if self.source.was_answered() && !self.kind.is_answered {
            return Err("the venue has answered whom it must not".into());
        }
        self.idle.check_unmoved()?;
        let traded = self.count_messages()?;
        let found = self.find(traded)?;
        self.site.stop()?;
        Ok(found)
    }

    /// Waits until the venue has taken all requests that came before now.
    fn close_requests(&self) -> Result<(), Box<dyn Error>> {
        let socket = UdpSocket::bind((PROBE, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(5)))?;
        let question = Request { session: self.site.config().venue.name, sequence: 0, count: 0 };
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            socket.send_to(&question.encode(), self.site.config().network.requests)?;
            if socket.recv(&mut [0; 2_000]).is_ok() {
                return Ok(());
            }
        }
        Err("the venue does not come to the end of its requests".into())
    }

    /// How many messages the one that never reads has got in; and that the
    /// venue sequenced what its clients sent, and nothing else.
    fn count_messages(&self) -> Result<u64, Box<dyn Error>> {
        let before = self.mute.messages();
        // It logs in anew to learn where it stands, with one message.
        let again = Client::connect(client(&self.site, MUTE_KEY), PATIENCE)?;
        let all = again.next_message() - 1;
        let sent = self.honest.messages() + self.idle.messages() + all;
        let sequenced = settled(&self.counters) - self.opening;
        if sequenced != sent {
            return Err(format!("clients sent {sent} messages, and {sequenced} came in").into());
        }
        let traded = all - 1 - before;
        if traded > 0 && self.kind.name != MUTE {
            return Err(format!("others sent {traded} messages as {}", MUTE_KEY.0).into());
        }
        Ok(traded)
    }

    /// Holds what was sent against what was counted.
    fn find(&self, traded: u64) -> Result<Found, Box<dyn Error>> {
        let sent = self.source.sent();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let counted = self.kind.counted.iter();
            let counted: Vec<_> = counted.map(|&kind| (kind, self.counters.get(kind))).collect();
            let dropped = kernel::drops(&doors(&self.site))? - self.drops_before;
            let seen: u64 = counted.iter().map(|(_, count)| count).sum();
            let waiting = if traded > 0 { STASH } else { 0 };
            let is_counted = seen > 0 || self.kind.counted.is_empty();
            let is_past = self.kind.counted.is_empty();
            if is_counted && (is_past || seen + dropped + traded + waiting >= sent) {
                let repairs = self.counters.get(Counter::GapRequests) + self.honest.repairs();
                return Ok(Found { sent, counted, dropped, traded, repairs });
            }
            // What is served from disk is counted by another thread.
            if Instant::now() > deadline {
                return Err(format!(
                    "of {sent} datagrams {seen} were counted, {dropped} dropped by the kernel, \
                     and {traded} traded: the rest is nowhere"
                )
                .into());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Found {
    /// In words.
    pub fn text(&self) -> String {
        let counted = self.counted.iter().filter(|(_, count)| *count > 0);
        let mut parts: Vec<String> =
            counted.map(|(counter, count)| format!("{count} {}", counter.text())).collect();
        for (count, what) in [
            (self.traded, "messages sequenced"),
            (self.dropped, "datagrams dropped by the kernel"),
            (self.repairs, "requests for what was lost of others"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        parts.join("; ")
    }
}

fn config(kind: &Kind, options: &Options, keys: &Path) -> Result<Config, Box<dyn Error>> {
    let mut config = Config::load(None)?;
    config.journal.durability = options.durability;
    config.threads.wait = WaitStrategy::Yield;
    // As on two CPUs, of which the other is the clients'.
    config.threads.layout = Layout::Auto.resolve(2, options.durability);
    config.threads.pin = Pin::To(vec![options.venue_cpu(); config.threads.layout.threads()]);
    config.order_entry.keys = Some(keys.to_owned());
    config.sessions = [HONEST_KEY, IDLE_KEY, MUTE_KEY]
        .map(|(name, _)| Ok(SessionConfig::new(name.parse()?, name[..4].parse()?)))
        .into_iter()
        .collect::<Result<_, Box<dyn Error>>>()?;
    if kind.has_small_window {
        config.repair.market_window_bytes = SMALL_WINDOW;
    }
    Ok(config)
}

fn client(site: &Site, (name, key): (&str, Key)) -> ClientConfig {
    let (name, network) = (name.parse().expect("a short text"), &site.config().network);
    let config = ClientConfig::new(name, network.orders, network.requests, network.interface);
    ClientConfig { key: Some(key), ..config }
}

fn doors(site: &Site) -> [SocketAddrV4; 2] {
    let network = &site.config().network;
    [network.orders, network.requests]
}

/// Commands sequenced, once that number stays.
fn settled(counters: &Counters) -> u64 {
    loop {
        let before = counters.get(Counter::Sequenced);
        thread::sleep(Duration::from_millis(50));
        if before > 0 && counters.get(Counter::Sequenced) == before {
            return before;
        }
    }
}
