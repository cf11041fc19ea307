//! The operator's door: a socket in the venue's data directory.
//!
//! A Unix datagram socket, so whoever may write to the directory may operate
//! the venue, and nobody else. A datagram is one JSON object, an
//! [`Operation`]; it is answered with one. The venue that holds the journal's
//! lock owns the door: what an earlier one left behind is removed.

use crate::operation::Operation;
use serde_json::{Value, json};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The socket's name in the data directory.
const NAME: &str = "operate.sock";
/// Operations taken before the venue is looked after again.
const AT_ONCE: usize = 16;
/// The longest operation or answer.
const MAX_BYTES: usize = 64 << 10;

/// A venue's end.
#[derive(Debug)]
pub struct Door {
    socket: UnixDatagram,
    path: PathBuf,
}

/// Why nobody can come in, or get out.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The socket cannot be made.
    #[error("the operator's door {path} cannot be opened: {source}")]
    Open {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nobody answers.
    #[error("no venue answers at {path}: {source}. Is it running, on this data directory?")]
    Silence {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The answer is no JSON.
    #[error("the venue at {path} gave an answer that cannot be read")]
    Garbled {
        /// Where.
        path: PathBuf,
    },
}

impl Door {
    /// Opens the door of a venue that holds the lock of `data_dir`.
    ///
    /// # Errors
    /// When the system refuses; a path of more than some hundred bytes is too
    /// long for it.
    pub fn open(data_dir: &Path) -> Result<Self, DoorError> {
        let path = data_dir.join(NAME);
        let open = || {
            remove(&path)?;
            let socket = UnixDatagram::bind(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        match open() {
            Ok(socket) => Ok(Self { socket, path }),
            Err(source) => Err(DoorError::Open { path, source }),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets in whoever waits, and gives each what `answer` says.
    pub fn serve(&self, mut answer: impl FnMut(Operation) -> Value) {
        let mut bytes = vec![0; MAX_BYTES];
        // Bounded, so that who asks for much keeps nobody waiting.
        for _ in 0..AT_ONCE {
            let Ok((len, from)) = self.socket.recv_from(&mut bytes) else { return };
            let answered = match serde_json::from_slice::<Operation>(&bytes[..len]) {
                Ok(operation) => answer(operation),
                Err(error) => json!({ "error": format!("that is no operation: {error}") }),
            };
            // Who does not wait for an answer gets none.
            if let Some(path) = from.as_pathname() {
                let _ = self.socket.send_to(answered.to_string().as_bytes(), path);
            }
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = remove(&self.path);
    }
}

/// Asks the venue on a data directory, and waits for its answer.
///
/// # Errors
/// When none answers in `patience`.
pub fn ask(data_dir: &Path, operation: &Operation, patience: Duration) -> Result<Value, DoorError> {
    let path = data_dir.join(NAME);
    let own = data_dir.join(format!("operate-{}.sock", std::process::id()));
    let mut bytes = vec![0; MAX_BYTES];
    let mut exchange = || {
        remove(&own)?;
        let socket = UnixDatagram::bind(&own)?;
        socket.set_read_timeout(Some(patience))?;
        socket.send_to(json!(operation).to_string().as_bytes(), &path)?;
        socket.recv(&mut bytes)
    };
    let received = exchange();
    let _ = remove(&own);
    let len = received.map_err(|source| DoorError::Silence { path: path.clone(), source })?;
    serde_json::from_slice(&bytes[..len]).map_err(|_| DoorError::Garbled { path })
}

/// Removes a socket, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
