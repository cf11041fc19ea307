//! Tests of the whole venue: the real binary, real sockets, real files.
#![allow(clippy::unwrap_used, unreachable_pub)]

/// Hostile and broken input, while a client trades through it.
mod bad_input;
/// Killed again and again in the middle of a flow.
mod crash;
/// A made-up day of recorded market data.
mod day;
/// A disk that fills up, and an engine without a journal.
mod disk;
/// `doctor` as a start-up script runs it.
mod doctor;
mod dropped;
/// A venue in a child process, and where to find it.
mod engine;
/// The table of failures names tests that there are.
mod failures;
/// Recorded market data as order flow.
mod feed;
/// What was missed long ago, and the book for who joins late.
mod gap_repair;
/// The commands that read a journal, on journals made here.
mod journal_tools;
/// The latency tool: what it prints and writes.
mod latency;
/// That a stall cannot hide from the latency tool.
mod latency_honesty;
/// What was measured, compared, drawn and swept.
mod latency_results;
/// Start, stop, start again; two on one directory; a busy port.
mod lifecycle;
/// The example market maker on a live engine.
mod market_maker;
/// Nonsense, strangers, recordings, wrong keys, storms: each counted, nobody moved.
mod mischief;
/// What the config asks for besides its listing, and what an operator does.
mod operate;
/// Real clients and the real engine, with a bad network between them.
mod proxy;
/// Messages and files of recorded market data.
mod record;
/// A client whose every datagram is recorded.
mod recorded;
/// How long a restart takes, with a long log and with a large state.
mod restart;
/// Sessions with keys: who gets in, who takes over, who is gone.
mod sealed;
/// `send` and `tap` as a user runs them.
mod send;
/// `session` as a program in any language runs it.
mod session;
/// `shadow` beside a running engine, and on journals that it cannot agree with.
mod shadow;
/// A whole venue in one seeded thread: bad network, unkind disk, crashes.
mod simulation;
/// Starts from snapshots, sound and damaged ones, of a stopped and a running venue.
mod snapshots;
/// Orders by TCP, from login to crash.
mod soup_entry;
/// Single stages at their edges: small rings, a clock that was set back.
mod stages;
/// Threads, CPUs, priorities and memory: what is asked for and what is said.
mod threads;
/// `top` watches an engine from outside.
mod top;
