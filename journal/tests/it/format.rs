//! The bytes on disk, literally: whoever changes one changes the format's
//! version and `docs/journal-format.md`.

use crate::fixture::{Folder, SEGMENT_BYTES, identity, recover};
use ringmatch_journal::frame::{Decoded, FrameHeader, frame_bytes};
use ringmatch_journal::segment::{DecodedSegment, SegmentHeader, segment_name, segment_number};
use std::fs;

const FRAME: FrameHeader = FrameHeader {
    kind: 2,
    body_crc: 0x0403_0201,
    epoch: 0x1413_1211,
    count: 0x2423_2221,
    first_sequence: 0x3837_3635_3433_3231,
    time_ns: 0x4847_4645_4443_4241,
    chain: 0x5857_5655_5453_5251,
    body_bytes: 0x0013_1211,
    synced_to: 0x6867_6665_6463_6240,
};

const FRAME_BYTES: &str = "524d4652 0100 02 00 CRCCRCCR 01020304 11121314 21222324 \
     3132333435363738 4142434445464748 5152535455565758 11121300 00000000 4062636465666768";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_frame_header() {
    let (bytes, hash) = FRAME.encode();
    // The checksum by another road: a table-free CRC32C, a bit at a time.
    let crc = bitwise_crc32c([&bytes[..8], &bytes[12..]].concat().as_slice());
    let expected = FRAME_BYTES.replace(' ', "").replace("CRCCRCCR", &hex(&crc.to_le_bytes()));
    assert_eq!(hex(&bytes), expected);
    assert_eq!(crc, 0xdd3c_0be2);
    assert_eq!(hash, 0x0403_0201_dd3c_0be2);
    assert_eq!(FrameHeader::decode(&bytes), Decoded::Header(FRAME, hash));
}

#[test]
fn a_segment_header() {
    let header = SegmentHeader {
        identity: identity(),
        number: 0x0102_0304,
        segment_bytes: 0x0400_0000,
        first_sequence: 0x3837_3635_3433_3231,
        chain: 0x5857_5655_5453_5251,
    };
    let bytes = header.encode();
    assert_eq!(bytes.len(), 4_096);
    let crc = bitwise_crc32c([&bytes[..12], &bytes[16..]].concat().as_slice());
    let fingerprint = bitwise_crc32c(b"orders = 1000");
    let expected = [
        b"RINGSEGM".as_slice(),
        &[1, 0, 0, 0],
        &crc.to_le_bytes(),
        b"ALPHA\0\0\0\0\0\0\0\0\0\0\0",
        &[4, 3, 2, 1],
        &fingerprint.to_le_bytes(),
        &[0, 0, 0, 4, 0, 0, 0, 0],
        b"12345678",
        b"QRSTUVWX",
        &[13, 0, 0, 0],
        &[0; 60],
        b"orders = 1000",
    ]
    .concat();
    assert_eq!(hex(&bytes[..expected.len()]), hex(&expected));
    assert!(bytes[expected.len()..].iter().all(|byte| *byte == 0));
    assert_eq!(SegmentHeader::decode(&bytes), DecodedSegment::Header(Box::new(header)));
}

#[test]
fn a_file() {
    let folder = Folder::new();
    let (_, mut writer, _) = recover(folder.open()).unwrap();
    writer.append(1, 1, 2, 77, b"two commands").unwrap();
    writer.append(2, 3, 0, 78, &[5; 65]).unwrap();
    writer.append(1, 3, 1, 79, b"").unwrap();
    writer.commit(79).unwrap();
    let file = fs::read(folder.segment(1)).unwrap();
    assert_eq!(file.len() as u64, SEGMENT_BYTES);

    let first = FrameHeader {
        kind: 1,
        body_crc: bitwise_crc32c(b"two commands"),
        epoch: 1,
        count: 2,
        first_sequence: 1,
        time_ns: 77,
        chain: 0,
        body_bytes: 12,
        synced_to: 4_096,
    };
    let (bytes, chain) = first.encode();
    let mut expected = bytes.to_vec();
    expected.extend_from_slice(b"two commands");
    expected.resize(128, 0);
    let note = FrameHeader {
        kind: 2,
        body_crc: bitwise_crc32c(&[5; 65]),
        count: 0,
        first_sequence: 3,
        time_ns: 78,
        chain,
        body_bytes: 65,
        ..first
    };
    let (bytes, chain) = note.encode();
    expected.extend_from_slice(&bytes);
    expected.extend_from_slice(&[5; 65]);
    expected.resize(128 + 192, 0);
    let last = FrameHeader { count: 1, time_ns: 79, chain, body_crc: 0, body_bytes: 0, ..note };
    expected.extend_from_slice(&FrameHeader { kind: 1, ..last }.encode().0);
    assert_eq!(hex(&file[4_096..4_096 + expected.len()]), hex(&expected));
    assert!(file[4_096 + expected.len()..].iter().all(|byte| *byte == 0));
}

#[test]
fn names_and_sizes() {
    assert_eq!(segment_name(1), "00000001.seg");
    assert_eq!(segment_number("00000001.seg"), Some(1));
    for name in ["1.seg", "000000001.seg", "0000000a.seg", "00000001.seg.tmp", "+0000001.seg"] {
        assert_eq!(segment_number(name), None, "{name}");
    }
    assert_eq!([0, 1, 64, 65].map(frame_bytes), [64, 128, 128, 192]);
}

/// CRC-32C (Castagnoli), as RFC 3720 defines it.
fn bitwise_crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg())
        })
    })
}
