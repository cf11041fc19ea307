//! Syncs a segment while its writer goes on.
//!
//! A sync waits for the disk; encoding and writing the next frames does not have to.
//! So a thread of its own can do the waiting, and the writer asks now and then
//! whether it is over. One sync is under way at a time, and what was written after
//! it had begun counts as not synced. The thread is made when it is needed first. In
//! a simulation there is none: a sync is then done when its end is asked for.

use crate::storage::StorageFile;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};

/// See the [module](self).
pub(crate) struct Syncer<F> {
    in_background: bool,
    worker: Option<Worker<F>>,
    under_way: UnderWay<F>,
}

enum UnderWay<F> {
    Nothing,
    /// On the worker's thread.
    There,
    /// To be done by whoever asks for its end.
    Here(Arc<F>),
}

struct Worker<F> {
    /// Nothing once the thread is to end.
    orders: Option<SyncSender<Arc<F>>>,
    done: Receiver<io::Result<()>>,
    thread: Option<JoinHandle<()>>,
}

impl<F: StorageFile + Sync> Syncer<F> {
    pub(crate) fn new(in_background: bool) -> Self {
        Self { in_background, worker: None, under_way: UnderWay::Nothing }
    }

    /// Begins a sync; none is under way.
    pub(crate) fn begin(&mut self, file: &Arc<F>) -> io::Result<()> {
        debug_assert!(matches!(self.under_way, UnderWay::Nothing));
        if !self.in_background {
            self.under_way = UnderWay::Here(Arc::clone(file));
            return Ok(());
        }
        if self.worker.is_none() {
            self.worker = Some(Worker::start()?);
        }
        let orders = self.worker.as_ref().and_then(|worker| worker.orders.as_ref());
        let sent = orders.map(|orders| orders.send(Arc::clone(file)));
        self.under_way = UnderWay::There;
        if matches!(sent, Some(Ok(()))) { Ok(()) } else { Err(gone()) }
    }

    /// How the sync that is under way has ended, if it has.
    pub(crate) fn poll(&mut self) -> Option<io::Result<()>> {
        let ended = match (&self.under_way, &self.worker) {
            (UnderWay::There, Some(worker)) => match worker.done.try_recv() {
                Err(TryRecvError::Empty) => return None,
                ended => ended.unwrap_or_else(|_| Err(gone())),
            },
            (UnderWay::Here(file), _) => file.sync_data(),
            _ => return None,
        };
        self.under_way = UnderWay::Nothing;
        Some(ended)
    }

    /// Waits for the end of the sync that is under way, if there is one.
    pub(crate) fn wait(&mut self) -> Option<io::Result<()>> {
        let ended = match (&self.under_way, &self.worker) {
            (UnderWay::There, Some(worker)) => worker.done.recv().unwrap_or_else(|_| Err(gone())),
            (UnderWay::Here(file), _) => file.sync_data(),
            _ => return None,
        };
        self.under_way = UnderWay::Nothing;
        Some(ended)
    }
}

impl<F: StorageFile + Sync> Worker<F> {
    fn start() -> io::Result<Self> {
        let (orders, ordered) = sync_channel::<Arc<F>>(1);
        let (ended, done) = sync_channel(1);
        let work = move || {
            for file in ordered {
                if ended.send(file.sync_data()).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("sync".into()).spawn(work)?;
        Ok(Self { orders: Some(orders), done, thread: Some(thread) })
    }
}

/// The journal's lock must not be given back while a sync is under way.
impl<F> Drop for Worker<F> {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // Its panic was reported when it happened, and it holds nothing.
            let _ = thread.join();
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("the thread that syncs has ended")
}
