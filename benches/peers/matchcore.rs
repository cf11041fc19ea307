//! `matchcore` 0.4.0: maps of levels, queues of ids, one command at a time.
//!
//! A modify is its amend where the price changes, which loses priority; at the
//! same price it would keep it, so there it is a cancel and a new order.
//!
//! Its published version has a bug: an order that can trade at all trades
//! without regard to its own limit (`submit_crossable_order` and
//! `amend_limit_order` call the matcher with no limit price), and so takes
//! worse prices than it allows as long as anybody is there. To compare equal
//! work, such an order is cut beforehand: what it may trade is sent as an order
//! of its own, the rest as another. That is done when the commands are made and
//! costs `matchcore` nothing but the second command, which few messages need.
//! [`Matchcore::cuts`] tells how many.

use super::{Commands, Engine, Peer};
use crate::flow::{Kind, Message, Outcome, Report, ReportBody, Reports, Room, Script};
use matchcore::{
    AmendCmd, AmendPatch, CancelCmd, CommandKind, CommandMeta, CommandOutcome, CommandReport,
    LimitOrder, LimitOrderPatch, NewOrder, OrderBook, OrderFlags, OrderId, OrderKind, Price,
    Quantity, QuantityPolicy, SequenceNumber, SubmitCmd, TimeInForce, Timestamp,
};
use ringmatch_engine::command::Side;
use std::hint::black_box;

/// `matchcore`, with the books of a flow.
#[derive(Debug)]
pub struct Matchcore {
    books: Vec<OrderBook>,
    /// By book and the book's own id: the flow's.
    order_ids: Vec<Vec<u64>>,
}

/// A command, and what is reported of it besides its trades.
#[derive(Debug)]
pub struct MatchcoreCommand {
    command: matchcore::Command,
    sequence: u64,
    message: Message,
    /// Price of the order as it stood before.
    price_before: i64,
    /// The first of a message's commands acknowledges it.
    is_first: bool,
    /// The rest of an immediate order was cut off.
    is_cut: bool,
}

impl Engine for Matchcore {
    const NAME: &'static str = "matchcore";
    type Command = MatchcoreCommand;

    fn commands(script: &Script) -> Commands<MatchcoreCommand> {
        let mut writer = Writer::new(script.room.books);
        let mut opening = 0;
        for (number, message) in script.messages.iter().enumerate() {
            if number == script.opening {
                opening = writer.commands.len();
            }
            writer.say(number as u64, message, &script.outcomes[number]);
        }
        Commands { all: writer.commands, opening }
    }

    fn open(room: &Room) -> Self {
        let books = (0..room.books).map(|_| OrderBook::new("BOOK")).collect();
        Self { books, order_ids: vec![Vec::new(); usize::from(room.books)] }
    }

    #[inline]
    fn apply(&mut self, command: &MatchcoreCommand) {
        let book = &mut self.books[usize::from(command.message.book)];
        black_box(book.execute(&command.command));
    }

    fn reports(script: &Script) -> Vec<Report> {
        Self::all_reports(script)
    }
}

impl Peer for Matchcore {
    #[inline]
    fn apply_and_report(&mut self, command: &MatchcoreCommand, reports: &mut impl Reports) {
        let &MatchcoreCommand { message, sequence, .. } = command;
        let Message { order_id, price, side, .. } = message;
        let book = usize::from(message.book);
        let outcome = self.books[book].execute(&command.command);
        let order_ids = &mut self.order_ids[book];
        order_ids.push(order_id);
        let is_applied = matches!(outcome, CommandOutcome::Applied(_));
        let mut say = |body| reports.report(|| Report { sequence, body });
        if command.is_first {
            say(message.answer(is_applied, command.price_before));
        }
        let CommandOutcome::Applied(CommandReport::Submit(effects) | CommandReport::Amend(effects)) =
            &outcome
        else {
            return;
        };
        let target = effects.target_order();
        for trade in target.match_result().map_or(&[][..], |result| result.trades()) {
            say(ReportBody::Trade {
                price: trade.price().0 as i64,
                quantity: trade.quantity().0 as u32,
                maker: order_ids[trade.maker_order_id().0 as usize],
                taker: order_id,
            });
        }
        if target.cancel_reason().is_some() || command.is_cut {
            say(ReportBody::CancelAck { side, order_id, price });
        }
    }
}

impl Matchcore {
    /// How many messages were cut because of the bug.
    #[must_use]
    pub fn cuts(script: &Script) -> usize {
        let both = script.messages.iter().zip(&script.outcomes);
        both.filter(|(message, outcome)| goes_beyond(message, outcome)).count()
    }
}

