//! The commands that read a journal, on journals made here.
//!
//! A journal of known commands is written with the journal's own writer, so that
//! each figure that a command prints can be said beforehand.

use crate::engine::{run, run_json};
use ringmatch::log::{self, COMMANDS, Encoder};
use ringmatch_engine::command::*;
use ringmatch_engine::{
    InstrumentId, Limits, Nanos, Price, Quantity, Sequence, SessionId, UserRef,
};
use ringmatch_journal::{Directory, Identity, Options, Recovery};
use serde_json::{Value, json};
use std::path::Path;

const LIMITS: Limits =
    Limits { orders: 64, levels_per_side: 8, instruments: 1, sessions: 2, ..Limits::DEFAULT };
/// 2026-11-21T14:30:00Z, when the first command is taken; one a second follows.
const START_NS: u64 = 1_795_271_400_000_000_000;

/// Opens the day, and trades: four buys, then four sells that each take one.
fn commands() -> Vec<Command> {
    let session = |n, name: &str| {
        let (name, firm) = (name.parse().unwrap(), "FIRM".parse().unwrap());
        Command::AddSession(AddSession { session: SessionId(n), name, firm })
    };
    let (instrument, phase) = (InstrumentId(1), Phase::Continuous);
    let listing = AddInstrument {
        instrument,
        symbol: "AAPL".parse().unwrap(),
        tick_size: Price(100),
        lot_size: Quantity(1),
        max_quantity: Quantity(1_000),
    };
    let mut commands = vec![
        session(1, "ALPHA"),
        session(2, "BRAVO"),
        Command::AddInstrument(listing),
        Command::SetPhase(SetPhase { instrument, phase }),
    ];
    for n in 1..=8 {
        let side = if n <= 4 { Side::Buy } else { Side::Sell };
        commands.push(Command::Enter(Enter {
            user_ref: UserRef(if n <= 4 { n } else { n - 4 }),
            instrument,
            side,
            quantity: Quantity(10 * n),
            price: Price(2_866_700),
            ..Enter::default()
        }));
    }
    commands
}

/// Writes a journal, four commands a frame.
fn write(data: &Path, commands: &[Command]) {
    let identity = Identity::new("TESTVENUE", &log::encode_limits(&LIMITS)).unwrap();
    let options = Options { segment_bytes: 1 << 16, ..Options::default() };
    let recovery = Recovery::open(Directory::create(data).unwrap(), identity, options).unwrap();
    let (mut writer, _) = recovery.into_writer().unwrap();
    let mut encoder = Encoder::default();
    let mut numbers = [0; 3];
    let sequenced = commands.iter().zip(1..).map(|(command, n)| {
        let session = match command {
            Command::Enter(order) if order.side == Side::Buy => 1,
            Command::Enter(_) => 2,
            _ => 0,
        };
        numbers[session] += u64::from(session > 0);
        SequencedCommand {
            sequence: Sequence(n),
            time: Nanos(START_NS + (n - 1) * 1_000_000_000),
            session: SessionId(session as u16),
            number: numbers[session],
            command: *command,
        }
    });
    let sequenced: Vec<SequencedCommand> = sequenced.collect();
    for batch in sequenced.chunks(4) {
        encoder.clear();
        batch.iter().for_each(|command| encoder.push(*command));
        let (first, last) = (batch[0].sequence.0, batch[batch.len() - 1].time.0);
        writer.append(COMMANDS, first, batch.len() as u32, last, encoder.encode()).unwrap();
        writer.commit(last).unwrap();
    }
}

fn journal() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    write(&data, &commands());
    (directory, data.to_str().unwrap().to_owned())
}

#[test]
fn a_replay_ends_with_a_command_or_at_a_time() {
    let (_directory, data) = journal();
    let replay = |until: &[&str]| {
        let line = run_json(&[&["replay", "--data-dir", &data], until].concat());
        (line["commands"].clone(), line["executions"].clone())
    };
    assert_eq!(replay(&[]), (json!(12), json!(5)));
    assert_eq!(replay(&["--until", "9"]), (json!(9), json!(3)));
    assert_eq!(replay(&["--until", "0"]), (json!(0), json!(0)));
    assert_eq!(replay(&["--until", "2026-11-21T14:30:09.5Z"]), (json!(10), json!(5)));
    assert_eq!(replay(&["--until", "2026-11-21T09:30:09-05:00"]), (json!(10), json!(5)));
    assert_eq!(replay(&["--until", "2026-11-21T14:29:59Z"]), (json!(0), json!(0)));
    assert_eq!(run(&["replay", "--data-dir", &data, "--until", "noon"]).1, Some(2));
}

