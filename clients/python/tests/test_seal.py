"""Sealed sessions: the bytes, the login, and both against a running engine."""

import os
import pathlib
import tempfile
import unittest

from ringmatch import Silence, TakenOver, mold, ouch, read_keys
from ringmatch.seal import Sealing, close, key_bytes, open_sealed
from ringmatch.session import Session
from tests.engine import KEY, Engine, needs_engine

ALPHA = bytes([0x0B]) * 32


class Seals(unittest.TestCase):
    def test_the_bytes_are_those_of_the_venue(self):
        packet = mold.Packet("ALPHA", 7, (b"an order",)).encode()
        sealed = close(ALPHA, "orders", (1, 2, 3), packet)
        # The same packet, key and numbers as in a test of the venue's own code.
        self.assertEqual(sealed[-16:].hex(), "32aebd3522e3ae32dc641ea4c78adc05")
        self.assertEqual(open_sealed(ALPHA, "orders", sealed), (packet, (1, 2, 3)))
        self.assertEqual(mold.Packet.decode(sealed), mold.Packet.decode(packet))

    def test_nothing_else_opens(self):
        packet = mold.Packet("ALPHA", 7, (b"an order",)).encode()
        sealed = close(ALPHA, "orders", (1, 2, 3), packet)
        self.assertIsNone(open_sealed(ALPHA, "requests", sealed))
        self.assertIsNone(open_sealed(bytes(32), "orders", sealed))
        self.assertIsNone(open_sealed(ALPHA, "orders", packet))
        for at in range(len(sealed)):
            changed = bytearray(sealed)
            changed[at] ^= 1
            self.assertIsNone(open_sealed(ALPHA, "orders", bytes(changed)), at)
            self.assertIsNone(open_sealed(ALPHA, "orders", sealed[:at]), at)

    def test_a_keys_file_is_its_owners_alone(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "keys"
            path.write_text(f"# ours\n\nALPHA {ALPHA.hex()} # one\n")
            os.chmod(path, 0o640)
            with self.assertRaisesRegex(PermissionError, "chmod 600"):
                read_keys(path)
            os.chmod(path, 0o600)
            self.assertEqual(read_keys(path), {"ALPHA": ALPHA})
            for text in ("ALPHA", f"ALPHA {ALPHA.hex()[1:]}", "ALPHA zz", f"A {ALPHA.hex()} x"):
                path.write_text(text)
                with self.assertRaises(ValueError):
                    read_keys(path)
        self.assertEqual(key_bytes(ALPHA), ALPHA)


class Venue:
    """Offers logins, as far as a client's side of it is concerned."""

    def __init__(self, login):
        self.login = login
        self.sent = []

    def send(self, channel, packet):
        self.sent.append((channel, packet))

    def stamp(self):
        """What the client's last packet said."""
        channel, packet = self.sent[-1]
        return open_sealed(ALPHA, channel, packet)[1]

    def offer(self):
        instance, _, packet = self.stamp()
        request = mold.Request("ALPHA", 0, 0).encode()
        return close(ALPHA, "answers", (instance, self.login, packet), request)

    def answer(self, number, sequence, count=0):
        instance, login, _ = self.stamp()
        request = mold.Request("ALPHA", sequence, count).encode()
        return close(ALPHA, "answers", (instance, login, number), request)


class Logins(unittest.TestCase):
    def established(self):
        venue = Venue((1 << 64) - 1)
        session = Session("ALPHA", 1, Sealing(ALPHA, 9))
        session.poll(0.0, venue.send)
        self.assertEqual(venue.stamp(), (9, 0, 1))
        self.assertEqual([channel for channel, _ in venue.sent], ["orders"], "no login, no request")
        session.order_datagram(venue.offer(), venue.send)
        session.poll(0.0, venue.send)
        self.assertEqual([channel for channel, _ in venue.sent], ["orders", "orders", "requests"])
        session.order_datagram(venue.answer(1, 40), venue.send)
        self.assertEqual((session.orders.next, session.refused), (40, 0))
        return venue, session

    def test_only_new_answers_in_the_login_are_believed(self):
        venue, session = self.established()
        session.push(b"x", 0.0, venue.send)
        session.flush(0.0, venue.send)
        safe = venue.answer(2, 41)
        for datagram in (
            venue.answer(1, 41),
            mold.Request("ALPHA", 41, 0).encode(),
            close(ALPHA, "answers", (8, venue.login, 3), mold.Request("ALPHA", 41, 0).encode()),
            close(ALPHA, "answers", (9, venue.login - 1, 3), mold.Request("ALPHA", 41, 0).encode()),
        ):
            session.order_datagram(datagram, venue.send)
            self.assertEqual(session.safe_below, 40)
        self.assertEqual(session.refused, 4)
        session.order_datagram(safe, venue.send)
        self.assertEqual((session.safe_below, session.is_safe), (41, True))

    def test_an_old_offer_is_not_believed_and_the_next_login_ends_this_one(self):
        venue, session = self.established()
        old = close(ALPHA, "answers", (9, venue.login + 1 - (1 << 64), 1), mold.Request("ALPHA", 0, 0).encode())
        session.order_datagram(old, venue.send)
        self.assertFalse(session.is_taken_over)
        venue.login = 0x17  # after the highest number comes zero
        session.order_datagram(venue.offer(), venue.send)
        self.assertTrue(session.is_taken_over)
        with self.assertRaises(TakenOver):
            session.push(b"x", 0.0, venue.send)

    def test_a_login_of_another_run_is_accepted(self):
        venue, session = self.established()
        venue.login = 1 << 40
        session.order_datagram(venue.offer(), venue.send)
        session.poll(0.0, venue.send)
        self.assertFalse(session.is_taken_over)
        self.assertEqual(venue.stamp()[1], 1 << 40)

    def test_responses_of_another_login_are_not_heard(self):
        venue, session = self.established()

        def response(login, number, packet):
            return close(ALPHA, "responses", (9, login, number), packet.encode())

        data = mold.Packet("ALPHA", 1, (b"a",))
        self.assertEqual(session.response_datagram(response(venue.login, 1, mold.Packet("ALPHA", 1))), [])
        self.assertEqual(session.response_datagram(response(venue.login - 1, 2, data)), [])
        self.assertEqual(session.response_datagram(data.encode()), [])
        self.assertEqual(session.response_datagram(response(venue.login, 2, data)), [(1, b"a")])
        end = response(venue.login, 3, mold.Packet("ALPHA", 2, (), True))
        session.response_datagram(end)
        self.assertTrue(session.has_ended)
        session.response_datagram(response(venue.login, 4, mold.Packet("ALPHA", 2)))
        self.assertFalse(session.has_ended)
        session.response_datagram(end)
        self.assertFalse(session.has_ended, "it was played again")


@needs_engine
class Live(unittest.TestCase):
    def setUp(self):
        self.engine = Engine()
        self.addCleanup(self.engine.close)

    def accepted(self, client, price):
        number = client.enter("AAPL", "buy", 10, price)
        while True:
            message = client.receive(10).message
            if isinstance(message, ouch.OrderAccepted) and message.user_ref_num == number:
                return

    def test_the_key_gets_in_trades_over_a_crash_and_is_taken_over(self):
        keys = read_keys(self.engine.keys)
        with self.engine.client("SEALED", key=keys["SEALED"]) as client:
            self.accepted(client, "100.00")
            self.engine.kill()
            self.engine.start()
            self.accepted(client, "101.00")
            self.assertFalse(client.has_ended)
            with self.engine.client("SEALED", key=KEY) as other:
                self.accepted(other, "102.00")
                with self.assertRaises(TakenOver):
                    for _ in range(1_000):
                        client.enter("AAPL", "buy", 10, "103.00")
                        client.receive(0.01)

    def test_others_get_silence(self):
        for key in (None, bytes(32)):
            with self.assertRaises(Silence):
                from ringmatch import Client

                Client("SEALED", orders=self.engine.orders, requests=self.engine.requests,
                       key=key, timeout_seconds=0.3)

    def test_the_end_is_told(self):
        with self.engine.client("SEALED", key=KEY) as client:
            self.accepted(client, "100.00")
            self.engine.stop()
            for _ in range(1_000):
                client.receive(0.01)
                if client.has_ended:
                    break
            self.assertTrue(client.has_ended)
            self.engine.start()
            self.accepted(client, "101.00")
            self.assertFalse(client.has_ended)
