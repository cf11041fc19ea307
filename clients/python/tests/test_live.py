"""The client, the feed and the journal reader against a running engine."""

import json
import pathlib
import random
import shutil
import tempfile
import time
import unittest
from unittest import mock

from ringmatch import Book, Journal, JournalError, Silence, net, ouch, price, trades, trades_of_dump
from ringmatch.commands import COMMANDS, ORDER_TYPE, PRICING, SELF_TRADE, TIME_IN_FORCE
from tests.engine import Engine, needs_engine


def answers(client):
    """All responses up to the answer to a query that is asked now."""
    client.query()
    found = []
    while True:
        response = client.receive(10)
        if response is None:
            raise AssertionError(f"no answer after {found[-3:]}")
        found.append(response)
        if isinstance(response.message, ouch.AccountQueryResponse):
            return found


def drain_greeting(client):
    """Reads up to the answer to the query that connecting asks."""
    while not isinstance(client.receive(10).message, ouch.AccountQueryResponse):
        pass


#: Orders with options, by the arguments of `Client.enter`: at 90.00 they would not
#: trade, and at 100.00 they might.
SPECIAL_ORDERS = (
    ("buy", "90.00", dict(options={"max_floor": 100})),
    ("buy", "90.00", dict(options={"post_only": "P", "group_id": 7})),
    ("buy", "90.00", dict(time_in_force="gtc")),
    ("buy", "90.00", dict(time_in_force="gtt", options={"expire_time": 86_399})),
    ("buy", "100.00", dict(time_in_force="ioc", options={"min_qty": 200, "aiq_strategy": "A"})),
    ("buy", "100.00", dict(time_in_force="fok")),
    ("buy", None, dict(options={"order_type": "K"})),
    ("sell short", "110.00", dict(options={"stop_price": price("80.00"), "aiq_strategy": "B"})),
    ("sell", None, dict(options={"trailing_distance": price("5.00"), "aiq_strategy": "D"})),
    ("buy", "99.00", dict(hidden=True, options={"price_type": "M", "aiq_strategy": "O"})),
    ("sell", "101.00", dict(hidden=True, options={"price_type": "R", "peg_offset": price("-0.02")})),
    ("sell", "110.00", dict(time_in_force="at-close", options={"aiq_strategy": "W"})),
    ("buy", "90.00", dict(time_in_force="at-open")),
)


def ask_for_everything(client):
    """Sends every kind of message, and each kind of order with and without options."""
    plain = client.enter("AAPL", "buy", 1_000, "90.00", cl_ord_id="plain")
    for side, limit, more in SPECIAL_ORDERS:
        client.enter("AAPL", side, 500, limit, **more)
    short = client.enter("AAPL", "sell short", 300, "110.00")
    client.send(ouch.ModifyOrder(short, "E", 400))
    iceberg = client.replace(plain, 2_000, "90.01", options={"max_floor": 100})
    client.replace(iceberg, 2_000, "90.02", time_in_force="at-close", options={"max_floor": 0})
    for symbol, options in (
        ("MSFT", {}), ("NONE", {}), ("", {"side": "S"}), ("", {"group_id": 7}),
        ("AAPL", {"side": "B", "group_id": 0}),
    ):
        client.send(ouch.MassCancel(client.next_user_ref(), "", symbol, options))
    client.send(ouch.DisableOrderEntry(client.next_user_ref(), "TEST"))
    client.enter("AAPL", "buy", 1, "1.00")
    client.send(ouch.EnableOrderEntry(client.next_user_ref(), ""))


