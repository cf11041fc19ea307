//! The board: what a running engine shows of itself, in its data directory.
//!
//! A small file of fixed layout, written over again a few times a second by the
//! thread that has nothing else to do. `ringmatch top` reads it from outside
//! and asks the engine nothing, so it also tells of an engine that is stuck, or
//! of what one did last. The words are little-endian and of eight octets:
//!
//! ```text
//! magic, turn, time, process, start, ring slots, counters, stages, threads, quotes,
//! instruments, last command of the quotes, last command of the counts of orders,
//! counters x total, stages x (name of three words, count, p50, p90, p99, p99.9, max),
//! threads x (name and stage of three words each, beats, stalled ns, waiting),
//! quotes x (symbol, bid, open there, ask, open there, last price, orders), turn
//! ```
//!
//! The turn counts the writings and stands at both ends: a reader that finds
//! two different ones has read while it was written, and reads again.

use crate::clock::Clock;
use crate::latency::Percentiles;
use crate::pipeline::{Counter, Quote, QuotePage, Stages, Times, Venue};
use crate::threads::{ThreadState, Watchdog};
use hdrhistogram::Histogram;
use ringmatch_engine::{Nanos, Sequence};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The file's name.
const NAME: &str = "counters";
/// What every board begins with, whatever its layout; the layout follows.
const MAGIC: [u8; 7] = *b"RMBOARD";
const LAYOUT: u8 = b'3';
const HEAD: usize = 13;
const NAME_WORDS: usize = 3;
const STAGE_WORDS: usize = NAME_WORDS + 6;
const THREAD_WORDS: usize = 2 * NAME_WORDS + 3;
/// Pause between two writings.
const PAUSE: Duration = Duration::from_millis(200);
/// Stage percentiles are of about this long.
const WINDOW: Duration = Duration::from_secs(1);
/// How often a reader tries to find a whole writing.
const TRIES: u32 = 50;

/// Why there is no board.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// The file cannot be written.
    #[error("the board {path} cannot be written: {source}")]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be read.
    #[error("the board {path} cannot be read: {source}; has an engine run on this data directory?")]
    Read {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is of another version.
    #[error(
        "the board {path} has layout {}, and this program reads layout {}: use the `ringmatch` \
         that the engine runs",
        layout.escape_ascii(), LAYOUT.escape_ascii()
    )]
    OtherLayout {
        /// Where.
        path: PathBuf,
        /// Its layout, a character.
        layout: u8,
    },
    /// The file is no board.
    #[error("{path} is no board, or a damaged one")]
    Foreign {
        /// Where.
        path: PathBuf,
    },
}

/// How one stage did lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageFigures {
    /// What is timed.
    pub name: String,
    /// About the last second; p99.99 is left out and zero.
    pub percentiles: Percentiles,
}

/// One writing of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// Counts up with every writing.
    pub turn: u64,
    /// When it was written.
    pub time: Nanos,
    /// The engine's process.
    pub process: u64,
    /// When the board was hung.
    pub start: Nanos,
    /// Slots of the command ring and of the event ring.
    pub ring: u64,
    /// Totals, in the order of [`Counter::ALL`].
    pub totals: Vec<u64>,
    /// The stages.
    pub stages: Vec<StageFigures>,
    /// The threads.
    pub threads: Vec<ThreadState>,
    /// The books.
    pub books: QuotePage,
}

impl Writing {
    /// One total.
    #[must_use]
    pub fn total(&self, counter: Counter) -> u64 {
        self.totals[counter as usize]
    }

