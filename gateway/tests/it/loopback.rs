//! Real sockets on the loopback interface.
//!
//! Ports are chosen by the system, and each test has groups of its own, so
//! tests can run beside each other. A receive waits for its datagram up to a
//! generous limit that no passing test reaches; where a test shows that a
//! datagram is *not* delivered, it waits for a later one on the same socket.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use ringmatch_gateway::net::{Datagrams, EndpointConfig, EndpointError, MAX_DATAGRAM, UdpEndpoint};
use ringmatch_gateway::stream::{ReceiverConfig, SenderConfig, StreamReceiver, StreamSender};
use ringmatch_gateway::wire::mold::Request;

const LIMIT: Duration = Duration::from_secs(10);

fn config(group: [u8; 4], port: u16) -> EndpointConfig {
    let address = SocketAddrV4::new(group.into(), port);
    EndpointConfig::new("test", address, Ipv4Addr::LOCALHOST)
}

/// A unicast endpoint on a port that the system chose.
fn unicast() -> UdpEndpoint {
    UdpEndpoint::open(&config([127, 0, 0, 1], 0)).unwrap()
}

fn shared(group: [u8; 4], port: u16) -> UdpEndpoint {
    UdpEndpoint::open(&EndpointConfig { shared: true, ..config(group, port) }).unwrap()
}

fn receive(endpoint: &mut UdpEndpoint) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    let (length, from) = endpoint.receive_within(&mut buffer, LIMIT).unwrap().unwrap();
    (buffer[..length].to_vec(), from)
}

#[test]
fn unicast_there_and_back() {
    let (mut client, mut venue) = (unicast(), unicast());
    assert!(client.send(b"request", venue.local_address()).unwrap());
    let (request, from) = receive(&mut venue);
    assert_eq!((&request[..], from), (&b"request"[..], client.local_address()));
    assert!(venue.send(b"answer", from).unwrap());
    assert_eq!(receive(&mut client).0, b"answer");
}

#[test]
fn nothing_there_is_no_error() {
    let mut endpoint = unicast();
    let mut buffer = [0; 64];
    assert!(endpoint.receive(&mut buffer).unwrap().is_none());
    let short = Duration::from_millis(1);
    assert!(endpoint.receive_within(&mut buffer, short).unwrap().is_none());
    assert!(endpoint.receive_within(&mut buffer, Duration::ZERO).unwrap().is_none());
    assert!(endpoint.receive(&mut buffer).unwrap().is_none(), "it does not block afterwards");
}

#[test]
fn one_datagram_to_a_group_reaches_two_readers() {
    let group = [239, 192, 7, 11];
    let mut first = shared(group, 0);
    let mut second = shared(group, first.local_address().port());
    let mut sender = unicast();
    assert!(sender.send(b"market data", first.local_address()).unwrap());
    for reader in [&mut first, &mut second] {
        let (datagram, from) = receive(reader);
        assert_eq!((&datagram[..], from), (&b"market data"[..], sender.local_address()));
    }
}

/// Two groups on one port: the socket of one must not hear the other.
#[test]
fn a_reader_hears_its_own_group_only() {
    let mut ours = shared([239, 192, 7, 21], 0);
    let mut other = shared([239, 192, 7, 22], ours.local_address().port());
    let mut sender = unicast();
    assert!(sender.send(b"other", other.local_address()).unwrap());
    assert_eq!(receive(&mut other).0, b"other", "it was delivered, on the same machine");
    assert!(sender.send(b"ours", ours.local_address()).unwrap());
    assert_eq!(receive(&mut ours).0, b"ours", "and this is the first that we hear");
}

#[test]
fn a_busy_port_is_said_with_its_fix() {
    for address in [[127, 0, 0, 1], [239, 192, 7, 31]] {
        let first = UdpEndpoint::open(&config(address, 0)).unwrap();
        let again = config(address, first.local_address().port());
        let error = UdpEndpoint::open(&again).unwrap_err();
        assert!(matches!(error, EndpointError::Busy { .. }), "{error:?}");
        let text = error.to_string();
        let expected = format!("cannot bind {} for test: the address is in use", again.address);
        assert!(text.starts_with(&expected), "{text}");
        assert!(text.contains("Another engine may be running"), "{text}");
    }
}

