//! Every decoder on bytes that nobody meant: round trips, and no panic.
//!
//! A fixed part is a bijection between structs and byte strings of its length,
//! so drawing the bytes draws every struct: struct to bytes to struct, and
//! bytes to struct to bytes, are both checked on each draw.

use proptest::prelude::*;
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::itch_file::{ItchFile, ItchFileError};
use ringmatch_gateway::wire::mold::{Packet, Request};
use ringmatch_gateway::wire::ouch::{Appendage, Inbound, OuchOption, Outbound};
use ringmatch_gateway::wire::{Alpha, AlphaError, Layout, WireError};

fn fixed_part(layouts: &'static [Layout]) -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(layouts).prop_flat_map(|layout| {
        prop::collection::vec(any::<u8>(), layout.len).prop_map(move |mut bytes| {
            bytes[0] = layout.letter;
            bytes
        })
    })
}

/// A set of options, each tag at most once, in any order.
fn options() -> impl Strategy<Value = Vec<OuchOption>> {
    let tags: Vec<_> = OuchOption::LAYOUTS.iter().collect();
    prop::sample::subsequence(tags, 0..=OuchOption::LAYOUTS.len()).prop_shuffle().prop_flat_map(
        |layouts| {
            let one = |layout: &'static ringmatch_gateway::wire::ouch::OptionLayout| {
                prop::collection::vec(any::<u8>(), layout.len)
                    .prop_map(move |value| OuchOption::decode(layout.tag, &value).unwrap().unwrap())
            };
            layouts.into_iter().map(one).collect::<Vec<_>>()
        },
    )
}

proptest! {
    #[test]
    fn itch_round_trip(bytes in fixed_part(ItchMessage::LAYOUTS)) {
        let message = ItchMessage::decode(&bytes).unwrap();
        let mut out = [0; ItchMessage::MAX_LEN];
        let length = message.encode(&mut out);
        prop_assert_eq!(&out[..length], &bytes[..]);
        prop_assert_eq!(ItchMessage::decode(&out[..length]).unwrap(), message);
        prop_assert_eq!(message.letter(), bytes[0]);
    }

    #[test]
    fn inbound_round_trip(bytes in fixed_part(Inbound::LAYOUTS), options in options()) {
        let (message, rest) = Inbound::decode_fixed(&bytes).unwrap();
        prop_assert!(rest.is_empty());
        let mut out = [0; Inbound::MAX_LEN];
        let length = message.encode(options.iter().copied(), &mut out);
        prop_assert_eq!(&out[..bytes.len()], &bytes[..]);
        let (again, appendage) = Inbound::decode(&out[..length]).unwrap();
        prop_assert_eq!(again, message);
        prop_assert_eq!(appendage.options().collect::<Vec<_>>(), options);
    }

    #[test]
    fn outbound_round_trip(bytes in fixed_part(Outbound::LAYOUTS), options in options()) {
        let (message, _) = Outbound::decode_fixed(&bytes).unwrap();
        let takes_options = message.tail() != ringmatch_gateway::wire::Tail::Nothing;
        let options = if takes_options { options } else { Vec::new() };
        let mut out = [0; Outbound::MAX_LEN];
        let length = message.encode(options.iter().copied(), &mut out);
        prop_assert_eq!(&out[..bytes.len()], &bytes[..]);
        let (again, appendage) = Outbound::decode(&out[..length]).unwrap();
        prop_assert_eq!(again, message);
        prop_assert_eq!(appendage.options().collect::<Vec<_>>(), options);
    }

    /// Whatever is accepted encodes to the same bytes, or to fewer where an
    /// empty or unknown part was dropped; nothing panics.
    #[test]
    fn arbitrary_bytes(mut bytes in prop::collection::vec(any::<u8>(), 0..120), letter in any::<prop::sample::Index>()) {
        let letters = b"SRHYLVWKJhAFECXDUPQBINOMGT";
        if let Some(first) = bytes.first_mut() {
            *first = letters[letter.index(letters.len())];
        }
        if let Ok(message) = ItchMessage::decode(&bytes) {
            prop_assert_eq!(message.fixed_len(), bytes.len());
        }
        if let Ok((message, options)) = Inbound::decode(&bytes) {
            prop_assert!(message.fixed_len() + options.bytes().len() <= bytes.len());
        }
        if let Ok((message, options)) = Outbound::decode(&bytes) {
            prop_assert!(message.fixed_len() + options.bytes().len() <= bytes.len());
        }
        if let Ok(packet) = Packet::parse(&bytes) {
            prop_assert_eq!(packet.messages().count(), usize::from(packet.count()));
        }
        prop_assert_eq!(Request::decode(&bytes).is_ok(), bytes.len() >= Request::LEN);
    }

    /// Elements with plausible lengths and tags, so that the check gets past
    /// the first one.
    #[test]
    fn arbitrary_appendages(parts in prop::collection::vec((0_u8..12, 0_u8..34, prop::collection::vec(any::<u8>(), 0..12)), 0..6)) {
        let bytes: Vec<u8> =
            parts.into_iter().flat_map(|(length, tag, value)| {
                [vec![length, tag], value].concat()
            }).collect();
        if let Ok(appendage) = Appendage::check(&bytes) {
            let mut seen = std::collections::HashSet::new();
            for option in appendage {
                prop_assert!(seen.insert(std::mem::discriminant(&option)));
            }
        }
    }

    #[test]
    fn alpha_text_survives(text in "[ -~]{0,8}") {
        let alpha: Alpha<8> = text.parse().unwrap();
        prop_assert_eq!(alpha.trimmed(), text.trim_end_matches(' ').as_bytes());
        prop_assert!(alpha.is_printable());
    }

    #[test]
    fn a_file_gives_its_messages_back(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..60), 0..20),
        ended in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        for message in &messages {
            bytes.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
            bytes.extend(message);
        }
        let whole = bytes.len();
        if ended {
            bytes.extend([0, 0]);
        }
        let mut file = ItchFile::new(&bytes[..]);
        for message in &messages {
            prop_assert_eq!(file.next_message().unwrap().unwrap(), &message[..]);
        }
        prop_assert!(file.next_message().unwrap().is_none());
        prop_assert_eq!((file.ended(), file.offset()), (ended, whole as u64));

        let mut torn = ItchFile::new(&bytes[..cut.index(bytes.len() + 1)]);
        let mut read = 0;
        loop {
            match torn.next_message() {
                Ok(Some(message)) => {
                    prop_assert_eq!(message, &messages[read][..]);
                    read += 1;
                }
                Ok(None) | Err(ItchFileError::Torn { .. }) => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn alpha_refusals() {
    let too_long = AlphaError::TooLong { found: 9, room: 8 };
    assert_eq!("ABCDEFGHI".parse::<Alpha<8>>(), Err(too_long));
    let newline = AlphaError::NotPrintable { at: 1, byte: b'\n' };
    assert_eq!("A\nB".parse::<Alpha<8>>(), Err(newline));
    assert_eq!(Alpha::from_bytes(*b"A\xff  ").to_string(), "A\\xff");
}

#[test]
fn a_message_of_another_length_is_refused() {
    let bytes = [b'S'; 13];
    for (length, refused) in [(0, true), (1, true), (11, true), (12, false), (13, true)] {
        assert_eq!(ItchMessage::decode(&bytes[..length]).is_err(), refused, "{length} bytes");
    }
    let letter = ringmatch_gateway::wire::Letter(b'?');
    assert_eq!(ItchMessage::decode(b"?"), Err(WireError::UnknownLetter(letter)));
    assert_eq!(Inbound::decode(b""), Err(WireError::Empty));
}
