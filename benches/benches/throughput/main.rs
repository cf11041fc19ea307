//! How much the venue takes and says through real sockets, beside bare sockets.
//!
//! The client is one thread on one CPU and has as many sessions as asked for;
//! the venue runs in this process on the other. Orders leave as many in a
//! datagram and as many datagrams in a call as there are, and no more are on
//! their way than a window that the venue's answers open. Results wait for the
//! disk (durability `fsync`, by group commit) unless another is asked for. A
//! cell of the table counts only what came back: an order counts when its
//! acceptance arrived, and a run in which one answer is missing or comes twice
//! fails. The bare sockets carry datagrams of the same sizes, with the same
//! calls, and nothing in between.
//!
//! ```text
//! cargo bench -p ringmatch-benches --bench throughput
//! cargo bench -p ringmatch-benches --bench throughput -- --latency
//! taskset -c 0 cargo bench -p ringmatch-benches --bench throughput -- --one-core
//! ```
#![allow(missing_docs, unreachable_pub)]

mod bare;
mod flow;
mod load;

use clap::Parser;
use flow::Flow;
use load::Load;
use ringmatch::config::Config;
use ringmatch::latency::Site;
use ringmatch::threads;
use ringmatch_gateway::wire::mold::DEFAULT_MAX_PAYLOAD;
use ringmatch_journal::Durability;
use ringmatch_ring::WaitStrategy;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

/// What to measure.
#[derive(Parser)]
struct Options {
    /// Sessions of the client, one number for each row.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32])]
    sessions: Vec<usize>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Messages on their way at most, all sessions together.
    #[arg(long, default_value_t = 16_384)]
    window: u64,
    /// When results may leave: fsync, write or interval:MS.
    #[arg(long, default_value = "fsync")]
    durability: Durability,
    /// How idle threads of the venue wait: spin, yield or backoff.
    #[arg(long, default_value = "yield")]
    wait: WaitStrategy,
    /// Only this flow: in, out or both.
    #[arg(long)]
    flow: Option<Flow>,
    /// CPU of the client; the venue gets the other.
    #[arg(long, default_value_t = 0)]
    client_cpu: usize,
    /// Bytes of the longest packet, both ways.
    #[arg(long, default_value_t = DEFAULT_MAX_PAYLOAD)]
    packet_bytes: usize,
    /// Runs of datagrams leave both ends in one call (segmentation offload).
    #[arg(long)]
    segmentation: bool,
    /// All on the CPU of the client.
    #[arg(long)]
    one_core: bool,
    /// Also the latency at 50 and 90 % of what each row reached.
    #[arg(long)]
    latency: bool,
    /// Given by `cargo bench`; means nothing here.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn venue_cpu(&self) -> usize {
        if self.one_core { self.client_cpu } else { 1 - self.client_cpu.min(1) }
    }

    /// The default venue with as many sessions as asked for.
    fn site(&self, sessions: usize) -> Result<Site, Box<dyn Error>> {
        let mut config = Config::load(None)?;
        config.journal.durability = self.durability;
        config.network.max_packet_bytes = self.packet_bytes;
        config.network.segmentation_offload = self.segmentation;
        config.threads.wait = self.wait;
        config.threads.layout = threads::Layout::Shared;
        // The journaler waits for the disk most of the time: the client's CPU has room
        // for it.
        config.threads.pin = threads::Pin::To(vec![self.venue_cpu(), self.client_cpu]);
        let template = config.sessions.last().cloned().ok_or("the default venue has a session")?;
        config.sessions = (0..sessions)
            .map(|number| {
                let name = format!("LOAD{number}").parse()?;
                Ok(ringmatch::config::SessionConfig { name, ..template.clone() })
            })
            .collect::<Result<_, Box<dyn Error>>>()?;
        // Beside this file, and so most likely on a disk.
        Site::start(config, Path::new(env!("CARGO_MANIFEST_DIR")))
    }

    fn measure(&self, flow: Flow, sessions: usize) -> Result<(), Box<dyn Error>> {
        let duration = Duration::from_secs_f64(self.seconds);
        let site = self.site(sessions)?;
        let load = Load::connect(&site, flow, sessions, self.window)?;
        let reached = load.saturate(duration)?;
        let account = site.stop()?;
        print!("{flow:<5} {sessions:>8} {reached}");
        println!(" {:>8}", account.gap_requests);
        if self.latency {
            for percent in [50, 90] {
                let site = self.site(sessions)?;
                let load = Load::connect(&site, flow, sessions, self.window)?;
                let rate = reached.messages_per_s() * f64::from(percent) / 100.0;
                let paced = load.pace(rate, duration)?;
                site.stop()?;
                println!("      at {percent} %: {paced}");
            }
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let duration = Duration::from_secs_f64(options.seconds);
    println!("client on CPU {}: {}", options.client_cpu, threads::pin(options.client_cpu));
    println!("venue, and the other end of bare sockets, on CPU {}", options.venue_cpu());
    println!("journaler on the client's CPU");
    println!("\nbare sockets, M orders/s as datagrams of {} orders", bare::ORDERS);
    println!("one way, one datagram a call   {:.2}", bare::one_way(&options, false, duration)?);
    println!("one way, many datagrams a call {:.2}", bare::one_way(&options, true, duration)?);
    println!("\nvenue, durability {}, M messages/s", options.durability);
    println!("flow  sessions       in      out  resent");
    for flow in Flow::ALL {
        if options.flow.is_none_or(|wanted| wanted == flow) {
            for &sessions in &options.sessions {
                options.measure(flow, sessions)?;
            }
        }
    }
    Ok(())
}