#[test]
fn a_comparison_shows_the_first_command_that_differs() {
    let (directory, data) = journal();
    let other = directory.path().join("other");
    let other_text = other.to_str().unwrap();
    let compare = |more: &[&str]| {
        run_json(&[&["replay", "--data-dir", &data, "--compare", other_text], more].concat())
    };

    write(&other, &commands());
    assert_eq!(compare(&[]), json!({ "same": true, "commands": 12 }));

    std::fs::remove_dir_all(&other).unwrap();
    let mut changed = commands();
    if let Command::Enter(order) = &mut changed[9] {
        order.quantity = Quantity(61);
    }
    write(&other, &changed);
    let line = compare(&[]);
    assert_eq!((&line["same"], &line["commands"]), (&json!(false), &json!(9)));
    assert_eq!((&line["left"]["quantity"], &line["right"]["quantity"]), (&json!(60), &json!(61)));
    assert_eq!(line["left"]["sequence"], 10);
    assert!(line["left"]["events"].as_array().is_some_and(|events| !events.is_empty()));
    assert_eq!(compare(&["--until", "9"]), json!({ "same": true, "commands": 9 }));
    let (text, code) = run(&["replay", "--data-dir", &data, "--compare", other_text]);
    assert_eq!(code, Some(1));
    assert!(text.contains("9 commands are the same") && text.contains("\"quantity\":61"), "{text}");

    std::fs::remove_dir_all(&other).unwrap();
    write(&other, &commands()[..7]);
    let line = compare(&[]);
    assert_eq!((&line["commands"], &line["right"]), (&json!(7), &Value::Null));
    assert_eq!(line["left"]["sequence"], 8);
}

#[test]
fn a_stat_counts_what_is_there() {
    let (_directory, data) = journal();
    let line = run_json(&["journal", "stat", "--data-dir", &data]);
    for (key, expected) in [
        ("frames", json!(3)),
        ("checkpoints", json!(0)),
        ("commands", json!(12)),
        ("first_sequence", json!(1)),
        ("last_sequence", json!(12)),
        ("starts", json!(1)),
        ("first_time", json!(START_NS + 3_000_000_000)),
        ("seconds", json!(8.0)),
        ("commands_per_second", json!(1.5)),
        ("peak_commands_per_second", json!(4)),
        ("batch_p50", json!(4)),
        ("batch_max", json!(4)),
        ("snapshots", json!(0)),
    ] {
        assert_eq!(line[key], expected, "{key}");
    }
    assert!(line["file_bytes"].as_u64().unwrap() >= 1 << 16);
    let (text, code) = run(&["journal", "stat", "--data-dir", &data]);
    assert_eq!(code, Some(0));
    assert!(text.contains("2026-11-21T14:30:03Z to 2026-11-21T14:30:11Z"), "{text}");
}

#[test]
fn trades_are_dumped_in_every_form() {
    let (directory, data) = journal();
    let dump = |more: &[&str]| {
        let args = ["journal", "dump", "--data-dir", &data, "--table", "trades"];
        run(&[&args, more].concat()).0
    };
    // The first sell of 50 takes buys of 10, 20 and 20 of 30; and so on.
    let quantities = [10, 20, 20, 10, 40];
    let lines: Vec<Value> =
        dump(&["--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: Vec<u64> = lines.iter().map(|line| line["quantity"].as_u64().unwrap()).collect();
    assert_eq!(found, quantities);
    assert_eq!((&lines[0]["sequence"], &lines[4]["sequence"]), (&json!(9), &json!(10)));

    let csv = dump(&["--csv"]);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let column = rows.headers().unwrap().iter().position(|name| name == "quantity").unwrap();
    let found: Vec<u64> = rows.records().map(|row| row.unwrap()[column].parse().unwrap()).collect();
    assert_eq!(found, quantities);

    let file = directory.path().join("trades.parquet");
    assert_eq!(dump(&["--parquet", file.to_str().unwrap()]), "");
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!((&bytes[..4], &bytes[bytes.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
    // It does not write over anything.
    let again = ["journal", "dump", "--data-dir", &data, "--parquet", file.to_str().unwrap()];
    assert_eq!(run(&again).1, Some(1));
    assert_eq!(std::fs::read(&file).unwrap(), bytes);

    assert_eq!(dump(&["--from", "10", "--csv"]).lines().count(), 1 + 2);
    assert_eq!(dump(&["--until", "9"]).lines().count(), 3);
}

#[test]
fn commands_and_events_are_dumped() {
    let (_directory, data) = journal();
    let dump = |more: &[&str]| run(&[&["journal", "dump", "--data-dir", &data], more].concat()).0;
    assert_eq!(dump(&["--json"]).lines().count(), 12);
    assert_eq!(dump(&["--csv"]).lines().count(), 13);
    let events = dump(&["--table", "events", "--json"]);
    let executed = events.lines().filter(|line| line.contains("\"event\":\"executed\""));
    assert_eq!(executed.count(), 5);
    assert_eq!(events.lines().count() + 1, dump(&["--table", "events", "--csv"]).lines().count());
}

#[test]
fn tidying_changes_nothing_that_a_replay_says() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    // Four segments' worth of commands that change nothing.
    let mut many = commands();
    many.resize(2_000, Command::Nothing);
    write(&data, &many);
    let data = data.to_str().unwrap();
    let replay = || {
        let line = run_json(&["replay", "--data-dir", data]);
        (line["commands"].clone(), line["digest"].clone())
    };
    let before = replay();
    assert_eq!(before.0, 2_000);

    // Without a snapshot a start needs everything.
    let tidied = run_json(&["journal", "tidy", "--drop-before", "1900", "--data-dir", data]);
    assert_eq!(tidied["dropped"], json!([]));
    let tidied = run_json(&["journal", "tidy", "--compress", "--data-dir", data]);
    let compressed = tidied["compressed"].as_array().unwrap().len();
    assert!(compressed >= 2, "{tidied}");
    let stat = run_json(&["journal", "stat", "--data-dir", data]);
    assert_eq!(stat["compressed_segments"], compressed);
    assert_eq!(replay(), before);
    assert_eq!(run(&["journal", "tidy", "--data-dir", data]).1, Some(2));
}
