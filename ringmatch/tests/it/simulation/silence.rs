//! A client dies and its orders with it: by a command in the log, once for
//! each silence, whatever else dies meanwhile.

use super::{CONFIG, History, LIMIT_NS};
use ringmatch::config::Config;
use ringmatch_engine::command::{Command, Scope, Side};
use ringmatch_engine::{Exchange, SessionId};

const ALPHA: SessionId = SessionId(1);
/// What the config of these histories says of ALPHA's silences.
const LIMIT_MS: u64 = 2_000;

fn config() -> Config {
    let alpha = "name = \"ALPHA\"\n";
    let limited = format!("{alpha}cancel_after_silence_ms = {LIMIT_MS}\n");
    Config::parse(&CONFIG.replace(alpha, &limited), "simulation").unwrap()
}

fn orders_of(session: SessionId, exchange: &Exchange) -> usize {
    let books = exchange.instruments().iter().map(|listed| exchange.book(listed.id).unwrap());
    let orders = books.flat_map(|book| {
        let levels = [Side::Buy, Side::Sell]
            .into_iter()
            .flat_map(move |side| book.levels(side).chain(book.stops(side)).collect::<Vec<_>>());
        levels.flat_map(|level| level.orders()).chain(book.waiting()).collect::<Vec<_>>()
    });
    orders.filter(|order| order.session == session).count()
}

struct Seen {
    cancels: usize,
    orders: usize,
}

impl History {
    fn seen(&self) -> Seen {
        let replay = self.house.replay();
        let of_alpha = Command::CancelOrders(Scope { session: ALPHA, ..Scope::default() });
        let operations = replay.commands.iter().filter(|entry| entry.session == SessionId(0));
        let cancels = operations.clone().filter(|entry| entry.command == of_alpha).count();
        let all = operations.filter(|entry| matches!(entry.command, Command::CancelOrders(_)));
        assert_eq!(cancels, all.count(), "nobody else is silent, or has a limit");
        Seen { cancels, orders: orders_of(ALPHA, &replay.exchange) }
    }

    /// Time passes in which ALPHA says something or not, and the venue may die.
    fn pass(&mut self, ns: u64, alpha_lives: bool, dies: bool) {
        let until = self.time.now() + ns;
        let dies_at = self.time.now() + self.random.u64(0..ns);
        let mut has_died = !dies;
        while self.time.now() < until || !self.house.is_up() {
            self.time.pass(self.random.u64(100_000..2_000_000));
            assert!(self.time.now() < 4 * LIMIT_NS, "the history does not come to an end");
            if self.house.is_up() {
                self.house.work().expect("nothing fails here");
            } else if self.time.now() >= self.up_at {
                self.start();
            }
            if !has_died && self.time.now() >= dies_at && self.house.is_up() {
                has_died = true;
                self.crash();
            }
            let first = usize::from(!alpha_lives);
            self.traders[first..].iter_mut().for_each(super::Trader::work);
        }
    }
}

fn play(seed: u64) {
    let mut history = History::with(config(), seed);
    while !history.traders.iter().all(super::Trader::has_sent) {
        history.step();
    }
    history.pass(10_000_000, true, false);
    let before = history.seen();
    assert_eq!(before.cancels, 0, "it was never silent");

    // Whatever pace the stages have, they cannot have listened for longer.
    history.pass((LIMIT_MS - 200) * 1_000_000, false, true);
    assert_eq!(history.seen().cancels, 0, "too early");
    let mut rounds = 0;
    while history.seen().cancels == 0 && before.orders > 0 {
        history.pass(500_000_000, false, rounds % 8 == 1);
        rounds += 1;
        assert!(rounds < 200, "its orders are never canceled");
    }
    let once = history.seen();
    assert_eq!((once.cancels, once.orders), (usize::from(before.orders > 0), 0));

    // It goes on being silent, the venue dies, it comes back and falls silent
    // again: it has nothing left that could be canceled.
    history.pass(3 * LIMIT_MS * 1_000_000, false, true);
    history.pass(LIMIT_MS * 1_000_000, true, true);
    history.pass(3 * LIMIT_MS * 1_000_000, false, false);
    let after = history.seen();
    assert_eq!((after.cancels, after.orders), (once.cancels, 0), "each silence once");
}

#[test]
fn a_silent_client_loses_its_orders_once_also_over_crashes() {
    for seed in 0..10 {
        if let Err(panic) = std::panic::catch_unwind(|| play(seed)) {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
