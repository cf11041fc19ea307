//! The service's thread: of a lower priority than the stages, and asleep when there
//! is nothing to do.
//!
//! Not of the lowest: clients wait for it who were away, and beside busy CPUs the
//! lowest is next to nothing. What has once been given up cannot be had back
//! without a permission, so it is the same whether anybody waits or not.
//!
//! It ends when it is told to, or when the service cannot go on; then it says
//! why, and the venue trades on without it.

use super::Service;
use crate::clock::Clock;
use crate::threads::Priority;
use ringmatch_gateway::net::Datagrams;
use ringmatch_journal::Storage;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long it sleeps when there is nothing to do; an old request wakes it.
const PAUSE: Duration = Duration::from_millis(10);
/// Any stage goes first; beside one that never sleeps it has a tenth of a CPU.
const PRIORITY: Priority = Priority::Nice(10);

/// The running service.
pub struct ServiceThread {
    handle: JoinHandle<()>,
    stop: Arc<AtomicBool>,
    fault: Arc<OnceLock<String>>,
    /// What it has to say; locked by the thread only when there is something.
    news: Arc<Mutex<Vec<String>>>,
}

impl ServiceThread {
    /// Starts the service on a thread of its own.
    ///
    /// # Errors
    /// When the operating system starts no thread.
    pub fn start<S, N, C>(mut service: Service<S, N>, clock: C) -> std::io::Result<Self>
    where
        S: Storage,
        N: Datagrams + Send + 'static,
        C: Clock + 'static,
        Service<S, N>: Send,
    {
        let (stop, fault) = (Arc::<AtomicBool>::default(), Arc::<OnceLock<String>>::default());
        let (told_to, told) = (Arc::clone(&stop), Arc::clone(&fault));
        let news = Arc::<Mutex<Vec<String>>>::default();
        let said = Arc::clone(&news);
        let builder = std::thread::Builder::new().name("service".into());
        let handle = builder.spawn(move || {
            // Where threads have no niceness of their own it only costs more.
            let _ = PRIORITY.take();
            while !told_to.load(Ordering::Acquire) {
                let polled = service.poll(clock.now().0);
                let news = service.news();
                if !news.is_empty() {
                    said.lock().unwrap_or_else(PoisonError::into_inner).extend(news);
                }
                match polled {
                    Ok(0) => service.wait(PAUSE),
                    Ok(_) => {}
                    Err(error) => {
                        // Nobody else writes to it.
                        let _ = told.set(error.to_string());
                        return;
                    }
                }
            }
        })?;
        Ok(Self { handle, stop, fault, news })
    }

    /// Why it cannot go on, if that is so.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        if self.handle.is_finished() && self.fault.get().is_none() {
            return Some("it panicked; this is a bug, and its message is above");
        }
        self.fault.get().map(String::as_str)
    }

    /// What it had to say since it was last asked.
    #[must_use]
    pub fn news(&self) -> Vec<String> {
        std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells it to end, and waits until it has.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        // How it ended was told by `fault`.
        let _ = self.handle.join();
    }
}
