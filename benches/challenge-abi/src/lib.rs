//! The engine behind the C interface of the public matching-engine challenge.
//!
//! The public harness loads this library, delivers messages from one thread and
//! drains reports on another. The matching is `Exchange::apply`, with its
//! numbers and digest; `matcher` speaks to it in the challenge's terms and is
//! safe code. All `unsafe` of the project outside its ring is here and in
//! `transport`, because a C interface is made of pointers.
//!
//! The interface has no handle: there is one engine in a process. The harness
//! promises to call every `engine_*` function from one thread, between
//! `engine_init` and `engine_shutdown`. A panic ends the process, because it
//! cannot leave a C function.

mod layout;
mod matcher;
mod transport;

use layout::{Cancel, Message, Modify, NewOrder, Report, Transport};
use matcher::{Matcher, Reports};
use ringmatch_engine::command::Side;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::ptr;

/// Looks at a full queue before the core is given away: about 20 µs.
const SPINS: u32 = 1_000;

/// The one engine, and where its reports go.
struct Engine {
    matcher: Matcher,
    outlet: Outlet,
}

/// Where reports go: the harness's queue, or our own without its C functions.
enum Outlet {
    Foreign { transport: Transport, sink: *mut c_void },
    Own { sink: *mut c_void },
}

impl Reports for Outlet {
    /// Waits while the queue is full: nothing is lost.
    #[inline]
    fn report(&mut self, report: Report) {
        match self {
            Self::Own { sink } => {
                // SAFETY: the harness promised that the sink lives until the
                // shutdown, and pushes nothing itself while the engine does.
                let sender = unsafe { transport::sender(*sink) };
                wait_until(|| sender.push(&report));
            }
            Self::Foreign { transport, sink } => {
                // A harness that answers with a byte leaves the others undefined.
                // SAFETY: it is the harness's own function, with its own sink.
                wait_until(|| unsafe { (transport.push)(*sink, &raw const report) } & 0xff != 0);
            }
        }
    }
}

/// Spins for a while, then lets others have the core.
#[inline]
fn wait_until(mut is_done: impl FnMut() -> bool) {
    let mut tries = 0_u32;
    while !is_done() {
        tries += 1;
        if tries < SPINS {
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
}

impl Outlet {
    #[inline]
    fn flush(&mut self) {
        match self {
            // SAFETY: as in `report`.
            Self::Own { sink } => unsafe { transport::sender(*sink) }.flush(),
            // SAFETY: as in `report`.
            Self::Foreign { transport, sink } => unsafe { (transport.flush)(*sink) },
        }
    }
}

struct Place(UnsafeCell<Option<Engine>>);

// SAFETY: the harness calls the engine from one thread at a time, which is the
// interface's promise; nothing else reaches the cell.
unsafe impl Sync for Place {}

static ENGINE: Place = Place(UnsafeCell::new(None));

/// The engine; a call before `engine_init` ends the process.
#[inline]
fn engine<'a>() -> &'a mut Engine {
    // SAFETY: one thread at a time (see `Place`), and no function here calls
    // another one while it holds the reference.
    let place = unsafe { &mut *ENGINE.0.get() };
    place.as_mut().expect("engine_init comes first")
}

/// Builds the engine. The nonce tells runs apart, and the engine has no use for
/// it.
///
/// # Safety
/// `transport` points to a transport, and `sink` is a handle of it; both live
/// until the shutdown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_init(_nonce: u64, transport: *const Transport, sink: *mut c_void) {
    let outlet = if ptr::eq(transport, &raw const transport::TRANSPORT) {
        Outlet::Own { sink }
    } else {
        // SAFETY: by the caller's promise it points to a transport.
        Outlet::Foreign { transport: unsafe { *transport }, sink }
    };
    let engine = Engine { matcher: Matcher::new(), outlet };
    // SAFETY: as in `engine`.
    unsafe { *ENGINE.0.get() = Some(engine) };
}

/// Gives everything back.
#[unsafe(no_mangle)]
pub extern "C" fn engine_shutdown() {
    // SAFETY: as in `engine`.
    unsafe { *ENGINE.0.get() = None };
}

/// Matches a new order.
///
/// # Safety
/// It points to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_new_order(new: *const NewOrder) {
    let Engine { matcher, outlet } = engine();
    // SAFETY: by the caller's promise.
    matcher.enter(unsafe { &*new }, outlet);
}

/// Cancels an order.
///
/// # Safety
/// It points to a cancel.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_cancel(cancel: *const Cancel) {
    let Engine { matcher, outlet } = engine();
    // SAFETY: by the caller's promise.
    let Cancel { order_id, sequence } = unsafe { *cancel };
    matcher.cancel(order_id, sequence, outlet);
}

/// Modifies an order.
///
/// # Safety
/// It points to a modify.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_modify(modify: *const Modify) {
    let Engine { matcher, outlet } = engine();
    // SAFETY: by the caller's promise.
    let Modify { order_id, sequence, price, quantity, side, .. } = unsafe { *modify };
    let order = NewOrder { order_id, sequence, price, quantity, side, ..NewOrder::default() };
    matcher.modify(&order, outlet);
}

/// Matches a run of messages, in order, and makes their reports visible.
///
/// # Safety
/// `messages` points to `count` of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_batch(messages: *const Message, count: u32) {
    if count == 0 {
        return;
    }
    let Engine { matcher, outlet } = engine();
    // SAFETY: by the caller's promise; a count of zero has returned.
    for message in unsafe { std::slice::from_raw_parts(messages, count as usize) } {
        matcher.take(message, outlet);
    }
    outlet.flush();
}

/// Returns when everything delivered has been matched and reported: matching
/// has happened in the call that delivered it, so reports are made visible.
#[unsafe(no_mangle)]
pub extern "C" fn engine_flush() {
    engine().outlet.flush();
}

/// The best bid, or `INT64_MIN`.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_best_bid() -> i64 {
    engine().matcher.best(Side::Buy).unwrap_or(i64::MIN)
}

/// The best offer, or `INT64_MAX`.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_best_ask() -> i64 {
    engine().matcher.best(Side::Sell).unwrap_or(i64::MAX)
}

/// What rests at a price.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_depth_at(price: i64, side: u8) -> u64 {
    let side = if side == 0 { Side::Buy } else { Side::Sell };
    engine().matcher.depth_at(side, price)
}

/// Our own queue.
#[unsafe(no_mangle)]
pub extern "C" fn engine_get_transport() -> *const Transport {
    &raw const transport::TRANSPORT
}
