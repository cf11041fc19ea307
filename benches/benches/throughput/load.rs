//! The client: one thread, several sessions, as much on its way as a window
//! allows.
//!
//! A session sends whole rounds of its flow, so that in the end every order is
//! done and the number of answers is known. Each answer is looked at: it must
//! be of the kind that the flow causes, each message is answered once and in
//! order, and in the end nothing is missing. Paced messages have a time at
//! which they are due, and their latency runs from that, whatever kept them.

use crate::flow::Flow;
use hdrhistogram::Histogram;
use ringmatch::config::NetworkConfig;
use ringmatch::latency::Site;
use ringmatch_gateway::client::{Client, ClientConfig, Response};
use ringmatch_gateway::wire::ouch::Outbound;
use std::error::Error;
use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

/// How long answers may stay out.
const PATIENCE: Duration = Duration::from_secs(20);
/// Messages that a session sends before the next has its turn.
const TURN: u64 = 2_048;

/// One session.
struct Party {
    client: Client,
    first_ref: u32,
    sent: u64,
    /// Messages that are known to be done.
    done: u64,
    answers: u64,
    queries: u64,
}

/// All sessions of the client.
pub struct Load {
    parties: Vec<Party>,
    flow: Flow,
    window: u64,
}

/// What came of sending as fast as it goes.
pub struct Reached {
    messages: u64,
    answers: u64,
    seconds: f64,
}

/// What came of sending at a rate.
pub struct Paced {
    messages: u64,
    seconds: f64,
    latency: Histogram<u64>,
}

impl Party {
    fn send(&mut self, flow: Flow) -> Result<(), Box<dyn Error>> {
        let message = flow.message(self.sent, self.first_ref);
        self.client.send(&message, None)?;
        self.sent += 1;
        Ok(())
    }

    /// Takes what is there; `each` hears which message was answered.
    fn receive(&mut self, flow: Flow, each: &mut impl FnMut(u64)) -> Result<bool, Box<dyn Error>> {
        let mut some = false;
        while let Some(Response { message, .. }) = self.client.try_receive()? {
            some = true;
            self.answers += 1;
            if let Outbound::OrderRejected(rejected) = message {
                return Err(format!("an order was rejected: {rejected:?}").into());
            }
            if let Some(number) = flow.answered(&message, self.first_ref, self.queries) {
                let expected = if flow == Flow::In { number } else { self.done };
                if number != expected {
                    return Err(format!("message {number} is answered, not {expected}").into());
                }
                self.queries += u64::from(flow == Flow::In);
                self.done = number + 1;
                each(number);
            }
        }
        Ok(some)
    }
}

impl Load {
    /// Connects all sessions of a site.
    pub fn connect(
        site: &Site,
        flow: Flow,
        sessions: usize,
        window: u64,
    ) -> Result<Self, Box<dyn Error>> {
        let network = &site.config().network;
        let connect = |number| {
            let session = format!("LOAD{number}").parse()?;
            let NetworkConfig { orders, requests, interface, max_packet_bytes, .. } = *network;
            let config = ClientConfig {
                max_packet_bytes,
                ..ClientConfig::new(session, orders, requests, interface)
            };
            let mut client = Client::connect(config, PATIENCE)?;
            // What it asked for to know where it stands is no answer of the flow's.
            let hello = client.receive(PATIENCE)?.map(|response| response.message);
            if !matches!(hello, Some(Outbound::AccountQueryResponse(_))) {
                return Err(format!("{hello:?} is no answer to an account query").into());
            }
            let first_ref = client.peek_user_ref().0;
            Ok(Party { client, first_ref, sent: 0, done: 0, answers: 0, queries: 0 })
        };
        let parties = (0..sessions).map(connect).collect::<Result<_, Box<dyn Error>>>()?;
        Ok(Self { parties, flow, window: window / sessions as u64 })
    }

