//! What the config asks of a venue beyond its listing, and what an operator
//! asks of it while it runs.
//!
//! Everything is a command in the log, so a restart finds it done; what the
//! config changes is sequenced once, and what it may not change is refused.

use crate::engine::{BINARY, Engine, Site, run, run_json};
use ringmatch::config::Config;
use ringmatch::operations::outstanding;
use ringmatch_engine::command::*;
use ringmatch_engine::{Exchange, Nanos, Price, SessionId};
use ringmatch_gateway::client::{Client, NewOrder, Start};
use ringmatch_gateway::wire::ouch::Outbound;
use serde_json::Value;
use std::path::Path;
use std::process::Command as Process;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// Has an exchange carry out what a config asks for; the commands that were
/// left to do, by name.
fn settle(config: &Config, exchange: &mut Exchange, until: usize) -> Vec<String> {
    let commands = outstanding(config, exchange).unwrap();
    for command in commands.iter().take(until) {
        let sequence = exchange.sequence().next();
        let (time, session, number) = (Nanos(sequence.0), SessionId(0), 0);
        let command = SequencedCommand { sequence, time, session, number, command: *command };
        exchange.apply(&command, &mut Vec::new());
    }
    assert_eq!(exchange.counters().refused_operations, 0, "{commands:?}");
    let name = |command: &Command| {
        let text = format!("{command:?}");
        text.split(['(', ' ']).next().unwrap().to_owned()
    };
    commands.iter().map(name).collect()
}

/// The default venue with every protection there is.
fn protected() -> String {
    let without_comments: Vec<&str> =
        ringmatch::config::DEFAULT.lines().filter(|line| !line.starts_with('#')).collect();
    without_comments
        .join("\n")
        .replacen(
            "[[instrument]]\nsymbol = \"AAPL\"",
            "[fees]\nmaker_bp = \"-0.20\"\ntaker_bp = \"0.30\"\n\
             [[tick_table]]\nname = \"penny\"\n\
             bands = [{ from = \"0\", tick_size = \"0.01\" }, { from = \"1\", tick_size = \"0.05\" }]\n\
             [[instrument]]\ntick_table = \"penny\"\nmax_value = \"5000000\"\n\
             reference_price = \"100\"\nstatic_collar_bp = 1000\ndynamic_collar_bp = 300\n\
             on_breach = \"volatility-auction\"\nvolatility_auction_s = 120\n\
             post_only = \"slide\"\nopening_phase = \"opening-auction\"\nsymbol = \"AAPL\"",
            1,
        )
        .replacen(
            "name = \"ALPHA\"",
            "name = \"ALPHA\"\nmax_open_orders = 10\nmax_position = 1000\nmax_exposure = \"99.5\"\n\
             max_messages_per_s = 7\nself_trade = \"cancel-oldest\"",
            1,
        )
}

fn parse(text: &str) -> Config {
    Config::parse(text, "test").unwrap()
}

#[test]
fn a_config_is_carried_out_once_wherever_a_crash_interrupts_it() {
    let config = parse(&protected());
    let mut whole = Exchange::new(config.limits()).unwrap();
    let asked = settle(&config, &mut whole, usize::MAX);
    assert_eq!(settle(&config, &mut whole, usize::MAX), Vec::<String>::new());
    for until in 0..asked.len() {
        let mut exchange = Exchange::new(config.limits()).unwrap();
        settle(&config, &mut exchange, until);
        let rest = settle(&config, &mut exchange, usize::MAX);
        assert_eq!(rest, asked[until..], "after {until} commands");
        assert_eq!(exchange.state_hash(), whole.state_hash(), "after {until} commands");
    }
    let aapl = whole.instruments()[0];
    assert_eq!((aapl.phase, aapl.rules.tick_table), (Phase::OpeningAuction, 1));
    assert_eq!(aapl.rules.max_value, 50_000_000_000);
    assert!(aapl.rules.post_only_slides);
    assert_eq!(whole.instruments()[1].phase, Phase::Continuous);
    let limits = whole.sessions()[0].limits;
    assert_eq!((limits.max_exposure, limits.max_messages_per_s), (995_000, 7));
    assert_eq!(limits.self_trade, SelfTrade::CancelOldest);
    assert_eq!(*whole.fees(), SetFees { maker: -20, taker: 30 });
}

