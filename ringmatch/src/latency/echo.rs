//! A bare UDP echo under the same load: what a venue's latency stands beside.
//!
//! A thread answers each datagram of a multicast group with one to its sender,
//! of the sizes of an order and its answer, over the same kind of sockets. Where
//! results wait for the disk, it writes and syncs 4 KiB before the answers to
//! whatever has come: the least that any engine must do there. The load is the
//! generator's: due times fixed in advance, and latency from the due time.

use super::{Generator, GeneratorError, Recorder, Series, Tally, Workload};
use crate::clock::{Clock, SystemClock};
use ringmatch_gateway::net::{Datagrams, EndpointConfig, UdpEndpoint};
use ringmatch_ring::{IdleStrategy, WaitStrategy};
use std::error::Error;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A MoldUDP64 packet with one Enter Order; and one with its acceptance and a
/// cancellation.
pub const ORDER_BYTES: usize = 69;
const ANSWER_BYTES: usize = 106;
/// Datagrams that one sync is for, at most.
const BATCH: usize = 1_024;
const BLOCK_BYTES: usize = 4_096;
/// Blocks that are written in turn, all of them written before.
const BLOCKS: u64 = 256;
/// How long answers may take after the last datagram.
const DRAIN: Duration = Duration::from_secs(2);

/// A thread that answers what is sent to a group, until it is told to stop.
pub struct Echo {
    group: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<std::io::Result<()>>,
}

/// What it does before it answers.
struct Disk {
    file: File,
    block: u64,
}

impl Disk {
    fn open(directory: &Path) -> std::io::Result<Self> {
        let file = tempfile::tempfile_in(directory)?;
        let zeros = [0; BLOCK_BYTES];
        for block in 0..BLOCKS {
            file.write_all_at(&zeros, block * BLOCK_BYTES as u64)?;
        }
        file.sync_all()?;
        Ok(Self { file, block: 0 })
    }

    fn write_and_sync(&mut self) -> std::io::Result<()> {
        self.block = (self.block + 1) % BLOCKS;
        self.file.write_all_at(&[1; BLOCK_BYTES], self.block * BLOCK_BYTES as u64)?;
        self.file.sync_data()
    }
}

impl Echo {
    /// Starts one that waits like this; with a directory, one that writes there
    /// and syncs before it answers.
    ///
    /// # Errors
    /// When no socket, file or thread can be had.
    pub fn start(wait: WaitStrategy, directory: Option<&Path>) -> Result<Self, Box<dyn Error>> {
        let [low, high, ..] = std::process::id().to_le_bytes();
        let group = Ipv4Addr::new(239, 195, high, low);
        let socket = endpoint(SocketAddrV4::new(group, 0))?;
        let group = socket.local_address();
        let disk = directory.map(Disk::open).transpose()?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("echo".into())
            .spawn(move || answer(socket, disk, wait, &told))?;
        Ok(Self { group, stop, thread })
    }

    /// Where it hears.
    #[must_use]
    pub fn group(&self) -> SocketAddr {
        self.group
    }

    /// Loads it at a rate and takes its answers.
    ///
    /// # Errors
    /// When the network fails, or `stop` was set.
    pub fn measure(
        &self,
        workload: &Workload,
        wait: WaitStrategy,
        stop: &AtomicBool,
    ) -> Result<Tally, Box<dyn Error>> {
        let clock = SystemClock::start();
        let pace = Generator::pace(workload, clock.now().0);
        let mut recorder = Recorder::new(pace, Series::new(workload.duration));
        let mut socket = endpoint(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
        let mut idle = Generator::awake(wait).start();
        let (mut datagram, mut buffer) = ([0; ORDER_BYTES], [0; 2_048]);
        let mut deadline = None;
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(GeneratorError::Interrupted.into());
            }
            let now_ns = clock.now().0;
            let is_due = recorder.is_due(now_ns);
            if is_due {
                datagram[..8].copy_from_slice(&recorder.next().to_le_bytes());
                recorder.sent(now_ns);
                socket.send(&datagram, self.group)?;
            }
            match socket.receive(&mut buffer)? {
                Some((len, _)) if len >= 8 => {
                    let number = buffer.first_chunk().map_or(u64::MAX, |n| u64::from_le_bytes(*n));
                    recorder.answered(number, clock.now().0, |_| None);
                    idle.reset();
                }
                _ if !is_due => idle.idle(),
                _ => {}
            }
            if recorder.all_sent(now_ns) {
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + DRAIN);
                if recorder.all_answered() || Instant::now() > deadline {
                    return Ok(recorder.finish());
                }
            }
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it had failed.
    pub fn stop(self) -> Result<(), Box<dyn Error>> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.join().map_err(|_| "the echo panicked")?;
        Ok(ended?)
    }
}

fn endpoint(address: SocketAddrV4) -> Result<UdpEndpoint, Box<dyn Error>> {
    Ok(UdpEndpoint::open(&EndpointConfig::new("the echo", address, Ipv4Addr::LOCALHOST))?)
}

fn answer(
    mut socket: UdpEndpoint,
    mut disk: Option<Disk>,
    wait: WaitStrategy,
    told: &AtomicBool,
) -> std::io::Result<()> {
    let (mut buffer, mut answer) = ([0; 2_048], [0; ANSWER_BYTES]);
    let mut waiting: Vec<([u8; 8], SocketAddr)> = Vec::with_capacity(BATCH);
    let mut idle = wait.start();
    // Without a disk there is nothing to gather for.
    let most = if disk.is_some() { BATCH } else { 1 };
    while !told.load(Ordering::Relaxed) {
        while waiting.len() < most
            && let Some((_, from)) = socket.receive(&mut buffer)?
        {
            let number = buffer.first_chunk().copied().unwrap_or_default();
            waiting.push((number, from));
        }
        if waiting.is_empty() {
            idle.idle();
            continue;
        }
        if let Some(disk) = &mut disk {
            disk.write_and_sync()?;
        }
        for (number, from) in waiting.drain(..) {
            answer[..8].copy_from_slice(&number);
            socket.send(&answer, from)?;
        }
        idle.reset();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Arrivals, Load, Mix};
    use super::*;

    #[test]
    fn every_datagram_is_answered_with_and_without_a_disk() {
        let directory = tempfile::tempdir().unwrap();
        let load = Load::Open { rate_per_s: 500, arrivals: Arrivals::Constant, seed: 1 };
        let (duration, warm_up) = (Duration::from_millis(200), Duration::from_millis(20));
        let workload = Workload { load, duration, warm_up, sessions: 1, mix: Mix::Turnover };
        for place in [None, Some(directory.path())] {
            let echo = Echo::start(WaitStrategy::Yield, place).unwrap();
            let tally =
                echo.measure(&workload, WaitStrategy::Yield, &AtomicBool::new(false)).unwrap();
            echo.stop().unwrap();
            assert_eq!((tally.sent, tally.lost), (100, 0));
            assert_eq!(tally.series.total().len(), 100);
        }
    }
}
