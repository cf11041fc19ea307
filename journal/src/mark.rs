//! A file that remembers one segment: the last one begun, or the first one kept.
//!
//! The files of a journal say what is there, and nothing in a directory says
//! what has gone. These two marks do: `begun` names the last segment that was
//! begun, so that a lost end is not taken for an orderly one, and `kept` names
//! the first that was not dropped, so that a lost beginning is not taken for a
//! dropped one. A mark has two slots on pages of their own, written in turn: a
//! crash in a write leaves the slot before. The file is made under a temporary name
//! with its first slot, so a mark without a sound slot has been damaged.

use crate::error::JournalError;
use crate::segment::MAX_SEGMENT;
use crate::storage::{Access, Storage, StorageFile};
use std::io;

/// The mark of the last segment begun; the writer's.
pub(crate) const BEGUN: &str = "begun";
/// The mark of the first segment kept; retention's.
pub(crate) const KEPT: &str = "kept";

/// Bytes of a slot.
const SLOT: usize = 64;
/// Where each slot starts.
const PLACES: [u64; 2] = [0, 4_096];
/// Bytes of the file, so that a write to it needs no room on the disk.
const FILE_BYTES: usize = 8_192;
const MAGIC: [u8; 8] = *b"RINGMARK";
const VERSION: u32 = 1;

/// A segment as a mark names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) number: u32,
    /// The sequence of its first record.
    pub(crate) first_sequence: u64,
    /// The hash of the last frame before it.
    pub(crate) chain: u64,
}

/// What a slot turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Blank,
    Mark(u64, Mark),
    UnknownVersion(u32),
    Damaged,
}

/// A mark that can be moved.
pub(crate) struct MarkFile<S: Storage> {
    storage: S,
    name: &'static str,
    file: S::File,
    turn: u64,
}

/// What a mark says, or nothing if there is none.
pub(crate) fn read_mark<S: Storage>(
    storage: &S,
    name: &'static str,
) -> Result<Option<Mark>, JournalError> {
    let path = || storage.path(name);
    let failed = |source| JournalError::Io { action: "read", path: path(), source };
    let file = match storage.open(name, Access::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
    };
    newest(&read_slots(&file).map_err(failed)?, path).map(|(_, mark)| Some(mark))
}

fn read_slots(file: &impl StorageFile) -> io::Result<[Slot; 2]> {
    let length = file.length()?;
    let mut slots = [Slot::Blank; 2];
    for (slot, place) in slots.iter_mut().zip(PLACES) {
        if length >= place + SLOT as u64 {
            let mut bytes = [0; SLOT];
            file.read_at(&mut bytes, place)?;
            *slot = decode(&bytes);
        }
    }
    Ok(slots)
}

/// The newer of two slots, with its turn.
fn newest(
    slots: &[Slot; 2],
    path: impl Fn() -> std::path::PathBuf,
) -> Result<(u64, Mark), JournalError> {
    for slot in slots {
        if let Slot::UnknownVersion(found) = *slot {
            let supported = VERSION;
            return Err(JournalError::UnknownVersion { path: path(), offset: 0, found, supported });
        }
    }
    let marks = slots.iter().filter_map(|slot| match slot {
        Slot::Mark(turn, mark) => Some((*turn, *mark)),
        _ => None,
    });
    let newest = marks.max_by_key(|(turn, _)| *turn);
    newest.ok_or_else(|| JournalError::DamagedMark { path: path() })
}

fn encode(turn: u64, mark: &Mark) -> [u8; SLOT] {
    let mut bytes = [0; SLOT];
    bytes[0..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[16..24].copy_from_slice(&turn.to_le_bytes());
    bytes[24..28].copy_from_slice(&mark.number.to_le_bytes());
    bytes[32..40].copy_from_slice(&mark.first_sequence.to_le_bytes());
    bytes[40..48].copy_from_slice(&mark.chain.to_le_bytes());
    let crc = checksum(&bytes);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8; SLOT]) -> Slot {
    if *bytes == [0; SLOT] {
        return Slot::Blank;
    }
    if bytes[0..8] != MAGIC || u32::from_le_bytes(field(bytes, 12)) != checksum(bytes) {
        return Slot::Damaged;
    }
    let version = u32::from_le_bytes(field(bytes, 8));
    if version != VERSION {
        return Slot::UnknownVersion(version);
    }
    let mark = Mark {
        number: u32::from_le_bytes(field(bytes, 24)),
        first_sequence: u64::from_le_bytes(field(bytes, 32)),
        chain: u64::from_le_bytes(field(bytes, 40)),
    };
    let turn = u64::from_le_bytes(field(bytes, 16));
    let is_possible =
        (1..=MAX_SEGMENT).contains(&mark.number) && mark.first_sequence > 0 && turn < u64::MAX;
    if is_possible { Slot::Mark(turn, mark) } else { Slot::Damaged }
}

/// The CRC32C of a slot, its own field left out.
fn checksum(bytes: &[u8; SLOT]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..])
}

