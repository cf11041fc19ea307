//! The file that holds the keys of sessions.
//!
//! One line a session: its name and its key, 64 hexadecimal digits, with blanks
//! between them; blank lines and what follows a `#` do not count. The venue's
//! file has the keys of all its sessions, a client's only its own. Whoever can
//! read a key can trade with it, so a file that anybody but its owner can read
//! is refused, and no message says what a key is.

use crate::config::Config;
use ringmatch_engine::SessionName;
use ringmatch_gateway::seal::Key;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Keys of sessions; a session that is not here has none.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    by_session: BTreeMap<SessionName, Key>,
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read.
    #[error("the keys file {path} cannot be read: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others than its owner can read or change it.
    #[error(
        "the keys file {path} has the permissions {mode:03o}, so others than its owner can get at \
         the keys: run `chmod 600 {path}`, and make new keys if others were here"
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A line is no key.
    #[error("the keys file {path}, line {line}: {fault}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: String,
    },
    /// There is a key for a session that the config does not have.
    #[error(
        "the keys file {path} has a key for the session {session}, which the config does not have: \
         correct the name, or remove the line"
    )]
    Stranger {
        /// Which file.
        path: PathBuf,
        /// Which session.
        session: SessionName,
    },
    /// Anybody in the network could trade.
    #[error(
        "the session {session} has no key, and orders are taken from a network and not only from \
         this host: anybody there could trade as {session}. Give it a line in the file that \
         `keys` in [order_entry] names (`ringmatch key {session}` makes one), or say \
         `accept_unsealed_orders_from_the_network = true` there"
    )]
    Open {
        /// The first such session.
        session: SessionName,
    },
}

impl Keys {
    /// The keys in a file.
    ///
    /// # Errors
    /// When the file cannot be read, others can read it, or it makes no sense.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        let failed = |source| KeysError::Read { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        // Of the open file, so that it cannot be another one than is read.
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeysError::Exposed { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text).map_err(|(line, fault)| {
            let path = path.to_owned();
            KeysError::Line { path, line, fault }
        })
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut keys = Self::default();
        for (line, number) in text.lines().zip(1..) {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(name) = words.next() else { continue };
            let (Some(key), None) = (words.next(), words.next()) else {
                return Err((number, "a line is a session's name and its key".into()));
            };
            let session: SessionName =
                name.parse().map_err(|error| (number, format!("{name:?}: {error}")))?;
            let key = key.parse().map_err(|error| (number, format!("{error}")))?;
            if keys.by_session.insert(session, key).is_some() {
                return Err((number, format!("{session} has a key already")));
            }
        }
        Ok(keys)
    }

    /// The keys that a venue with this config runs on.
    ///
    /// # Errors
    /// When they cannot be used, or when sessions have none and the config does
    /// not say that this is meant.
    pub fn of_venue(config: &Config) -> Result<Self, KeysError> {
        let keys = match &config.order_entry.keys {
            Some(path) => Self::read(path)?.known_to(config, path)?,
            None => Self::default(),
        };
        let is_open = config.order_entry.accept_unsealed_orders_from_the_network;
        let mut sessions = config.sessions.iter().map(|session| session.name);
        match sessions.find(|&session| keys.of(session).is_none()) {
            Some(session) if !is_open && !is_private(config) => Err(KeysError::Open { session }),
            _ => Ok(keys),
        }
    }

    /// The key that a client of a venue with this config trades with, if any.
    ///
    /// # Errors
    /// When the config names a file of keys that cannot be used.
    pub fn of_client(config: &Config, session: SessionName) -> Result<Option<Key>, KeysError> {
        let path = config.order_entry.keys.as_deref();
        Ok(path.map(Self::read).transpose()?.and_then(|keys| keys.of(session)))
    }

    fn known_to(self, config: &Config, path: &Path) -> Result<Self, KeysError> {
        let is_known = |name| config.sessions.iter().any(|session| session.name == name);
        match self.by_session.keys().find(|&&name| !is_known(name)) {
            Some(&session) => Err(KeysError::Stranger { path: path.to_owned(), session }),
            None => Ok(self),
        }
    }

    /// A session's key, if it has one.
    #[must_use]
    pub fn of(&self, session: SessionName) -> Option<Key> {
        self.by_session.get(&session).copied()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (SessionName, Key)> {
        self.by_session.iter().map(|(session, key)| (*session, *key))
    }
}

/// Whether only this host can send orders to the venue.
fn is_private(config: &Config) -> bool {
    let network = &config.network;
    let reached_by = |address: Ipv4Addr| match address.is_multicast() {
        true => network.interface,
        false => address,
    };
    reached_by(*network.orders.ip()).is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_session_and_its_key() {
        let key = "ab".repeat(32);
        let text = format!("# ours\n\nALPHA {key}\n  BRAVO\t{key} # theirs\n");
        let keys = Keys::parse(&text).unwrap();
        let sessions: Vec<_> = keys.iter().map(|(session, _)| session.to_string()).collect();
        assert_eq!(sessions, ["ALPHA", "BRAVO"]);
        assert_eq!(keys.of("ALPHA".parse().unwrap()), Some(key.parse().unwrap()));
        assert_eq!(keys.of("CHARLIE".parse().unwrap()).map(|_| ()), None);
        for (text, line, says) in [
            ("ALPHA", 1, "name and its key"),
            ("\nALPHA abc", 2, "64 hexadecimal digits"),
            (&format!("ALPHA {key} x"), 1, "name and its key"),
            (&format!("ALPHA {key}\nALPHA {key}"), 2, "already"),
            (&format!("ALPHABETICAL {key}"), 1, "10"),
        ] {
            let (at, fault) = Keys::parse(text).unwrap_err();
            assert_eq!(at, line, "{fault}");
            assert!(fault.contains(says) && !fault.contains(&key), "{fault}");
        }
    }

    #[test]
    fn only_loopback_is_private() {
        for (interface, orders, expected) in [
            ("127.0.0.1", "239.1.1.1:1", true),
            ("127.0.0.1", "127.0.0.1:1", true),
            ("10.0.0.1", "127.0.0.1:1", true),
            ("10.0.0.1", "239.1.1.1:1", false),
            ("127.0.0.1", "10.0.0.1:1", false),
            ("127.0.0.1", "0.0.0.0:1", false),
        ] {
            let mut config = Config::load(None).unwrap();
            config.network.interface = interface.parse().unwrap();
            config.network.orders = orders.parse().unwrap();
            assert_eq!(is_private(&config), expected, "{interface} {orders}");
            let keys = Keys::of_venue(&config);
            assert_eq!(keys.is_ok(), expected, "{interface} {orders}");
            config.order_entry.accept_unsealed_orders_from_the_network = true;
            assert!(Keys::of_venue(&config).is_ok());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_or_read(text: String) {
            let _ = Keys::parse(&text);
        }
    }
}
