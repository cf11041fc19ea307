//! `ringmatch journal stat`: what a journal measures.
//!
//! It reads every frame with its checksums and looks at headers only: how many
//! commands came in one batch, when, and how much room they take. So it also
//! measures a journal whose beginning was dropped.

use super::Outcome;
use crate::log::{CHECKPOINT, COMMANDS};
use hdrhistogram::Histogram;
use ringmatch_journal::segment::{archive_number, segment_number};
use ringmatch_journal::{Directory, Frame, Reader, Storage};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;

const SECOND_NS: u64 = 1_000_000_000;

/// What the frames of a journal say of themselves.
struct Measure {
    frames: u64,
    checkpoints: u64,
    commands: u64,
    body_bytes: u64,
    /// Starts of the engine that wrote a frame.
    epochs: BTreeSet<u32>,
    first_sequence: Option<u64>,
    last_sequence: u64,
    first_ns: Option<u64>,
    last_ns: u64,
    /// Commands in each frame that has some.
    batches: Histogram<u64>,
    /// The second being counted, its commands, and the most in any.
    second: (u64, u64),
    peak: u64,
}

/// What the files of a journal take.
#[derive(Default)]
struct Files {
    segments: u64,
    compressed: u64,
    snapshots: u64,
    bytes: u64,
}

pub(super) fn run(data_dir: &Path, json: bool) -> Outcome {
    let directory = Directory::open(data_dir)?;
    let files = Files::count(&directory)?;
    let mut reader = Reader::open(directory)?;
    let mut measure = Measure::new()?;
    while let Some(frame) = reader.next_frame()? {
        measure.add(&frame)?;
    }
    if json {
        println!("{}", measure.to_json(&files));
    } else {
        measure.print(&reader.identity().venue_name(), &files);
    }
    Ok(true)
}

impl Files {
    fn count(directory: &Directory) -> Result<Self, Box<dyn Error>> {
        let mut files = Self::default();
        for name in directory.list()? {
            let (plain, packed) = (segment_number(&name), archive_number(&name));
            let snapshot = name.ends_with(".snap");
            if plain.is_none() && packed.is_none() && !snapshot {
                continue;
            }
            files.segments += u64::from(plain.or(packed).is_some());
            files.compressed += u64::from(packed.is_some());
            files.snapshots += u64::from(snapshot);
            files.bytes += fs::metadata(directory.path(&name))?.len();
        }
        Ok(files)
    }
}

impl Measure {
    fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            frames: 0,
            checkpoints: 0,
            commands: 0,
            body_bytes: 0,
            epochs: BTreeSet::new(),
            first_sequence: None,
            last_sequence: 0,
            first_ns: None,
            last_ns: 0,
            batches: Histogram::new(3)?,
            second: (0, 0),
            peak: 0,
        })
    }

    fn add(&mut self, frame: &Frame<'_>) -> Result<(), Box<dyn Error>> {
        self.frames += 1;
        self.body_bytes += frame.body.len() as u64;
        self.epochs.insert(frame.epoch);
        self.first_ns.get_or_insert(frame.time_ns);
        self.last_ns = self.last_ns.max(frame.time_ns);
        match frame.kind {
            COMMANDS => self.add_commands(frame)?,
            CHECKPOINT => self.checkpoints += 1,
            other => return Err(format!("a frame of the unknown kind {other}").into()),
        }
        Ok(())
    }

    fn add_commands(&mut self, frame: &Frame<'_>) -> Result<(), Box<dyn Error>> {
        let count = u64::from(frame.count);
        self.commands += count;
        self.first_sequence.get_or_insert(frame.first_sequence);
        self.last_sequence = frame.first_sequence + count - count.min(1);
        self.batches.record(count)?;
        // A frame's time is that of its last command: near enough for a second.
        let second = frame.time_ns / SECOND_NS;
        if second != self.second.0 {
            self.second = (second, 0);
        }
        self.second.1 += count;
        self.peak = self.peak.max(self.second.1);
        Ok(())
    }

    fn seconds(&self) -> f64 {
        self.first_ns.map_or(0.0, |first| self.last_ns.saturating_sub(first) as f64 / 1e9)
    }

    /// Commands a second, from the first to the last.
    fn rate(&self) -> f64 {
        let seconds = self.seconds();
        if seconds > 0.0 { self.commands as f64 / seconds } else { 0.0 }
    }

    fn to_json(&self, files: &Files) -> Value {
        json!({
            "segments": files.segments,
            "compressed_segments": files.compressed,
            "snapshots": files.snapshots,
            "file_bytes": files.bytes,
            "frames": self.frames,
            "checkpoints": self.checkpoints,
            "body_bytes": self.body_bytes,
            "commands": self.commands,
            "first_sequence": self.first_sequence,
            "last_sequence": self.last_sequence,
            "starts": self.epochs.len(),
            "first_time": self.first_ns,
            "last_time": self.last_ns,
            "seconds": self.seconds(),
            "commands_per_second": self.rate(),
            "peak_commands_per_second": self.peak,
            "batch_mean": self.batches.mean(),
            "batch_p50": self.batches.value_at_quantile(0.5),
            "batch_p99": self.batches.value_at_quantile(0.99),
            "batch_max": self.batches.max(),
        })
    }

    fn print(&self, venue: &str, files: &Files) {
        let per_command = self.body_bytes.checked_div(self.commands).unwrap_or(0);
        let Files { segments, compressed, snapshots, bytes } = files;
        println!("venue        {venue}, {} starts", self.epochs.len());
        println!(
            "files        {segments} segments ({compressed} compressed), {snapshots} snapshots, \
             {bytes} bytes"
        );
        println!("frames       {} ({} checkpoints)", self.frames, self.checkpoints);
        println!(
            "commands     {}, sequences {} to {}",
            self.commands,
            self.first_sequence.unwrap_or(0),
            self.last_sequence
        );
        println!("bodies       {} bytes, {per_command} a command", self.body_bytes);
        println!("time         {} to {}", time(self.first_ns.unwrap_or(0)), time(self.last_ns));
        println!(
            "rate         {:.1} commands/s over {:.3} s, {} in the busiest second",
            self.rate(),
            self.seconds(),
            self.peak
        );
        println!(
            "batches      mean {:.1} commands, p50 {}, p90 {}, p99 {}, max {}",
            self.batches.mean(),
            self.batches.value_at_quantile(0.5),
            self.batches.value_at_quantile(0.9),
            self.batches.value_at_quantile(0.99),
            self.batches.max(),
        );
    }
}

/// A time as `replay --until` takes it.
fn time(nanos: u64) -> String {
    match jiff::Timestamp::from_nanosecond(nanos.into()) {
        Ok(time) => time.to_string(),
        Err(_) => format!("{nanos} ns"),
    }
}
