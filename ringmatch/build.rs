//! Tells the program what it was built from and with, for its reports.
//!
//! What cannot be found out (no git, a source archive) stays unknown; a build
//! never fails for it.

use std::process::Command;

/// The rooms of the house: a change in one of them makes the commit "modified".
const ROOMS: [&str; 5] = ["../ring", "../engine", "../journal", "../gateway", "."];

fn main() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let flags = variable("CARGO_ENCODED_RUSTFLAGS").replace('\u{1f}', " ");
    let flags = format!("opt-level={} {flags}", variable("OPT_LEVEL"));
    tell("RINGMATCH_COMMIT", &commit().unwrap_or_default());
    tell("RINGMATCH_COMPILER", &said(&variable("RUSTC"), &["--version"]).unwrap_or_default());
    tell("RINGMATCH_TARGET", &variable("TARGET"));
    tell("RINGMATCH_FLAGS", flags.trim());
    for room in ROOMS {
        println!("cargo::rerun-if-changed={room}/src");
    }
    // Written at every commit and checkout.
    if let Some(log) = said("git", &["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
}

fn tell(name: &str, value: &str) {
    println!("cargo::rustc-env={name}={value}");
}

fn commit() -> Option<String> {
    let commit = said("git", &["rev-parse", "--short=12", "HEAD"])?;
    let status = said("git", &[&["status", "--porcelain", "--"][..], &ROOMS[..]].concat())?;
    Some(if status.is_empty() { commit } else { format!("{commit} modified") })
}

/// What a program says, if it succeeds.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
