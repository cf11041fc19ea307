//! What the kernel dropped because a socket had no room for it.
//!
//! Linux says it for each socket, in the last column of `/proc/net/udp`. It is
//! where a flood ends that comes faster than the venue can look at it; without
//! it one could not tell a datagram that found no room from one that the venue
//! dropped in silence.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Datagrams dropped so far at the sockets with these addresses.
pub fn drops(addresses: &[SocketAddrV4]) -> Result<u64, Box<dyn Error>> {
    let table = std::fs::read_to_string("/proc/net/udp")?;
    let (mut dropped, mut found) = (0, 0);
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.split_whitespace().collect();
        let (Some(local), Some(drops)) = (columns.get(1), columns.last()) else { continue };
        if address(local).is_some_and(|local| addresses.contains(&local)) {
            dropped += drops.parse::<u64>()?;
            found += 1;
        }
    }
    if found == addresses.len() {
        return Ok(dropped);
    }
    Err(format!("/proc/net/udp has {found} of the sockets {addresses:?}").into())
}

/// An address as the table has it: the host's byte order, hexadecimal.
fn address(text: &str) -> Option<SocketAddrV4> {
    let (host, port) = text.split_once(':')?;
    let host = u32::from_str_radix(host, 16).ok()?;
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(SocketAddrV4::new(Ipv4Addr::from(host.to_ne_bytes()), port))
}
