//! Codecs, packets and streams: nanoseconds a message, without a socket.
//!
//! Decoding starts from bytes as a client or the venue would send them, and
//! every result is kept from the optimiser. A packet holds as many ITCH 5.0
//! add orders as fit 1,400 bytes, and its figures are for the whole packet.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ringmatch_gateway::seal::{Key, Purpose, Seal, Stamp};
use ringmatch_gateway::stream::{ReceiverConfig, SenderConfig, StreamReceiver, StreamSender};
use ringmatch_gateway::wire::itch::{AddOrder, ItchMessage};
use ringmatch_gateway::wire::mold::{DEFAULT_MAX_PAYLOAD, Packet, PacketBuilder, SessionName};
use ringmatch_gateway::wire::ouch::{EnterOrder, Inbound, OrderExecuted, OuchOption, Outbound};
use ringmatch_gateway::wire::{Alpha, ItchPrice, Letter, Nanos48, Nanos64, OuchPrice};

const SESSION: SessionName = Alpha::from_bytes(*b"BENCH     ");

fn add_order() -> ItchMessage {
    ItchMessage::AddOrder(AddOrder {
        stock_locate: 7,
        tracking_number: 0,
        timestamp: Nanos48::new(34_200_000_000_000),
        order_reference_number: 1001,
        side: Letter(b'B'),
        shares: 300,
        stock: Alpha::from_bytes(*b"AAPL    "),
        price: ItchPrice(1_891_200),
    })
}

fn enter_order() -> Inbound {
    Inbound::EnterOrder(EnterOrder {
        user_ref_num: 1,
        side: Letter(b'B'),
        quantity: 100,
        symbol: Alpha::from_bytes(*b"AAPL    "),
        price: OuchPrice(1_891_200),
        time_in_force: Letter(b'0'),
        display: Letter(b'Y'),
        capacity: Letter(b'A'),
        intermarket_sweep_eligibility: Letter(b'N'),
        cross_type: Letter(b'N'),
        cl_ord_id: Alpha::BLANK,
    })
}

fn order_executed() -> Outbound {
    Outbound::OrderExecuted(OrderExecuted {
        timestamp: Nanos64(34_200_000_000_000),
        user_ref_num: 1,
        quantity: 100,
        price: OuchPrice(1_891_200),
        liquidity_flag: Letter(b'A'),
        match_number: 5001,
    })
}

fn itch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire/itch_add_order");
    let mut bytes = [0; ItchMessage::MAX_LEN];
    let message = add_order();
    group.bench_function("encode", |bencher| {
        bencher.iter(|| black_box(&message).encode(black_box(&mut bytes)));
    });
    let length = message.encode(&mut bytes);
    group.bench_function("decode", |bencher| {
        bencher.iter(|| ItchMessage::decode(black_box(&bytes[..length])));
    });
}

fn ouch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire/ouch");
    let mut bytes = [0; Inbound::MAX_LEN];
    let options = [OuchOption::MinQty(50), OuchOption::PostOnly(Letter(b'P'))];
    let length = enter_order().encode([], &mut bytes);
    group.bench_function("decode_enter_order", |bencher| {
        bencher.iter(|| Inbound::decode(black_box(&bytes[..length])));
    });
    let length = enter_order().encode(options, &mut bytes);
    group.bench_function("decode_enter_order_with_two_options", |bencher| {
        bencher.iter(|| {
            let decoded = Inbound::decode(black_box(&bytes[..length]));
            decoded.map(|(message, options)| (message, options.options().count()))
        });
    });
    let mut out = [0; Outbound::MAX_LEN];
    let executed = order_executed();
    group.bench_function("encode_order_executed", |bencher| {
        bencher.iter(|| black_box(&executed).encode([], black_box(&mut out)));
    });
}

/// A full packet of add orders, numbered from `first`, and how many it holds.
fn full_packet(builder: &mut PacketBuilder, first: u64, message: &[u8]) -> u64 {
    builder.restart(first);
    while builder.push(black_box(message)) {}
    u64::from(builder.count())
}