fn field<const N: usize>(bytes: &[u8; SLOT], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

impl<S: Storage> MarkFile<S> {
    /// Opens a mark and moves it to `mark`, durably; makes it if it is not there.
    pub(crate) fn open(storage: &S, name: &'static str, mark: &Mark) -> Result<Self, JournalError> {
        let failed = |action| failed(storage, name, action);
        let file = match storage.open(name, Access::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Self::create(storage, name, mark);
            }
            opened => opened.map_err(failed("open for writing"))?,
        };
        let slots = read_slots(&file).map_err(failed("read"))?;
        let (turn, standing) = newest(&slots, || storage.path(name))?;
        let mut opened = Self { storage: storage.clone(), name, file, turn };
        if standing != *mark {
            opened.set(mark)?;
        }
        Ok(opened)
    }

    fn create(storage: &S, name: &'static str, mark: &Mark) -> Result<Self, JournalError> {
        let failed = |action| failed(storage, name, action);
        let temporary = format!("{name}.tmp");
        match storage.remove(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed.map_err(failed("clear the way for"))?,
        }
        let file = storage.create(&temporary).map_err(failed("create"))?;
        let mut bytes = vec![0; FILE_BYTES];
        bytes[..SLOT].copy_from_slice(&encode(0, mark));
        file.write_at(&bytes, 0).map_err(failed("write"))?;
        file.sync_data().map_err(failed("sync"))?;
        storage.rename(&temporary, name).map_err(failed("rename"))?;
        storage.sync_directory().map_err(failed("sync the name of"))?;
        Ok(Self { storage: storage.clone(), name, file, turn: 0 })
    }

    /// Moves the mark, durably.
    pub(crate) fn set(&mut self, mark: &Mark) -> Result<(), JournalError> {
        let turn = self.turn + 1;
        let written = self.file.write_at(&encode(turn, mark), place(turn));
        written.map_err(failed(&self.storage, self.name, "write"))?;
        self.file.sync_data().map_err(failed(&self.storage, self.name, "sync"))?;
        self.turn = turn;
        Ok(())
    }
}

fn failed<S: Storage>(
    storage: &S,
    name: &str,
    action: &'static str,
) -> impl FnOnce(io::Error) -> JournalError + use<S> {
    let path = storage.path(name);
    move |source| JournalError::Io { action, path, source }
}

fn place(turn: u64) -> u64 {
    PLACES[(turn % 2) as usize]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::sim::SimulatedDisk;

    fn mark(number: u32) -> Mark {
        Mark { number, first_sequence: 7 * u64::from(number), chain: !u64::from(number) }
    }

    fn change(disk: &SimulatedDisk, at: u64) {
        let file = disk.open(BEGUN, Access::Write).unwrap();
        let mut byte = [0];
        file.read_at(&mut byte, at).unwrap();
        file.write_at(&[byte[0] ^ 1], at).unwrap();
    }

    #[test]
    fn a_mark_moves_and_outlives_its_file_handle() {
        let disk = SimulatedDisk::new(1);
        assert_eq!(read_mark(&disk, BEGUN).unwrap(), None);
        for number in 1..6 {
            let mut file = MarkFile::open(&disk, BEGUN, &mark(number - number % 2)).unwrap();
            file.set(&mark(number)).unwrap();
            assert_eq!(read_mark(&disk, BEGUN).unwrap(), Some(mark(number)));
        }
    }

    #[test]
    fn a_power_cut_leaves_the_old_mark_or_the_new_one() {
        for seed in 0..200 {
            let disk = SimulatedDisk::new(seed);
            let mut file = MarkFile::open(&disk, BEGUN, &mark(1)).unwrap();
            if seed % 2 == 0 {
                disk.fail_sync_after(0);
            } else {
                disk.fail_write_after(0);
            }
            assert!(file.set(&mark(2)).is_err());
            disk.power_cut();
            let left = read_mark(&disk, BEGUN).unwrap();
            assert!(left == Some(mark(1)) || left == Some(mark(2)), "seed {seed}: {left:?}");
        }
    }

    #[test]
    fn a_damaged_mark_is_the_one_before_or_refused() {
        let disk = SimulatedDisk::new(1);
        let mut file = MarkFile::open(&disk, BEGUN, &mark(1)).unwrap();
        file.set(&mark(2)).unwrap();
        change(&disk, place(1) + 25);
        assert_eq!(read_mark(&disk, BEGUN).unwrap(), Some(mark(1)));
        change(&disk, place(0) + 25);
        assert!(matches!(read_mark(&disk, BEGUN), Err(JournalError::DamagedMark { .. })));
    }

    /// Their checksums are right: another program, or chance, has written them.
    #[test]
    fn a_mark_that_cannot_be_is_damage() {
        let possible = Mark { number: 1, first_sequence: 1, chain: 0 };
        assert_eq!(decode(&encode(7, &possible)), Slot::Mark(7, possible));
        for (turn, mark) in [
            (u64::MAX, possible),
            (7, Mark { number: 0, ..possible }),
            (7, Mark { number: MAX_SEGMENT + 1, ..possible }),
            (7, Mark { first_sequence: 0, ..possible }),
        ] {
            assert_eq!(decode(&encode(turn, &mark)), Slot::Damaged, "{turn} {mark:?}");
        }
    }

    #[test]
    fn a_mark_of_another_version_is_refused_by_name() {
        let mut bytes = encode(1, &mark(1));
        bytes[8] = 9;
        let crc = checksum(&bytes);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(decode(&bytes), Slot::UnknownVersion(9));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_slot_or_not(bytes: [u8; 32], sealed: bool) {
            let mut slot = [0; SLOT];
            slot[..32].copy_from_slice(&bytes);
            if sealed {
                slot[..12].copy_from_slice(b"RINGMARK\x01\0\0\0");
                let crc = checksum(&slot);
                slot[12..16].copy_from_slice(&crc.to_le_bytes());
                proptest::prop_assert!(matches!(decode(&slot), Slot::Mark(..) | Slot::Damaged));
            }
            let _ = decode(&slot);
        }
    }
}
