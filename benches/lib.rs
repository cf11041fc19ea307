//! What the benchmarks share: order flow that belongs to no engine, and the
//! engines that play it.
//!
//! A [`Script`](flow::Script) is a flow with what must come of it; an
//! [`Engine`](peers::Engine) is this house's or a peer's, behind one trait. The
//! benchmarks themselves live in `benches/benches/` and `benches/challenge/`.

#![forbid(unsafe_code)]

pub mod flow;
pub mod peers;
