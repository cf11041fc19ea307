//! The journal: what came in, in order, before anything that came of it leaves.
//!
//! A journal is a directory of numbered [segments](segment), each a header and
//! then [frames](frame); a frame is one batch of the application's bytes. The
//! journal knows sequences, checksums and the disk. What a body means, it never
//! learns.
//!
//! ```
//! use ringmatch_journal::{Directory, Durability, Identity, Options, Reader, Recovery};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path();
//! let venue = Identity::new("ALPHA", b"orders = 1000")?;
//! let options = Options { segment_bytes: 1 << 20, durability: Durability::Fsync };
//! let mut recovery = Recovery::open(Directory::create(path)?, venue, options)?;
//! while let Some(frame) = recovery.next_frame()? {
//!     println!("replay {} from sequence {}", frame.count, frame.first_sequence);
//! }
//! let (mut writer, report) = recovery.into_writer()?;
//! println!("{report}");
//!
//! writer.append(1, 1, 2, 1_000, b"two commands")?;
//! writer.commit(1_000)?;
//! assert_eq!(writer.gate_sequence(), 2);
//!
//! let mut reader = Reader::open(Directory::open(path)?)?;
//! assert_eq!(reader.identity().config(), b"orders = 1000");
//! assert_eq!(reader.next_frame()?.map(|frame| frame.body), Some(&b"two commands"[..]));
//! assert!(reader.next_frame()?.is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What always holds
//!
//! - A frame follows the one before it: its first sequence is the next one, and
//!   it carries the hash of its predecessor. Anything else is refused by name.
//! - Recovery changes nothing before it has read everything and found it sound.
//! - After one failed write or sync a [`Writer`] refuses everything: what the
//!   disk then holds is known only to a recovery.
//! - No length read from a disk is trusted before its checksum is, and none
//!   makes more memory be taken than one frame of [`MAX_BODY_BYTES`].
//!
//! The bytes are drawn, and each crash is argued, in `docs/journal-format.md`.

#![forbid(unsafe_code)]

mod aligned;
mod archive;
mod directory;
mod durability;
mod error;
pub mod frame;
mod identity;
mod mark;
mod nowhere;
mod pace;
mod position;
mod preparer;
mod reader;
mod recovery;
mod report;
mod retention;
mod room;
mod scanner;
pub mod segment;
mod segment_file;
pub mod sim;
mod snapshot;
mod snapshot_chunks;
mod snapshot_store;
mod start;
mod storage;
mod survey;
mod syncer;
mod tail;
mod window;
mod writer;

pub use aligned::BODY_ALIGNMENT;
pub use directory::Directory;
pub use durability::{Durability, UnknownDurability};
pub use error::{Fault, Follows, JournalError};
pub use frame::{Frame, MAX_BODY_BYTES};
pub use identity::{Identity, MAX_CONFIG_BYTES, VENUE_BYTES};
pub use nowhere::{Nowhere, NowhereFile};
pub use position::Position;
pub use reader::Reader;
pub use recovery::{Options, Recovery};
pub use report::{RecoveryReport, TornTail};
pub use retention::{Retention, Tidied, tidy};
pub use room::{ENOUGH_SEGMENTS, Room};
pub use snapshot::{SNAPSHOT_VERSION, Snapshot, SnapshotInfo};
pub use snapshot_store::{Found, SaveRate, SnapshotStore, SnapshotWriter};
pub use start::Start;
pub use storage::{Access, Storage, StorageFile};
pub use tail::Tail;
pub use writer::Writer;
