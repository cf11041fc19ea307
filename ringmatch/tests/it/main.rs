//! Tests of the whole venue: the real binary, real sockets, real files.
#![allow(clippy::unwrap_used)]

/// A venue in a child process, and where to find it.
mod engine;
/// Start, stop, start again; two on one directory; a busy port.
mod lifecycle;
