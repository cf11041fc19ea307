//! A disk for tests: in memory, seeded, and as unkind as a disk may be.
//!
//! What was written and not synced can be there after a power cut or not, each
//! sector of 512 bytes for itself; names that were not synced go, the last
//! first. A sync that fails has written some sectors and forgets the others,
//! while reads still show them, as Linux does. A write that fails has written a
//! part. Handles from before a power cut are dead. Equal seeds and equal calls
//! give equal disks.

use crate::storage::{Access, Storage, StorageFile};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a disk writes whole or not at all, in bytes.
pub const SECTOR_BYTES: usize = 512;

/// A disk in memory that loses and tears what was not synced. Clones are handles on the same disk.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

struct State {
    random: fastrand::Rng,
    /// Counts power cuts; handles of an earlier one are dead.
    power: u64,
    files: Vec<Contents>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    unsynced_changes: Vec<NameChange>,
    locked: BTreeSet<String>,
    capacity_bytes: u64,
    writes_until_failure: Option<u32>,
    syncs_until_failure: Option<u32>,
    syncs: u64,
}

#[derive(Default)]
struct Contents {
    /// What reads show.
    cached: Vec<u8>,
    /// What a power cut leaves.
    stored: Vec<u8>,
    /// Sectors that the cache still owes to the disk.
    dirty: BTreeSet<usize>,
}

#[derive(Clone)]
enum NameChange {
    Created(String, usize),
    Renamed(String, String),
    Removed(String),
}

impl SimulatedDisk {
    /// An empty disk without bounds.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                random: fastrand::Rng::with_seed(seed),
                power: 0,
                files: Vec::new(),
                names: BTreeMap::new(),
                synced_names: BTreeMap::new(),
                unsynced_changes: Vec::new(),
                locked: BTreeSet::new(),
                capacity_bytes: u64::MAX,
                writes_until_failure: None,
                syncs_until_failure: None,
                syncs: 0,
            })),
        }
    }

    /// From now on all files together may have this many bytes.
    pub fn limit(&self, capacity_bytes: u64) {
        self.state().capacity_bytes = capacity_bytes;
    }

    /// After `others` more writes, one fails.
    pub fn fail_write_after(&self, others: u32) {
        self.state().writes_until_failure = Some(others);
    }

    /// After `others` more syncs of data or names, one fails.
    pub fn fail_sync_after(&self, others: u32) {
        self.state().syncs_until_failure = Some(others);
    }

    /// Takes failures back that have not happened yet.
    pub fn heal(&self) {
        let mut state = self.state();
        state.writes_until_failure = None;
        state.syncs_until_failure = None;
    }

    /// The power goes and comes back: unsynced bytes and names are lost, kept
    /// or torn, locks are free, and handles from before are dead.
    pub fn power_cut(&self) {
        self.state().power_cut();
    }

    /// How many syncs of data or names there were.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// Everything on it as reads show it, by name.
    #[must_use]
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        state.names.iter().map(|(n, id)| (n.clone(), state.files[*id].cached.clone())).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked in here has already failed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn power_cut(&mut self) {
        let kept = self.random.usize(0..=self.unsynced_changes.len());
        for change in self.unsynced_changes.drain(..).take(kept) {
            change.apply(&mut self.synced_names);
        }
        self.names = self.synced_names.clone();
        for file in &mut self.files {
            file.lose_power(&mut self.random);
        }
        self.locked.clear();
        self.power += 1;
    }

    fn change(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.unsynced_changes.push(change);
    }

    fn used_bytes(&self) -> u64 {
        self.names.values().map(|id| self.files[*id].cached.len() as u64).sum()
    }

    fn find(&self, name: &str) -> Result<usize> {
        self.names.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn count_sync(&mut self) -> Result<()> {
        self.syncs += 1;
        fails(&mut self.syncs_until_failure)
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Created(name, id) => {
                names.insert(name.clone(), *id);
            }
            Self::Renamed(from, to) => {
                if let Some(id) = names.remove(from) {
                    names.insert(to.clone(), id);
                }
            }
            Self::Removed(name) => {
                names.remove(name);
            }
        }
    }
}

impl Contents {
    fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if self.cached.len() < end {
            self.cached.resize(end, 0);
        }
        self.cached[offset..end].copy_from_slice(bytes);
        self.dirty.extend(offset / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES));
    }

    /// Sends those dirty sectors to the disk that `keep` says, and forgets the
    /// others.
    fn flush(&mut self, mut keep: impl FnMut() -> bool) {
        for sector in std::mem::take(&mut self.dirty) {
            if keep() {
                let start = sector * SECTOR_BYTES;
                let end = (start + SECTOR_BYTES).min(self.cached.len());
                if self.stored.len() < end {
                    self.stored.resize(end, 0);
                }
                self.stored[start..end].copy_from_slice(&self.cached[start..end]);
            }
        }
    }

    fn lose_power(&mut self, random: &mut fastrand::Rng) {
        let mut in_order = random.usize(0..=self.dirty.len());
        match random.u8(0..4) {
            0 => self.flush(|| false),
            1 => self.flush(|| true),
            2 => self.flush(|| {
                let kept = in_order > 0;
                in_order = in_order.saturating_sub(1);
                kept
            }),
            _ => self.flush(|| random.bool()),
        }
        self.cached.clone_from(&self.stored);
    }
}

