//! One order through the whole venue and back, beside a bare UDP echo.
//!
//! The venue runs in this process as the latency tool runs it: real sockets, the
//! real client. A round trip sends one immediate-or-cancel order that finds
//! nothing to trade with, and ends with its acceptance. The echo is a thread
//! that answers each datagram of a multicast group with one to its sender, of
//! the same sizes as order and answer and on the same kind of sockets; where
//! results wait for the disk it writes and syncs 4 KiB before it answers. So
//! what remains is what the venue adds. Each layout has its echo in the same
//! round, waiting in the same way; a layout that would spin on more CPUs than
//! there are, the client's included, is left out and said.
//! The client is one thread that waits for each answer, so these are round
//! trips, not a load; `ringmatch latency` measures those.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench round_trip
//! cargo bench -p ringmatch-benches --bench round_trip -- spin
//! ```
#![allow(missing_docs)]

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use ringmatch::config::Config;
use ringmatch::latency::{Echo, ORDER_BYTES, Site};
use ringmatch::threads::{Cpus, Layout};
use ringmatch_engine::Price;
use ringmatch_engine::command::{Side, TimeInForce};
use ringmatch_gateway::client::{Client, NewOrder};
use ringmatch_gateway::net::{Datagrams, EndpointConfig, UdpEndpoint};
use ringmatch_gateway::wire::ouch::Outbound;
use ringmatch_journal::Durability;
use ringmatch_ring::{IdleStrategy, WaitStrategy};

/// What is measured, each beside its echo.
const CASES: [(Durability, WaitStrategy, Layout); 5] = [
    (Durability::Write, WaitStrategy::Spin, Layout::Single),
    (Durability::Write, WaitStrategy::Yield, Layout::Single),
    (Durability::Write, WaitStrategy::Yield, Layout::Shared),
    (Durability::Fsync, WaitStrategy::Yield, Layout::Single),
    (Durability::Fsync, WaitStrategy::Yield, Layout::Shared),
];

fn endpoint(address: SocketAddrV4) -> UdpEndpoint {
    UdpEndpoint::open(&EndpointConfig::new("bench", address, Ipv4Addr::LOCALHOST))
        .expect("loopback takes a socket")
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

/// Beside this file, and so most likely on a disk.
fn disk() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn venue(durability: Durability, wait: WaitStrategy, layout: Layout) -> Site {
    let mut config = Config::load(None).expect("the default config is sound");
    config.journal.durability = durability;
    config.threads.wait = wait;
    config.threads.layout = layout;
    Site::start(config, disk()).expect("a venue starts on free addresses")
}

fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("round trip");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    group.sample_size(50);
    // Either may be slowed by whatever else runs: each is measured twice, in turn.
    for round in 1..=2 {
        for (durability, wait, layout) in CASES {
            if let Err(refusal) = layout.check(wait, 1, &Cpus::usable()) {
                println!("NOT MEASURED: {durability}, {wait}: {refusal}");
                continue;
            }
            let waits_for_disk = (durability == Durability::Fsync).then(disk);
            let echo = Echo::start(wait, waits_for_disk).expect("an echo starts");
            let mut socket = endpoint(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));
            let case = format!("{durability}, {wait}, {layout}, {round}");
            group.bench_function(format!("{case}: bare echo"), |bencher| {
                let mut idle = wait.start();
                bencher.iter(|| echo_round_trip(&mut socket, echo.group(), &mut idle));
            });
            echo.stop().expect("the echo ends in order");
            let site = venue(durability, wait, layout);
            let mut client = site.connect().expect("the venue answers");
            group.bench_function(format!("{case}: venue"), |bencher| {
                let mut idle = wait.start();
                bencher.iter(|| order_round_trip(&mut client, &mut idle));
            });
            drop(client);
            site.stop().expect("the venue ends in order");
        }
    }
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
