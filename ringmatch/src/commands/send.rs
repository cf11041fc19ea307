//! `ringmatch send`: orders from lines of text.
//!
//! CSV with a header, or JSON objects one a line; which of them, the first
//! character tells. Each line is sent as soon as it is read, and what the venue
//! answers is printed as it comes. A line that makes no sense is said with its
//! number and stops the sending; what was sent before is still waited for. The
//! last message is an account query: its answer comes after all others, so
//! nothing is guessed about what is still to come.

use super::Outcome;
use super::message_text::Described;
use super::order_desk::OrderDesk;
use super::order_line::{OrderLine, Request};
use super::venue_args::{VenueArgs, client_config};
use clap::Parser;
use ringmatch_engine::SessionName;
use ringmatch_gateway::client::{Client, ClientError, Response, Start};
use ringmatch_gateway::wire::ouch::Outbound;
use serde_json::json;
use std::collections::HashSet;
use std::error::Error;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How long the venue may be silent before that counts as no answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Lines read ahead of the sending.
const READ_AHEAD: usize = 1024;

/// Send orders from CSV or JSON lines and print the execution reports
#[derive(Parser)]
pub(super) struct Args {
    /// File of orders; - or nothing is standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The session to trade as
    #[arg(long, default_value = "ALPHA")]
    session: SessionName,
    #[command(flatten)]
    venue: VenueArgs,
    /// Print JSON lines, and a summary as the last
    #[arg(long)]
    json: bool,
}

/// A line that was read, or why it could not be.
type Line = Result<Request, String>;

pub(super) fn run(args: &Args) -> Outcome {
    let config = args.venue.load()?;
    let lines = read_lines(args)?;
    let connection = client_config(&config, args.session, Start::Now)?;
    let client = Client::connect(connection, PATIENCE)?;
    let mut desk = Desk::new(client, args.json);
    desk.discard_greeting()?;
    let fault = desk.send_all(&lines)?;
    let fenced = desk.wait_for_fence()?;
    desk.summarize();
    if let Some(fault) = fault {
        return Err(fault.into());
    }
    if !fenced && desk.client.has_ended() {
        return Err("the venue has ended; what it took before that will be answered when it is \
                    started again"
            .into());
    }
    if !fenced {
        return Err(format!("the venue was silent for {} s", PATIENCE.as_secs()).into());
    }
    Ok(desk.unanswered.is_empty())
}

/// Reads lines in a thread of its own, so that answers are printed while the
/// next line is still being typed.
fn read_lines(args: &Args) -> Result<Receiver<Line>, Box<dyn Error>> {
    let (name, input): (String, Box<dyn Read + Send>) = match &args.file {
        Some(path) if path.as_os_str() != "-" => {
            let name = path.display().to_string();
            let file = std::fs::File::open(path).map_err(|error| format!("{name}: {error}"))?;
            (name, Box::new(file))
        }
        _ => ("standard input".into(), Box::new(std::io::stdin())),
    };
    let (sender, receiver) = sync_channel(READ_AHEAD);
    std::thread::spawn(move || {
        let mut input = BufReader::new(input);
        // Whoever reads the channel has gone when a send fails.
        let mut give = |line: usize, read: Result<Request, String>| {
            let named = read.map_err(|error| format!("{name}, line {line}: {error}"));
            let is_good = named.is_ok();
            sender.send(named).is_ok() && is_good
        };
        match input.fill_buf() {
            Ok([b'{', ..]) => read_json(input, &mut give),
            Ok(_) => read_csv(input, &mut give),
            Err(error) => {
                give(1, Err(error.to_string()));
            }
        }
    });
    Ok(receiver)
}

fn read_json(input: impl BufRead, give: &mut impl FnMut(usize, Line) -> bool) {
    for (number, line) in (1..).zip(input.lines()) {
        let read = match line {
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) => serde_json::from_str::<OrderLine>(&line)
                .map_err(|error| error.to_string())
                .and_then(|line| line.request()),
            Err(error) => Err(error.to_string()),
        };
        if !give(number, read) {
            return;
        }
    }
}

fn read_csv(input: impl BufRead, give: &mut impl FnMut(usize, Line) -> bool) {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    for (number, line) in (2..).zip(reader.deserialize::<OrderLine>()) {
        let read = line.map_err(|error| error.to_string()).and_then(|line| line.request());
        if !give(number, read) {
            return;
        }
    }
}