fn fails(countdown: &mut Option<u32>) -> Result<()> {
    match countdown {
        None => Ok(()),
        Some(0) => {
            *countdown = None;
            Err(Error::other("the simulated disk failed"))
        }
        Some(others) => {
            *others -= 1;
            Ok(())
        }
    }
}

impl Storage for SimulatedDisk {
    type File = SimulatedFile;
    type Lock = SimulatedLock;

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("simulated").join(name)
    }

    fn list(&self) -> Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn open(&self, name: &str, access: Access) -> Result<SimulatedFile> {
        let state = self.state();
        let (id, power) = (state.find(name)?, state.power);
        Ok(SimulatedFile { disk: self.clone(), id, power, access })
    }

    fn create(&self, name: &str) -> Result<SimulatedFile> {
        let mut state = self.state();
        if state.names.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let (id, power) = (state.files.len(), state.power);
        state.files.push(Contents::default());
        state.change(NameChange::Created(name.to_owned(), id));
        Ok(SimulatedFile { disk: self.clone(), id, power, access: Access::Write })
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        let mut state = self.state();
        state.find(from)?;
        state.change(NameChange::Renamed(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<()> {
        let mut state = self.state();
        state.find(name)?;
        state.change(NameChange::Removed(name.to_owned()));
        Ok(())
    }

    fn sync_directory(&self) -> Result<()> {
        let mut state = self.state();
        state.count_sync()?;
        state.unsynced_changes.clear();
        state.synced_names = state.names.clone();
        Ok(())
    }

    fn free_bytes(&self) -> Result<u64> {
        let state = self.state();
        Ok(state.capacity_bytes.saturating_sub(state.used_bytes()))
    }

    fn try_lock(&self, name: &str) -> Result<Option<SimulatedLock>> {
        let mut state = self.state();
        let free = state.locked.insert(name.to_owned());
        let power = state.power;
        Ok(free.then(|| SimulatedLock { disk: self.clone(), name: name.to_owned(), power }))
    }

    fn prepares_in_background(&self) -> bool {
        false
    }
}

/// An open file of a [`SimulatedDisk`].
pub struct SimulatedFile {
    disk: SimulatedDisk,
    id: usize,
    power: u64,
    access: Access,
}

impl SimulatedFile {
    fn state(&self) -> Result<MutexGuard<'_, State>> {
        let state = self.disk.state();
        if state.power == self.power {
            Ok(state)
        } else {
            Err(Error::other("the file was opened before a power cut"))
        }
    }
}

impl StorageFile for SimulatedFile {
    fn length(&self) -> Result<u64> {
        Ok(self.state()?.files[self.id].cached.len() as u64)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<()> {
        let state = self.state()?;
        let start = position(offset)?;
        let held = state.files[self.id].cached.get(start..).unwrap_or_default();
        let held = held.get(..bytes.len()).ok_or(ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(held);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let mut state = self.state()?;
        if self.access == Access::Read {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let start = position(offset)?;
        let length = state.files[self.id].cached.len();
        let growth = (start + bytes.len()).saturating_sub(length) as u64;
        if state.used_bytes() + growth > state.capacity_bytes {
            return Err(ErrorKind::StorageFull.into());
        }
        let failure = fails(&mut state.writes_until_failure);
        let written = match failure {
            Ok(()) => bytes.len(),
            Err(_) => state.random.usize(0..=bytes.len()),
        };
        state.files[self.id].write(&bytes[..written], start);
        failure
    }

    fn sync_data(&self) -> Result<()> {
        let mut state = self.state()?;
        let result = state.count_sync();
        let State { files, random, .. } = &mut *state;
        match result {
            Ok(()) => files[self.id].flush(|| true),
            Err(_) => files[self.id].flush(|| random.bool()),
        }
        result
    }
}

/// A lock on a [`SimulatedDisk`].
pub struct SimulatedLock {
    disk: SimulatedDisk,
    name: String,
    power: u64,
}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.power == self.power {
            state.locked.remove(&self.name);
        }
    }
}

fn position(offset: u64) -> Result<usize> {
    usize::try_from(offset).map_err(|_| ErrorKind::InvalidInput.into())
}
