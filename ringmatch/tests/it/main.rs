//! Tests of the whole venue: the real binary, real sockets, real files.
#![allow(clippy::unwrap_used, unreachable_pub)]

/// A venue in a child process, and where to find it.
mod engine;
/// The latency tool: what it prints and writes.
mod latency;
/// Start, stop, start again; two on one directory; a busy port.
mod lifecycle;
/// `send` and `tap` as a user runs them.
mod send;