#[test]
fn an_absent_interface_is_said_with_its_fix() {
    // 192.0.2.0/24 is reserved for documentation: no machine has it.
    let absent = Ipv4Addr::new(192, 0, 2, 1);
    let group = EndpointConfig { interface: absent, ..config([239, 192, 7, 41], 0) };
    let unicast = config([192, 0, 2, 1], 0);
    for config in [group, unicast] {
        let error = UdpEndpoint::open(&config).unwrap_err();
        assert!(matches!(error, EndpointError::NoInterface { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.starts_with("no interface has the address 192.0.2.1"), "{text}");
    }
}

#[test]
fn buffers_are_reported_as_given() {
    let small = EndpointConfig { receive_buffer_bytes: 1 << 16, ..config([127, 0, 0, 1], 0) };
    let buffers = UdpEndpoint::open(&small).unwrap().buffers();
    assert!(buffers.receive_bytes >= 1 << 16, "{buffers:?}");
    assert!(buffers.send_bytes > 0, "{buffers:?}");
}

/// The streams over real sockets: the first packet is thrown away, as if lost,
/// and comes again by a request to the sender's own port.
#[test]
fn a_lost_packet_is_repaired_over_real_sockets() {
    let session = "LOOPBACK".parse().unwrap();
    let mut tap = shared([239, 192, 7, 51], 0);
    let (mut venue, mut client) = (unicast(), unicast());
    let group = tap.local_address();
    let mut sender = StreamSender::new(SenderConfig::new(session));
    let mut receiver = StreamReceiver::new(ReceiverConfig::starting_at(session, 1));
    for message in [b"one", b"two"] {
        sender.push(message, 0, |_| ()).unwrap();
        sender.flush(0, |packet| assert!(venue.send(packet, group).unwrap()));
    }
    let mut delivered = Vec::new();
    let mut deliver = |number: u64, message: &[u8]| {
        delivered.push((number, message.to_vec()));
        true
    };

    drop(receive(&mut tap));
    receiver.offer(&receive(&mut tap).0, &mut deliver);
    let request = receiver.poll(0).unwrap();
    assert!(client.send(&request.encode(), venue.local_address()).unwrap());
    let (datagram, from) = receive(&mut venue);
    let request = Request::decode(&datagram).unwrap();
    assert!(venue.send(sender.answer(&request).unwrap(), from).unwrap());
    receiver.offer(&receive(&mut client).0, &mut deliver);

    assert_eq!(delivered, [(1, b"one".to_vec()), (2, b"two".to_vec())]);
}

/// Datagrams of many lengths, to a group and to two ports in turn, collected
/// and sent one by one, or a whole run at a time: all arrive, whole and in order.
#[test]
fn what_is_queued_arrives_whole_and_in_order() {
    for segmentation in [false, true] {
        check_queue(segmentation);
    }
}

fn check_queue(segmentation: bool) {
    let mut readers = [shared([239, 192, 7, 52], 0), unicast(), unicast()];
    let addresses = readers.each_ref().map(UdpEndpoint::local_address);
    let asked = EndpointConfig { segmentation, ..config([127, 0, 0, 1], 0) };
    let mut venue = UdpEndpoint::open(&asked).unwrap();
    let mut random = fastrand::Rng::with_seed(52);
    let mut expected = [const { Vec::new() }; 3];
    for number in 0..900_u32 {
        let reader = random.usize(0..3);
        let bytes = if random.u8(0..4) == 0 { random.usize(4..1400) } else { 700 };
        let mut datagram = vec![0; bytes];
        datagram[..4].copy_from_slice(&number.to_le_bytes());
        venue.queue(&datagram, addresses[reader]).unwrap();
        expected[reader].push(datagram);
        if random.u8(0..100) == 0 {
            venue.flush().unwrap();
        }
    }
    venue.queue(b"", addresses[0]).unwrap();
    expected[0].push(Vec::new());
    venue.flush().unwrap();
    for (reader, expected) in readers.iter_mut().zip(expected) {
        for datagram in expected {
            assert_eq!(receive(reader), (datagram, venue.local_address()));
        }
        assert!(reader.receive(&mut [0; 64]).unwrap().is_none(), "there is nothing else");
    }
}

/// A reader that takes less than a datagram gets its beginning, and then the
/// next datagram, also where the system kept both together.
#[test]
fn a_datagram_longer_than_the_buffer_is_cut_short_alone() {
    let (mut client, mut venue) = (unicast(), unicast());
    for text in [b"long text", b"next text"] {
        client.queue(text, venue.local_address()).unwrap();
    }
    client.flush().unwrap();
    let mut buffer = [0; 4];
    for start in [b"long", b"next"] {
        let (length, _) = venue.receive_within(&mut buffer, LIMIT).unwrap().unwrap();
        assert_eq!((length, &buffer), (4, start));
    }
}
