//! A flow, played to the exchange and its model; and when they part, the few
//! commands that it takes.
//!
//! A failing flow is cut off behind the command that failed, then pieces are
//! taken out of it, large ones first, as long as what is left still fails, and
//! of the steps that remain each choice becomes the plainest that still fails.
//! What is reported is the list of commands, one a line, and what went wrong.

use crate::flow::{Clerk, FLOWS, Flow, STEP_BYTES, Step};
use crate::lockstep::Lockstep;
use ringmatch_engine::command::{Command, Enter, Options, Replace, SequencedCommand};
use ringmatch_engine::event::Event;
use std::cell::Cell;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// How many shorter flows are tried at most for a failing one.
const ATTEMPTS: usize = 4_000;

/// Which flow the first byte of several names, and its steps.
pub(crate) fn from_bytes(bytes: &[u8]) -> (Flow, Vec<Step>) {
    let (&which, steps) = bytes.split_first().unwrap_or((&0, &[]));
    let flow = FLOWS[usize::from(which) % FLOWS.len()];
    let (steps, _) = steps.as_chunks::<STEP_BYTES>();
    (flow, steps.to_vec())
}

/// A flow that was played to its end.
pub(crate) struct Played {
    pub(crate) lockstep: Lockstep,
    pub(crate) events: Vec<Event>,
    pub(crate) most_open: u32,
}

/// Plays a flow; when it fails, panics with the shortest flow found that does.
pub(crate) fn play(flow: Flow, steps: &[Step], compare_every: usize, name: &str) -> Played {
    let Failure { at, .. } = match quietly(|| attempt(flow, steps, compare_every)) {
        Ok(played) => return played,
        Err(failure) => failure,
    };
    let shortest = shrink(&steps[..at], |fewer| quietly(|| attempt(flow, fewer, 1)).is_err());
    let Err(Failure { commands, message, .. }) = quietly(|| attempt(flow, &shortest, 1)) else {
        panic!("{name}: a flow failed once and then no more");
    };
    let bytes: Vec<u8> = shortest.iter().flatten().copied().collect();
    panic!("{name} fails after {at} steps; these are enough:\n{commands}{message}\n{bytes:?}");
}

/// Where and how a flow failed.
struct Failure {
    /// How many steps it took.
    at: usize,
    commands: String,
    message: String,
}

fn attempt(flow: Flow, steps: &[Step], compare_every: usize) -> Result<Played, Failure> {
    let mut commands = String::new();
    let mut at = 0;
    let run = catch_unwind(AssertUnwindSafe(|| {
        let (mut clerk, mut lockstep) = (Clerk::new(flow), Lockstep::new(flow.limits));
        let (mut events, mut most_open) = (Vec::new(), 0);
        for command in clerk.opening() {
            lockstep.apply(&command);
        }
        for step in steps {
            at += 1;
            let command = clerk.prepare(step);
            if steps.len() < 200 {
                writeln!(commands, "{}", line(&command)).expect("a text takes all");
            }
            events.extend(lockstep.apply(&command));
            clerk.follow(&command);
            most_open = lockstep.exchange.resting_orders().max(most_open);
            if at % compare_every == 0 || at == steps.len() {
                lockstep.compare();
            }
        }
        Played { lockstep, events, most_open }
    }));
    run.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        Failure { at, commands, message: text.unwrap_or_default() }
    })
}

fn shrink(steps: &[Step], fails: impl Fn(&[Step]) -> bool) -> Vec<Step> {
    let mut steps = steps.to_vec();
    let mut attempts = 0;
    let mut piece = steps.len();
    while piece > 0 {
        let mut at = 0;
        while at < steps.len() && attempts < ATTEMPTS {
            let end = (at + piece).min(steps.len());
            let fewer = [&steps[..at], &steps[end..]].concat();
            attempts += 1;
            if fails(&fewer) {
                steps = fewer;
            } else {
                at = end;
            }
        }
        piece /= 2;
    }
    for at in 0..steps.len() {
        for byte in 0..steps[at].len() {
            let was = std::mem::take(&mut steps[at][byte]);
            if was != 0 && !fails(&steps) {
                steps[at][byte] = was;
            }
        }
    }
    steps
}

thread_local! {
    /// Whether this thread's panics are part of the search.
    static SEARCHES: Cell<bool> = const { Cell::new(false) };
}

/// Does something without a word on this thread's panics.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !SEARCHES.get() {
                usual(info);
            }
        }));
    });
    SEARCHES.set(true);
    let done = work();
    SEARCHES.set(false);
    done
}

/// A command as a reader wants it.
fn line(input: &SequencedCommand) -> String {
    let SequencedCommand { sequence, time, session, command, .. } = input;
    let seconds = time.0 as f64 / 1e9;
    let what = match command {
        Command::Enter(enter) => entered(enter, &Options::NONE),
        Command::EnterSpecial(special) => entered(&special.order, &special.options),
        Command::Replace(replace) => replaced(replace, &Options::NONE),
        Command::ReplaceSpecial(special) => replaced(&special.order, &special.options),
        other => format!("{other:?}"),
    };
    format!("{sequence:>5} {seconds:.9} s, session {session}: {what}")
}

fn entered(enter: &Enter, options: &Options) -> String {
    let Enter { user_ref, side, quantity, price, instrument, .. } = enter;
    let (order_type, time_in_force) = (enter.order_type, enter.time_in_force);
    let display = enter.display;
    format!(
        "order {user_ref}: {side:?} {quantity} at {} in {instrument}, {order_type:?} \
         {time_in_force:?} {display:?}{}",
        price.0,
        given(options)
    )
}

fn replaced(replace: &Replace, options: &Options) -> String {
    let Replace { original, user_ref, quantity, price, .. } = replace;
    let (order_type, time_in_force) = (replace.order_type, replace.time_in_force);
    let display = replace.display;
    format!(
        "replace {original} by {user_ref}: {quantity} at {}, {order_type:?} {time_in_force:?} \
         {display:?}{}",
        price.0,
        given(options)
    )
}

fn given(options: &Options) -> String {
    if *options == Options::NONE { String::new() } else { format!(", {options:?}") }
}
