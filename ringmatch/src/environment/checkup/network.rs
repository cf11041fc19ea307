//! Multicast and socket buffers, tried on the config's interface.

use super::{Finding, Level};
use crate::config::Config;
use ringmatch_gateway::net::{Datagrams, EndpointConfig, EndpointError, UdpEndpoint};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

/// How long a datagram may take to come back.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often one is sent.
const TRIES: u64 = 3;

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let interface = config.network.interface;
    match open(interface) {
        Ok(endpoint) => {
            let buffers = buffers(&endpoint, interface);
            [multicast(endpoint, interface)].into_iter().chain(buffers).collect()
        }
        Err(error) => vec![no_multicast(interface, &error.to_string())],
    }
}

/// A group of this process's own, so that nobody else hears it.
fn open(interface: Ipv4Addr) -> Result<UdpEndpoint, EndpointError> {
    let [low, high, ..] = std::process::id().to_le_bytes();
    let group = SocketAddrV4::new(Ipv4Addr::new(239, 195, high, low), 0);
    UdpEndpoint::open(&EndpointConfig::new("the check-up", group, interface))
}

fn multicast(mut endpoint: UdpEndpoint, interface: Ipv4Addr) -> Finding {
    match fastest(&mut endpoint) {
        Ok(Some(time)) => {
            let us = time.as_nanos() as f64 / 1_000.0;
            Finding::ok("multicast", format!("came back over {interface} in {us:.1} µs"))
        }
        Ok(None) => no_multicast(interface, "what was sent to a group did not come back"),
        Err(error) => no_multicast(interface, &format!("the network refused: {error}")),
    }
}

/// The shortest time in which a datagram came back.
fn fastest(endpoint: &mut UdpEndpoint) -> io::Result<Option<Duration>> {
    let group = endpoint.local_address();
    let mut buffer = [0; 64];
    let mut fastest: Option<Duration> = None;
    for number in 0..TRIES {
        let sent = Instant::now();
        let datagram = number.to_le_bytes();
        endpoint.send(&datagram, group)?;
        while sent.elapsed() < PATIENCE {
            let left = PATIENCE.saturating_sub(sent.elapsed());
            if let Some((len, _)) = endpoint.receive_within(&mut buffer, left)?
                && buffer[..len] == datagram
            {
                fastest = Some(fastest.map_or(sent.elapsed(), |so_far| so_far.min(sent.elapsed())));
                break;
            }
        }
    }
    Ok(fastest)
}

fn no_multicast(interface: Ipv4Addr, found: &str) -> Finding {
    Finding::bad(
        "multicast",
        Level::Failure,
        format!("not on {interface}: {found}"),
        "no order that is sent to a group arrives, and nobody hears market data",
        "set `interface` in [network] to an address of this host whose network carries multicast \
         (`ip address`), open the firewall for it, or use unicast addresses",
    )
}

/// The system doubles what it grants, to cover its own bookkeeping.
const COUNTED: usize = if cfg!(target_os = "linux") { 2 } else { 1 };

fn buffers(endpoint: &UdpEndpoint, interface: Ipv4Addr) -> [Finding; 2] {
    let any = SocketAddrV4::new(interface, 0);
    let asked = EndpointConfig::new("the check-up", any, interface);
    let given = endpoint.buffers();
    [
        buffer(
            "receive buffer",
            (asked.receive_buffer_bytes, given.receive_bytes / COUNTED),
            (
                "bursts that do not fit are lost and asked for again: a millisecond or more each",
                "rmem",
            ),
        ),
        buffer(
            "send buffer",
            (asked.send_buffer_bytes, given.send_bytes / COUNTED),
            ("answers that do not fit are not sent, and asked for again by clients", "wmem"),
        ),
    ]
}

fn buffer(
    check: &'static str,
    (asked, given): (usize, usize),
    (costs, limit): (&str, &str),
) -> Finding {
    let found = format!("{} of {} KiB asked for", given / 1024, asked / 1024);
    if given >= asked {
        return Finding::ok(check, found);
    }
    let fix = format!("sysctl -w net.core.{limit}_max={asked}, and in /etc/sysctl.d to keep it");
    Finding::bad(check, Level::Warning, found, costs, fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_on_loopback_is_heard_and_an_address_of_others_is_not() {
        let loopback = open(Ipv4Addr::LOCALHOST).unwrap();
        assert_eq!(multicast(loopback, Ipv4Addr::LOCALHOST).level, Level::Ok);
        let mut config = Config::load(None).unwrap();
        config.network.interface = Ipv4Addr::new(192, 0, 2, 1);
        let findings = check(&config);
        assert_eq!((findings.len(), findings[0].level), (1, Level::Failure));
        assert!(findings[0].found.contains("192.0.2.1"), "{findings:?}");
    }

    #[test]
    fn a_buffer_smaller_than_asked_is_a_warning_with_its_remedy() {
        let finding = buffer("receive buffer", (4096, 1024), ("loss", "rmem"));
        assert_eq!(finding.level, Level::Warning);
        assert!(finding.fix.unwrap().contains("net.core.rmem_max=4096"));
        assert_eq!(buffer("receive buffer", (4096, 4096), ("loss", "rmem")).level, Level::Ok);
    }
}
