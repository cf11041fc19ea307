//! What was measured, compared, drawn and swept, as a user does it.

use crate::engine::{run, run_json};
use serde_json::Value;
use std::path::Path;

/// Half a second, with whatever the tool is asked besides.
fn measure<'a>(directory: &'a Path, args: &[&'a str]) -> Vec<&'a str> {
    let common = ["--duration", "0.5", "--warmup", "0.1", "--durability", "write", "--data-dir"];
    [&["latency"], args, &common, &[directory.to_str().unwrap()]].concat()
}

fn change(path: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    let changed = text.replacen(from, to, 1);
    assert_ne!(changed, text, "{from}");
    std::fs::write(path, changed).unwrap();
}

#[test]
fn a_repeated_measurement_is_drawn_and_compared() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (a, b) = (path("a"), path("b"));
    for out in [&a, &b] {
        let args = ["run", "--rate", "4000", "--repeat", "2", "--json", "--out", out];
        let (stdout, _) = run(&measure(directory.path(), &args));
        assert_eq!(stdout.lines().filter(|line| line.starts_with('{')).count(), 2, "{stdout}");
    }

    let one = format!("{a}/001");
    let (drawn, code) = run(&["latency", "plot", &one]);
    assert_eq!(code, Some(0));
    assert!(drawn.contains("end to end, by percentile") && drawn.contains("99 %"), "{drawn}");
    for (name, text) in [
        ("percentiles.svg", "end to end"),
        ("stages.svg", "matched to sent"),
        ("timeline.svg", "longest wait"),
        ("latency.html", "Percentiles of stages do not add up"),
    ] {
        let file = std::fs::read_to_string(Path::new(&one).join(name)).unwrap();
        assert!(file.contains(text) && file.contains("<polyline"), "{name}");
        assert!(!file.contains("NaN"), "{name}");
        // Nothing is fetched from anywhere.
        assert!(!file.contains("src=") && !file.contains("href="), "{name}");
    }

    let diff = run_json(&["latency", "diff", &a, &b]);
    assert_eq!(diff["comparison"]["runs"], serde_json::json!([2, 2]), "{diff}");
    assert_eq!(diff["comparison"]["differences"].as_array().unwrap().len(), 6, "{diff}");
    assert_eq!(diff["failures"], serde_json::json!([]));
    check_gate(&a, &b);
    check_refusals(directory.path(), &a, &b);
}

/// The exit code is the gate's answer, whichever way this machine's noise went.
fn check_gate(a: &str, b: &str) {
    for a_run in [a, b].map(|side| format!("{side}/001/latency.json")) {
        // Late sends are this machine's, not the gate's concern.
        let text = std::fs::read_to_string(&a_run).unwrap();
        let mut summary: Value = serde_json::from_str(&text).unwrap();
        (summary["valid"], summary["doubts"]) = (true.into(), serde_json::json!([]));
        for percentile in ["p50_ns", "p90_ns", "p99_ns", "max_ns"] {
            summary["end_to_end"][percentile] = 1_000.into();
        }
        std::fs::write(&a_run, summary.to_string()).unwrap();
    }
    let (before, after) = (format!("{a}/001"), format!("{b}/001"));
    let gate = |condition| run(&["latency", "diff", &before, &after, "--fail-if", condition]);
    assert_eq!(gate("p99>+10%").1, Some(0));
    let worse = format!("{after}/latency.json");
    change(&worse, "\"p99_ns\":1000", "\"p99_ns\":1200");
    let (said, code) = gate("p99>+10%");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("FAILED p99>+10%: the change is +20.0 %"), "{said}");
    assert_eq!(gate("p50>+10%").1, Some(0));
    change(&worse, "\"valid\":true", "\"valid\":false");
    assert_eq!(gate("p50>+10%").1, Some(1), "what is not valid passes no gate");
    assert_eq!(gate("p98>+10%").1, Some(2));
}

fn check_refusals(directory: &Path, a: &str, b: &str) {
    let summary = format!("{b}/002/latency.json");
    change(&summary, "\"mix\": \"turnover\"", "\"mix\": \"rest\"");
    let other = format!("{b}/002");
    assert_eq!(run(&["latency", "diff", a, &other]), (String::new(), Some(1)));
    assert_eq!(run(&["latency", "diff", a, b]), (String::new(), Some(1)));
    change(&summary, "ringmatch.latency/1", "ringmatch.latency/99");
    assert_eq!(run(&["latency", "diff", &other, &other]).1, Some(1));
    let empty = directory.to_str().unwrap();
    assert_eq!(run(&["latency", "diff", empty, empty]).1, Some(1));
    assert_eq!(run(&["latency", "plot", empty]).1, Some(1));
}

#[test]
fn a_sweep_measures_each_rate_and_writes_them_down() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("sweep");
    let out_text = out.to_str().unwrap();
    let args = ["sweep", "--rates", "1000,3000", "--out", out_text];
    let sweep = run_json(&measure(directory.path(), &args));
    let points = sweep["points"].as_array().unwrap();
    let rates: Vec<u64> = points.iter().map(|one| one["rate_per_s"].as_u64().unwrap()).collect();
    assert_eq!(rates, [1_000, 3_000]);
    let csv = std::fs::read_to_string(out.join("sweep.csv")).unwrap();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let svg = std::fs::read_to_string(out.join("sweep.svg")).unwrap();
    assert_eq!(svg.matches("<polyline").count(), 4, "{svg}");
    assert!(out.join("rate-3000/latency.json").is_file());
    let (_, code) = run(&["latency", "sweep", "--rates", "3000,1000"]);
    assert_eq!(code, Some(1));
}
