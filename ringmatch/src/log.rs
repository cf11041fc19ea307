//! Commands in the journal, and what a journal of them says of itself.
//!
//! The journal carries bytes; here is what they mean. A *commands* frame is
//! an archived list of sequenced commands. A *checkpoint* frame holds the
//! digest that the exchange had after some earlier command, so that every
//! replay is held against the run that wrote the log. The head of every
//! segment carries the venue's limits as TOML, so a replay needs nothing else.

use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::{Digest, Limits, Sequence};
use rkyv::rancor::Error as ArchiveError;
use rkyv::util::AlignedVec;
use serde::{Deserialize, Serialize};

/// A frame with commands.
pub const COMMANDS: u8 = 1;
/// A frame with a checkpoint.
pub const CHECKPOINT: u8 = 2;

/// How many commands lie between two checkpoints.
pub const CHECKPOINT_INTERVAL: u64 = 1 << 10;

/// The digest after a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The command.
    pub sequence: Sequence,
    /// The digest of all events up to its last.
    pub digest: Digest,
}

impl Checkpoint {
    /// Sequence and digest, little-endian.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.sequence.0.to_le_bytes());
        bytes[8..].copy_from_slice(&self.digest.0.to_le_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// When it is not sixteen bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BodyError> {
        let (sequence, digest) = bytes.split_first_chunk().ok_or(BodyError::Checkpoint)?;
        let digest = digest.try_into().map_err(|_| BodyError::Checkpoint)?;
        Ok(Self {
            sequence: Sequence(u64::from_le_bytes(*sequence)),
            digest: Digest(u64::from_le_bytes(digest)),
        })
    }
}

/// Why a frame that arrived whole makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BodyError {
    /// The list of commands is no valid archive.
    #[error("its body is no list of commands: {0}")]
    Commands(String),
    /// The list is not what the frame's header says.
    #[error("its header announces {announced} commands from sequence {first}, its body has others")]
    Count {
        /// First sequence in the header.
        first: u64,
        /// Count in the header.
        announced: u32,
    },
    /// The checkpoint is not sixteen bytes.
    #[error("its checkpoint is not sixteen bytes long")]
    Checkpoint,
    /// The kind of the frame is unknown.
    #[error("its kind {0} is unknown")]
    Kind(u8),
    /// The limits in the segment's head cannot be read.
    #[error("the venue's limits in its head cannot be read: {0}")]
    Limits(String),
}

/// Archives lists of commands, into memory that is used again and again.
#[derive(Debug, Default)]
pub struct Encoder {
    commands: Vec<SequencedCommand>,
    bytes: AlignedVec,
}

impl Encoder {
    /// Adds a command to the list.
    pub fn push(&mut self, command: SequencedCommand) {
        self.commands.push(command);
    }

    /// The commands so far.
    #[must_use]
    pub fn commands(&self) -> &[SequencedCommand] {
        &self.commands
    }

    /// The most commands that fit a body of so many bytes.
    #[must_use]
    pub fn most_in(body_bytes: u64) -> usize {
        let each = size_of::<rkyv::Archived<SequencedCommand>>() as u64;
        // Behind the commands the archive says where they are, aligned as they
        // are: less than one of them.
        usize::try_from((body_bytes / each).saturating_sub(1)).unwrap_or(usize::MAX)
    }

    /// The body of a frame with the commands so far.
    ///
    /// # Panics
    /// Never: memory is the only thing that could fail.
    pub fn encode(&mut self) -> &[u8] {
        self.bytes.clear();
        let bytes = std::mem::take(&mut self.bytes);
        self.bytes = rkyv::api::high::to_bytes_in::<_, ArchiveError>(&self.commands, bytes)
            .expect("archiving plain values into memory cannot fail");
        &self.bytes
    }

    /// Empties the list and keeps its memory.
    pub fn clear(&mut self) {
        self.commands.clear();
    }
}

/// Reads the commands of a frame into `commands`, which is emptied first.
///
/// # Errors
/// When the body is no archive of commands, or not of those that the frame's
/// header announces.
pub fn decode(
    body: &[u8],
    first: Sequence,
    count: u32,
    commands: &mut Vec<SequencedCommand>,
) -> Result<(), BodyError> {
    commands.clear();
    let fail = |error: ArchiveError| BodyError::Commands(error.to_string());
    let archived =
        rkyv::access::<rkyv::Archived<Vec<SequencedCommand>>, ArchiveError>(body).map_err(fail)?;
    for archived in archived.iter() {
        commands.push(rkyv::deserialize::<SequencedCommand, ArchiveError>(archived).map_err(fail)?);
    }
    let expected = (first.0..).zip(commands.iter()).all(|(n, command)| command.sequence.0 == n);
    if commands.len() != count as usize || !expected {
        return Err(BodyError::Count { first: first.0, announced: count });
    }
    Ok(())
}

