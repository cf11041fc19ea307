//! A harness like the public one, with its own idea of the structs.
//!
//! The layouts are written down here once more, from the harness's side, so
//! that a library that lays them out differently is found out.

use libloading::{Library, Symbol};
use ringmatch_benches::flow::{Kind, Message, Report, ReportBody, Script};
use ringmatch_engine::command::Side;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{ptr, thread};

/// Room of either queue: small, so that both are full at times.
const CAPACITY: u32 = 64;

/// There is one engine in a process.
static ALONE: Mutex<()> = Mutex::new(());

/// How messages are handed over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Delivery {
    OneByOne,
    Runs(usize),
}

/// Which queue takes the reports.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Queue {
    Own,
    Foreign,
}

#[repr(C)]
struct New {
    order_id: u64,
    sequence: u64,
    price: i64,
    quantity: u32,
    side: u8,
    ioc: u8,
    reserved: [u8; 2],
}

#[repr(C)]
struct CancelOrder {
    order_id: u64,
    sequence: u64,
}

#[repr(C)]
struct Delivered {
    kind: u8,
    reserved: [u8; 7],
    body: New,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Reported {
    kind: u8,
    side: u8,
    reserved: [u8; 6],
    sequence: u64,
    order_id: u64,
    price: i64,
    quantity: u32,
    reserved_2: [u8; 4],
    maker_order_id: u64,
    taker_order_id: u64,
    reserved_3: [u8; 8],
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Transport {
    create: unsafe extern "C" fn(u32) -> *mut c_void,
    push: unsafe extern "C" fn(*mut c_void, *const Reported) -> i32,
    drain: unsafe extern "C" fn(*mut c_void, *mut Reported, u32) -> u32,
    flush: unsafe extern "C" fn(*mut c_void),
    destroy: unsafe extern "C" fn(*mut c_void),
}

/// A handle that goes to the draining thread.
#[derive(Clone, Copy)]
struct Sink(*mut c_void);

// SAFETY: the two ends of a queue belong to two threads; that is what it is for.
unsafe impl Send for Sink {}

/// The loaded library, and the right to use its one engine.
pub(crate) struct Harness {
    library: Library,
    _alone: MutexGuard<'static, ()>,
}

impl Harness {
    /// Loads the library that was built beside this test.
    pub(crate) fn load() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the library has no initialisers.
        let library = unsafe { Library::new(library_path()) }.expect("the library loads");
        Self { library, _alone: alone }
    }

    /// Plays a flow; its reports.
    pub(crate) fn play(&self, script: &Script, delivery: Delivery, queue: Queue) -> Vec<Report> {
        self.run(queue, || match delivery {
            Delivery::OneByOne => self.deliver_one_by_one(script, |_, _, _| {}),
            Delivery::Runs(size) => self.deliver_in_runs(script, size),
        })
    }

    /// Plays a flow and looks at the book after each message.
    pub(crate) fn play_and_look(
        &self,
        script: &Script,
        look: impl FnMut(usize, &Message, &Self),
    ) -> Vec<Report> {
        self.run(Queue::Own, || self.deliver_one_by_one(script, look))
    }

    pub(crate) fn best_bid(&self) -> i64 {
        let best: Symbol<unsafe extern "C" fn() -> i64> = self.symbol("engine_query_best_bid");
        // SAFETY: as the interface has it, and the engine is there.
        unsafe { best() }
    }

    pub(crate) fn best_ask(&self) -> i64 {
        let best: Symbol<unsafe extern "C" fn() -> i64> = self.symbol("engine_query_best_ask");
        // SAFETY: as in `best_bid`.
        unsafe { best() }
    }

    pub(crate) fn depth_at(&self, price: i64, side: u8) -> u64 {
        let depth: Symbol<unsafe extern "C" fn(i64, u8) -> u64> =
            self.symbol("engine_query_depth_at");
        // SAFETY: as in `best_bid`.
        unsafe { depth(price, side) }
    }

    fn symbol<T>(&self, name: &str) -> Symbol<'_, T> {
        // SAFETY: each caller names the type that the interface gives it.
        unsafe { self.library.get(name.as_bytes()) }.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Opens the engine, delivers, and drains on another thread until the end.
    fn run(&self, queue: Queue, deliver: impl FnOnce()) -> Vec<Report> {
        let transport = match queue {
            Queue::Own => {
                let own: Symbol<unsafe extern "C" fn() -> *const Transport> =
                    self.symbol("engine_get_transport");
                // SAFETY: as the interface has it.
                unsafe { own() }
            }
            Queue::Foreign => &raw const FOREIGN,
        };
        let init: Symbol<unsafe extern "C" fn(u64, *const Transport, *mut c_void)> =
            self.symbol("engine_init");
        // SAFETY: a transport lives as long as the library or this test.
        let Transport { create, drain, destroy, .. } = unsafe { *transport };
        // SAFETY: as the interface has it; the sink is destroyed after the
        // shutdown, when the draining thread is gone.
        let sink = unsafe { create(CAPACITY) };
        assert!(!sink.is_null());
        // SAFETY: as above.
        unsafe { init(7, transport, sink) };
        let is_over = AtomicBool::new(false);
        let (sink_there, is_over_there) = (Sink(sink), &is_over);
        let reports = thread::scope(|scope| {
            let draining = scope.spawn(move || {
                // The whole of it, not the pointer in it, goes there.
                let there: Sink = sink_there;
                drain_all(drain, there, is_over_there)
            });
            deliver();
            self.call("engine_flush");
            is_over.store(true, Ordering::Release);
            draining.join().expect("the draining thread does not panic")
        });
        self.call("engine_shutdown");
        // SAFETY: nobody uses it any more.
        unsafe { destroy(sink) };
        reports
    }

    fn call(&self, name: &str) {
        let function: Symbol<unsafe extern "C" fn()> = self.symbol(name);
        // SAFETY: the two functions that are called here take nothing.
        unsafe { function() };
    }

    fn deliver_one_by_one(&self, script: &Script, mut look: impl FnMut(usize, &Message, &Self)) {
        type On<T> = unsafe extern "C" fn(*const T);
        let on_new: Symbol<On<New>> = self.symbol("engine_on_new_order");
        let on_cancel: Symbol<On<CancelOrder>> = self.symbol("engine_on_cancel");
        let on_modify: Symbol<On<New>> = self.symbol("engine_on_modify");
        for (number, message) in script.messages.iter().enumerate() {
            let body = body(number as u64, message);
            let cancel = CancelOrder { order_id: body.order_id, sequence: body.sequence };
            match message.kind {
                // SAFETY: it takes a pointer to a new order, which lives here.
                Kind::New => unsafe { on_new(&raw const body) },
                // SAFETY: it takes a pointer to a cancel, which lives here.
                Kind::Cancel => unsafe { on_cancel(&raw const cancel) },
                // SAFETY: it takes a pointer to a modify, whose fields stand
                // where those of a new order do.
                Kind::Modify => unsafe { on_modify(&raw const body) },
                Kind::Reduce => unreachable!("the challenge does not reduce"),
            }
            look(number, message, self);
        }
    }

    fn deliver_in_runs(&self, script: &Script, size: usize) {
        let on_batch: Symbol<unsafe extern "C" fn(*const Delivered, u32)> =
            self.symbol("engine_on_batch");
        let all: Vec<_> = script.messages.iter().zip(0..).map(delivered).collect();
        for run in all.chunks(size) {
            // SAFETY: a pointer to so many messages.
            unsafe { on_batch(run.as_ptr(), run.len() as u32) };
        }
    }
}

/// The folder of this test's binary, or the one above it.
fn library_path() -> PathBuf {
    let binary = std::env::current_exe().expect("this test is a file");
    let name = libloading::library_filename("ringmatch_challenge_abi");
    let found = binary.ancestors().skip(1).take(2).map(|folder| folder.join(&name));
    found.into_iter().find(|path| path.exists()).expect("cargo builds the library with its tests")
}

fn drain_all(
    drain: unsafe extern "C" fn(*mut c_void, *mut Reported, u32) -> u32,
    sink: Sink,
    is_over: &AtomicBool,
) -> Vec<Report> {
    let mut buffer = [Reported::default(); 48];
    let mut reports = Vec::new();
    loop {
        let was_over = is_over.load(Ordering::Acquire);
        // SAFETY: the buffer has room for so many, and this thread alone drains.
        let count = unsafe { drain(sink.0, buffer.as_mut_ptr(), buffer.len() as u32) };
        reports.extend(buffer[..count as usize].iter().map(report));
        if count == 0 && was_over {
            return reports;
        }
        if count == 0 {
            thread::yield_now();
        }
    }
}

fn body(sequence: u64, message: &Message) -> New {
    New {
        order_id: message.order_id,
        sequence,
        price: message.price,
        quantity: message.quantity,
        side: message.side as u8,
        ioc: message.immediate_or_cancel.into(),
        reserved: [0xff; 2],
    }
}

fn delivered((message, sequence): (&Message, u64)) -> Delivered {
    let kind = match message.kind {
        Kind::New => 0,
        Kind::Cancel => 1,
        Kind::Modify => 2,
        Kind::Reduce => unreachable!("the challenge does not reduce"),
    };
    Delivered { kind, reserved: [0xff; 7], body: body(sequence, message) }
}

fn report(reported: &Reported) -> Report {
    let &Reported { sequence, order_id, price, quantity, .. } = reported;
    let side = if reported.side == 0 { Side::Buy } else { Side::Sell };
    let body = match reported.kind {
        0 => ReportBody::OrderAck { side, order_id, price, quantity },
        1 => {
            let (maker, taker) = (reported.maker_order_id, reported.taker_order_id);
            ReportBody::Trade { price, quantity, maker, taker }
        }
        2 => ReportBody::CancelAck { side, order_id, price },
        3 => ReportBody::ModifyAck { side, order_id, price, quantity },
        4 => ReportBody::CancelReject { order_id },
        5 => ReportBody::ModifyReject { order_id },
        kind => panic!("a report of the unknown kind {kind}"),
    };
    Report { sequence, body }
}

/// A queue of the harness's own: a lock around a list.
static FOREIGN: Transport = Transport {
    create: foreign_create,
    push: foreign_push,
    drain: foreign_drain,
    flush: foreign_flush,
    destroy: foreign_destroy,
};

type Foreign = Mutex<VecDeque<Reported>>;

fn foreign<'a>(handle: *mut c_void) -> MutexGuard<'a, VecDeque<Reported>> {
    // SAFETY: every handle comes from `foreign_create` and outlives its users.
    unsafe { &*handle.cast::<Foreign>() }.lock().unwrap_or_else(PoisonError::into_inner)
}

extern "C" fn foreign_create(_capacity: u32) -> *mut c_void {
    Box::into_raw(Box::new(Foreign::default())).cast()
}

unsafe extern "C" fn foreign_push(handle: *mut c_void, report: *const Reported) -> i32 {
    let mut queue = foreign(handle);
    if queue.len() == CAPACITY as usize {
        return 0;
    }
    // SAFETY: the engine passes a report of its own.
    queue.push_back(unsafe { ptr::read(report) });
    1
}

unsafe extern "C" fn foreign_drain(handle: *mut c_void, out: *mut Reported, max: u32) -> u32 {
    let mut queue = foreign(handle);
    let count = queue.len().min(max as usize);
    for (place, report) in queue.drain(..count).enumerate() {
        // SAFETY: there is room for `max`.
        unsafe { out.add(place).write(report) };
    }
    count as u32
}

unsafe extern "C" fn foreign_flush(_handle: *mut c_void) {}

unsafe extern "C" fn foreign_destroy(handle: *mut c_void) {
    // SAFETY: it comes from `foreign_create`, and nobody uses it any more.
    drop(unsafe { Box::from_raw(handle.cast::<Foreign>()) });
}
