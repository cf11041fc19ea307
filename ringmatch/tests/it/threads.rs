//! What an engine asks of the machine's threads and memory, and what it says
//! when it does not get it.

use crate::engine::{Engine, Site, run};
use crate::top::look_until;
use ringmatch_gateway::client::Start;
use std::path::Path;

/// Writes the config of a small venue with other `[threads]`.
fn config(site: &Site, directory: &Path, threads: &str) -> std::path::PathBuf {
    let text = site.config();
    let (head, rest) = text.split_once("[threads]\n").unwrap();
    let (_, tail) = rest.split_once("[limits]").unwrap();
    let path = directory.join("venue.toml");
    std::fs::write(&path, format!("{head}[threads]\n{threads}\n[limits]{tail}")).unwrap();
    path
}

#[test]
fn more_spinning_threads_than_cpus_are_refused_with_the_way_out() {
    let cpus = std::thread::available_parallelism().unwrap().get();
    if cpus >= 4 {
        return eprintln!("NOT TESTED: {cpus} CPUs have room for every layout");
    }
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA"]);
    let threads = "layout = \"dedicated\"\nwait = \"spin\"\npin = []";
    let config = config(&site, directory.path(), threads);
    let refused = Engine::try_start(&config, &directory.path().join("data")).err().unwrap();
    for part in ["dedicated has 4 thread(s) that spin", "Set `layout` to \"auto\"", "backoff"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    let data_dir = directory.path().to_str().unwrap();
    let latency = ["latency", "--layout", "dedicated", "--wait", "spin", "--data-dir", data_dir];
    assert_eq!(run(&latency), (String::new(), Some(1)));
}

/// One thread does everything, pinned to a CPU that was chosen for it; what it
/// does can be seen from outside.
#[test]
fn a_single_thread_trades_where_auto_pins_it() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA"]);
    let threads = "layout = \"single\"\nwait = \"yield\"\npin = \"auto\"\npriority = \"nice:19\"\n\
                   lock_memory = true";
    let config = config(&site, directory.path(), threads);
    let data_dir = directory.path().join("data");
    let engine = Engine::start(&config, &data_dir);
    let mut client = site.connect("ALPHA", Start::Now);
    client.query().unwrap();
    client.flush().unwrap();
    let answer = client.receive(std::time::Duration::from_secs(10)).unwrap();
    assert!(answer.is_some(), "a command was received, journaled, matched and answered");
    let seen = look_until(&data_dir, |seen| seen["totals"]["commands_matched"] != 0);
    let threads = seen["threads"].as_array().unwrap();
    assert_eq!(threads.len(), 1, "{seen}");
    assert_eq!((&threads[0]["name"], &threads[0]["stalled_s"]), (&"engine".into(), &0.0.into()));
    assert!(threads[0]["beats"].as_u64().unwrap() > 0, "{seen}");
    let said = engine.said();
    assert!(said.contains("threads      single: engine (CPU "), "{said}");
    assert!(said.contains("priority nice:19"), "{said}");
    // Whether it may be locked is the machine's to say; that it is said is ours.
    assert!(said.contains("memory       locked;") || said.contains("NOT LOCKED: "), "{said}");
    assert_eq!(engine.stop(), Some(0));
}
