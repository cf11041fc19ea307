//! Whose journal it is, as every segment says in its header.
//!
//! A venue's name, and the application's configuration as opaque bytes: what a
//! replay needs besides the frames. The fingerprint is the checksum of those
//! bytes; it names a configuration in messages, while comparisons use the bytes
//! themselves.

use crate::JournalError;
use std::fmt;

/// The longest name of a venue, in bytes.
pub const VENUE_BYTES: usize = 16;
/// The longest configuration, in bytes: what a segment's header has room for.
pub const MAX_CONFIG_BYTES: usize = 3_968;

/// Whose journal it is: the venue's name, and the application's configuration as
/// opaque bytes, which is all that a replay needs besides the frames.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    venue: [u8; VENUE_BYTES],
    config: Vec<u8>,
}

impl Identity {
    /// The identity of a venue with this name and configuration.
    ///
    /// # Errors
    /// When the name is longer than [`VENUE_BYTES`] or the configuration than
    /// [`MAX_CONFIG_BYTES`].
    pub fn new(venue: &str, config: &[u8]) -> Result<Self, JournalError> {
        if venue.len() > VENUE_BYTES || config.len() > MAX_CONFIG_BYTES {
            return Err(JournalError::IdentityTooLarge {
                venue_bytes: venue.len(),
                config_bytes: config.len(),
            });
        }
        let mut padded = [0; VENUE_BYTES];
        padded[..venue.len()].copy_from_slice(venue.as_bytes());
        Ok(Self::from_parts(padded, config.to_vec()))
    }

    pub(crate) fn from_parts(venue: [u8; VENUE_BYTES], config: Vec<u8>) -> Self {
        Self { venue, config }
    }

    /// The venue's name, filled up with zeros.
    #[must_use]
    pub fn venue(&self) -> [u8; VENUE_BYTES] {
        self.venue
    }

    /// The venue's name for a reader's eyes.
    #[must_use]
    pub fn venue_name(&self) -> String {
        String::from_utf8_lossy(&self.venue).trim_end_matches('\0').to_owned()
    }

    /// The application's configuration.
    #[must_use]
    pub fn config(&self) -> &[u8] {
        &self.config
    }

    /// The CRC32C of the configuration.
    #[must_use]
    pub fn fingerprint(&self) -> u32 {
        crc32c::crc32c(&self.config)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?}, config {:08x})", self.venue_name(), self.fingerprint())
    }
}
