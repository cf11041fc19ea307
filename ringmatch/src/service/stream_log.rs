//! `StreamLog`: one output stream on disk, from its first message.
//!
//! A file of blocks, and the last one in memory. Nothing is served that this run
//! has not derived from the journal itself: as the replay comes to a block that
//! an earlier run has written, it compares it and writes it anew if it is
//! another. So a file that is damaged, torn or foreign mends by itself, and
//! nothing here is ever needed for recovery. Where the journal's beginning was
//! dropped there is nothing to derive the oldest blocks from: then it goes on
//! behind them ([`resume`](StreamLog::resume)), and they are believed by their
//! checksums. A file is opened for each look and closed again: there are as many
//! as sessions.

use super::block::{BLOCK_BYTES, Block, BlockHeader, HEADER_BYTES};
use ringmatch_journal::{Access, Storage, StorageFile};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a stream cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StreamLogError {
    /// The disk refused.
    #[error("the output stream {} cannot be kept: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A block is not what was written.
    #[error("the output stream {} is damaged at byte {offset}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the block starts, in bytes.
        offset: u64,
    },
}

/// One output stream.
pub(super) struct StreamLog {
    stream: u16,
    name: String,
    /// Number of the first message that it has.
    first: u64,
    /// The messages after the last full block.
    last: Block,
    /// Full blocks on disk that this run vouches for.
    full: u64,
    /// Blocks that an earlier run has left.
    left: u64,
    /// Whether some of it may not be durable.
    is_unsynced: bool,
}

/// A stream of which older messages cannot be had any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Its file.
    pub name: String,
    /// Number of the first message that can still be had.
    pub first: u64,
    /// The name under which the old file is kept, if there was one.
    pub aside: Option<String>,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, first, aside } = self;
        write!(f, "{name} before number {first}")?;
        match aside {
            Some(aside) => write!(f, " (its file is kept as {aside})"),
            None => Ok(()),
        }
    }
}

impl StreamLog {
    /// A stream before its first message; `stream` is zero for market data, or
    /// the session.
    pub(super) fn open<S: Storage>(storage: &S, stream: u16) -> Result<Self, StreamLogError> {
        let name = match stream {
            0 => "market".to_owned(),
            session => format!("session-{session:05}"),
        };
        let last = Block::new(stream, 1);
        let mut log = Self { stream, name, first: 1, last, full: 0, left: 0, is_unsynced: false };
        log.left = match storage.open(&log.name, Access::Read) {
            Ok(file) => file.length().map_err(log.failed(storage))? / BLOCK_BYTES as u64,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(log.failed(storage)(error)),
        };
        log.is_unsynced = log.left > 0;
        Ok(log)
    }

