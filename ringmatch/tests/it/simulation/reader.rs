//! A reader of the simulated venue's market data.

use super::clock::Time;
use super::network::{Network, Socket};
use ringmatch_engine::SessionName;
use ringmatch_gateway::market::MarketBook;
use ringmatch_gateway::net::{Datagrams, MAX_DATAGRAM};
use ringmatch_gateway::stream::{ReceiverConfig, StreamReceiver};
use ringmatch_gateway::wire::itch::ItchMessage;
use std::net::SocketAddr;

pub struct Reader {
    /// Every message heard, in order; message number n is at n - 1.
    pub heard: Vec<Vec<u8>>,
    /// The book that they tell of.
    pub book: MarketBook,
    stream: StreamReceiver,
    group: Socket,
    requester: Socket,
    requests: SocketAddr,
    time: Time,
    buffer: Box<[u8]>,
}

impl Reader {
    pub fn new(
        venue: SessionName,
        (group, own, requests): (SocketAddr, SocketAddr, SocketAddr),
        network: &Network,
        time: &Time,
    ) -> Self {
        Self {
            heard: Vec::new(),
            book: MarketBook::default(),
            stream: StreamReceiver::new(ReceiverConfig::starting_at(venue, 1)),
            group: network.socket(group),
            requester: network.socket(own),
            requests,
            time: time.clone(),
            buffer: vec![0; MAX_DATAGRAM].into(),
        }
    }

    pub fn work(&mut self) {
        let Self { heard, book, stream, group, requester, buffer, .. } = self;
        for socket in [group, requester] {
            while let Some((len, _)) = socket.receive(buffer).unwrap() {
                stream.offer(&buffer[..len], &mut |number, message| {
                    heard.push(message.to_vec());
                    assert_eq!(number, heard.len() as u64, "each message once and in order");
                    book.apply(&ItchMessage::decode(message).expect("a sound message"));
                    true
                });
            }
        }
        if let Some(request) = self.stream.poll(self.time.now()) {
            let _has_room = self.requester.send(&request.encode(), self.requests).unwrap();
        }
    }
}
