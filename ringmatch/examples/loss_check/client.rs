//! Those who trade and read over the bad network.
//!
//! What they hear is kept as a count and a digest of numbers and bytes: a
//! million messages for each of ten readers would not fit in memory, and two
//! streams of the same digest are the same. A trader has a bounded number of
//! messages on its way, so that a loss is repaired before much comes after it.

use super::Fault;
use ringmatch::config::Config;
use ringmatch_engine::command::Side;
use ringmatch_engine::{Price, SessionName, UserRef};
use ringmatch_gateway::client::{Client, ClientConfig, NewOrder, Start, cancellation, replacement};
use ringmatch_gateway::market::{FeedConfig, MarketBook, MarketFeed};
use ringmatch_gateway::stream::ReceiverCounters;
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::ouch::{Inbound, Outbound};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::Ipv4Addr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long nothing may come where something must.
const PATIENCE: Duration = Duration::from_secs(120);
/// Messages of one session that may be on their way.
const WINDOW: u64 = 1_024;
/// Queries of a client: one to connect, one when it has sent all, one when
/// everybody has.
pub const QUERIES: u64 = 3;

/// A stream of numbered messages, as far as it was heard.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// Messages, which is also the number of the last.
    pub count: u64,
    digest: DefaultHasher,
}

impl Stream {
    /// The next message; its number must be the next.
    pub fn push(&mut self, number: u64, bytes: &[u8]) -> Result<(), Fault> {
        self.count += 1;
        if number != self.count {
            return Err(format!("message {number} came where {} was due", self.count).into());
        }
        (number, bytes).hash(&mut self.digest);
        Ok(())
    }

    /// Whether both are the same messages.
    pub fn is(&self, other: &Self) -> bool {
        self.count == other.count && self.digest.finish() == other.digest.finish()
    }
}

/// The message that a session's user reference is used up by.
pub fn message(random: &mut fastrand::Rng, user_ref: UserRef) -> Inbound {
    let earlier = UserRef(random.u32(0..user_ref.0));
    let (quantity, price) = (random.u32(1..50), Price(random.i64(9_900..10_100) * 100));
    match random.u8(0..6) {
        0 => cancellation(earlier, 0).into(),
        1 => replacement(earlier, user_ref, quantity, price).into(),
        _ => {
            let side = if random.bool() { Side::Buy } else { Side::Sell };
            let symbol = ["AAPL", "MSFT"][random.usize(0..2)].parse().expect("a short text");
            NewOrder::limit(symbol, side, quantity, price).message(user_ref).0.into()
        }
    }
}

/// A session's client.
pub struct Trader {
    client: Client,
    stream: Stream,
    queries_answered: u64,
}

/// What a client heard.
pub struct Heard {
    pub stream: Stream,
    pub seen: ReceiverCounters,
}

impl Trader {
    pub fn connect(
        config: &Config,
        session: SessionName,
        interface: Ipv4Addr,
    ) -> Result<Self, Fault> {
        let (orders, requests) = (config.network.orders, config.network.requests);
        let config = ClientConfig {
            start: Start::At(1),
            ..ClientConfig::new(session, orders, requests, interface)
        };
        let client = Client::connect(config, PATIENCE)?;
        Ok(Self { client, stream: Stream::default(), queries_answered: 0 })
    }

    /// Sends so many messages and hears all that concerns it, also what the
    /// others' last orders did.
    pub fn trade(mut self, seed: u64, messages: u64, sent: &Barrier) -> Result<Heard, Fault> {
        let traded = self.send_all(seed, messages).and_then(|()| self.settle(QUERIES - 1));
        // Also whoever failed must come here, or the others would wait forever.
        sent.wait();
        traded?;
        self.settle(QUERIES)?;
        if self.client.undecodable() > 0 {
            return Err("a response could not be decoded".into());
        }
        Ok(Heard { stream: self.stream, seen: self.client.counters() })
    }

    fn send_all(&mut self, seed: u64, messages: u64) -> Result<(), Fault> {
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..messages {
            let user_ref = self.client.next_user_ref();
            self.client.send(&message(&mut random, user_ref), None)?;
            let deadline = Instant::now() + PATIENCE;
            while self.client.next_message() - self.client.safe_below() > WINDOW {
                self.hear(Duration::from_millis(2))?;
                if Instant::now() > deadline {
                    return Err("orders are not acknowledged".into());
                }
            }
        }
        Ok(())
    }

    /// Asks where it stands, and hears everything up to that answer.
    fn settle(&mut self, queries: u64) -> Result<(), Fault> {
        self.client.query()?;
        let deadline = Instant::now() + PATIENCE;
        while self.queries_answered < queries {
            self.hear(Duration::from_millis(20))?;
            if Instant::now() > deadline {
                return Err("a query is not answered".into());
            }
        }
        Ok(())
    }

    fn hear(&mut self, timeout: Duration) -> Result<(), Fault> {
        let mut arrived = self.client.receive(timeout)?;
        while let Some(response) = arrived {
            let is_answer = matches!(response.message, Outbound::AccountQueryResponse(_));
            self.queries_answered += u64::from(is_answer);
            let mut bytes = [0; Outbound::MAX_LEN];
            let len = response.message.encode(response.options, &mut bytes);
            self.stream.push(response.number, &bytes[..len])?;
            arrived = self.client.try_receive()?;
        }
        Ok(())
    }
}

/// A reader of market data from its first message.
pub struct Reader {
    feed: MarketFeed,
}

/// What a reader heard.
pub struct Read {
    pub stream: Stream,
    pub book: MarketBook,
    pub seen: ReceiverCounters,
}

impl Reader {
    pub fn join(config: &Config, interface: Ipv4Addr) -> Result<Self, Fault> {
        let feed = FeedConfig {
            venue: config.venue.name,
            market_data: config.network.market_data,
            requests: config.network.requests,
            interface,
            start: Start::At(1),
        };
        Ok(Self { feed: MarketFeed::join(feed, PATIENCE)? })
    }

    /// Hears everything before the message with the number `end`, which is set
    /// when it is known.
    pub fn hear_until(mut self, end: &AtomicU64) -> Result<Read, Fault> {
        let (mut stream, mut book) = (Stream::default(), MarketBook::default());
        let mut deadline = Instant::now() + PATIENCE;
        while stream.count + 1 < end.load(Ordering::Acquire) {
            if let Some((number, message)) = self.feed.receive(Duration::from_millis(20))? {
                let mut bytes = [0; ItchMessage::MAX_LEN];
                let len = message.encode(&mut bytes);
                stream.push(number, &bytes[..len])?;
                book.apply(&message);
                deadline = Instant::now() + PATIENCE;
            } else if Instant::now() > deadline {
                return Err(format!("market data stands still after {}", stream.count).into());
            }
        }
        if self.feed.undecodable() > 0 {
            return Err("a message of market data could not be decoded".into());
        }
        Ok(Read { stream, book, seen: self.feed.counters() })
    }
}
