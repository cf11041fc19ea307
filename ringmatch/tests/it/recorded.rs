//! A client of a session with a key whose every datagram is recorded: the
//! protocol of the real client on a socket of its own, worked by hand.

use crate::engine::{PATIENCE, Site};
use crate::sealed::bid;
use ringmatch_engine::UserRef;
use ringmatch_gateway::client::{Channel, ClientSession, Start};
use ringmatch_gateway::seal::Key;
use ringmatch_gateway::wire::ouch::{Inbound, Outbound};
use std::net::UdpSocket;
use std::ops::Range;
use std::time::{Duration, Instant};

/// See the [module](self).
pub struct Recorded<'a> {
    site: &'a Site,
    pub socket: UdpSocket,
    pub session: ClientSession,
    epoch: Instant,
    pub recording: Vec<(Channel, Vec<u8>)>,
    /// Responses, with their numbers.
    pub heard: Vec<(u64, Outbound)>,
}

impl<'a> Recorded<'a> {
    /// Logs in, as the instance 5.
    pub fn connect(site: &'a Site, name: &str, key: &Key) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        let session = ClientSession::new(name.parse().unwrap(), Start::At(1)).sealed(key, 5);
        let (epoch, recording, heard) = (Instant::now(), Vec::new(), Vec::new());
        let mut client = Self { site, socket, session, epoch, recording, heard };
        client.until(|client| client.session.is_established());
        client
    }

    pub fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "{:?}", self.session);
            self.work(None);
        }
    }

    /// Sends a message, if there is one, does what is due, and takes a datagram.
    pub fn work(&mut self, message: Option<Inbound>) {
        self.act(message);
        let mut buffer = [0; 2_000];
        let Ok((len, from)) = self.socket.recv_from(&mut buffer) else { return };
        let Self { site, socket, session, recording, heard, .. } = self;
        if from.port() == site.orders.port() {
            let mut send = sender(site, socket, recording);
            session.order_datagram(&buffer[..len], &mut send);
        } else {
            session.response_datagram(&buffer[..len], &mut |number, bytes| {
                heard.push((number, Outbound::decode(bytes).unwrap().0));
            });
        }
    }

    /// The same, and takes nothing.
    pub fn act(&mut self, message: Option<Inbound>) {
        let now = u64::try_from(self.epoch.elapsed().as_nanos()).unwrap();
        let Self { site, socket, session, recording, .. } = self;
        let mut send = sender(site, socket, recording);
        if let Some(message) = message {
            let mut bytes = [0; Inbound::MAX_LEN];
            let len = message.encode(None, &mut bytes);
            session.push(&bytes[..len], now, &mut send).unwrap();
            session.flush(now, &mut send);
        }
        session.poll(now, &mut send);
    }

    /// Enters bids with these numbers, each a dollar higher, and waits until
    /// they are safe.
    pub fn trade(&mut self, orders: Range<u32>) {
        for number in orders {
            let (order, _) = bid(100 + i64::from(number)).message(UserRef(number));
            self.work(Some(order.into()));
        }
        self.until(|client| client.session.is_safe());
    }
}

fn sender(
    site: &Site,
    socket: &UdpSocket,
    recording: &mut Vec<(Channel, Vec<u8>)>,
) -> impl FnMut(Channel, &[u8]) {
    move |channel, packet| {
        let to = if channel == Channel::Orders { site.orders } else { site.requests };
        socket.send_to(packet, to).unwrap();
        recording.push((channel, packet.to_vec()));
    }
}