#[test]
fn what_a_config_may_change_is_sequenced_and_what_not_is_refused() {
    let text = protected();
    let mut exchange = Exchange::new(parse(&text).limits()).unwrap();
    settle(&parse(&text), &mut exchange, usize::MAX);
    for (from, to, asks) in [
        ("max_value = \"5000000\"", "max_value = \"6000000\"", &["SetRules"][..]),
        ("on_breach = \"volatility-auction\"", "on_breach = \"halt\"", &["SetRules"]),
        ("max_open_orders = 10\n", "", &["SetSessionLimits"]),
        ("taker_bp = \"0.30\"", "taker_bp = \"0.25\"", &["SetFees"]),
        // An auction moves it, so the config's is only where it begins.
        ("reference_price = \"100\"", "reference_price = \"101\"", &[]),
        // The day has begun.
        ("opening_phase = \"opening-auction\"", "opening_phase = \"halted\"", &[]),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let commands = outstanding(&parse(&changed), &exchange).unwrap();
        let names = commands.iter().map(|command| format!("{command:?}"));
        let names: Vec<String> =
            names.map(|text| text.split('(').next().unwrap().to_owned()).collect();
        assert_eq!(names, asks, "{from}");
    }
    let fewer = "bands = [{ from = \"0\", tick_size = \"0.01\" }]";
    let bands = text.lines().find(|line| line.starts_with("bands")).unwrap();
    for (from, to, says) in [
        (bands, fewer, "other bands"),
        (
            "tick_size = \"0.05\" }]",
            "tick_size = \"0.05\" }, { from = \"2\", tick_size = \"0.1\" }]",
            "other bands",
        ),
    ] {
        let error = outstanding(&parse(&text.replacen(from, to, 1)), &exchange).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_protection_that_makes_no_sense_is_refused_by_line_and_key() {
    let text = protected();
    for (from, to, says) in [
        ("tick_table = \"penny\"", "tick_table = \"dime\"", &["tick_table", "dime"][..]),
        ("tick_size = \"0.05\" }", "tick_size = \"0.0525\" }", &["tick_table", "multiple"]),
        ("from = \"0\"", "from = \"0.5\"", &["bands", "begin from 0"]),
        ("reference_price = \"100\"", "reference_price = \"100.001\"", &["reference_price"]),
        ("on_breach = \"volatility-auction\"", "on_breach = \"panic\"", &["panic", "halt"]),
        ("post_only = \"slide\"", "post_only = \"glide\"", &["glide", "slide"]),
        ("opening_phase = \"opening-auction\"", "opening_phase = \"open\"", &["closing-auction"]),
        ("max_exposure = \"99.5\"", "max_exposure = \"-1\"", &["max_exposure", "negative"]),
        ("maker_bp = \"-0.20\"", "maker_bp = \"-0.205\"", &["maker_bp", "two decimals"]),
        ("special_orders = 16384", "special_orders = 0", &["special_orders", "from 1"]),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let error = Config::parse(&changed, "venue.toml").unwrap_err().to_string();
        for part in ["venue.toml", "line"].iter().chain(says) {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

/// Runs `operate`; what it printed, and its exit code.
fn operate(data: &Path, words: &[&str]) -> (Value, Option<i32>) {
    let output = Process::new(BINARY)
        .args(["operate", "--json", "--data-dir"])
        .arg(data)
        .args(words)
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let said = serde_json::from_str(stdout.trim()).unwrap_or_else(|_| {
        panic!("{words:?}: {stdout}{}", String::from_utf8_lossy(&output.stderr))
    });
    (said, output.status.code())
}

/// The next response that is not the greeting or an account's.
fn next(client: &mut Client) -> Outbound {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        match client.receive(PATIENCE).unwrap().map(|response| response.message) {
            Some(Outbound::SystemEvent(_) | Outbound::AccountQueryResponse(_)) | None => {}
            Some(message) => return message,
        }
    }
    panic!("nothing was answered");
}

/// An auction, a disabled session, a bust and a cancel of all, each by a
/// command of its own, and all still so after a crash.
#[test]
fn an_operator_runs_a_day() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::unicast(&["ALPHA", "BRAVO"]);
    let config = site.write_config(directory.path());
    let data = directory.path().join("data");
    let engine = Engine::start(&config, &data);
    let (mut alpha, mut bravo) =
        (site.connect("ALPHA", Start::Now), site.connect("BRAVO", Start::Now));
    let order =
        |side, quantity| NewOrder::limit("AAPL".parse().unwrap(), side, quantity, Price(1_000_000));

    let done = |words: &[&str]| {
        let (said, code) = operate(&data, words);
        assert_eq!((said["done"].as_bool(), code), (Some(true), Some(0)), "{words:?}: {said}");
        said
    };
    done(&["phase", "AAPL", "closing-auction"]);
    alpha.enter(&order(Side::Buy, 100)).unwrap();
    assert!(matches!(next(&mut alpha), Outbound::OrderAccepted(_)));
    bravo.enter(&order(Side::Sell, 60)).unwrap();
    assert!(matches!(next(&mut bravo), Outbound::OrderAccepted(_)), "nothing trades yet");
    let uncrossed = done(&["phase", "AAPL", "continuous"]);
    assert!(uncrossed["events"].as_u64() >= Some(4), "{uncrossed}");
    let Outbound::OrderExecuted(executed) = next(&mut bravo) else { panic!("no execution") };
    assert_eq!((executed.quantity, executed.liquidity_flag.0), (60, b'C'));
    assert!(matches!(next(&mut alpha), Outbound::OrderExecuted(_)));

    done(&["bust", &executed.match_number.to_string(), "consent"]);
    let Outbound::BrokenTrade(broken) = next(&mut bravo) else { panic!("no word of it") };
    assert_eq!((broken.match_number, broken.reason.0), (executed.match_number, b'C'));
    assert!(matches!(next(&mut alpha), Outbound::BrokenTrade(_)));
    let (again, code) = operate(&data, &["bust", &executed.match_number.to_string()]);
    assert_eq!((&again["done"], code), (&false.into(), Some(1)), "it is void already");

    done(&["cancel", "--session", "ALPHA"]);
    let Outbound::OrderCanceled(canceled) = next(&mut alpha) else { panic!("not canceled") };
    assert_eq!((canceled.quantity, canceled.reason.0), (40, b'S'));
    done(&["session", "BRAVO", "false"]);
    bravo.enter(&order(Side::Sell, 1)).unwrap();
    let Outbound::OrderRejected(rejected) = next(&mut bravo) else { panic!("not refused") };
    assert_eq!(rejected.reason, 0x0C);
    done(&["fees", "--maker-bp", "-0.20", "--taker-bp", "0.30"]);
    done(&["limits", "ALPHA", "--max-open-orders", "1", "--self-trade", "cancel-both"]);

    for (words, says) in
        [(&["phase", "NONE", "halted"][..], "no instrument NONE"), (&["cancel"], "which orders")]
    {
        let (said, code) = operate(&data, words);
        assert_eq!(code, Some(1), "{said}");
        assert!(said["error"].as_str().unwrap().contains(says), "{said}");
    }
    engine.kill();
    let replayed = run_json(&["replay", "--data-dir", data.to_str().unwrap()]);
    let (out, code) =
        run(&["operate", "--data-dir", data.to_str().unwrap(), "day", "end-of-market-hours"]);
    assert_eq!((out.as_str(), code), ("", Some(1)), "nobody is there");
    let engine = Engine::start(&config, &data);
    assert_eq!(engine.digest(), replayed["digest"].as_str().unwrap());
    bravo.enter(&order(Side::Sell, 1)).unwrap();
    let Outbound::OrderRejected(rejected) = next(&mut bravo) else { panic!("not refused") };
    assert_eq!(rejected.reason, 0x0C, "still disabled");
    done(&["day", "end-of-market-hours"]);
    alpha.enter(&order(Side::Buy, 1)).unwrap();
    let Outbound::OrderRejected(rejected) = next(&mut alpha) else { panic!("not refused") };
    assert_eq!(rejected.reason, 0x02, "the day is over");
    assert_eq!(engine.stop(), Some(0));
}

/// Time is a command: an order that ends by itself does so without anybody
/// sending anything, and again after a crash in between.
#[test]
fn orders_end_when_their_time_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::unicast(&["ALPHA"]);
    let config = site.write_config(directory.path());
    let data = directory.path().join("data");
    let engine = Engine::start(&config, &data);
    let mut client = site.connect("ALPHA", Start::Now);
    let order = |expire_after_s| NewOrder {
        time_in_force: TimeInForce::GoodTillTime,
        options: Options { expire_after_s, ..Options::NONE },
        ..NewOrder::limit("AAPL".parse().unwrap(), Side::Buy, 10, Price(1_000_000))
    };
    client.enter(&order(1)).unwrap();
    client.enter(&order(2)).unwrap();
    for _ in 0..2 {
        assert!(matches!(next(&mut client), Outbound::OrderAccepted(_)));
    }
    let expired = |client: &mut Client, user_ref| {
        let Outbound::OrderCanceled(canceled) = next(client) else { panic!("not canceled") };
        let expected = (user_ref, 10, b'T');
        assert_eq!((canceled.user_ref_num, canceled.quantity, canceled.reason.0), expected);
    };
    expired(&mut client, 1);
    engine.kill();
    let engine = Engine::start(&config, &data);
    expired(&mut client, 2);
    assert_eq!(engine.stop(), Some(0));
    let (dump, _) = run(&["journal", "dump", "--data-dir", data.to_str().unwrap()]);
    let ticks = dump.lines().filter(|line| line.ends_with(": Tick")).count();
    assert_eq!(ticks, 2, "one for each that was due: {dump}");
}