/// Who sends and who prints.
struct Desk {
    client: Client,
    json: bool,
    orders: OrderDesk,
    /// New orders that no answer has named yet.
    unanswered: HashSet<u32>,
    sent: u64,
    accepted: u64,
    rejected: u64,
    executions: u64,
    executed_shares: u64,
    fenced: bool,
}

impl Desk {
    fn new(client: Client, json: bool) -> Self {
        Self {
            client,
            json,
            orders: OrderDesk::default(),
            unanswered: HashSet::new(),
            sent: 0,
            accepted: 0,
            rejected: 0,
            executions: 0,
            executed_shares: 0,
            fenced: false,
        }
    }

    /// The answer to the query that connecting asks is not the fence.
    fn discard_greeting(&mut self) -> Result<(), ClientError> {
        while let Some(response) = self.client.try_receive()? {
            if matches!(response.message, Outbound::AccountQueryResponse(_)) {
                break;
            }
            self.show(&response);
        }
        Ok(())
    }

    /// Sends lines until they end, or one makes no sense, which it returns.
    fn send_all(&mut self, lines: &Receiver<Line>) -> Result<Option<String>, ClientError> {
        loop {
            match lines.recv_timeout(Duration::from_millis(1)) {
                Ok(Ok(request)) => {
                    if let Err(fault) = self.send(&request)? {
                        return Ok(Some(fault));
                    }
                }
                Ok(Err(fault)) => return Ok(Some(fault)),
                Err(RecvTimeoutError::Timeout) => self.client.flush()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
            while let Some(response) = self.client.try_receive()? {
                self.take(&response);
            }
        }
    }

    fn send(&mut self, request: &Request) -> Result<Result<(), String>, ClientError> {
        Ok(self.orders.send(&mut self.client, request)?.map(|sent| {
            if sent.is_answered {
                self.unanswered.insert(sent.user_ref.0);
            }
            self.sent += 1;
        }))
    }

    /// Whether the answer to the last query came: nothing follows it.
    fn wait_for_fence(&mut self) -> Result<bool, ClientError> {
        self.client.query()?;
        let mut heard = Instant::now();
        while !self.fenced && !self.client.has_ended() && heard.elapsed() < PATIENCE {
            if let Some(response) = self.client.receive(Duration::from_millis(100))? {
                heard = Instant::now();
                self.take(&response);
            }
        }
        Ok(self.fenced)
    }

    fn take(&mut self, response: &Response) {
        match &response.message {
            Outbound::AccountQueryResponse(_) => {
                self.fenced = true;
                return;
            }
            Outbound::OrderAccepted(accepted) => {
                self.accepted += 1;
                self.unanswered.remove(&accepted.user_ref_num);
            }
            Outbound::OrderRejected(rejected) => {
                self.rejected += 1;
                self.unanswered.remove(&rejected.user_ref_num);
            }
            Outbound::MassCancelResponse(response) => {
                self.unanswered.remove(&response.user_ref_num);
            }
            Outbound::DisableOrderEntryResponse(response) => {
                self.unanswered.remove(&response.user_ref_num);
            }
            Outbound::EnableOrderEntryResponse(response) => {
                self.unanswered.remove(&response.user_ref_num);
            }
            Outbound::OrderExecuted(executed) => {
                self.executions += 1;
                self.executed_shares += u64::from(executed.quantity);
            }
            _ => {}
        }
        self.show(response);
    }

    fn show(&self, response: &Response) {
        if let Some(described) = Described::ouch(response) {
            let line = if self.json { described.json().to_string() } else { described.text() };
            println!("{line}");
        }
    }

    fn summarize(&self) {
        let unanswered = self.unanswered.len();
        if self.json {
            let line = json!({
                "sent": self.sent, "accepted": self.accepted, "rejected": self.rejected,
                "executions": self.executions, "executed_shares": self.executed_shares,
                "unanswered": unanswered,
            });
            println!("{line}");
        } else {
            eprintln!(
                "{} sent, {} accepted, {} rejected, {} executions of {} shares, {unanswered} \
                 orders unanswered",
                self.sent, self.accepted, self.rejected, self.executions, self.executed_shares,
            );
        }
    }
}