    /// A stream that goes on where a snapshot stands, which has its newest
    /// `messages` from number `oldest` on. What precedes them is what an earlier
    /// run has left, if that reaches so far; otherwise the stream begins with
    /// them, and says what is lost.
    pub(super) fn resume<'a, S: Storage>(
        storage: &S,
        stream: u16,
        oldest: u64,
        messages: impl Iterator<Item = &'a [u8]>,
        scratch: &mut Block,
    ) -> Result<(Self, Option<Lost>), StreamLogError> {
        let mut log = Self::open(storage, stream)?;
        let mut messages = messages.peekable();
        let has_all = oldest == 1;
        let is_joined = has_all || log.join(storage, oldest, messages.peek().copied(), scratch)?;
        let lost = if is_joined { None } else { Some(log.begin_anew(storage, oldest)?) };
        for message in messages {
            log.append(storage, message, scratch)?;
        }
        Ok((log, lost))
    }

    /// Goes on before message `oldest` in the block of an earlier run that has
    /// it, or behind the one that ends there; whether there is such a block, and
    /// it has the `message` of that number if it has any.
    fn join<S: Storage>(
        &mut self,
        storage: &S,
        oldest: u64,
        message: Option<&[u8]>,
        scratch: &mut Block,
    ) -> Result<bool, StreamLogError> {
        if self.left == 0 {
            return Ok(false);
        }
        let file = storage.open(&self.name, Access::Read).map_err(self.failed(storage))?;
        for at in (0..self.left).rev() {
            let begins = self.glance(storage, &file, at)?.filter(|it| it.stream == self.stream);
            if begins.is_none_or(|header| header.first > oldest) {
                continue;
            }
            match self.read_block(storage, &file, at, scratch) {
                Ok(()) => {}
                // Its messages may be among those that the snapshot has.
                Err(StreamLogError::Damaged { .. }) => continue,
                Err(error) => return Err(error),
            }
            let numbers = scratch.numbers();
            let told = scratch.messages_from(oldest).next();
            let is_other = told.is_some_and(|told| message.is_some_and(|other| other != told));
            if numbers.end < oldest || is_other {
                return Ok(false);
            }
            self.last.restart(numbers.start);
            for (_, message) in (numbers.start..oldest).zip(scratch.messages_from(0)) {
                assert!(self.last.push(message), "it fitted a block of this size");
            }
            let first = self.glance(storage, &file, 0)?.map_or(1, |header| header.first);
            (self.first, self.full) = (first, at);
            return Ok(true);
        }
        Ok(false)
    }

    /// Begins with message `oldest`. What an earlier run has left is kept under
    /// another name.
    fn begin_anew<S: Storage>(&mut self, storage: &S, oldest: u64) -> Result<Lost, StreamLogError> {
        let mut aside = None;
        if self.left > 0 {
            let taken = storage.list().map_err(self.failed(storage))?;
            let names = (1..).map(|number| format!("{}.aside-{number}", self.name));
            let free = names.into_iter().find(|name| !taken.contains(name));
            if let Some(name) = &free {
                storage.rename(&self.name, name).map_err(self.failed(storage))?;
            }
            aside = free;
        }
        self.last.restart(oldest);
        (self.first, self.full, self.left, self.is_unsynced) = (oldest, 0, 0, false);
        Ok(Lost { name: self.name.clone(), first: oldest, aside })
    }

    /// Number of the first message that it has.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Makes the full blocks durable; whether that was called for. Their names
    /// are not: that is for whoever has the folder.
    pub(super) fn sync<S: Storage>(&mut self, storage: &S) -> Result<bool, StreamLogError> {
        if self.is_unsynced {
            let file = storage.open(&self.name, Access::Write).map_err(self.failed(storage))?;
            file.sync_data().map_err(self.failed(storage))?;
        }
        Ok(std::mem::take(&mut self.is_unsynced))
    }

    /// Number of the next message.
    pub(super) fn next(&self) -> u64 {
        self.last.numbers().end
    }

    /// Takes the next message. A block that is full goes to disk.
    ///
    /// # Panics
    /// If the message is longer than a block.
    pub(super) fn append<S: Storage>(
        &mut self,
        storage: &S,
        message: &[u8],
        scratch: &mut Block,
    ) -> Result<(), StreamLogError> {
        if self.last.push(message) {
            return Ok(());
        }
        self.write_full(storage, scratch)?;
        self.full += 1;
        let next = self.next();
        self.last.restart(next);
        assert!(self.last.push(message), "a message is shorter than a block");
        Ok(())
    }

    /// Writes the block that is full to its place, unless it stands there
    /// already.
    fn write_full<S: Storage>(
        &mut self,
        storage: &S,
        scratch: &mut Block,
    ) -> Result<(), StreamLogError> {
        let failed = self.failed(storage);
        let offset = self.full * BLOCK_BYTES as u64;
        let file = match storage.open(&self.name, Access::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => storage.create(&self.name),
            opened => opened,
        };
        let file = file.map_err(&failed)?;
        let sealed = self.last.seal();
        let stands = self.full < self.left
            && file.read_at(scratch.bytes_mut(), offset).is_ok()
            && scratch.bytes_mut() == sealed;
        self.is_unsynced |= !stands;
        if stands { Ok(()) } else { file.write_at(sealed, offset).map_err(failed) }
    }

    /// Gives messages from number `from` on to `take` until it has enough or
    /// there are no more; reads two blocks at most.
    ///
    /// # Errors
    /// When the disk fails or the block is damaged.
    pub(super) fn read<S: Storage>(
        &self,
        storage: &S,
        from: u64,
        scratch: &mut Block,
        take: &mut impl FnMut(&[u8]) -> bool,
    ) -> Result<(), StreamLogError> {
        let mut from = from;
        if from < self.last.numbers().start {
            let file = storage.open(&self.name, Access::Read).map_err(self.failed(storage))?;
            let at = self.find(storage, &file, from)?;
            self.read_block(storage, &file, at, scratch)?;
            if !scratch.messages_from(from).all(&mut *take) {
                return Ok(());
            }
            from = scratch.numbers().end;
            if at + 1 < self.full {
                self.read_block(storage, &file, at + 1, scratch)?;
                scratch.messages_from(from).all(take);
                return Ok(());
            }
        }
        self.last.messages_from(from).all(take);
        Ok(())
    }

    /// The full block that holds a number: the last that begins no later.
    fn find<S: Storage>(
        &self,
        storage: &S,
        file: &S::File,
        number: u64,
    ) -> Result<u64, StreamLogError> {
        let (mut low, mut high) = (0, self.full);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let header = self.glance(storage, file, middle)?;
            let first = header.ok_or_else(|| self.damaged(storage, middle))?.first;
            if first <= number { low = middle } else { high = middle }
        }
        Ok(low)
    }

    /// What the header of a block says, if it is one.
    fn glance<S: Storage>(
        &self,
        storage: &S,
        file: &S::File,
        at: u64,
    ) -> Result<Option<BlockHeader>, StreamLogError> {
        let mut header = [0; HEADER_BYTES];
        let offset = at * BLOCK_BYTES as u64;
        file.read_at(&mut header, offset).map_err(self.failed(storage))?;
        Ok(BlockHeader::glance(&header))
    }

    fn read_block<S: Storage>(
        &self,
        storage: &S,
        file: &S::File,
        at: u64,
        scratch: &mut Block,
    ) -> Result<(), StreamLogError> {
        let offset = at * BLOCK_BYTES as u64;
        file.read_at(scratch.bytes_mut(), offset).map_err(self.failed(storage))?;
        if scratch.opened(self.stream) { Ok(()) } else { Err(self.damaged(storage, at)) }
    }

    fn damaged<S: Storage>(&self, storage: &S, at: u64) -> StreamLogError {
        let path = storage.path(&self.name);
        StreamLogError::Damaged { path, offset: at * BLOCK_BYTES as u64 }
    }

    fn failed<S: Storage>(&self, storage: &S) -> impl Fn(io::Error) -> StreamLogError + use<S> {
        let path = storage.path(&self.name);
        move |source| StreamLogError::Io { path: path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringmatch_journal::sim::SimulatedDisk;

    fn messages(seed: u64, count: usize) -> Vec<Vec<u8>> {
        let mut random = fastrand::Rng::with_seed(seed);
        let message = |_| (0..random.usize(10..60)).map(|_| random.u8(..)).collect();
        (0..count).map(message).collect()
    }

    /// What a run leaves that has taken these, from the first on.
    fn left_by(all: &[Vec<u8>]) -> SimulatedDisk {
        let disk = SimulatedDisk::new(1);
        let mut log = StreamLog::open(&disk, 3).unwrap();
        append(&mut log, &disk, all);
        disk
    }

    fn append(log: &mut StreamLog, disk: &SimulatedDisk, messages: &[Vec<u8>]) {
        let mut scratch = Block::new(0, 0);
        messages.iter().for_each(|it| log.append(disk, it, &mut scratch).unwrap());
    }

    /// A run that goes on from a snapshot with a window on the messages `from..to`,
    /// counted from zero, and takes the rest.
    fn resumed(
        disk: &SimulatedDisk,
        all: &[Vec<u8>],
        (from, to): (usize, usize),
    ) -> (StreamLog, Option<Lost>) {
        let window = all[from..to].iter().map(Vec::as_slice);
        let mut scratch = Block::new(0, 0);
        let resumed = StreamLog::resume(disk, 3, from as u64 + 1, window, &mut scratch);
        let (mut log, lost) = resumed.unwrap();
        append(&mut log, disk, &all[to..]);
        (log, lost)
    }

    /// Every message that it has, read one after the other.
    fn told(log: &StreamLog, disk: &SimulatedDisk) -> Vec<Vec<u8>> {
        let (mut told, mut scratch) = (Vec::new(), Block::new(0, 0));
        let mut number = log.first();
        while number < log.next() {
            let mut taken = 0;
            let mut take = |message: &[u8]| {
                told.push(message.to_vec());
                taken += 1;
                true
            };
            log.read(disk, number, &mut scratch, &mut take).unwrap();
            assert!(taken > 0, "message {number} is missing");
            number += taken;
        }
        told
    }

    fn change(disk: &SimulatedDisk, at: u64, bytes: &[u8]) {
        disk.open("session-00003", Access::Write).unwrap().write_at(bytes, at).unwrap();
    }

    const BLOCK: u64 = BLOCK_BYTES as u64;

    #[test]
    fn it_goes_on_behind_what_an_earlier_run_has_left() {
        let all = messages(1, 5_000);
        let mut random = fastrand::Rng::with_seed(2);
        let whole = left_by(&all).contents();
        for _ in 0..200 {
            // The run ended some messages after the snapshot, or before it.
            let (to, end) = (random.usize(1_000..all.len()), random.usize(1_000..all.len()));
            let reaches = end.min(to) - 700;
            let disk = left_by(&all[..end]);
            let (log, lost) = resumed(&disk, &all, (random.usize(0..=reaches), to));
            assert_eq!((log.first(), lost), (1, None));
            assert!(told(&log, &disk) == all);
            assert!(disk.contents() == whole, "the same messages, the same blocks");
        }
    }

    #[test]
    fn damage_that_the_snapshot_covers_is_mended() {
        let all = messages(3, 5_000);
        let whole = left_by(&all).contents();
        for block in [2, 5, 9] {
            let disk = left_by(&all);
            change(&disk, block * BLOCK + 77, &[0xa5; 900]);
            // The window begins at the very first message of block 2, or before.
            let mut scratch = Block::new(0, 0);
            let sound = left_by(&all);
            let file = sound.open("session-00003", Access::Read).unwrap();
            file.read_at(scratch.bytes_mut(), 2 * BLOCK).unwrap();
            assert!(scratch.opened(3));
            let from = usize::try_from(scratch.numbers().start - 1).unwrap();
            let (log, lost) = resumed(&disk, &all, (from, 4_900));
            assert_eq!((log.first(), lost), (1, None), "block {block}");
            assert!(disk.contents() == whole);
        }
    }

    #[test]
    fn what_cannot_be_joined_is_said_and_kept_aside() {
        let all = messages(4, 5_000);
        let window = (3_000, 4_000);
        let damaged = left_by(&all);
        (4..10).for_each(|block| change(&damaged, block * BLOCK + 40, &[1; 8]));
        let cases = [
            ("nothing is left", SimulatedDisk::new(1), false),
            ("it ends before the window", left_by(&all[..2_000]), true),
            ("another venue's", left_by(&messages(5, 5_000)), true),
            ("damaged where the window begins", damaged, true),
        ];
        for (case, disk, has_file) in cases {
            let old = disk.contents().get("session-00003").cloned();
            let (log, lost) = resumed(&disk, &all, window);
            let lost = lost.unwrap_or_else(|| panic!("{case}: nothing is lost"));
            let aside = has_file.then(|| "session-00003.aside-1".to_owned());
            assert_eq!(lost, Lost { name: "session-00003".into(), first: 3_001, aside }, "{case}");
            assert_eq!(disk.contents().get("session-00003.aside-1").cloned(), old, "{case}");
            assert_eq!((log.first(), log.next()), (3_001, 5_001));
            assert!(told(&log, &disk) == all[3_000..], "{case}");
            // The next start finds a log that begins there.
            let (log, lost) = resumed(&disk, &all, (3_500, 4_500));
            assert_eq!((log.first(), lost), (3_001, None), "{case}");
            assert!(told(&log, &disk) == all[3_000..], "{case}");
        }
    }
}
