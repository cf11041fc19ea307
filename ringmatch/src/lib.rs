//! Ringmatch: an LMAX-style matching engine.
//!
//! This crate joins the rooms of the house: the [`pipeline`] puts the engine
//! between the gateway and the journal, on rings and threads. [`config`] says
//! what a venue is, [`threads`] how it runs, and [`log`] what its journal means;
//! an [`operation`] is what its operator asks for through the [`door`];
//! [`follower`] replays it, a [`shadow`] follows it beside a running engine,
//! [`feed`] plays recorded market data to it, and
//! [`latency`] measures how it answers, and on what [`environment`]; the [`board`]
//! shows how it does. [`keys`] say who may trade, [`service`] serves what is old, and
//! [`soup_entry`] takes orders by TCP. The binary's commands are in `commands`.
#![forbid(unsafe_code)]

pub mod board;
pub mod clock;
pub mod commands;
pub mod config;
pub mod door;
pub mod environment;
pub mod feed;
pub mod follower;
pub mod keys;
pub mod latency;
pub mod log;
pub mod names;
pub mod operation;
pub mod operations;
pub mod pipeline;
pub mod service;
pub mod shadow;
pub mod soup_entry;
pub mod threads;
