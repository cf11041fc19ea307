//! One order through the whole venue and back, beside a bare UDP echo.
//!
//! The venue runs in this process as the latency tool runs it: real sockets, the
//! real client, results wait for the page cache (durability `write`), idle
//! threads yield. A round trip sends one immediate-or-cancel order that finds
//! nothing to trade with, and ends with its acceptance. The echo is a thread
//! that answers each datagram of a multicast group with one to its sender, of
//! the same sizes as order and answer and on the same kind of sockets: what
//! remains is what the venue adds. It yields in one case and spins in the other.
//! The client is one thread that waits for each answer, so these are round
//! trips, not a load; `ringmatch latency` measures those.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench round_trip
//! ```
#![allow(missing_docs)]

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use ringmatch::config::Config;
use ringmatch::latency::Site;
use ringmatch_engine::Price;
use ringmatch_engine::command::{Side, TimeInForce};
use ringmatch_gateway::client::{Client, NewOrder};
use ringmatch_gateway::net::{Datagrams, EndpointConfig, UdpEndpoint};
use ringmatch_gateway::wire::ouch::Outbound;
use ringmatch_journal::Durability;
use ringmatch_ring::{IdleStrategy, WaitStrategy};

/// A MoldUDP64 packet with one Enter Order, and one with its acceptance and its
/// cancellation.
const ORDER_BYTES: usize = 69;
const ANSWER_BYTES: usize = 106;

fn endpoint(address: SocketAddrV4) -> UdpEndpoint {
    UdpEndpoint::open(&EndpointConfig::new("bench", address, Ipv4Addr::LOCALHOST))
        .expect("loopback takes a socket")
}

/// Answers what is sent to a group until it is told to stop.
struct Echo {
    group: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Echo {
    fn start(wait: WaitStrategy) -> Self {
        let pid = std::process::id().to_le_bytes();
        let group = Ipv4Addr::new(239, 195, pid[1], pid[0]);
        let mut socket = endpoint(SocketAddrV4::new(group, 0));
        let group = socket.local_address();
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let (mut buffer, answer) = ([0; 2048], [0; ANSWER_BYTES]);
            let mut idle = wait.start();
            while !told.load(Ordering::Relaxed) {
                match socket.receive(&mut buffer).expect("loopback is up") {
                    Some((_, from)) => {
                        socket.send(&answer, from).expect("loopback is up");
                        idle.reset();
                    }
                    None => idle.idle(),
                }
            }
        });
        Self { group, stop, thread }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the echo ended in order");
    }
}

fn echo_round_trip(socket: &mut UdpEndpoint, group: SocketAddr, idle: &mut impl IdleStrategy) {
    let mut buffer = [0; 2048];
    socket.send(&[0; ORDER_BYTES], group).expect("loopback is up");
    while socket.receive(&mut buffer).expect("loopback is up").is_none() {
        idle.idle();
    }
}

fn order_round_trip(client: &mut Client, idle: &mut impl IdleStrategy) {
    let price = Price(1_000_000);
    let order = NewOrder::limit("AAPL".parse().expect("a short text"), Side::Buy, 100, price);
    let order = NewOrder { time_in_force: TimeInForce::ImmediateOrCancel, ..order };
    let user_ref = client.enter(&order).expect("the venue runs");
    client.flush().expect("loopback is up");
    loop {
        match client.try_receive().expect("loopback is up").map(|response| response.message) {
            Some(Outbound::OrderAccepted(accepted)) if accepted.user_ref_num == user_ref.0 => break,
            Some(_) => {}
            None => idle.idle(),
        }
    }
}

fn venue(wait: WaitStrategy) -> Site {
    let mut config = Config::load(None).expect("the default config is sound");
    config.journal.durability = Durability::Write;
    config.threads.wait = wait;
    // Beside this file, and so most likely on a disk.
    let parent = Path::new(env!("CARGO_MANIFEST_DIR"));
    Site::start(config, parent).expect("a venue starts on free addresses")
}

fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("round trip");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    group.sample_size(50);
    // Either may be slowed by whatever else runs: each is measured twice, in turn.
    for round in 1..=2 {
        for wait in [WaitStrategy::Spin, WaitStrategy::Yield] {
            let echo = Echo::start(wait);
            let mut socket = endpoint(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));
            group.bench_function(format!("bare echo, {wait}, {round}"), |bencher| {
                let mut idle = wait.start();
                bencher.iter(|| echo_round_trip(&mut socket, echo.group, &mut idle));
            });
            echo.stop();
        }
        let wait = WaitStrategy::Yield;
        let site = venue(wait);
        let mut client = site.connect().expect("the venue answers");
        group.bench_function(format!("order through the venue, {wait}, {round}"), |bencher| {
            let mut idle = wait.start();
            bencher.iter(|| order_round_trip(&mut client, &mut idle));
        });
        drop(client);
        site.stop().expect("the venue ends in order");
    }
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
