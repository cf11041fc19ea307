//! `ringmatch session`: one session as lines of JSON, for any language.
//!
//! Each line of standard input is an order as [`order_line`](super::order_line)
//! has them. Standard output has one object a line: the responses of the venue,
//! which have a `message`, and what this command says itself, which has an
//! `event`:
//!
//! | event | meaning |
//! |---|---|
//! | `ready` | orders are taken, the next one as `next_user_ref` |
//! | `sent` | line `line` is on its way, about the order `user_ref` |
//! | `refused` | line `line` was not sent, and `why`; the next lines are |
//! | `durable` | the venue will not lose line `line` nor any sent before it |
//! | `done` | the input has ended and everything is answered and durable |
//!
//! A line is sent at once, and answers are printed as they come, also while no
//! line does. The last message is an account query: its answer comes after all
//! others, so nothing is guessed about what is still to come.

use super::Outcome;
use super::message_text::Described;
use super::order_desk::OrderDesk;
use super::order_line::OrderLine;
use super::venue_args::{VenueArgs, client_config};
use clap::Parser;
use ringmatch_engine::SessionName;
use ringmatch_gateway::client::{Client, ClientError, Response, Start};
use ringmatch_gateway::wire::ouch::Outbound;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, ErrorKind, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How long the venue may be silent before that counts as no answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Lines read ahead of the sending.
const READ_AHEAD: usize = 1024;

/// Trade in a session by JSON lines: orders on standard input, what the venue says on standard output
#[derive(Parser)]
pub(super) struct Args {
    /// The session to trade as
    #[arg(value_name = "SESSION", default_value = "ALPHA")]
    session: SessionName,
    /// Begin with this response instead of the next one; 1 is the first of all
    #[arg(long, value_name = "NUMBER")]
    from: Option<u64>,
    #[command(flatten)]
    venue: VenueArgs,
}

/// A line of input and its number, from 1.
type Line = (u64, Result<String, String>);

pub(super) fn run(args: &Args) -> Outcome {
    let config = args.venue.load()?;
    let start = args.from.map_or(Start::Now, Start::At);
    let client = Client::connect(client_config(&config, args.session, start)?, PATIENCE)?;
    let out = std::io::stdout().lock();
    let mut floor = Floor { client, desk: OrderDesk::default(), on_the_way: VecDeque::new(), out };
    match floor.trade(&args.session, &read_lines()) {
        // Whoever reads us has seen enough.
        Err(Fault::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(true),
        Err(fault) => Err(fault.into()),
        Ok(()) => Ok(true),
    }
}

/// Reads lines in a thread of its own, so that answers are printed while the
/// next line is still being thought of.
fn read_lines() -> Receiver<Line> {
    let (sender, receiver) = sync_channel(READ_AHEAD);
    std::thread::spawn(move || {
        for (number, line) in (1..).zip(std::io::stdin().lock().lines()) {
            // A line that is no text can be refused; an input that fails has ended.
            let goes_on = line.as_ref().err().is_none_or(|e| e.kind() == ErrorKind::InvalidData);
            let line = line.map_err(|error| error.to_string());
            // Whoever reads the channel has gone when a send fails.
            if sender.send((number, line)).is_err() || !goes_on {
                return;
            }
        }
    });
    receiver
}

/// Why a session came to no good end.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("standard output cannot be written: {0}")]
    Output(#[from] std::io::Error),
    #[error("the venue was silent for {} s; what was not said to be durable may be lost", PATIENCE.as_secs())]
    Silence,
}

/// Who sends and who prints.
struct Floor<W> {
    client: Client,
    desk: OrderDesk,
    /// Lines that are not known to be durable: number of the message, and of
    /// the line.
    on_the_way: VecDeque<(u64, u64)>,
    out: W,
}

impl<W: Write> Floor<W> {
    fn trade(&mut self, session: &SessionName, lines: &Receiver<Line>) -> Result<(), Fault> {
        let next = self.client.peek_user_ref().0;
        let name = session.to_string();
        self.print(&json!({ "event": "ready", "session": name, "next_user_ref": next }))?;
        // The answer to the query that connecting asks is not the fence.
        self.take_responses()?;
        let (mut sent, mut refused) = (0_u64, 0_u64);
        loop {
            match lines.recv_timeout(Duration::from_millis(1)) {
                Ok((_, Ok(text))) if text.trim().is_empty() => {}
                Ok((line, read)) => match self.send(line, read)? {
                    true => sent += 1,
                    false => refused += 1,
                },
                Err(RecvTimeoutError::Timeout) => self.client.flush()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.take_responses()?;
        }
        self.wait_for_all()?;
        self.print(&json!({ "event": "done", "sent": sent, "refused": refused }))
    }

    /// Sends a line, or says why not; whether it was sent.
    fn send(&mut self, line: u64, read: Result<String, String>) -> Result<bool, Fault> {
        let request = read.and_then(|text| {
            let line: OrderLine = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            line.request()
        });
        let sent = match request {
            Ok(request) => self.desk.send(&mut self.client, &request)?,
            Err(why) => Err(why),
        };
        match sent {
            Ok(sent) => {
                self.on_the_way.push_back((self.client.next_message(), line));
                let user_ref = sent.user_ref.0;
                self.print(&json!({ "event": "sent", "line": line, "user_ref": user_ref }))?;
                Ok(true)
            }
            Err(why) => {
                self.print(&json!({ "event": "refused", "line": line, "why": why }))?;
                Ok(false)
            }
        }
    }

    /// Waits until nothing more can come: all is durable, and the answer to a
    /// last query came.
    fn wait_for_all(&mut self) -> Result<(), Fault> {
        self.client.query()?;
        let (mut heard, mut fenced) = (Instant::now(), false);
        while !(fenced && self.client.is_safe()) {
            if heard.elapsed() > PATIENCE {
                return Err(Fault::Silence);
            }
            if let Some(response) = self.client.receive(Duration::from_millis(5))? {
                heard = Instant::now();
                fenced |= matches!(response.message, Outbound::AccountQueryResponse(_));
                self.print_response(&response)?;
            }
            self.print_durable()?;
        }
        Ok(())
    }

    fn take_responses(&mut self) -> Result<(), Fault> {
        while let Some(response) = self.client.try_receive()? {
            self.print_response(&response)?;
        }
        self.print_durable()
    }

    fn print_response(&mut self, response: &Response) -> Result<(), Fault> {
        match Described::ouch(response) {
            Some(described) => self.print(&described.json()),
            None => Ok(()),
        }
    }

    /// Says up to which line everything is durable, if that is news.
    fn print_durable(&mut self) -> Result<(), Fault> {
        let mut news = None;
        while let Some((_, line)) =
            self.on_the_way.pop_front_if(|&mut (next, _)| next <= self.client.safe_below())
        {
            news = Some(line);
        }
        match news {
            Some(line) => self.print(&json!({ "event": "durable", "line": line })),
            None => Ok(()),
        }
    }

    fn print(&mut self, value: &Value) -> Result<(), Fault> {
        Ok(writeln!(self.out, "{value}")?)
    }
}