/// Says messages in commands, with the ids that the engine will give.
struct Writer {
    commands: Vec<MatchcoreCommand>,
    /// By book: the next sequence number.
    next: Vec<u64>,
    /// By order id: the engine's.
    ids: Vec<OrderId>,
}

impl Writer {
    fn new(books: u16) -> Self {
        let next = vec![0; usize::from(books)];
        Self { commands: Vec::new(), next, ids: Vec::new() }
    }

    fn say(&mut self, sequence: u64, message: &Message, outcome: &Outcome) {
        let place = message.order_id as usize;
        if self.ids.len() <= place {
            self.ids.resize(place + 1, OrderId(u64::MAX));
        }
        let first = self.commands.len();
        let order_id = self.ids[place];
        match message.kind {
            Kind::New => self.submit(sequence, message, outcome),
            Kind::Cancel => self.push(sequence, message, cancel(order_id)),
            Kind::Reduce => {
                let patch = LimitOrderPatch::new().with_quantity_policy(size(message.quantity));
                self.push(sequence, message, amend(order_id, patch));
            }
            Kind::Modify if self.must_be_anew(message, outcome) => {
                self.push(sequence, message, cancel(order_id));
                self.submit(sequence, message, outcome);
            }
            Kind::Modify => {
                let patch = LimitOrderPatch::new()
                    .with_price(Price(message.price as u64))
                    .with_quantity_policy(size(message.quantity));
                self.push(sequence, message, amend(order_id, patch));
            }
        }
        let first = &mut self.commands[first];
        first.is_first = true;
        first.price_before = outcome.before.price;
    }

    /// A live order that would keep its priority, or that would go beyond its
    /// limit.
    fn must_be_anew(&self, message: &Message, outcome: &Outcome) -> bool {
        let keeps_priority = outcome.before.price == message.price;
        outcome.is_found && (keeps_priority || goes_beyond(message, outcome))
    }

    fn submit(&mut self, sequence: u64, message: &Message, outcome: &Outcome) {
        if goes_beyond(message, outcome) {
            self.push(sequence, message, submit(message, outcome.traded));
            if message.immediate_or_cancel {
                if let Some(command) = self.commands.last_mut() {
                    command.is_cut = true;
                }
                return;
            }
            let rest = message.quantity - outcome.traded;
            self.give_id(message);
            self.push(sequence, message, submit(message, rest));
            return;
        }
        self.give_id(message);
        self.push(sequence, message, submit(message, message.quantity));
    }

    /// The order will have the number of the next command.
    fn give_id(&mut self, message: &Message) {
        let next = self.next[usize::from(message.book)];
        self.ids[message.order_id as usize] = OrderId(next);
    }

    fn push(&mut self, sequence: u64, message: &Message, kind: CommandKind) {
        let next = &mut self.next[usize::from(message.book)];
        let meta =
            CommandMeta { sequence_number: SequenceNumber(*next), timestamp: Timestamp(sequence) };
        *next += 1;
        self.commands.push(MatchcoreCommand {
            command: matchcore::Command { meta, kind },
            sequence,
            message: *message,
            price_before: 0,
            is_first: false,
            is_cut: false,
        });
    }
}

/// Whether it trades, not in full, and would find more beyond its limit.
fn goes_beyond(message: &Message, outcome: &Outcome) -> bool {
    outcome.traded > 0 && outcome.traded < message.quantity && outcome.is_more_there
}

fn cancel(order_id: OrderId) -> CommandKind {
    CommandKind::Cancel(CancelCmd { order_id, order_kind: OrderKind::Limit })
}

fn amend(order_id: OrderId, patch: LimitOrderPatch) -> CommandKind {
    CommandKind::Amend(AmendCmd { order_id, patch: AmendPatch::Limit(patch) })
}

fn submit(message: &Message, quantity: u32) -> CommandKind {
    let side = match message.side {
        Side::Buy => matchcore::Side::Buy,
        Side::Sell => matchcore::Side::Sell,
    };
    let time_in_force =
        if message.immediate_or_cancel { TimeInForce::Ioc } else { TimeInForce::Gtc };
    let flags = OrderFlags::new(side, false, time_in_force);
    let order = LimitOrder::new(Price(message.price as u64), size(quantity), flags);
    CommandKind::Submit(SubmitCmd { order: NewOrder::Limit(order) })
}

fn size(quantity: u32) -> QuantityPolicy {
    QuantityPolicy::Standard { quantity: Quantity(u64::from(quantity)) }
}