#: Words for `ringmatch operate`; the last one is the end of the day.
OPERATIONS = (
    "phase AAPL pre-open", "phase AAPL opening-auction", "phase AAPL continuous",
    "phase MSFT halted", "phase MSFT closing-auction", "phase MSFT closed",
    "instrument MSFT disabled", "instrument MSFT enabled", "instrument MSFT removed",
    "cancel --symbol AAPL --side sell --group 0", "cancel --session ALPHA --side buy",
    "cancel --firm TEST --group 7", "cancel --all",
    "session BRAVO false", "session BRAVO true",
    "limits BRAVO --max-open-orders 10 --max-position 1000 --max-exposure 123456.78 "
    "--max-messages-per-s 99 --self-trade decrement-both",
    "fees --maker-bp=-0.25 --taker-bp=0.35",
    "bust 1 consent", "bust 2 erroneous",
    "day end-of-market-hours",
)


def trade_at_random(client, count, seed):
    """Sends a flow of orders, cancels and replacements."""
    draw = random.Random(seed)
    live = []
    for _ in range(count):
        what = draw.random()
        limit = f"{100 + draw.randrange(-20, 20) / 100:.2f}"
        if what < 0.7 or not live:
            lifetime = draw.choice(("day", "day", "day", "ioc", "fok"))
            side, symbol = draw.choice(("buy", "sell")), draw.choice(("AAPL", "MSFT", "NONE"))
            quantity = draw.randrange(1, 500)
            live.append(
                client.enter(
                    symbol, side, quantity, draw.choice((limit, limit, limit, None)),
                    time_in_force=lifetime, hidden=draw.random() < 0.1,
                )
            )
        elif what < 0.85:
            client.cancel(live.pop(draw.randrange(len(live))), draw.choice((0, 0, 50)))
        else:
            live.append(client.replace(live.pop(0), draw.randrange(1, 500), limit, cl_ord_id="r"))


def is_canceled(response, user_ref):
    if response is None:
        raise AssertionError(f"order {user_ref} was not canceled")
    message = response.message
    return isinstance(message, ouch.OrderCanceled) and message.user_ref_num == user_ref


def as_dumped(row):
    """A row without what the engine's dump leaves out."""
    left_out = {"capacity", "intermarket_sweep"}
    left_out |= {"malformed": {"cl_ord_id"}, "modify": set()}.get(row["command"], {"short_sale"})
    return {key: value for key, value in row.items() if key not in left_out}


