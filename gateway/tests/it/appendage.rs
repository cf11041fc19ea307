//! What may stand after the fixed part of an OUCH 5.0 message.
//!
//! The table gives bytes and what they decode to: the options in order, or the
//! refusal. X stands for the messages that were of fixed length before 2024, O
//! for those that always had an appendage, S (outbound) for the one with none.

use ringmatch_gateway::wire::ouch::{Inbound, OuchOption, Outbound};
use ringmatch_gateway::wire::{Letter, WireError};

/// A cancel (`X`), and what follows its 9 bytes.
fn cancel(rest: &[u8]) -> Result<Vec<OuchOption>, WireError> {
    let bytes = [b"X\0\0\0\x01\0\0\0\0", rest].concat();
    Inbound::decode(&bytes).map(|(_, options)| options.options().collect())
}

/// A disabling of order entry (`D`), whose appendage is always there.
fn disable(rest: &[u8]) -> Result<Vec<OuchOption>, WireError> {
    let bytes = [b"D\0\0\0\x01FIRM", rest].concat();
    Inbound::decode(&bytes).map(|(_, options)| options.options().collect())
}

#[test]
fn accepted_habits() {
    let index = OuchOption::UserRefIdx(3);
    assert_eq!(cancel(b""), Ok(vec![]), "as before 2024");
    assert_eq!(cancel(b"\0\0"), Ok(vec![]), "an explicit length of zero");
    assert_eq!(cancel(b"\0\x03\x02\x1c\x03"), Ok(vec![index]), "an option");
    assert_eq!(disable(b"\0\0"), Ok(vec![]));
    assert_eq!(disable(b"\0\x03\x02\x1c\x03"), Ok(vec![index]));
}

#[test]
fn unknown_tags_are_skipped() {
    let side = OuchOption::Side(Letter(b'B'));
    assert_eq!(disable(b"\0\x06\x02\xfa\x07\x02\x1bB"), Ok(vec![side]));
    assert_eq!(disable(b"\0\x04\x01\x08\x01\xff"), Ok(vec![]), "unknown tags without a value");
}

#[test]
fn refusals() {
    let letter = Letter(b'D');
    let bounds = |at, length, room| WireError::OptionBounds { at, length, room };
    let cases: [(&[u8], WireError); 11] = [
        (b"", WireError::AppendageMissing(letter)),
        (b"\0", WireError::AppendageTorn { letter, found: 1 }),
        (b"\0\x03\x02\x1c", WireError::AppendageLength { stated: 3, found: 2 }),
        (b"\0\x02\x02\x1c\x03", WireError::AppendageLength { stated: 2, found: 3 }),
        (b"\0\x01\0", bounds(0, 0, 0)),
        (b"\0\x02\x02\x1c", bounds(0, 2, 1)),
        (b"\0\x05\x02\x1c\x03\xff\x01", bounds(3, 255, 1)),
        (b"\0\x04\x03\x1c\x03\x04", WireError::OptionLength { tag: 28, expected: 1, found: 2 }),
        (b"\0\x02\x01\x1c", WireError::OptionLength { tag: 28, expected: 1, found: 0 }),
        (b"\0\x06\x02\x1c\x03\x02\x1c\x03", WireError::OptionTwice(28)),
        (b"\0\x06\x02\xf2\x31\x02\xf2\x32", WireError::OptionTwice(242)),
    ];
    for (rest, refusal) in cases {
        assert_eq!(disable(rest), Err(refusal), "{rest:02x?}");
    }
    let letter = Letter(b'X');
    assert_eq!(cancel(b"\0"), Err(WireError::AppendageTorn { letter, found: 1 }));
}

#[test]
fn a_message_without_appendage_takes_none() {
    let bytes = b"S\0\0\0\0\0\0\0\0S";
    assert!(Outbound::decode(bytes).is_ok());
    let longer = [&bytes[..], b"\0\0"].concat();
    let torn = WireError::AppendageTorn { letter: Letter(b'S'), found: 2 };
    assert_eq!(Outbound::decode(&longer), Err(torn));
}

/// A bad appendage refuses the message, yet the order can still be named.
#[test]
fn the_fixed_part_is_readable_without_its_appendage() {
    let bytes = b"D\0\0\0\x01FIRM\0\x09";
    assert!(Inbound::decode(bytes).is_err());
    let (message, rest) = Inbound::decode_fixed(bytes).unwrap();
    let Inbound::DisableOrderEntry(disable) = message else { panic!("{message:?}") };
    assert_eq!((disable.user_ref_num, rest), (1, &b"\0\x09"[..]));
}

#[test]
fn tags_and_lengths_are_those_of_the_protocol() {
    let lengths: Vec<_> =
        OuchOption::LAYOUTS.iter().map(|option| (option.tag, option.len)).collect();
    let expected = [
        (1, 8),
        (2, 4),
        (3, 4),
        (4, 1),
        (5, 4),
        (6, 1),
        (7, 4),
        (9, 8),
        (10, 1),
        (11, 4),
        (12, 1),
        (13, 4),
        (14, 4),
        (15, 4),
        (16, 1),
        (17, 1),
        (18, 1),
        (22, 4),
        (23, 8),
        (24, 2),
        (25, 1),
        (26, 4),
        (27, 1),
        (28, 1),
        (29, 1),
        (30, 2),
        // Private to the venue.
        (240, 8),
        (241, 8),
        (242, 1),
        (243, 1),
    ];
    assert_eq!(lengths, expected);
}