    fn to_bytes(&self) -> Vec<u8> {
        let Self { turn, time, process, start, ring, totals, stages, threads, books } = self;
        let QuotePage { listed, told, counted, quotes } = books;
        let counts = [totals.len(), stages.len(), threads.len(), quotes.len()];
        let mut words = vec![magic(), *turn, time.0, *process, start.0, *ring];
        words.extend(counts.map(|count| count as u64));
        words.extend([*listed, told.0, counted.0]);
        words.extend(totals);
        for StageFigures { name, percentiles } in stages {
            words.extend(name_to_words(name));
            let Percentiles { count, p50_ns, p90_ns, p99_ns, p999_ns, max_ns, .. } = *percentiles;
            words.extend([count, p50_ns, p90_ns, p99_ns, p999_ns, max_ns]);
        }
        for ThreadState { name, stage, beats, stalled, waiting } in threads {
            words.extend(name_to_words(name).chain(name_to_words(stage)));
            let stalled_ns = u64::try_from(stalled.as_nanos()).unwrap_or(u64::MAX);
            words.extend([*beats, stalled_ns, *waiting]);
        }
        words.extend(quotes.iter().flat_map(Quote::to_words));
        words.push(*turn);
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// Nothing, if this is no whole writing of this version.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let words: Vec<u64> = bytes.chunks_exact(8).map(word).collect();
        let [found, turn, time, process, start, ring, counts @ .., listed, told, counted] =
            *words.first_chunk::<HEAD>()?;
        let sizes = [1, STAGE_WORDS, THREAD_WORDS, Quote::WORDS];
        let mut lengths = [0; 4];
        for ((length, size), count) in lengths.iter_mut().zip(sizes).zip(counts) {
            *length = usize::try_from(count).ok()?.checked_mul(size)?;
        }
        let add = |sum: usize, length: usize| sum.checked_add(length);
        let length = lengths.into_iter().try_fold(HEAD + 1, add)?;
        let is_ours = found == magic() && lengths[0] == Counter::ALL.len() && words.len() == length;
        if !is_ours || words[length - 1] != turn {
            return None;
        }
        let (totals, rest) = words[HEAD..length - 1].split_at(lengths[0]);
        let (stages, rest) = rest.split_at(lengths[1]);
        let (threads, quotes) = rest.split_at(lengths[2]);
        let (quotes, _) = quotes.as_chunks();
        Some(Self {
            turn,
            time: Nanos(time),
            process,
            start: Nanos(start),
            ring,
            totals: totals.to_vec(),
            stages: stages.chunks_exact(STAGE_WORDS).map(stage).collect(),
            threads: threads.chunks_exact(THREAD_WORDS).map(thread).collect(),
            books: QuotePage {
                listed,
                told: Sequence(told),
                counted: Sequence(counted),
                quotes: quotes.iter().copied().map(Quote::from_words).collect(),
            },
        })
    }
}

/// The first word.
fn magic() -> u64 {
    word(&[&MAGIC[..], &[LAYOUT]].concat())
}