fn packets(criterion: &mut Criterion) {
    let mut bytes = [0; ItchMessage::MAX_LEN];
    let length = add_order().encode(&mut bytes);
    let message = &bytes[..length];
    let mut builder = PacketBuilder::new(SESSION, 1, DEFAULT_MAX_PAYLOAD);
    let held = full_packet(&mut builder, 1, message);

    let mut group = criterion.benchmark_group("wire/full_packet");
    group.throughput(Throughput::Elements(held));
    group.bench_function("build", |bencher| {
        bencher.iter(|| full_packet(&mut builder, 1, message));
    });
    let datagram = builder.packet().to_vec();
    group.bench_function("parse_and_decode", |bencher| {
        bencher.iter(|| {
            let packet = Packet::parse(black_box(&datagram)).expect("built above");
            packet.messages().filter(|message| ItchMessage::decode(message).is_ok()).count()
        });
    });
}

fn streams(criterion: &mut Criterion) {
    let mut bytes = [0; ItchMessage::MAX_LEN];
    let length = add_order().encode(&mut bytes);
    let message = &bytes[..length];

    let mut group = criterion.benchmark_group("wire/stream");
    group.throughput(Throughput::Elements(1));
    let mut sender = StreamSender::new(SenderConfig::new(SESSION));
    group.bench_function("push", |bencher| {
        bencher.iter(|| {
            sender.push(black_box(message), 0, |packet| {
                black_box(packet);
            })
        });
    });

    let mut builder = PacketBuilder::new(SESSION, 1, DEFAULT_MAX_PAYLOAD);
    let held = full_packet(&mut builder, 1, message);
    let mut datagram = builder.packet().to_vec();
    let mut receiver = StreamReceiver::new(ReceiverConfig::starting_at(SESSION, 1));
    group.throughput(Throughput::Elements(held));
    group.bench_function("offer_full_packet", |bencher| {
        bencher.iter(|| {
            datagram[10..18].copy_from_slice(&receiver.next().to_be_bytes());
            receiver.offer(black_box(&datagram), &mut |_, message| {
                black_box(message);
                true
            });
        });
    });
    assert_eq!(receiver.counters().duplicates, 0, "every packet was delivered");
}

/// A heartbeat, a packet of one order and a full packet: built and parsed as
/// they are, and the same with a seal that is closed and opened.
fn seals(criterion: &mut Criterion) {
    let mut bytes = [0; Inbound::MAX_LEN];
    let length = enter_order().encode([], &mut bytes);
    let message = &bytes[..length];
    let seal = Seal::new(&Key::new([7; Key::BYTES]));
    let mut builder = PacketBuilder::new(SESSION, 1, DEFAULT_MAX_PAYLOAD);
    full_packet(&mut builder, 1, message);
    let full = builder.count();

    let mut group = criterion.benchmark_group("wire/packet_of_orders");
    for (name, orders) in [("heartbeat", 0), ("one_order", 1), ("full", full)] {
        let fill = |builder: &mut PacketBuilder| {
            builder.restart(1);
            (0..orders).for_each(|_| assert!(builder.push(black_box(message))));
        };
        group.bench_function(format!("{name}/plain"), |bencher| {
            bencher.iter(|| {
                fill(&mut builder);
                Packet::parse(black_box(builder.packet())).map(|packet| packet.messages().count())
            });
        });
        let (mut sealed, mut stamp) = (Vec::with_capacity(2_000), Stamp::default());
        group.bench_function(format!("{name}/sealed"), |bencher| {
            bencher.iter(|| {
                fill(&mut builder);
                stamp.packet += 1;
                seal.close(Purpose::Orders, stamp, builder.packet(), &mut sealed);
                let opened = seal.open(Purpose::Orders, black_box(&sealed));
                let (packet, _) = opened.expect("closed above");
                Packet::parse(packet).map(|packet| packet.messages().count())
            });
        });
    }
}

criterion_group!(benches, itch, ouch, packets, streams, seals);
criterion_main!(benches);
