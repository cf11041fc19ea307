//! `ringmatch journal dump`: the journal's content, for eyes and for tools.
//!
//! One line is a command, an event, or a trade. Text is for eyes; JSON lines have
//! everything; CSV and Parquet have fixed [columns](super::journal_table).
//! Events and trades are not in the journal: they are what its commands cause,
//! and come from replaying them.

use super::Outcome;
use super::describe;
use super::journal_table::{CsvTable, ParquetTable, Table};
use super::replayer::Replayer;
use crate::follower::Until;
use clap::{Parser, ValueEnum};
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::{Event, EventBody};
use serde_json::Value;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

#[derive(Parser)]
pub(super) struct Args {
    /// Where the journal is
    #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
    data_dir: PathBuf,
    /// What a line is
    #[arg(long, value_name = "WHAT", default_value = "commands")]
    table: Rows,
    /// Print with each command also what it caused (text and JSON)
    #[arg(long, conflicts_with_all = ["table", "csv", "parquet"])]
    events: bool,
    /// Begin with this command
    #[arg(long, value_name = "SEQ", default_value_t = 1)]
    from: u64,
    /// Stop after this command, or after the last one taken by this time
    #[arg(long, value_name = "SEQ|TIME")]
    until: Option<Until>,
    /// Print JSON lines
    #[arg(long, conflicts_with_all = ["csv", "parquet"])]
    json: bool,
    /// Print CSV with a header
    #[arg(long, conflicts_with = "parquet")]
    csv: bool,
    /// Write a Parquet file, which must not exist
    #[arg(long, value_name = "FILE")]
    parquet: Option<PathBuf>,
}

/// What one line of a dump is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rows {
    /// What came in
    Commands,
    /// What came of it
    Events,
    /// Executions
    Trades,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut replayer = Replayer::open(&args.data_dir)?;
    let mut sink = Sink::new(args)?;
    let mut fault = Ok(());
    let until = args.until.unwrap_or_default();
    while fault.is_ok()
        && replayer.step(until, &mut |command, caused| {
            if command.sequence.0 >= args.from && fault.is_ok() {
                fault = sink.add(args, command, caused);
            }
        })?
    {}
    match fault.and_then(|()| sink.finish()) {
        // Whoever reads us has seen enough.
        Err(error) if is_broken_pipe(error.as_ref()) => Ok(true),
        other => other.map(|()| true),
    }
}

/// Where the lines go.
enum Sink {
    Text(BufWriter<io::Stdout>),
    Json(BufWriter<io::Stdout>),
    Csv(Box<CsvTable<BufWriter<io::Stdout>>>),
    Parquet(Box<ParquetTable<File>>),
}

impl Sink {
    fn new(args: &Args) -> Result<Self, Box<dyn Error>> {
        let out = BufWriter::new(io::stdout());
        let table = match args.table {
            Rows::Commands => Table::COMMANDS,
            Rows::Events => Table::EVENTS,
            Rows::Trades => Table::TRADES,
        };
        if let Some(path) = &args.parquet {
            let file = File::create_new(path)
                .map_err(|error| format!("cannot make {}: {error}", path.display()))?;
            return Ok(Self::Parquet(Box::new(ParquetTable::new(table, file)?)));
        }
        Ok(match (args.csv, args.json) {
            (true, _) => Self::Csv(Box::new(CsvTable::new(table, out)?)),
            (_, true) => Self::Json(out),
            _ => Self::Text(out),
        })
    }

    fn add(
        &mut self,
        args: &Args,
        command: &SequencedCommand,
        caused: &[Event],
    ) -> Result<(), Box<dyn Error>> {
        if args.table == Rows::Commands {
            let caused = args.events.then_some(caused);
            return match self {
                Self::Text(out) => Ok(print_command(out, command, caused.unwrap_or(&[]))?),
                other => other.add_row(&describe::command(command, caused)),
            };
        }
        let wanted = |event: &&Event| match args.table {
            Rows::Trades => matches!(event.body, EventBody::Executed(_)),
            Rows::Commands | Rows::Events => true,
        };
        for event in caused.iter().filter(wanted) {
            if let Self::Text(out) = self {
                let SequencedCommand { sequence, time, .. } = command;
                writeln!(out, "{sequence} {time} {:?}", event.body)?;
            } else {
                self.add_row(&event_row(command, event))?;
            }
        }
        Ok(())
    }

    fn add_row(&mut self, row: &Value) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Text(out) | Self::Json(out) => Ok(writeln!(out, "{row}")?),
            Self::Csv(table) => table.add(row),
            Self::Parquet(table) => table.add(row),
        }
    }

    fn finish(self) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Text(mut out) | Self::Json(mut out) => Ok(out.flush()?),
            Self::Csv(table) => table.finish(),
            Self::Parquet(table) => table.finish(),
        }
    }
}

/// An event as a line of its own: with the command that caused it.
fn event_row(command: &SequencedCommand, event: &Event) -> Value {
    let mut row = describe::event(event);
    row["sequence"] = command.sequence.0.into();
    row["time"] = command.time.0.into();
    row
}

fn print_command(
    out: &mut impl Write,
    command: &SequencedCommand,
    events: &[Event],
) -> io::Result<()> {
    let SequencedCommand { sequence, time, session, number, command } = command;
    writeln!(out, "{sequence} {time} session {session} message {number}: {command:?}")?;
    for event in events {
        writeln!(out, "    {:?}", event.body)?;
    }
    Ok(())
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let direct = error.downcast_ref::<io::Error>().map(io::Error::kind);
    let in_csv = error.downcast_ref::<csv::Error>().and_then(|error| match error.kind() {
        csv::ErrorKind::Io(error) => Some(error.kind()),
        _ => None,
    });
    direct.or(in_csv) == Some(io::ErrorKind::BrokenPipe)
}
