//! Busy polling: whether receiving looks into the network card itself.
//!
//! Linux can let a receive call that finds nothing run the card's receive queue
//! at once, without waiting for its interrupt (`net.core.busy_read` for receive
//! calls, `net.core.busy_poll` for those that wait for several sockets, both in
//! µs; a socket takes the first when it is opened, or by `SO_BUSY_POLL`). The
//! venue's calls return at once, so any `busy_read` above zero lets each look
//! once. Loopback has no queue to look into: a datagram to oneself takes as long
//! with it as without. Whether a card's driver can do it is not visible from
//! here, so without it there is a note and no warning.

use super::Finding;
use std::net::Ipv4Addr;
use std::path::Path;

const CHECK: &str = "busy polling";

pub(super) fn check(interface: Ipv4Addr) -> Finding {
    let settings = Path::new("/proc/sys/net/core");
    let us = |name| std::fs::read_to_string(settings.join(name)).ok()?.trim().parse().ok();
    finding(interface, us("busy_read"), us("busy_poll"))
}

fn finding(interface: Ipv4Addr, read_us: Option<u32>, poll_us: Option<u32>) -> Finding {
    let shown = |us: Option<u32>| us.map_or("unknown".to_owned(), |us| format!("{us} µs"));
    let found =
        format!("net.core.busy_read {}, net.core.busy_poll {}", shown(read_us), shown(poll_us));
    if interface.is_loopback() {
        return Finding::ok(CHECK, format!("{found}; it gives nothing on loopback"));
    }
    let costs = "a packet waits for the network card's interrupt; with busy polling, and a driver \
                 that supports it, receiving takes it out of the card itself";
    let fix = "sysctl -w net.core.busy_read=50 net.core.busy_poll=50 before `serve` opens its \
               sockets, and in /etc/sysctl.d to keep it; then measure with `ringmatch latency`";
    match read_us {
        Some(1..) => Finding::ok(CHECK, found),
        Some(0) => Finding::bad(CHECK, super::Level::Note, found, costs, fix),
        None => Finding::unknown(CHECK, costs, fix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::checkup::Level;

    #[test]
    fn it_is_missed_where_there_is_a_card_to_look_into() {
        let (loopback, card) = (Ipv4Addr::LOCALHOST, Ipv4Addr::new(192, 0, 2, 1));
        for (interface, read_us, level, says) in [
            (loopback, Some(0), Level::Ok, "busy_read 0 µs, net.core.busy_poll 7 µs; it gives"),
            (loopback, None, Level::Ok, "busy_read unknown"),
            (card, Some(50), Level::Ok, "busy_read 50 µs"),
            (card, Some(0), Level::Note, "busy_read 0 µs"),
            (card, None, Level::Note, "unknown"),
        ] {
            let finding = finding(interface, read_us, Some(7));
            assert_eq!(finding.level, level, "{interface} {read_us:?}");
            assert!(finding.found.contains(says), "{finding:?}");
            let fix = finding.fix.unwrap_or_default();
            assert_eq!(fix.contains("sysctl -w net.core.busy_read="), level == Level::Note);
        }
    }
}
