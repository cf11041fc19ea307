"""Codecs against bytes that were not made by them, and against any bytes."""

import pathlib
import random
import unittest

from ringmatch import WireError, itch, mold, ouch, price, price_text
from ringmatch.crc32c import crc32c

VECTORS = pathlib.Path(__file__).parents[3] / "gateway" / "tests" / "golden" / "messages.txt"


def vectors():
    for line in VECTORS.read_text().splitlines():
        if line and not line.startswith("#"):
            name, text = line.split()
            yield name, bytes.fromhex(text)


def decoder(name):
    """What reads a vector, by its name."""
    if name.startswith("itch50"):
        return itch.decode
    if name == "mold.request":
        return mold.Request.decode
    if name.startswith("mold"):
        return mold.Packet.decode
    if name.startswith("ouch50.in") or name in ("ouch50.real.O", "ouch50.real.X"):
        return ouch.decode_inbound
    return ouch.decode_outbound


class Vectors(unittest.TestCase):
    def test_every_vector_encodes_to_its_own_bytes(self):
        names = []
        for name, data in vectors():
            self.assertEqual(decoder(name)(data).encode(), data, name)
            names.append(name)
        self.assertEqual(len(names), 56)
        for protocol, messages in (
            ("itch50", itch.MESSAGES),
            ("ouch50.in", ouch.INBOUND),
            ("ouch50.out", ouch.OUTBOUND),
        ):
            for letter in messages:
                self.assertIn(f"{protocol}.{letter}", names)

    def test_values(self):
        by_name = dict(vectors())
        add = itch.decode(by_name["itch50.A"])
        self.assertEqual(
            (add.stock_locate, add.order_reference_number, add.side, add.shares, add.stock),
            (7, 1001, "B", 300, "AAPL"),
        )
        self.assertEqual(price_text(add.price), "189.1234")
        enter = ouch.decode_inbound(by_name["ouch50.in.O"])
        self.assertEqual((enter.user_ref_num, enter.cl_ord_id), (1, "CLORD1"))
        self.assertEqual(enter.options, {"firm": "FIRM", "min_qty": 50, "post_only": "P"})
        accepted = ouch.decode_outbound(by_name["ouch50.real.A"])
        self.assertEqual((accepted.symbol, accepted.price), ("ADBE", 4_777_800))
        self.assertEqual(accepted.options, {"firm": "MLRO", "bbo_weight_indicator": "0"})
        packet = mold.Packet.decode(by_name["mold.data"])
        self.assertEqual((packet.session, packet.sequence, packet.next_sequence), ("SESSION001", 5, 7))

    def test_a_byte_too_few_or_too_many_is_refused(self):
        for name, data in vectors():
            if name.startswith("mold"):
                continue
            for changed in (data[:-1], data + b"\0"):
                with self.assertRaises(WireError, msg=name):
                    decoder(name)(changed)

    def test_any_bytes_are_read_or_refused(self):
        draw = random.Random(20)
        pool = [data for _, data in vectors()]
        decoders = (
            itch.decode, ouch.decode_inbound, ouch.decode_outbound,
            mold.Packet.decode, mold.Request.decode,
        )
        read = 0
        for _ in range(20_000):
            data = bytearray(draw.choice(pool))
            for _ in range(draw.randrange(4)):
                if data:
                    data[draw.randrange(len(data))] = draw.randrange(256)
            data = bytes(data[: draw.randrange(len(data) + 1)] if draw.random() < 0.3 else data)
            for decode in decoders:
                try:
                    message = decode(data)
                except WireError:
                    continue
                read += 1
                if decode in decoders[:3]:
                    self.assertEqual(decode(message.encode()), message)
        self.assertGreater(read, 10_000)


class Values(unittest.TestCase):
    def test_what_does_not_fit_is_named(self):
        for bad, says in (
            (dict(user_ref_num=1 << 32, quantity=1), "user_ref_num"),
            (dict(user_ref_num=1, quantity=-1), "quantity"),
            (dict(user_ref_num="x", quantity=1), "user_ref_num"),
            (dict(user_ref_num=1, quantity=1, options={"nonsense": 1}), "nonsense"),
            (dict(user_ref_num=1, quantity=1, options={"firm": "LONGER"}), "firm"),
        ):
            with self.assertRaisesRegex(WireError, says):
                ouch.CancelOrder(**bad).encode()

    def test_an_option_twice_is_refused_and_an_unknown_one_kept(self):
        cancel = ouch.CancelOrder(1, 0).encode()
        twice = cancel + bytes.fromhex("000c 0503 00000001 0503 00000001")
        with self.assertRaisesRegex(WireError, "twice"):
            ouch.decode_inbound(twice)
        unknown = cancel + bytes.fromhex("0003 02 63 07")
        message = ouch.decode_inbound(unknown)
        self.assertEqual(message.options, {"tag_99": b"\x07"})
        self.assertEqual(message.encode(), unknown)

    def test_private_options(self):
        bare = dict(vectors())["ouch50.in.O"][: ouch.EnterOrder.LAYOUT.length]
        elements = (
            ("09f0 00000000000c3500", "stop_price", 800_000),
            ("09f1 0000000000002710", "trailing_distance", 10_000),
            ("02f2 31", "lifetime", "1"),
            ("02f3 4b", "order_type", "K"),
        )
        for text, name, value in elements:
            data = bytes.fromhex(text)
            message = bare + len(data).to_bytes(2, "big") + data
            decoded = ouch.decode_inbound(message)
            self.assertEqual(decoded.options, {name: value})
            self.assertEqual(decoded.encode(), message)
            with self.assertRaisesRegex(WireError, "must have"):
                short = bytes([data[0] - 1]) + data[1:-1]
                ouch.decode_inbound(bare + len(short).to_bytes(2, "big") + short)

    def test_prices(self):
        for text, units in (("286.67", 2_866_700), ("0.0001", 1), ("1", 10_000), ("-2.5", -25_000)):
            self.assertEqual(price(text), units)
        self.assertEqual(price(286.67), 2_866_700)
        self.assertEqual([price_text(n) for n in (2_866_700, 1, -25_000)], ["286.67", "0.0001", "-2.50"])
        for bad in ("1.00001", "x", "NaN", "Infinity", ""):
            with self.assertRaises(WireError):
                price(bad)

    def test_checksum(self):
        # RFC 3720, B.4.
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(crc32c(bytes(32)), 0x8A9136AA)
        self.assertEqual(crc32c(b"6789", crc32c(b"12345")), 0xE3069283)
