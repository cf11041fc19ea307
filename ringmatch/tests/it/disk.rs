//! A disk that fills up under a running engine, and an engine without a journal.
//!
//! The full disk is a real one: a small file system in memory, mounted for the test.
//! Where that is not permitted, the test says so; the simulated disk, which every
//! machine has, is filled up in the journal's own tests.

use crate::engine::{Engine, PATIENCE, Site, run, run_json};
use ringmatch_engine::Price;
use ringmatch_engine::command::Side;
use ringmatch_gateway::client::{NewOrder, Start};
use ringmatch_gateway::wire::ouch::Outbound;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A file system in memory, as long as the value lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing, if mounting is not permitted here.
    fn mount(at: &Path, options: &str) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        mount(at, options).then(|| Self(at.to_owned()))
    }
}

fn mount(at: &Path, options: &str) -> bool {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", options, "ringmatch-test"]).arg(at);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn order(n: u32) -> NewOrder {
    let price = Price(i64::from(100 + n % 50) * 10_000);
    NewOrder::limit("AAPL".parse().unwrap(), Side::Buy, 10, price)
}

#[test]
fn a_full_disk_ends_the_engine_and_loses_nothing_that_was_answered() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let Some(_disk) = SmallDisk::mount(&data, "size=4m") else {
        println!("NOT RUN: no file system can be mounted here");
        return;
    };
    let site = Site::multicast(&["ALPHA"]);
    let config = site.write_config(directory.path());
    let mut engine = Engine::start(&config, &data);
    let mut client = site.connect("ALPHA", Start::Now);
    let (mut entered, mut accepted) = (0, 0);
    let begun = Instant::now();
    // Until the engine is gone: it stops taking orders, and answers none.
    while engine.is_running() {
        assert!(begun.elapsed() < Duration::from_secs(120), "the disk never fills");
        for _ in 0..50 {
            if client.enter(&order(entered)).is_ok() {
                entered += 1;
            }
        }
        let _ = client.flush();
        while let Ok(Some(response)) = client.receive(Duration::from_millis(20)) {
            accepted += u64::from(matches!(response.message, Outbound::OrderAccepted(_)));
        }
    }
    let (said, code) = engine.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the journaler failed") && said.contains(".seg"), "{said}");
    assert!(said.to_lowercase().contains("no space left"), "{said}");
    assert!(said.contains("room for"), "it was warned well before: {said}");
    assert!(accepted > 1_000, "{accepted}");

    assert!(mount(&data, "remount,size=64m"));
    let replayed = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
    assert!(replayed["resting_orders"].as_u64() >= Some(accepted), "{accepted} of {replayed}");
    let engine = Engine::start(&config, &data);
    assert_eq!(engine.ready["digest"], replayed["digest"]);
    assert_eq!(engine.stop(), Some(0));
}

#[test]
fn an_engine_without_a_journal_trades_says_so_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site { durability: "none", ..Site::multicast(&["ALPHA"]) };
    let config = site.write_config(directory.path());
    let data = directory.path().join("data");
    let engine = Engine::start(&config, &data);
    let mut client = site.connect("ALPHA", Start::Now);
    let user_ref = client.enter(&order(1)).unwrap();
    client.flush().unwrap();
    while !matches!(
        client.receive(PATIENCE).unwrap().expect("an answer").message,
        Outbound::OrderAccepted(accepted) if accepted.user_ref_num == user_ref.0
    ) {}
    let begun = Instant::now();
    while !engine.said().contains("NO JOURNAL") {
        assert!(begun.elapsed() < PATIENCE, "{}", engine.said());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(engine.stop(), Some(0));
    let data_dir = data.to_str().unwrap();
    assert_eq!(run(&["replay", "--data-dir", data_dir]).1, Some(1), "there is no journal");

    // The same directory takes a journal, and is then closed to an engine without.
    let with_journal = Site { durability: "fsync", ..site.clone() };
    let engine = Engine::start(&with_journal.write_config(directory.path()), &data);
    assert_eq!(engine.ready["recovered_commands"], 0);
    assert_eq!(engine.stop(), Some(0));
    let refused = Engine::try_start(&site.write_config(directory.path()), &data).err().unwrap();
    assert!(refused.contains("holds a journal"), "{refused}");
}
