//! `shadow` beside a running engine, and on journals that it cannot agree with.
//!
//! A journal to disagree with is a copy of a real one, frame by frame through the
//! journal's own writer, in which one checkpoint names another digest: what a build
//! that computes something else would have left.

use crate::engine::{BINARY, Engine, PATIENCE, Site, run, run_json};
use ringmatch::log::{CHECKPOINT, Checkpoint};
use ringmatch_engine::command::Side;
use ringmatch_engine::{Digest, Price};
use ringmatch_gateway::client::{NewOrder, Start};
use ringmatch_gateway::wire::ouch::Outbound;
use ringmatch_journal::{Directory, Options, Reader, Recovery};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Orders between two queries, whose answers are the flow control.
const STRIDE: usize = 100;

/// Enters orders, most of which rest, and waits for the answers.
fn trade(site: &Site, orders: usize) {
    let mut client = site.connect("ALPHA", Start::Now);
    let symbol = "AAPL".parse().unwrap();
    for n in 0..orders as i64 {
        let side = if n % 4 == 3 { Side::Sell } else { Side::Buy };
        let price = Price((100 + (n * 7) % 50) * 10_000);
        let user_ref = client.enter(&NewOrder::limit(symbol, side, 10, price)).unwrap();
        if (n as usize + 1).is_multiple_of(STRIDE) {
            client.query().unwrap();
            while !matches!(
                client.receive(PATIENCE).unwrap().expect("an answer").message,
                Outbound::AccountQueryResponse(answer) if answer.next_user_ref_num > user_ref.0
            ) {}
        }
    }
}

/// Starts a shadow, and waits until it waits for what comes.
fn follow(data: &Path) -> Child {
    let mut shadow = Command::new(BINARY)
        .args(["shadow", "--json", "--data-dir"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(shadow.stderr.take().unwrap()).lines();
    let is_live = said.any(|line| line.unwrap().starts_with("up to date"));
    assert!(is_live, "it ended before it was up to date");
    // Somebody goes on listening, so that it can go on speaking.
    std::thread::spawn(move || said.for_each(drop));
    shadow
}

/// Tells a shadow to stop; its last line and exit code.
fn stop(shadow: Child) -> (Value, Option<i32>) {
    let pid = shadow.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let output = shadow.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (serde_json::from_str(text.lines().last().unwrap()).unwrap(), output.status.code())
}

/// Everything in a directory.
fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.is_file())
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect();
    files.sort();
    files
}

/// A finished journal of 3,000 orders, and where the config is.
fn journal(directory: &Path) -> (Site, PathBuf) {
    let site = Site { durability: "write", ..Site::multicast(&["ALPHA"]) };
    let data = directory.join("data");
    let engine = Engine::start(&site.write_config(directory), &data);
    trade(&site, 3_000);
    assert_eq!(engine.stop(), Some(0));
    (site, data)
}

/// Copies a journal, and has one checkpoint name another digest.
fn copy_with_another_digest(from: &Path, to: &Path, at: u64) {
    let mut reader = Reader::open(Directory::open(from).unwrap()).unwrap();
    let directory = Directory::create(to).unwrap();
    let options = Options { segment_bytes: 1 << 20, ..Options::default() };
    let recovery = Recovery::open(directory, reader.identity().clone(), options).unwrap();
    let (mut writer, _) = recovery.into_writer().unwrap();
    let mut changed = 0;
    while let Some(frame) = reader.next_frame().unwrap() {
        let mut body = frame.body.to_vec();
        if frame.kind == CHECKPOINT {
            let mut checkpoint = Checkpoint::from_bytes(&body).unwrap();
            if checkpoint.sequence.0 == at {
                checkpoint.digest = Digest(!checkpoint.digest.0);
                changed += 1;
            }
            body = checkpoint.to_bytes().to_vec();
        }
        writer.append(frame.kind, frame.first_sequence, frame.count, frame.time_ns, &body).unwrap();
    }
    writer.sync().unwrap();
    assert_eq!(changed, 1, "the journal has a checkpoint after {at}");
}

