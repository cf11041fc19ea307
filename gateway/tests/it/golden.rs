//! Every line of `golden/messages.txt` decodes and encodes to the same bytes.
//!
//! The bytes were not made by this crate, so a wrong offset, width or order in
//! a table shows up here; the values that the last tests spell out show that
//! fields of equal width were not swapped.

use ringmatch_gateway::wire::itch::{self, ItchMessage};
use ringmatch_gateway::wire::mold::{Packet, PacketBuilder, PacketKind, Request};
use ringmatch_gateway::wire::ouch::{self, Inbound, OuchOption, Outbound};
use ringmatch_gateway::wire::{ItchPrice, Letter, OuchPrice};

const GOLDEN: &str = include_str!("../golden/messages.txt");

fn vectors() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    GOLDEN.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (name, hex) = line.split_once(' ').unwrap();
        let bytes = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        (name, bytes)
    })
}

fn vector(name: &str) -> Vec<u8> {
    vectors().find(|(found, _)| *found == name).unwrap().1
}

fn again_itch(bytes: &[u8]) -> Vec<u8> {
    let mut out = [0; ItchMessage::MAX_LEN];
    let length = ItchMessage::decode(bytes).unwrap().encode(&mut out);
    out[..length].to_vec()
}

fn again_inbound(bytes: &[u8]) -> Vec<u8> {
    let mut out = [0; Inbound::MAX_LEN];
    let (message, options) = Inbound::decode(bytes).unwrap();
    let length = message.encode(options, &mut out);
    out[..length].to_vec()
}

fn again_outbound(bytes: &[u8]) -> Vec<u8> {
    let mut out = [0; Outbound::MAX_LEN];
    let (message, options) = Outbound::decode(bytes).unwrap();
    let length = message.encode(options, &mut out);
    out[..length].to_vec()
}

fn again_packet(bytes: &[u8]) -> Vec<u8> {
    let packet = Packet::parse(bytes).unwrap();
    assert!(packet.trailer().is_empty());
    let mut builder = PacketBuilder::new(packet.session(), packet.sequence(), 1400);
    for message in packet.messages() {
        assert!(builder.push(message));
    }
    match packet.kind() {
        PacketKind::EndOfSession => builder.end_of_session().to_vec(),
        PacketKind::Data | PacketKind::Heartbeat => builder.packet().to_vec(),
    }
}

#[test]
fn every_vector_encodes_to_its_own_bytes() {
    let mut checked = 0;
    for (name, bytes) in vectors() {
        let again = match name.rsplit_once('.').unwrap() {
            ("itch50", _) => again_itch(&bytes),
            ("ouch50.in", _) | ("ouch50.real", "O" | "X") => again_inbound(&bytes),
            ("ouch50.out" | "ouch50.real", _) => again_outbound(&bytes),
            ("mold", "request") => Request::decode(&bytes).unwrap().encode().to_vec(),
            ("mold", _) => again_packet(&bytes),
            _ => panic!("no codec for {name}"),
        };
        assert_eq!(again, bytes, "{name}");
        checked += 1;
    }
    assert_eq!(checked, 56);
}

#[test]
fn every_message_of_the_tables_has_a_vector() {
    let tables = [
        ("itch50", ItchMessage::LAYOUTS),
        ("ouch50.in", Inbound::LAYOUTS),
        ("ouch50.out", Outbound::LAYOUTS),
    ];
    assert_eq!(tables.map(|(_, layouts)| layouts.len()), [23, 8, 17]);
    for (protocol, layouts) in tables {
        for layout in layouts {
            let bytes = vector(&format!("{protocol}.{}", char::from(layout.letter)));
            assert_eq!(bytes[0], layout.letter);
            let fields: usize = layout.fields.iter().map(|field| field.len).sum();
            assert_eq!(fields, layout.len, "{}", layout.name);
            assert!(bytes.len() >= layout.len, "{}", layout.name);
        }
    }
}

/// Lengths of the ITCH 5.0 messages as the protocol's index gives them.
#[test]
fn itch_lengths() {
    let expected = [
        12, 39, 25, 20, 26, 35, 12, 28, 35, 21, 36, 40, 31, 36, 23, 19, 35, 44, 40, 19, 50, 20, 48,
    ];
    let lengths: Vec<_> = ItchMessage::LAYOUTS.iter().map(|layout| layout.len).collect();
    assert_eq!(lengths, expected);
    assert_eq!(lengths.iter().max(), Some(&ItchMessage::MAX_LEN));
}

/// Lengths of the fixed parts of the OUCH 5.0 messages.
#[test]
fn ouch_lengths() {
    let lengths = |layouts: &[ringmatch_gateway::wire::Layout]| -> Vec<usize> {
        layouts.iter().map(|layout| layout.len).collect()
    };
    assert_eq!(lengths(Inbound::LAYOUTS), [45, 38, 9, 10, 17, 9, 9, 1]);
    let outbound = [10, 62, 66, 18, 32, 34, 36, 29, 13, 13, 30, 18, 14, 25, 17, 17, 13];
    assert_eq!(lengths(Outbound::LAYOUTS), outbound);
}

#[test]
fn field_metadata_places_fields_where_the_protocol_does() {
    let place = |fields: &[ringmatch_gateway::wire::Field], name: &str| {
        let field = fields.iter().find(|field| field.name == name).unwrap();
        (field.offset, field.len)
    };
    assert_eq!(place(itch::AddOrder::FIELDS, "message_type"), (0, 1));
    assert_eq!(place(itch::AddOrder::FIELDS, "timestamp"), (5, 6));
    assert_eq!(place(itch::AddOrder::FIELDS, "price"), (32, 4));
    assert_eq!(place(itch::CrossTrade::FIELDS, "shares"), (11, 8));
    assert_eq!(place(ouch::EnterOrder::FIELDS, "price"), (18, 8));
    assert_eq!(place(ouch::OrderExecuted::FIELDS, "match_number"), (26, 8));
}

