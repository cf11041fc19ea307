//! `ringmatch journal`: what is in a journal, and whether it is sound.

use super::Outcome;
use super::describe;
use crate::follower::Follower;
use crate::log;
use clap::{Parser, Subcommand};
use ringmatch_engine::Sequence;
use ringmatch_journal::{Directory, Reader};
use serde_json::json;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// Check or print a journal
#[derive(Parser)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Read all of it, check every checksum, and replay it against its checkpoints
    Verify {
        /// Where the journal is
        #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
        data_dir: PathBuf,
        /// Print one JSON line
        #[arg(long)]
        json: bool,
    },
    /// Print its commands, one a line
    Dump {
        /// Where the journal is
        #[arg(long, value_name = "DIR", default_value = "ringmatch-data")]
        data_dir: PathBuf,
        /// Print also what each command caused
        #[arg(long)]
        events: bool,
        /// Begin with this command
        #[arg(long, value_name = "SEQ", default_value_t = 1)]
        from: u64,
        /// Stop after this command
        #[arg(long, value_name = "SEQ")]
        until: Option<u64>,
        /// Print JSON lines
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args) -> Outcome {
    match &args.action {
        Action::Verify { data_dir, json } => verify(data_dir, *json),
        Action::Dump { data_dir, events, from, until, json } => {
            let range = (Sequence(*from), Sequence(until.unwrap_or(u64::MAX)));
            dump(data_dir, range, *events, *json)
        }
    }
}

fn verify(data_dir: &std::path::Path, json: bool) -> Outcome {
    let mut reader = Reader::open(Directory::open(data_dir)?)?;
    let mut follower = Follower::new(log::decode_limits(reader.identity().config())?)?;
    let (mut frames, mut bytes) = (0_u64, 0_u64);
    while let Some(frame) = reader.next_frame()? {
        frames += 1;
        bytes += frame.body.len() as u64;
        follower.follow(&frame, Sequence(u64::MAX), &mut |_, _| {})?;
    }
    let commands = follower.exchange().sequence().0;
    let digest = follower.exchange().digest();
    let checkpoints = follower.verified();
    if json {
        let line = json!({
            "sound": true, "frames": frames, "body_bytes": bytes, "commands": commands,
            "checkpoints": checkpoints, "digest": digest.to_string(),
        });
        println!("{line}");
    } else {
        println!(
            "sound: {frames} frames, {commands} commands, {bytes} bytes of them; \
             {checkpoints} checkpoints agree; digest {digest}"
        );
    }
    Ok(true)
}

fn dump(
    data_dir: &std::path::Path,
    (from, until): (Sequence, Sequence),
    events: bool,
    json: bool,
) -> Outcome {
    let mut reader = Reader::open(Directory::open(data_dir)?)?;
    let mut follower = Follower::new(log::decode_limits(reader.identity().config())?)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut fault = Ok(());
    while fault.is_ok() && follower.exchange().sequence() < until {
        let Some(frame) = reader.next_frame()? else { break };
        follower.follow(&frame, until, &mut |command, caused| {
            if command.sequence < from || fault.is_err() {
                return;
            }
            let shown = if events { caused } else { &[] };
            fault = if json {
                writeln!(out, "{}", describe::command(command, events.then_some(shown)))
            } else {
                print_text(&mut out, command, shown)
            };
        })?;
    }
    match fault.and_then(|()| out.flush()) {
        // Whoever reads us has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(true),
        other => Ok(other.map(|()| true)?),
    }
}

fn print_text(
    out: &mut impl Write,
    command: &ringmatch_engine::command::SequencedCommand,
    events: &[ringmatch_engine::event::Event],
) -> std::io::Result<()> {
    let ringmatch_engine::command::SequencedCommand { sequence, time, session, number, command } =
        command;
    writeln!(out, "{sequence} {time} session {session} message {number}: {command:?}")?;
    for event in events {
        writeln!(out, "    {:?}", event.body)?;
    }
    Ok(())
}
