//! Makes the next segment while this one is being filled.
//!
//! A segment is written through with zeros, because a sync of blocks that were
//! only reserved costs twice as much; it is synced, then renamed from its
//! temporary name, then the directory is synced. So a file with a segment's
//! name is always whole. The thread that does so shares the disk with the
//! journal's own syncs, and whatever it has in flight they wait for. So it goes
//! in small pieces, each synced, with [pauses](crate::pace) between them for as
//! long as the segment being filled leaves time. Nothing is prepared twice: a
//! failure is reported when the segment is needed.

use crate::error::JournalError;
use crate::pace::Pace;
use crate::segment::segment_name;
use crate::storage::{Storage, StorageFile};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Zeros written between two syncs when somebody waits for them.
const LARGE_PIECE_BYTES: u64 = 1 << 20;
/// Zeros written between two syncs otherwise: what a disk takes in the time of
/// one more sync.
const SMALL_PIECE_BYTES: u64 = 64 << 10;
/// Zeros of one write. The page cache keeps what one write brought as one piece,
/// and each frame that is written into it later looks at all blocks of that
/// piece: with 1 MiB a small frame takes 1.3 µs, with this 0.5.
const WRITE_BYTES: u64 = 64 << 10;
const TEMPORARY: &str = ".tmp";

type Prepared<S> = Result<<S as Storage>::File, JournalError>;

/// See the [module](self).
pub(crate) struct Preparer<S: Storage> {
    segment_bytes: u64,
    hands: Hands<S>,
    /// The segment that was there already, or was made at once.
    ready: Option<Prepared<S>>,
}

enum Hands<S: Storage> {
    Inline(S),
    Thread(Worker<S>),
}

struct Worker<S: Storage> {
    /// Nothing once the thread is to end.
    orders: Option<SyncSender<u32>>,
    prepared: Receiver<Prepared<S>>,
    pace: Arc<Pace>,
    thread: Option<JoinHandle<()>>,
}

impl<S: Storage> Preparer<S> {
    pub(crate) fn start(storage: S, segment_bytes: u64) -> io::Result<Self> {
        let hands = if storage.prepares_in_background() {
            Hands::Thread(Worker::start(storage, segment_bytes)?)
        } else {
            Hands::Inline(storage)
        };
        Ok(Self { segment_bytes, hands, ready: None })
    }

    /// A segment that needs no preparing.
    pub(crate) fn adopt(&mut self, file: S::File) {
        self.ready = Some(Ok(file));
    }

    /// Has a segment made that will be taken next.
    pub(crate) fn order(&mut self, number: u32) {
        match &self.hands {
            Hands::Inline(storage) => {
                let pace = Pace::hurried();
                self.ready = Some(prepare(storage, number, self.segment_bytes, &pace));
            }
            Hands::Thread(worker) => {
                worker.pace.restart();
                let orders = worker.orders.as_ref().expect("orders end with the worker");
                // A thread that is gone is found out by `take`.
                let _ = orders.send(number);
            }
        }
    }

    /// Tells how far the segment before the one ordered is filled.
    pub(crate) fn note_filled(&self, bytes: u64, of: u64) {
        if let Hands::Thread(worker) = &self.hands {
            worker.pace.note_filled(bytes, of);
        }
    }

    /// The segment ordered last; waits until it is ready.
    pub(crate) fn take(&mut self) -> Prepared<S> {
        match (self.ready.take(), &self.hands) {
            (Some(ready), _) => ready,
            (None, Hands::Thread(worker)) => {
                worker.hurry();
                worker.prepared.recv().unwrap_or(Err(JournalError::Poisoned))
            }
            (None, Hands::Inline(_)) => unreachable!("a segment is ordered before it is taken"),
        }
    }
}

impl<S: Storage> Worker<S> {
    fn start(storage: S, segment_bytes: u64) -> io::Result<Self> {
        let (orders, ordered) = sync_channel(1);
        let (done, prepared) = sync_channel(1);
        let pace = Arc::new(Pace::default());
        let kept = Arc::clone(&pace);
        let work = move || {
            for number in ordered {
                if done.send(prepare(&storage, number, segment_bytes, &kept)).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("segments".into()).spawn(work)?;
        Ok(Self { orders: Some(orders), prepared, pace, thread: Some(thread) })
    }

    /// Has the thread make no more pauses.
    fn hurry(&self) {
        self.pace.hurry();
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

/// The journal's lock must not be given back while the thread still writes.
impl<S: Storage> Drop for Worker<S> {
    fn drop(&mut self) {
        self.pace.stop();
        self.hurry();
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // Its panic was reported when it happened, and it holds nothing.
            let _ = thread.join();
        }
    }
}

/// Makes a segment of zeros; when it is stopped it gives up and leaves the temporary
/// file to the next recovery.
pub(crate) fn prepare<S: Storage>(
    storage: &S,
    number: u32,
    segment_bytes: u64,
    pace: &Pace,
) -> Prepared<S> {
    let name = segment_name(number);
    let temporary = format!("{name}{TEMPORARY}");
    let failed = |action| {
        let path = storage.path(&temporary);
        move |source| JournalError::Io { action, path, source }
    };
    let file = storage.create(&temporary).map_err(failed("create"))?;
    let zeros = vec![0; WRITE_BYTES.min(segment_bytes) as usize];
    let mut offset = 0;
    while offset < segment_bytes {
        pace.pause(offset, segment_bytes);
        if pace.is_stopped() {
            return Err(JournalError::Poisoned);
        }
        let piece = if pace.is_hurried() { LARGE_PIECE_BYTES } else { SMALL_PIECE_BYTES };
        let end = segment_bytes.min(offset + piece);
        while offset < end {
            let bytes = WRITE_BYTES.min(end - offset);
            file.write_at(&zeros[..bytes as usize], offset).map_err(failed("write"))?;
            offset += bytes;
        }
        file.sync_data().map_err(failed("sync"))?;
    }
    storage.rename(&temporary, &name).map_err(failed("rename"))?;
    storage.sync_directory().map_err(failed("sync the name of"))?;
    Ok(file)
}

/// Whether a file was being prepared when its writer ended.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.strip_suffix(TEMPORARY).and_then(crate::segment::segment_number).is_some()
}
