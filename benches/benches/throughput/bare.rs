//! Bare sockets: what the network gives when nothing is between two ends.
//!
//! One thread sends datagrams of 28 orders to another on the venue's CPU, which
//! counts them. Loopback drops what the receiver does not take in time, so a
//! window of datagrams, opened by what was counted, keeps within the buffer.

use super::Options;
use ringmatch::threads;
use ringmatch_gateway::net::{Datagrams, EndpointConfig, MAX_DATAGRAM, UdpEndpoint};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Enter Orders in a datagram of 1,400 bytes.
pub const ORDERS: u32 = 28;
const DATAGRAM: usize = 20 + ORDERS as usize * 49;
/// Datagrams on their way at most.
const WINDOW: u64 = 512;

fn endpoint() -> Result<UdpEndpoint, Box<dyn Error>> {
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
    Ok(UdpEndpoint::open(&EndpointConfig::new("bench", address, Ipv4Addr::LOCALHOST))?)
}

/// Millions of orders a second that arrive at the other end.
pub fn one_way(
    options: &Options,
    collected: bool,
    duration: Duration,
) -> Result<f64, Box<dyn Error>> {
    let (mut here, mut there) = (endpoint()?, endpoint()?);
    let to = there.local_address();
    let (counted, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (count, stopped, cpu) = (Arc::clone(&counted), Arc::clone(&stop), options.venue_cpu());
    let sink = thread::spawn(move || {
        threads::pin(cpu);
        let mut buffer = vec![0; MAX_DATAGRAM];
        while !stopped.load(Ordering::Relaxed) {
            match there.receive(&mut buffer).expect("loopback is up") {
                Some(_) => count.store(count.load(Ordering::Relaxed) + 1, Ordering::Release),
                None => thread::yield_now(),
            }
        }
    });
    let (start, datagram) = (Instant::now(), [0; DATAGRAM]);
    let mut sent = 0;
    while start.elapsed() < duration {
        let room = WINDOW.saturating_sub(sent - counted.load(Ordering::Acquire));
        for _ in 0..room {
            if collected {
                here.queue(&datagram, to).expect("loopback is up");
            } else {
                here.send(&datagram, to)?;
            }
        }
        here.flush().expect("loopback is up");
        sent += room;
        if room == 0 {
            thread::yield_now();
        }
    }
    let arrived = counted.load(Ordering::Acquire);
    let seconds = start.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    sink.join().expect("the other end ended in order");
    #[expect(clippy::cast_precision_loss, reason = "it is printed with two decimals")]
    Ok(arrived as f64 * f64::from(ORDERS) / seconds / 1e6)
}
