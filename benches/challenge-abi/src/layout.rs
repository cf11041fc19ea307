//! The structs of the public harness, byte for byte.
//!
//! Their sizes are part of the interface and are asserted. Where a C enum would
//! stand there is a plain byte: what comes from outside may hold any value.

#![forbid(unsafe_code)]

use std::ffi::{c_int, c_void};

/// A new order.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct NewOrder {
    pub order_id: u64,
    pub sequence: u64,
    pub price: i64,
    pub quantity: u32,
    pub side: u8,
    pub immediate_or_cancel: u8,
    pub reserved: [u8; 2],
}

/// The end of an order.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Cancel {
    pub order_id: u64,
    pub sequence: u64,
}

/// Another price and quantity for an order.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Modify {
    pub order_id: u64,
    pub sequence: u64,
    pub price: i64,
    pub quantity: u32,
    pub side: u8,
    pub reserved: [u8; 3],
}

/// One of the three, in the space of the largest. A cancel fills the first two
/// fields, a modify has no `immediate_or_cancel`: the three agree on the
/// offsets of what they have, so that one struct reads them all.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Message {
    pub kind: u8,
    pub reserved: [u8; 7],
    pub body: NewOrder,
}

/// What came of a message.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    pub kind: u8,
    pub side: u8,
    pub reserved: [u8; 6],
    pub sequence: u64,
    pub order_id: u64,
    pub price: i64,
    pub quantity: u32,
    pub reserved_2: [u8; 4],
    pub maker_order_id: u64,
    pub taker_order_id: u64,
    pub reserved_3: [u8; 8],
}

/// A queue of reports between two threads.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    pub create: unsafe extern "C" fn(capacity: u32) -> *mut c_void,
    /// One if it was taken, zero if the queue is full.
    pub push: unsafe extern "C" fn(handle: *mut c_void, report: *const Report) -> c_int,
    pub drain: unsafe extern "C" fn(handle: *mut c_void, out: *mut Report, max: u32) -> u32,
    pub flush: unsafe extern "C" fn(handle: *mut c_void),
    pub destroy: unsafe extern "C" fn(handle: *mut c_void),
}

const _: () = assert!(size_of::<NewOrder>() == 32);
const _: () = assert!(size_of::<Cancel>() == 16);
const _: () = assert!(size_of::<Modify>() == 32);
const _: () = assert!(size_of::<Message>() == 40);
const _: () = assert!(size_of::<Report>() == 64);
const _: () = assert!(size_of::<Transport>() == 5 * size_of::<usize>());
