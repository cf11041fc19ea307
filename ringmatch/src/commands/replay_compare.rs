//! `ringmatch replay --compare`: two journals, command by command.
//!
//! Both are replayed side by side until a command differs in anything, its time
//! included, or one of them ends. The first difference is shown with what it
//! caused on both sides, because everything after it may follow from it.

use super::Outcome;
use super::describe;
use super::replayer::Replayer;
use crate::follower::Until;
use ringmatch_engine::command::SequencedCommand;
use ringmatch_engine::event::Event;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;

/// A command and what it caused.
type Applied = (SequencedCommand, Vec<Event>);

/// One of the two journals.
struct Side {
    replayer: Replayer,
    /// Replayed and not compared yet; a frame of them.
    applied: VecDeque<Applied>,
}

impl Side {
    fn open(data_dir: &Path) -> Result<Self, Box<dyn Error>> {
        Ok(Self { replayer: Replayer::open(data_dir)?, applied: VecDeque::new() })
    }

    fn next(&mut self, until: Until) -> Result<Option<Applied>, Box<dyn Error>> {
        let Self { replayer, applied } = self;
        while applied.is_empty() {
            let mut keep = |command: &SequencedCommand, events: &[Event]| {
                applied.push_back((*command, events.to_vec()));
            };
            if !replayer.step(until, &mut keep)? {
                return Ok(None);
            }
        }
        Ok(applied.pop_front())
    }
}

pub(super) fn run(one: &Path, other: &Path, until: Until, json: bool) -> Outcome {
    let (mut left, mut right) = (Side::open(one)?, Side::open(other)?);
    let mut same = 0_u64;
    loop {
        let (mine, theirs) = (left.next(until)?, right.next(until)?);
        if mine.is_none() && theirs.is_none() {
            say_same(same, json);
            return Ok(true);
        }
        if mine != theirs {
            let sides = [(one, mine), (other, theirs)];
            say_difference(same, &sides, json);
            return Ok(false);
        }
        same += 1;
    }
}

fn say_same(same: u64, json: bool) {
    if json {
        println!("{}", json!({ "same": true, "commands": same }));
    } else {
        println!("the same: {same} commands, and what they caused");
    }
}

fn say_difference(same: u64, sides: &[(&Path, Option<Applied>); 2], json: bool) {
    let shown = sides.each_ref().map(|(_, applied)| describe(applied.as_ref()));
    if json {
        let [left, right] = shown;
        let line = json!({ "same": false, "commands": same, "left": left, "right": right });
        println!("{line}");
        return;
    }
    println!("they differ: {same} commands are the same, the next is not");
    for ((path, _), shown) in sides.iter().zip(shown) {
        let shown = if shown.is_null() { "ends here".to_owned() } else { shown.to_string() };
        println!("  {}: {shown}", path.display());
    }
}

fn describe(applied: Option<&Applied>) -> Value {
    applied.map_or(Value::Null, |(command, events)| describe::command(command, Some(events)))
}