#[test]
fn itch_add_order() {
    let message = ItchMessage::decode(&vector("itch50.A")).unwrap();
    let ItchMessage::AddOrder(add) = message else { panic!("{message:?}") };
    assert_eq!((add.stock_locate, add.tracking_number), (7, 3));
    assert_eq!(add.timestamp.get(), 0x1f1a_ced9_f07b);
    assert_eq!(add.order_reference_number, 1001);
    assert_eq!((add.side, add.shares), (Letter(b'B'), 300));
    assert_eq!(add.stock.to_string(), "AAPL");
    assert_eq!(add.price, ItchPrice(1_891_234));
}

#[test]
fn itch_order_executed_with_price() {
    let message = ItchMessage::decode(&vector("itch50.C")).unwrap();
    let ItchMessage::OrderExecutedWithPrice(executed) = message else { panic!("{message:?}") };
    assert_eq!(executed.order_reference_number, 1002);
    assert_eq!((executed.executed_shares, executed.match_number), (50, 5002));
    assert_eq!(
        (executed.printable, executed.execution_price),
        (Letter(b'Y'), ItchPrice(1_892_400))
    );
}

#[test]
fn itch_net_order_imbalance() {
    let message = ItchMessage::decode(&vector("itch50.I")).unwrap();
    let ItchMessage::NetOrderImbalance(imbalance) = message else { panic!("{message:?}") };
    assert_eq!((imbalance.paired_shares, imbalance.imbalance_shares), (1000, 500));
    assert_eq!(imbalance.far_price, ItchPrice(0x001c_d6d0));
    assert_eq!(imbalance.near_price, ItchPrice(0x001c_dab8));
    assert_eq!(imbalance.current_reference_price, ItchPrice(0x001c_d8c4));
    assert_eq!(
        (imbalance.cross_type, imbalance.price_variation_indicator),
        (Letter(b'O'), Letter(b'L'))
    );
}

#[test]
fn ouch_enter_order_with_options() {
    let bytes = vector("ouch50.in.O");
    let (message, options) = Inbound::decode(&bytes).unwrap();
    let Inbound::EnterOrder(enter) = message else { panic!("{message:?}") };
    assert_eq!((enter.user_ref_num, enter.side, enter.quantity), (1, Letter(b'B'), 100));
    assert_eq!(enter.symbol.to_string(), "AAPL");
    assert_eq!(enter.price, OuchPrice(1_891_234));
    assert_eq!(
        [enter.time_in_force, enter.display, enter.capacity].map(|letter| letter.0),
        *b"0YA"
    );
    assert_eq!(
        (enter.intermarket_sweep_eligibility, enter.cross_type),
        (Letter(b'N'), Letter(b'N'))
    );
    assert_eq!(enter.cl_ord_id.to_string(), "CLORD1");
    let options: Vec<_> = options.options().collect();
    let firm = "FIRM".parse().unwrap();
    assert_eq!(
        options,
        [OuchOption::Firm(firm), OuchOption::MinQty(50), OuchOption::PostOnly(Letter(b'P'))]
    );
}

#[test]
fn ouch_order_executed() {
    let bytes = vector("ouch50.out.E");
    let (message, options) = Outbound::decode(&bytes).unwrap();
    let Outbound::OrderExecuted(executed) = message else { panic!("{message:?}") };
    assert_eq!(executed.timestamp.0, 0x1f1a_ced9_f07b);
    assert_eq!((executed.user_ref_num, executed.quantity), (2, 40));
    assert_eq!(executed.price, OuchPrice(0x001c_dea0));
    assert_eq!((executed.liquidity_flag, executed.match_number), (Letter(b'A'), 9001));
    assert_eq!(options.options().count(), 0);
}

#[test]
fn ouch_accepted_as_seen_on_the_wire() {
    let bytes = vector("ouch50.real.A");
    let (message, options) = Outbound::decode(&bytes).unwrap();
    let Outbound::OrderAccepted(accepted) = message else { panic!("{message:?}") };
    assert_eq!((accepted.user_ref_num, accepted.quantity), (0x0075_3a8d, 40));
    assert_eq!(accepted.symbol.to_string(), "ADBE");
    assert_eq!(accepted.price, OuchPrice(4_777_800));
    assert_eq!((accepted.order_state, accepted.capacity), (Letter(b'L'), Letter(b'A')));
    assert_eq!(accepted.cl_ord_id.to_string(), "7682701");
    let options: Vec<_> = options.options().collect();
    let firm = "MLRO".parse().unwrap();
    assert_eq!(options, [OuchOption::Firm(firm), OuchOption::BboWeightIndicator(Letter(b'0'))]);
}

#[test]
fn mold_data_packet() {
    let bytes = vector("mold.data");
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.session().to_string(), "SESSION001");
    assert_eq!((packet.kind(), packet.sequence(), packet.count()), (PacketKind::Data, 5, 2));
    assert_eq!(packet.next_sequence(), 7);
    let letters: Vec<_> = packet.messages().map(|message| message[0]).collect();
    assert_eq!(letters, *b"AD");
}

#[test]
fn mold_request() {
    let request = Request::decode(&vector("mold.request")).unwrap();
    assert_eq!((request.sequence, request.count), (3, 4));
}
