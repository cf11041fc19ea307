//! `session` against a running engine, as a program in any language runs it.

use crate::engine::{BINARY, Engine, PATIENCE, Site};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// A session in a child process, spoken to line by line.
struct Session {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
}

impl Session {
    fn start(config: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(BINARY)
            .arg("session")
            .args(arguments)
            .arg("--config")
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let input = child.stdin.take();
        Self { child, input, lines }
    }

    fn say(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// The next line with this `event` or `message`.
    fn hear(&self, name: &str) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {name}"));
            if line["event"] == name || line["message"] == name {
                return line;
            }
        }
    }

    /// Ends the input; all that it still says, and its exit code.
    fn finish(mut self) -> (Vec<Value>, Option<i32>) {
        self.input = None;
        let code = self.child.wait().unwrap().code();
        (self.lines.iter().collect(), code)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn two_sessions_trade_line_by_line() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA", "BRAVO"]);
    let config = site.write_config(directory.path());
    let _engine = Engine::start(&config, &directory.path().join("data"));
    let mut alpha = Session::start(&config, &["ALPHA"]);
    let mut bravo = Session::start(&config, &["BRAVO"]);
    let ready = json!({ "event": "ready", "session": "ALPHA", "next_user_ref": 1 });
    assert_eq!(alpha.hear("ready"), ready);
    bravo.hear("ready");

    alpha.say(r#"{"symbol":"AAPL","side":"buy","quantity":100,"price":"286.67","id":"first"}"#);
    assert_eq!(alpha.hear("sent"), json!({ "event": "sent", "line": 1, "user_ref": 1 }));
    assert_eq!(alpha.hear("Order Accepted")["cl_ord_id"], "first");
    assert_eq!(alpha.hear("durable")["line"], 1);

    // What another session does is heard while nothing is said.
    bravo.say(r#"{"symbol":"AAPL","side":"sell","quantity":60,"time_in_force":"ioc"}"#);
    let executed = alpha.hear("Order Executed");
    assert_eq!((&executed["user_ref_num"], &executed["quantity"]), (&1.into(), &60.into()));
    assert_eq!(executed["price"], "286.67");
    assert_eq!(bravo.hear("Order Executed")["match_number"], executed["match_number"]);

    // A line that makes no sense is refused, and the next one is taken.
    for (line, text, why) in [
        (2, "nonsense", "expected"),
        (3, r#"{"symbol":"AAPL","side":"hold"}"#, "none of buy, sell"),
        (4, r#"{"action":"cancel","order":"nobody"}"#, "neither the id"),
    ] {
        alpha.say(text);
        let refused = alpha.hear("refused");
        assert_eq!(refused["line"], line);
        assert!(refused["why"].as_str().unwrap().contains(why), "{refused}");
    }
    alpha.say("");
    alpha.say(r#"{"action":"replace","order":"first","quantity":90,"price":"286.50","id":"next"}"#);
    assert_eq!(alpha.hear("sent"), json!({ "event": "sent", "line": 6, "user_ref": 2 }));
    assert_eq!(alpha.hear("Order Replaced")["quantity"], 30);
    alpha.say(r#"{"action":"cancel","order":"next"}"#);
    assert_eq!(alpha.hear("Order Canceled")["quantity"], 30);
    let (last, code) = alpha.finish();
    assert_eq!(last.last().unwrap(), &json!({ "event": "done", "sent": 3, "refused": 3 }));
    assert_eq!(code, Some(0));
    assert_eq!(bravo.finish().1, Some(0));
}

/// The end of the input is not the end of the answers.
#[test]
fn at_the_end_of_the_input_everything_is_answered_and_durable() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::unicast(&["ALPHA"]);
    let config = site.write_config(directory.path());
    let _engine = Engine::start(&config, &directory.path().join("data"));
    let orders = 3_000;
    let mut session = Session::start(&config, &["ALPHA"]);
    for _ in 0..orders {
        session.say(r#"{"symbol":"MSFT","side":"buy","quantity":1,"price":"1.00"}"#);
    }
    let (lines, code) = session.finish();
    let count = |name: &str| lines.iter().filter(|line| line["message"] == name).count();
    assert_eq!((count("Order Accepted"), code), (orders, Some(0)));
    let durable = lines.iter().rfind(|line| line["event"] == "durable").unwrap();
    assert_eq!(durable["line"], orders);
    assert_eq!(lines.last().unwrap()["sent"], orders);

    // And all of it can be heard again, by another process.
    let session = Session::start(&config, &["ALPHA", "--from", "1"]);
    assert_eq!(session.hear("ready")["next_user_ref"], orders + 1);
    let (lines, code) = session.finish();
    let responses: Vec<&Value> = lines.iter().filter(|line| line["number"].is_u64()).collect();
    for (number, response) in (1_u64..).zip(&responses) {
        assert_eq!(response["number"], number);
    }
    let accepted = responses.iter().filter(|line| line["message"] == "Order Accepted").count();
    assert_eq!((accepted, code), (orders, Some(0)));
}

#[test]
fn a_venue_that_dies_is_waited_for_and_nothing_is_sent_twice() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::multicast(&["ALPHA"]);
    let config = site.write_config(directory.path());
    let data = directory.path().join("data");
    let engine = Engine::start(&config, &data);
    let mut session = Session::start(&config, &["ALPHA"]);
    session.hear("ready");
    let line = r#"{"symbol":"MSFT","side":"buy","quantity":1,"price":"1.00"}"#;
    for _ in 0..500 {
        session.say(line);
    }
    session.hear("Order Accepted");
    engine.kill();
    for _ in 0..500 {
        session.say(line);
    }
    let _engine = Engine::start(&config, &data);
    let (lines, code) = session.finish();
    let references: Vec<u64> = lines
        .iter()
        .filter(|line| line["message"] == "Order Accepted")
        .map(|line| line["user_ref_num"].as_u64().unwrap())
        .collect();
    assert_eq!(references, (2..=1000).collect::<Vec<u64>>());
    assert_eq!((lines.last().unwrap()["sent"].as_u64(), code), (Some(1000), Some(0)));
}

#[test]
fn a_session_that_the_venue_does_not_know_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let config = Site::multicast(&["ALPHA"]).write_config(directory.path());
    let output = Command::new(BINARY)
        .args(["session", "NOBODY", "--config"])
        .arg(&config)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("NOBODY got no answer"), "{said}");
}