/// The limits as they stand in the head of a segment.
#[derive(Serialize, Deserialize)]
struct LimitsText {
    orders: u32,
    levels_per_side: u32,
    instruments: u16,
    sessions: u16,
    special_orders: u32,
    recent_trades: u32,
}

/// What the head of every segment says of the venue.
///
/// # Panics
/// Never: these numbers can always be written.
#[must_use]
pub fn encode_limits(limits: &Limits) -> Vec<u8> {
    let Limits { orders, levels_per_side, instruments, sessions, special_orders, recent_trades } =
        *limits;
    let text = LimitsText {
        orders,
        levels_per_side,
        instruments,
        sessions,
        special_orders,
        recent_trades,
    };
    toml::to_string(&text).expect("these numbers can be written").into_bytes()
}

/// Reads what [`encode_limits`] wrote.
///
/// # Errors
/// When it is something else.
pub fn decode_limits(bytes: &[u8]) -> Result<Limits, BodyError> {
    let fail = |error: &dyn std::fmt::Display| BodyError::Limits(error.to_string());
    let text = std::str::from_utf8(bytes).map_err(|error| fail(&error))?;
    let text: LimitsText = toml::from_str(text).map_err(|error| fail(&error.message()))?;
    let LimitsText {
        orders,
        levels_per_side,
        instruments,
        sessions,
        special_orders,
        recent_trades,
    } = text;
    let limits =
        Limits { orders, levels_per_side, instruments, sessions, special_orders, recent_trades };
    limits.check().map_err(|error| fail(&error))?;
    Ok(limits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringmatch_engine::command::{Cancel, Command, Enter};
    use ringmatch_engine::{Price, Quantity, UserRef};

    fn commands() -> Vec<SequencedCommand> {
        let enter = Enter { user_ref: UserRef(7), price: Price(1_000), ..Enter::default() };
        let cancel = Cancel { user_ref: UserRef(7), quantity: Quantity(3) };
        [Command::Enter(enter), Command::Cancel(cancel), Command::AccountQuery]
            .into_iter()
            .zip(41..)
            .map(|(command, n)| SequencedCommand {
                sequence: Sequence(n),
                command,
                ..SequencedCommand::default()
            })
            .collect()
    }

    #[test]
    fn commands_come_back_as_they_were() {
        let mut encoder = Encoder::default();
        let mut read = Vec::new();
        for _ in 0..2 {
            encoder.clear();
            commands().into_iter().for_each(|command| encoder.push(command));
            decode(encoder.encode(), Sequence(41), 3, &mut read).unwrap();
            assert_eq!(read, commands());
        }
    }

    #[test]
    fn as_many_commands_as_are_said_to_fit_do() {
        for body_bytes in [64_000_u64, 126_912, 1 << 20] {
            let mut encoder = Encoder::default();
            let most = Encoder::most_in(body_bytes);
            (0..most).for_each(|_| encoder.push(SequencedCommand::default()));
            let encoded = encoder.encode().len() as u64;
            assert!(encoded <= body_bytes, "{most} take {encoded} of {body_bytes}");
            assert!(encoded > body_bytes - 1_000, "{most} take {encoded} of {body_bytes}");
        }
        assert_eq!(Encoder::most_in(0), 0);
    }

    #[test]
    fn a_header_that_announces_others_is_refused() {
        let mut encoder = Encoder::default();
        commands().into_iter().for_each(|command| encoder.push(command));
        let body = encoder.encode();
        for (first, announced) in [(41, 2), (40, 3), (41, 4)] {
            let read = decode(body, Sequence(first), announced, &mut Vec::new());
            assert_eq!(read, Err(BodyError::Count { first, announced }));
        }
    }

    #[test]
    fn limits_come_back_as_they_were() {
        let limits = Limits {
            orders: 5,
            levels_per_side: 4,
            instruments: 3,
            sessions: 2,
            special_orders: 6,
            recent_trades: 8,
        };
        assert_eq!(decode_limits(&encode_limits(&limits)), Ok(limits));
        assert!(decode_limits(b"orders = 1").is_err());
        assert!(decode_limits(&encode_limits(&Limits { orders: 0, ..limits })).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_refused_or_read(body: Vec<u8>, count: u32) {
            let mut aligned = AlignedVec::<16>::new();
            aligned.extend_from_slice(&body);
            let _ = decode(&aligned, Sequence(1), count, &mut Vec::new());
            let _ = decode_limits(&body);
            let _ = Checkpoint::from_bytes(&body);
        }
    }
}