    /// Sends as fast as the window allows, for as long as asked for, and then
    /// waits for every answer.
    pub fn saturate(mut self, duration: Duration) -> Result<Reached, Box<dyn Error>> {
        let (start, round) = (Instant::now(), self.flow.round());
        let mut is_sending = true;
        while is_sending {
            is_sending = start.elapsed() < duration;
            let mut some = false;
            for party in &mut self.parties {
                let room = self.window.saturating_sub(party.sent - party.done).min(TURN);
                for _ in 0..room / round * round {
                    party.send(self.flow)?;
                    some = true;
                }
                party.client.flush()?;
                some |= party.receive(self.flow, &mut |_| {})?;
            }
            if !some {
                thread::yield_now();
            }
        }
        self.settle(&mut |_, _| {})?;
        Ok(self.reached(start.elapsed()))
    }

    /// Sends at this rate of messages a second, in whole rounds, and times each
    /// from when it was due.
    pub fn pace(mut self, rate: f64, duration: Duration) -> Result<Paced, Box<dyn Error>> {
        let (start, flow) = (Instant::now(), self.flow);
        let sessions = self.parties.len();
        let round_ns = 1e9 * flow.round() as f64 / rate;
        // Rounds go to the sessions in turn.
        let due = |party: usize, number: u64| {
            let round = (number / flow.round()) * sessions as u64 + party as u64;
            Duration::from_nanos((round as f64 * round_ns) as u64)
        };
        let mut latency = Histogram::<u64>::new_with_max(60_000_000_000, 3)?;
        let mut note = |party: usize, number: u64| {
            let late = start.elapsed().saturating_sub(due(party, number));
            latency.saturating_record(u64::try_from(late.as_nanos()).unwrap_or(u64::MAX));
        };
        while start.elapsed() < duration {
            let now = start.elapsed();
            for (index, party) in self.parties.iter_mut().enumerate() {
                let mut some = false;
                while due(index, party.sent) <= now {
                    for _ in 0..flow.round() {
                        party.send(flow)?;
                    }
                    some = true;
                }
                if some {
                    party.client.flush()?;
                }
                party.receive(flow, &mut |number| note(index, number))?;
            }
            thread::yield_now();
        }
        let seconds = start.elapsed().as_secs_f64();
        self.settle(&mut note)?;
        let messages = self.parties.iter().map(|party| party.sent).sum();
        Ok(Paced { messages, seconds, latency })
    }

    /// Waits until each session has every answer, and none too many.
    fn settle(&mut self, note: &mut impl FnMut(usize, u64)) -> Result<(), Box<dyn Error>> {
        let (start, flow) = (Instant::now(), self.flow);
        let is_done = |party: &Party| party.answers >= flow.answers(party.sent);
        while !self.parties.iter().all(is_done) {
            for (index, party) in self.parties.iter_mut().enumerate() {
                party.client.flush()?;
                party.receive(flow, &mut |number| note(index, number))?;
            }
            if start.elapsed() > PATIENCE {
                return Err("answers are missing".into());
            }
        }
        for Party { sent, done, answers, .. } in &self.parties {
            let expected = flow.answers(*sent);
            if (*answers, *done) != (expected, *sent) {
                let said = format!("{answers} answers instead of {expected}");
                return Err(format!("of {sent} messages {done} were answered, with {said}").into());
            }
        }
        Ok(())
    }

    fn reached(&self, elapsed: Duration) -> Reached {
        Reached {
            messages: self.parties.iter().map(|party| party.sent).sum(),
            answers: self.parties.iter().map(|party| party.answers).sum(),
            seconds: elapsed.as_secs_f64(),
        }
    }
}

impl Reached {
    pub fn messages_per_s(&self) -> f64 {
        self.messages as f64 / self.seconds
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [messages, answers] = [self.messages, self.answers].map(|n| n as f64 / 1e6);
        write!(f, "{:>8.3} {:>8.3}", messages / self.seconds, answers / self.seconds)
    }
}

impl fmt::Display for Paced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.messages as f64 / self.seconds / 1e6;
        let us = |quantile| self.latency.value_at_quantile(quantile) / 1_000;
        let [p50, p99, p999] = [0.5, 0.99, 0.999].map(us);
        write!(f, "{rate:.3} M/s, p50 {p50} µs, p99 {p99} µs, p99.9 {p999} µs")
    }
}
