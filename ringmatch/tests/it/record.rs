//! Recorded market data for tests: its messages, its files, and the real one.

use ringmatch_gateway::wire::itch::{
    AddOrder, AddOrderAttributed, ItchMessage, OrderCancel, OrderDelete, OrderExecuted,
    OrderExecutedWithPrice, OrderReplace, Trade,
};
use ringmatch_gateway::wire::{Alpha, ItchPrice, Letter, Nanos48};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What every message begins with.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// The record's own number of the instrument.
    pub locate: u16,
    pub time_ns: u64,
}

/// A displayed order as it is added.
#[derive(Clone, Copy, Debug)]
pub struct Added {
    pub reference: u64,
    pub symbol: &'static str,
    pub side: u8,
    pub shares: u32,
    pub price: i64,
}

/// Makes a message of its letter's fields and what every message begins with.
macro_rules! stamped {
    ($stamp:expr, $message:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {
        $message {
            stock_locate: $stamp.locate,
            tracking_number: 0,
            timestamp: Nanos48::new($stamp.time_ns),
            $($field $(: $value)?),*
        }
        .into()
    };
}

pub fn add(stamp: Stamp, order: Added) -> ItchMessage {
    let Added { reference, symbol, side, shares, price } = order;
    stamped!(
        stamp,
        AddOrder {
            order_reference_number: reference,
            side: Letter(side),
            shares,
            stock: symbol.parse().unwrap(),
            price: wire(price),
        }
    )
}

pub fn add_attributed(stamp: Stamp, order: Added) -> ItchMessage {
    let Added { reference, symbol, side, shares, price } = order;
    stamped!(
        stamp,
        AddOrderAttributed {
            order_reference_number: reference,
            side: Letter(side),
            shares,
            stock: symbol.parse().unwrap(),
            price: wire(price),
            attribution: Alpha::from_bytes(*b"MPID"),
        }
    )
}

pub fn execute(stamp: Stamp, reference: u64, shares: u32, match_number: u64) -> ItchMessage {
    stamped!(
        stamp,
        OrderExecuted { order_reference_number: reference, executed_shares: shares, match_number }
    )
}

/// Executed at another price than it shows.
pub fn execute_at(
    stamp: Stamp,
    reference: u64,
    shares: u32,
    match_number: u64,
    price: i64,
) -> ItchMessage {
    stamped!(
        stamp,
        OrderExecutedWithPrice {
            order_reference_number: reference,
            executed_shares: shares,
            match_number,
            printable: Letter(b'Y'),
            execution_price: wire(price),
        }
    )
}

pub fn cancel(stamp: Stamp, reference: u64, shares: u32) -> ItchMessage {
    stamped!(stamp, OrderCancel { order_reference_number: reference, cancelled_shares: shares })
}

pub fn delete(stamp: Stamp, reference: u64) -> ItchMessage {
    stamped!(stamp, OrderDelete { order_reference_number: reference })
}

pub fn replace(stamp: Stamp, old: u64, new: u64, shares: u32, price: i64) -> ItchMessage {
    stamped!(
        stamp,
        OrderReplace {
            original_order_reference_number: old,
            new_order_reference_number: new,
            shares,
            price: wire(price),
        }
    )
}

/// A trade against an order that nobody saw.
pub fn trade(stamp: Stamp, symbol: &str, shares: u32, price: i64) -> ItchMessage {
    stamped!(
        stamp,
        Trade {
            order_reference_number: 0,
            side: Letter(b'B'),
            shares,
            stock: symbol.parse().unwrap(),
            price: wire(price),
            match_number: 1,
        }
    )
}

fn wire(price: i64) -> ItchPrice {
    ItchPrice(price.try_into().unwrap())
}

/// Writes messages as a file of the published form.
pub fn write(messages: &[ItchMessage], path: &Path) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    for message in messages {
        let mut bytes = [0; ItchMessage::MAX_LEN];
        let len = message.encode(&mut bytes);
        file.write_all(&u16::try_from(len).unwrap().to_be_bytes()).unwrap();
        file.write_all(&bytes[..len]).unwrap();
    }
    file.write_all(&[0, 0]).unwrap();
    file.flush().unwrap();
}

/// Minutes of a real day, which are not part of the project. Where they are
/// absent that is said aloud, past the capture of test output.
pub fn real() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = root.join("../shared/data/aapl-20191230-0935.itch50.zst");
    if path.exists() {
        return Some(path);
    }
    let absent = path.display();
    let _ = writeln!(std::io::stderr(), "NOT PLAYED: there is no recorded flow at {absent}");
    None
}
