//! Makes the next segment while this one is being filled.
//!
//! A segment is written through with zeros, because a sync of blocks that were
//! only reserved costs twice as much; it is synced, then renamed from its
//! temporary name, then the directory is synced. So a file with a segment's
//! name is always whole. The thread that does so syncs every piece, to never
//! put more than one between the journal's own sync and the disk. Nothing is
//! prepared twice: a failure is reported when the segment is needed.

use crate::error::JournalError;
use crate::segment::segment_name;
use crate::storage::{Storage, StorageFile};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Zeros written between two syncs.
const PIECE_BYTES: u64 = 1 << 20;
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
    stop: Arc<AtomicBool>,
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
                let never = AtomicBool::new(false);
                self.ready = Some(prepare(storage, number, self.segment_bytes, &never));
            }
            Hands::Thread(worker) => {
                let orders = worker.orders.as_ref().expect("orders end with the worker");
                // A thread that is gone is found out by `take`.
                let _ = orders.send(number);
            }
        }
    }

    /// The segment ordered last; waits until it is ready.
    pub(crate) fn take(&mut self) -> Prepared<S> {
        match (self.ready.take(), &self.hands) {
            (Some(ready), _) => ready,
            (None, Hands::Thread(worker)) => {
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
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let work = move || {
            for number in ordered {
                if done.send(prepare(&storage, number, segment_bytes, &stopped)).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("segments".into()).spawn(work)?;
        Ok(Self { orders: Some(orders), prepared, stop, thread: Some(thread) })
    }
}

/// The journal's lock must not be given back while the thread still writes.
impl<S: Storage> Drop for Worker<S> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // Its panic was reported when it happened, and it holds nothing.
            let _ = thread.join();
        }
    }
}

/// Makes a segment of zeros; on `stop` it gives up and leaves the temporary
/// file to the next recovery.
pub(crate) fn prepare<S: Storage>(
    storage: &S,
    number: u32,
    segment_bytes: u64,
    stop: &AtomicBool,
) -> Prepared<S> {
    let name = segment_name(number);
    let temporary = format!("{name}{TEMPORARY}");
    let failed = |action| {
        let path = storage.path(&temporary);
        move |source| JournalError::Io { action, path, source }
    };
    let file = storage.create(&temporary).map_err(failed("create"))?;
    let zeros = vec![0; PIECE_BYTES.min(segment_bytes) as usize];
    let mut offset = 0;
    while offset < segment_bytes {
        if stop.load(Ordering::Relaxed) {
            return Err(JournalError::Poisoned);
        }
        let bytes = PIECE_BYTES.min(segment_bytes - offset);
        file.write_at(&zeros[..bytes as usize], offset).map_err(failed("write"))?;
        file.sync_data().map_err(failed("sync"))?;
        offset += bytes;
    }
    storage.rename(&temporary, &name).map_err(failed("rename"))?;
    storage.sync_directory().map_err(failed("sync the name of"))?;
    Ok(file)
}

/// Whether a file was being prepared when its writer ended.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.strip_suffix(TEMPORARY).and_then(crate::segment::segment_number).is_some()
}
