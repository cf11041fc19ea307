//! `ringmatch demo`: being written.

use super::Outcome;
use clap::Parser;

/// Being written
#[derive(Parser)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Outcome {
    Err("this command is being written".into())
}
