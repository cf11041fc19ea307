//! The steady state of the matcher allocates nothing, and frees nothing.
//!
//! Counting needs the allocator of the whole process, so this is a test binary
//! of its own, with one test in it: another test's thread would be counted too.

#[path = "it/flow.rs"]
mod flow;

use flow::{Clerk, FLOWS, Flow, Seeded};
use ringmatch_engine::Exchange;
use ringmatch_engine::command::{Command, SequencedCommand};
use ringmatch_engine::event::Discard;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator, with a count of how often it was called.
struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator with the arguments it
// came with; counting does not touch the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// How often memory was asked for or given back while `work` was done.
fn calls_during(work: impl FnOnce()) -> u64 {
    let before = CALLS.load(Ordering::Relaxed);
    work();
    CALLS.load(Ordering::Relaxed) - before
}

/// A flow without new instruments and sessions, which may cost memory.
fn history(flow: Flow) -> Vec<SequencedCommand> {
    let mut clerk = Clerk::new(flow);
    let mut commands = clerk.opening();
    for step in Seeded(7).steps(40_000) {
        let command = clerk.prepare(&step);
        if !matches!(command.command, Command::AddInstrument(_) | Command::AddSession(_)) {
            clerk.follow(&command);
            commands.push(command);
        }
    }
    commands
}

#[test]
fn the_steady_state_of_the_matcher_allocates_nothing() {
    for flow in FLOWS {
        let commands = history(flow);
        let listing = |input: &SequencedCommand| matches!(input.command, Command::AddSession(_));
        let opening = 1 + commands.iter().rposition(listing).expect("sessions are added");
        let (opening, trading) = commands.split_at(opening);
        let mut exchange = Exchange::new(flow.limits).expect("limits in range");
        let mut sink = Discard::default();
        for command in opening {
            exchange.apply(command, &mut sink);
        }
        let calls = calls_during(|| {
            for command in trading {
                exchange.apply(command, &mut sink);
            }
        });
        let counters = exchange.counters();
        assert!(trading.len() > 38_000 && counters.executions > 500, "{counters:?}");
        assert_eq!(calls, 0, "calls of the allocator in {} commands", trading.len());
    }

    // Last, when the thread that started this one has long fallen asleep.
    let one_box = calls_during(|| drop(std::hint::black_box(Box::new([0u8; 64]))));
    assert_eq!(one_box, 2, "the counter counts one allocation and one deallocation");
}