@needs_engine
class Live(unittest.TestCase):
    def setUp(self):
        self.engine = Engine()
        self.addCleanup(self.engine.close)

    def test_two_clients_trade(self):
        alpha, bravo = self.engine.client("ALPHA"), self.engine.client("BRAVO")
        self.addCleanup(alpha.close)
        self.addCleanup(bravo.close)
        drain_greeting(alpha)
        drain_greeting(bravo)
        first = alpha.enter("AAPL", "buy", 100, "286.67", cl_ord_id="first")
        accepted = alpha.receive(10).message
        self.assertEqual((accepted.user_ref_num, accepted.cl_ord_id), (first, "first"))
        self.assertEqual((accepted.price, accepted.order_state), (price("286.67"), "L"))
        bravo.enter("AAPL", "sell", 60, "286.60", time_in_force="ioc")
        kinds = [type(response.message).__name__ for response in answers(bravo)]
        self.assertEqual(kinds, ["OrderAccepted", "OrderExecuted", "AccountQueryResponse"])
        executed = alpha.receive(10).message
        self.assertEqual(
            (executed.user_ref_num, executed.quantity, executed.price, executed.liquidity_flag),
            (first, 60, price("286.67"), "A"),
        )
        alpha.cancel(first)
        self.assertEqual(alpha.receive(10).message.quantity, 40)
        self.assertTrue(alpha.wait_until_safe())

    def test_responses_can_be_heard_again_from_any_number(self):
        with self.engine.client("ALPHA", start=1) as client:
            for shares in range(1, 30):
                client.enter("AAPL", "buy", shares, "1.00")
            heard = answers(client)
            # The greeting's answer came first; the fence follows the orders.
            while not isinstance(heard[-2].message, ouch.OrderAccepted):
                heard += answers(client)
            everything = [response for response in heard]
            self.assertEqual([r.number for r in everything], list(range(1, len(everything) + 1)))
            client.rewind(5)
            again = [client.receive(10) for _ in everything[4:]]
            self.assertEqual(again, everything[4:])
        with self.engine.client("ALPHA", start=1) as client:
            again = [client.receive(10) for _ in everything]
            self.assertEqual(again, everything)

    def test_a_bad_network_and_a_crash_lose_nothing(self):
        draw = random.Random(5)
        real_send, real_arrived = net.send, net.arrived

        def lossy_send(udp, datagram, to):
            if draw.random() > 0.2:
                real_send(udp, datagram, to)

        def lossy_arrived(udp, limit=64):
            return [one for one in real_arrived(udp, limit) if draw.random() > 0.2]

        with mock.patch.object(net, "send", lossy_send), mock.patch.object(
            net, "arrived", lossy_arrived
        ):
            with self.engine.client("ALPHA", start=1) as client:
                sent = [client.enter("AAPL", "buy", 1, "1.00") for _ in range(2_000)]
                self.engine.kill()
                self.engine.start()
                sent += [client.enter("AAPL", "buy", 1, "1.00") for _ in range(2_000)]
                self.assertTrue(client.wait_until_safe(20))
                heard = []
                while not heard or getattr(heard[-1].message, "user_ref_num", 0) != sent[-1]:
                    heard.append(client.receive(10))
                counters = client.counters
        self.assertEqual([r.number for r in heard], list(range(1, len(heard) + 1)))
        accepted = [r.message.user_ref_num for r in heard if isinstance(r.message, ouch.OrderAccepted)]
        self.assertEqual(accepted, sent)
        self.assertGreater(counters.requests, 0)

    def check_late(self, book, next_number):
        """Who joins late has the same book; the snapshots come a moment after the venue."""
        snapshot, deadline = self.engine.snapshot(), time.monotonic() + 20
        while snapshot.next < next_number and time.monotonic() < deadline:
            snapshot = self.engine.snapshot()
        self.assertEqual(snapshot.next, next_number)
        late = Book()
        for message in snapshot.messages:
            late.apply(message)
        self.assertEqual(late.symbols, book.symbols)
        for number in book.symbols:
            for side in "BS":
                self.assertEqual(late.levels(number, side), book.levels(number, side))

    def test_market_data_and_the_journal_tell_the_same(self):
        with self.engine.client("ALPHA") as alpha, self.engine.feed() as live:
            trade_at_random(alpha, 3_000, seed=11)
            answers(alpha)
            answers(alpha)
            first_live = live.next
            seen_live = [message for _, message in live.messages()]
        with self.engine.feed(start=1) as late:
            received = list(late.messages())
        self.assertEqual([number for number, _ in received], list(range(1, len(received) + 1)))
        messages = [message for _, message in received]
        self.assertEqual(messages[first_live - 1 :], seen_live)

        book = Book()
        for message in messages:
            book.apply(message)
        self.assertEqual(book.unknown_orders, 0)
        self.assertGreater(len(book.orders), 0)
        self.check_late(book, len(messages) + 1)
        lines = self.engine.run("journal", "dump", "--events", "--json").splitlines()
        by_match = {row["match_number"]: row for row in trades_of_dump(lines)}
        tape = list(trades(messages))
        self.assertGreater(len(tape), 50)
        self.assertEqual(sorted(by_match), sorted(trade.match_number for trade in tape))
        for trade in tape:
            row, told = by_match[trade.match_number], trade.row()
            self.assertEqual((told["price"], trade.shares), (row["price"], row["quantity"]))
            self.assertEqual(trade.symbol, ("AAPL", "MSFT")[row["instrument"] - 1])
            self.assertIn(trade.order, (0, row["maker_order_id"]))

    def test_rows_of_the_journal_are_those_of_the_dump(self):
        with self.engine.client("ALPHA") as alpha:
            trade_at_random(alpha, 4_000, seed=12)
            ask_for_everything(alpha)
            alpha.send_bytes(b"O")
            alpha.send_bytes(b"?")
            # The end of its second is the Tick.
            brief = alpha.enter("AAPL", "buy", 1, "1.00", time_in_force="gtt", options={"expire_time": 1})
            while not is_canceled(alpha.receive(10), brief):
                pass
            for words in OPERATIONS:
                self.assertIs(self.engine.operate(*words.split())["done"], True, words)
            answers(alpha)
        journal = Journal(self.engine.data)
        rows = list(journal.rows())
        self.assertEqual(journal.tail, "clean")
        self.assertGreater(max(frame.segment for frame in journal.frames()), 1)
        dump = [json.loads(line) for line in self.engine.run("journal", "dump", "--json").splitlines()]
        self.assertEqual(len(rows), len(dump))
        for row, line in zip(rows, dump):
            self.assertEqual(as_dumped(row), line)
        kinds = {row["command"] for row in rows}
        self.assertEqual(kinds, {name for name, _ in COMMANDS} - {"nothing"})
        self.assert_options_were_told(rows)
        replayed = json.loads(self.engine.run("replay", "--json"))
        self.assertEqual(replayed["commands"], len(rows))

    def assert_options_were_told(self, rows):
        """What the order page offers was in the journal, each by its name."""
        told = [row["options"] for row in rows if "options" in row]
        for name, choice in (("pricing", PRICING), ("self_trade", SELF_TRADE)):
            self.assertEqual({options[name] for options in told}, set(choice.names), name)
        for name in ("max_floor", "min_quantity", "expire_after_s", "group", "post_only"):
            self.assertTrue(any(options[name] for options in told), name)
        self.assertIn("-0.02", {options["offset"] for options in told})
        for name, choice in (("time_in_force", TIME_IN_FORCE), ("order_type", ORDER_TYPE)):
            self.assertEqual({row[name] for row in rows if name in row}, set(choice.names), name)
        for name in ("side", "group"):
            asked = [row[name] for row in rows if row["command"] in ("mass_cancel", "cancel_orders")]
            self.assertIn(None, asked)
            self.assertGreater(len(set(asked)), 2, name)
        self.assertIn(0, asked)

    def test_damage_in_the_journal_is_found(self):
        with self.engine.client("ALPHA") as alpha:
            trade_at_random(alpha, 4_000, seed=13)
            answers(alpha)
            answers(alpha)
        self.engine.kill()
        frames = list(Journal(self.engine.data).frames())
        segments = max(frame.segment for frame in frames)
        with tempfile.TemporaryDirectory() as directory:
            copy = pathlib.Path(directory) / "copy"

            def damaged(segment, at):
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(
                    self.engine.data, copy, ignore=shutil.ignore_patterns("operate.sock")
                )
                path = copy / f"{segment:08d}.seg"
                data = bytearray(path.read_bytes())
                data[at] ^= 1
                path.write_bytes(data)
                return Journal(copy)

            for segment, at in ((1, 4096 + 70), (1, 4096), (1, 100), (segments - 1, 4096 + 64)):
                with self.assertRaises(JournalError):
                    list(damaged(segment, at).rows())
            last = frames[-1]
            journal = damaged(last.segment, last.offset + 64)
            self.assertEqual(len(list(journal.frames())), len(frames) - 1)
            self.assertEqual(journal.tail, "torn")
            (copy / "00000001.seg").unlink()
            with self.assertRaisesRegex(JournalError, "missing"):
                Journal(copy)
        self.engine.start()

    def test_a_session_that_does_not_exist_is_silence(self):
        from ringmatch import Client

        with self.assertRaisesRegex(Silence, "NOBODY"):
            Client("NOBODY", orders=self.engine.orders, requests=self.engine.requests, timeout_seconds=0.3)