#[test]
fn a_shadow_of_a_running_engine_comes_to_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site { durability: "write", ..Site::multicast(&["ALPHA"]) };
    let data = directory.path().join("data");
    let engine = Engine::start(&site.write_config(directory.path()), &data);
    trade(&site, 1_200);
    let shadow = follow(&data);
    trade(&site, 2_300);
    let (seen, code) = stop(shadow);
    assert_eq!((code, &seen["same"]), (Some(0), &json!(true)), "{seen}");
    assert_eq!((&seen["behind"], &seen["divergence"]), (&json!(0), &Value::Null), "{seen}");
    assert!(seen["checkpoints"].as_u64() >= Some(3), "{seen}");
    assert_eq!(seen["apply"]["count"], seen["commands"]);
    assert!(seen["apply"]["p50_ns"].as_u64() > Some(0), "{seen}");
    assert!(seen["lag"]["count"].as_u64() > Some(0), "some of it was live: {seen}");

    let replayed = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
    for key in ["commands", "digest", "state_hash"] {
        assert_eq!(seen[key], replayed[key], "{key}");
    }
    assert_eq!(engine.stop(), Some(0));
}

#[test]
fn a_finished_journal_is_shadowed_once_and_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let (_, data) = journal(directory.path());
    let before = contents(&data);
    let data_dir = data.to_str().unwrap();
    let seen = run_json(&["shadow", "--once", "--data-dir", data_dir]);
    assert_eq!((&seen["same"], &seen["lag"]), (&json!(true), &Value::Null), "{seen}");
    assert_eq!(seen["checkpoints"], run_json(&["replay", "--data-dir", data_dir])["checkpoints"]);
    let seen = run_json(&["shadow", "--until", "2000", "--data-dir", data_dir]);
    assert_eq!((&seen["commands"], &seen["behind"]), (&json!(2_000), &Value::Null), "{seen}");
    let (text, code) = run(&["shadow", "--once", "--data-dir", data_dir]);
    assert_eq!(code, Some(0));
    assert!(text.contains("apply        p50 ") && text.contains("lag          -"), "{text}");
    assert_eq!(contents(&data), before);
}

#[test]
fn the_first_digest_that_differs_is_told_with_the_suspects() {
    let directory = tempfile::tempdir().unwrap();
    let (_, data) = journal(directory.path());
    let other = directory.path().join("other");
    copy_with_another_digest(&data, &other, 2_048);
    let other = other.to_str().unwrap();
    let seen = run_json(&["shadow", "--data-dir", other]);
    let divergence = &seen["divergence"];
    assert_eq!((&seen["same"], &seen["checkpoints"]), (&json!(false), &json!(1)), "{seen}");
    assert_eq!((&divergence["agreed"], &divergence["sequence"]), (&json!(1_024), &json!(2_048)));
    let digest = |key: &str| u64::from_str_radix(divergence[key].as_str().unwrap(), 16).unwrap();
    assert_eq!(digest("own"), !digest("recorded"));
    let suspects = divergence["suspects"].as_array().unwrap();
    assert_eq!(suspects.len(), 1_024);
    assert_eq!(
        (&suspects[0]["sequence"], &suspects[1_023]["sequence"]),
        (&json!(1_025), &json!(2_048))
    );
    let entered = suspects.iter().filter(|suspect| suspect["command"] == "enter");
    let mut caused = entered.map(|suspect| suspect["events"].as_array().unwrap().len());
    assert!(caused.all(|events| events > 0));

    let (text, code) = run(&["shadow", "--data-dir", other]);
    assert_eq!(code, Some(1));
    assert!(text.contains("DIVERGED     after command 2048"), "{text}");
    assert!(text.contains("--from 1025 --until 2048"), "{text}");
}

/// With room for fewer orders some are rejected that the venue took.
#[test]
fn other_limits_are_tried_on_the_same_flow() {
    let directory = tempfile::tempdir().unwrap();
    let (site, data) = journal(directory.path());
    let data = data.to_str().unwrap();
    let shadow = |orders: &str| {
        let text = site.config().replace("orders = 65536", orders);
        let config = directory.path().join("other.toml");
        std::fs::write(&config, text).unwrap();
        let config = config.to_str().unwrap();
        run_json(&["shadow", "--once", "--data-dir", data, "--config", config])
    };
    let seen = shadow("orders = 100000");
    assert_eq!(seen["same"], true, "{seen}");
    let seen = shadow("orders = 64");
    assert_eq!(seen["same"], false, "{seen}");
    let divergence = &seen["divergence"];
    assert_eq!((&divergence["agreed"], &divergence["sequence"]), (&json!(0), &json!(1_024)));
}

#[test]
fn what_is_no_journal_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().to_str().unwrap();
    assert_eq!(run(&["shadow", "--data-dir", empty]), (String::new(), Some(1)));
}
