//! Bodies of frames and limits in heads, on the bytes that a fuzzer makes up.
//!
//! They have passed the journal's checksums when they are read, so this is about
//! what another build could have written. The first byte says what the rest is. What
//! is read as commands is encoded and read again, and must be the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "the engine uses more of it")]
#[path = "../../../ringmatch/src/log.rs"]
mod log;

use log::{Checkpoint, Encoder, decode, decode_limits, encode_limits};
use ringmatch_engine::Sequence;
use rkyv::util::AlignedVec;

fuzz_target!(|bytes: &[u8]| {
    let Some((&what, bytes)) = bytes.split_first() else { return };
    match what % 3 {
        0 => commands(bytes),
        1 => {
            if let Ok(limits) = decode_limits(bytes) {
                assert_eq!(decode_limits(&encode_limits(&limits)), Ok(limits));
            }
        }
        _ => {
            if let Ok(checkpoint) = Checkpoint::from_bytes(bytes) {
                assert_eq!(checkpoint.to_bytes(), bytes);
            }
        }
    }
});

/// The first four bytes are the count in the header, the others are the body.
fn commands(bytes: &[u8]) {
    let Some((count, body)) = bytes.split_first_chunk() else { return };
    let mut aligned = AlignedVec::<64>::new();
    aligned.extend_from_slice(body);
    let count = u32::from_le_bytes(*count);
    let mut read = Vec::new();
    if decode(&aligned, Sequence(1), count, &mut read).is_err() {
        return;
    }
    let mut encoder = Encoder::default();
    read.iter().for_each(|command| encoder.push(*command));
    let mut again = Vec::new();
    decode(encoder.encode(), Sequence(1), count, &mut again).expect("what was just encoded");
    assert!(again == read);
}