/// The layout of a board that is of another version.
fn other_layout(bytes: &[u8]) -> Option<u8> {
    let (layout, _) = bytes.strip_prefix(&MAGIC)?.split_first()?;
    (*layout != LAYOUT).then_some(*layout)
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The words that a name takes; what does not fit is left out.
fn name_to_words(name: &str) -> impl Iterator<Item = u64> {
    let mut letters = [0; NAME_WORDS * 8];
    for (place, letter) in letters.iter_mut().zip(name.bytes()) {
        *place = letter;
    }
    let words: [u64; NAME_WORDS] = std::array::from_fn(|at| word(&letters[at * 8..at * 8 + 8]));
    words.into_iter()
}

fn name_of(words: &[u64]) -> String {
    let letters = words[..NAME_WORDS].iter().flat_map(|word| word.to_le_bytes());
    let letters: Vec<u8> = letters.take_while(|letter| *letter != 0).collect();
    String::from_utf8_lossy(&letters).into_owned()
}

fn thread(words: &[u64]) -> ThreadState {
    let figures = &words[2 * NAME_WORDS..];
    ThreadState {
        name: name_of(words),
        stage: name_of(&words[NAME_WORDS..]),
        beats: figures[0],
        stalled: Duration::from_nanos(figures[1]),
        waiting: figures[2],
    }
}

fn stage(words: &[u64]) -> StageFigures {
    let figures = &words[NAME_WORDS..];
    StageFigures {
        name: name_of(words),
        percentiles: Percentiles {
            count: figures[0],
            p50_ns: figures[1],
            p90_ns: figures[2],
            p99_ns: figures[3],
            p999_ns: figures[4],
            p9999_ns: 0,
            max_ns: figures[5],
        },
    }
}

/// The engine's side of the board.
pub struct Board {
    path: PathBuf,
    file: File,
    writing: Writing,
    written: Instant,
    timed: Instant,
    /// What the stages had noted when they were last looked at.
    noted: Vec<Histogram<u64>>,
    watchdog: Watchdog,
}

impl Board {
    /// Hangs a board in a data directory.
    ///
    /// # Errors
    /// When its file cannot be made.
    pub fn hang(data_dir: &Path, venue: &Venue) -> Result<Self, BoardError> {
        let path = data_dir.join(NAME);
        let file = File::create(&path);
        let file = file.map_err(|source| BoardError::Write { path: path.clone(), source })?;
        let start = venue.clock().now();
        let (process, ring) = (std::process::id().into(), Stages::RING as u64);
        let (totals, stages, threads) = (Vec::new(), Vec::new(), Vec::new());
        let books = QuotePage::default();
        let writing =
            Writing { turn: 0, time: start, process, start, ring, totals, stages, threads, books };
        let now = Instant::now();
        let mut board = Self {
            path,
            file,
            writing,
            written: now,
            timed: now,
            noted: Vec::new(),
            watchdog: venue.watchdog(),
        };
        board.time_stages(venue);
        board.write(venue)?;
        Ok(board)
    }

    /// Writes it anew, if that is due.
    ///
    /// # Errors
    /// When its file cannot be written.
    pub fn update(&mut self, venue: &Venue) -> Result<(), BoardError> {
        if self.written.elapsed() < PAUSE {
            return Ok(());
        }
        if self.timed.elapsed() >= WINDOW {
            self.time_stages(venue);
        }
        self.write(venue)
    }

    /// What the stages noted since they were last looked at.
    fn time_stages(&mut self, venue: &Venue) {
        self.timed = Instant::now();
        let times = venue.times();
        let now: Vec<Histogram<u64>> = times.iter().map(Times::histogram).collect();
        let since = |(at, now): (usize, &Histogram<u64>)| {
            let mut since = now.clone();
            // Less than before: the venue forgot in between, and this is all.
            if let Some(before) = self.noted.get(at)
                && since.subtract(before).is_err()
            {
                since.clone_from(now);
            }
            let percentiles = Percentiles { p9999_ns: 0, ..Percentiles::of(&since) };
            StageFigures { name: times[at].name.to_owned(), percentiles }
        };
        self.writing.stages = now.iter().enumerate().map(since).collect();
        self.noted = now;
    }

    fn write(&mut self, venue: &Venue) -> Result<(), BoardError> {
        self.written = Instant::now();
        self.writing.turn += 1;
        self.writing.time = venue.clock().now();
        let total = |&counter: &Counter| venue.counters().get(counter);
        self.writing.totals = Counter::ALL.iter().map(total).collect();
        // What it has to say is said elsewhere, by one that no disk can stop.
        let _ = self.watchdog.look(Instant::now());
        self.writing.threads = self.watchdog.threads().collect();
        if let Some(books) = venue.quotes().ask() {
            self.writing.books = books;
        }
        let written = self.file.write_all_at(&self.writing.to_bytes(), 0);
        written.map_err(|source| BoardError::Write { path: self.path.clone(), source })
    }
}

/// Reads the board in a data directory.
///
/// # Errors
/// When there is none, or none of this version.
pub fn read(data_dir: &Path) -> Result<Writing, BoardError> {
    let path = data_dir.join(NAME);
    for _ in 0..TRIES {
        match std::fs::read(&path) {
            Err(source) => return Err(BoardError::Read { path, source }),
            Ok(bytes) => match Writing::from_bytes(&bytes) {
                Some(writing) => return Ok(writing),
                None => match other_layout(&bytes) {
                    Some(layout) => return Err(BoardError::OtherLayout { path, layout }),
                    None => std::thread::sleep(Duration::from_millis(1)),
                },
            },
        }
    }
    Err(BoardError::Foreign { path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringmatch_engine::Price;

    fn quote(bid: Option<(Price, u64)>, last: Option<Price>) -> Quote {
        let ask = Some((Price(1_000_000), u64::MAX));
        Quote { symbol: "AAPL".parse().unwrap(), bid, ask, last, orders: 3 }
    }

    fn writing() -> Writing {
        let mut histogram = Histogram::new(3).unwrap();
        (1..=1_000).for_each(|ns| histogram.record(ns).unwrap());
        let percentiles = Percentiles { p9999_ns: 0, ..Percentiles::of(&histogram) };
        Writing {
            turn: 7,
            time: Nanos(2_000),
            process: 4_711,
            start: Nanos(1_000),
            ring: 64,
            totals: (0..Counter::ALL.len() as u64).collect(),
            stages: vec![StageFigures { name: "receive_to_journaled".into(), percentiles }],
            threads: vec![ThreadState {
                name: "engine".into(),
                stage: "matcher".into(),
                beats: 77,
                stalled: Duration::from_millis(1_200),
                waiting: 4_096,
            }],
            books: QuotePage {
                listed: 30,
                told: Sequence(12),
                counted: Sequence(9),
                quotes: vec![quote(Some((Price(-100), 7)), None), quote(None, None)],
            },
        }
    }

    #[test]
    fn a_board_is_read_as_it_was_written() {
        let writing = writing();
        assert_eq!(Writing::from_bytes(&writing.to_bytes()), Some(writing));
    }

    #[test]
    fn what_is_half_written_or_foreign_is_not_read() {
        let bytes = writing().to_bytes();
        for length in 0..bytes.len() {
            assert_eq!(Writing::from_bytes(&bytes[..length]), None, "{length}");
        }
        for (at, what) in [
            (0, "magic"),
            (7, "layout"),
            (8, "turn"),
            (48, "counters"),
            (56, "stages"),
            (64, "threads"),
            (72, "quotes"),
        ] {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_eq!(Writing::from_bytes(&other), None, "{what}");
        }
        let mut huge = bytes;
        huge[56..80].fill(0xff);
        assert_eq!(Writing::from_bytes(&huge), None);
    }

    #[test]
    fn a_board_of_another_version_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let mut bytes = writing().to_bytes();
        bytes[7] = b'2';
        std::fs::write(directory.path().join(NAME), bytes).unwrap();
        let said = read(directory.path()).unwrap_err().to_string();
        assert!(said.contains("has layout 2, and this program reads layout 3"), "{said}");
    }
}
