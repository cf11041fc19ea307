"""The dissector, by tshark, against every message of the golden vectors.

Each vector travels as one datagram of a capture made here, on the ports that
its protocol and direction have. tshark must find every byte of it in a field
and mark nothing; with one byte less it must mark it malformed. The bytes were
not made by the codec whose tables the dissector has, and the values spelled
out below show that fields of equal width were not swapped. Without tshark the
tests fail.

usage: python3 clients/wireshark/test_dissector.py
"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "gateway" / "tests" / "golden" / "messages.txt"
ORDERS, MARKET_DATA, REQUESTS, CLIENT = 31001, 31002, 31003, 40000
HEADER_LEN = 20
ENTER_ORDER_LEN = 45


def vectors():
    """Name and bytes of each vector."""
    for line in VECTORS.read_text().splitlines():
        if line and not line.startswith("#"):
            name, text = line.split()
            yield name, bytes.fromhex(text)


def packet(session, message):
    """A MoldUDP64 packet with one message, which has the number 7."""
    header = struct.pack(">10sQH", session.ljust(10), 7, 1)
    return header + struct.pack(">H", len(message)) + message


def datagram(name, message):
    """Source port, destination port and payload that carry a vector."""
    protocol, _, letter = name.rpartition(".")
    if protocol == "itch50":
        return CLIENT, MARKET_DATA, packet(b"RINGMATCH", message)
    if protocol == "ouch50.in" or name in ("ouch50.real.O", "ouch50.real.X"):
        return CLIENT, ORDERS, packet(b"ALPHA", message)
    if protocol in ("ouch50.out", "ouch50.real"):
        return REQUESTS, CLIENT, packet(b"ALPHA", message)
    if letter == "request":
        return CLIENT, REQUESTS, message
    return CLIENT, MARKET_DATA, message


def write_capture(path, datagrams):
    """A capture of raw IPv4 packets (link type 101)."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for source, destination, payload in datagrams:
            udp = struct.pack(">HHHH", source, destination, 8 + len(payload), 0) + payload
            address = bytes((127, 0, 0, 1))
            ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
            frame = ip + address + address + udp
            out.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)


def dissect(datagrams):
    """The dissected tree of each datagram, as tshark's PDML has it."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "capture.pcap"
        write_capture(path, datagrams)
        script = f"lua_script:{HERE / 'ringmatch.lua'}"
        command = ["tshark", "-X", script, "-r", str(path), "-T", "pdml"]
        output = subprocess.run(command, capture_output=True, check=True, timeout=120)
    if b"lua" in output.stderr.lower():
        raise AssertionError(output.stderr.decode())
    trees = []
    for frame in ElementTree.fromstring(output.stdout).findall("packet"):
        tree = [proto for proto in frame.findall("proto") if proto.get("name") == "ringmatch"]
        assert len(tree) == 1, "a datagram was not given to the dissector"
        trees.append(tree[0])
    return trees


def fields(tree):
    """Name, shown value, first byte and length of all fields."""
    return [
        (field.get("name"), field.get("show"), int(field.get("pos", 0)), int(field.get("size", 0)))
        for field in tree.iter("field")
    ]


def is_malformed(tree):
    return any(name == "ringmatch.malformed" for name, *_ in fields(tree))


def value(tree, name):
    found = [show for field, show, *_ in fields(tree) if field == name]
    assert len(found) == 1, f"{name} stands {len(found)} times"
    return found[0]


class Dissector(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.vectors = dict(vectors())
        cls.trees = dict(
            zip(cls.vectors, dissect([datagram(*vector) for vector in cls.vectors.items()]))
        )

    def test_every_vector_is_read_without_a_mark(self):
        self.assertGreaterEqual(len(self.trees), 56)
        for name, tree in self.trees.items():
            self.assertFalse(is_malformed(tree), name)

    def test_every_byte_of_a_message_is_in_a_field(self):
        for name, tree in self.trees.items():
            if name.startswith("mold"):
                continue
            start = int(tree.get("pos")) + HEADER_LEN + 2
            covered = set()
            for field, _, at, size in fields(tree):
                if field.startswith(("ringmatch.itch", "ringmatch.ouch", "ringmatch.letter")):
                    covered.update(range(at, at + size))
                elif field == "ringmatch.appendage":
                    covered.update((at, at + 1))
                elif field.startswith("ringmatch.option"):
                    # The element's length and tag stand before its value.
                    covered.update(range(at - 2, at + size))
            expected = set(range(start, start + len(self.vectors[name])))
            self.assertEqual(covered, expected, name)

    def test_a_byte_too_few_or_too_many_is_marked(self):
        messages = {n: m for n, m in self.vectors.items() if not n.startswith("mold")}
        for change, changed in (
            ("cut", {n: m[:-1] for n, m in messages.items()}),
            ("longer", {n: m + b"\x00" for n, m in messages.items()}),
        ):
            trees = dissect([datagram(*vector) for vector in changed.items()])
            for name, tree in zip(changed, trees):
                self.assertTrue(is_malformed(tree), f"{name} {change}")

    def test_a_torn_packet_is_marked(self):
        whole = self.vectors["mold.data"]
        torn = [whole[:length] for length in range(1, len(whole))]
        for cut, tree in zip(torn, dissect([(CLIENT, MARKET_DATA, cut) for cut in torn])):
            self.assertTrue(is_malformed(tree), len(cut))

    def test_values(self):
        for name, field, expected in (
            ("itch50.A", "itch.order_reference_number", "1001"),
            ("itch50.A", "itch.shares", "300"),
            ("itch50.A", "itch.stock", "AAPL    "),
            ("itch50.A", "itch.price", "1891234"),
            ("itch50.A", "itch.timestamp", "34200000000123"),
            ("itch50.C", "itch.execution_price", "1892400"),
            ("itch50.Q", "itch.shares", "123456"),
            ("ouch50.in.O", "ouch.user_ref_num", "1"),
            ("ouch50.in.O", "ouch.price", "1891234"),
            ("ouch50.in.O", "option.firm", "FIRM"),
            ("ouch50.in.O", "option.min_qty", "50"),
            ("ouch50.in.O", "option.post_only", "P"),
            ("ouch50.out.E", "ouch.match_number", "9001"),
            ("ouch50.out.E", "ouch.liquidity_flag", "A"),
            ("ouch50.out.J", "ouch.reason.unsigned", "29"),
            ("ouch50.out.C", "ouch.reason", "U"),
            ("ouch50.real.A", "ouch.cl_ord_id", "7682701       "),
        ):
            self.assertEqual(value(self.trees[name], f"ringmatch.{field}"), expected, name)

    def test_private_options_have_names(self):
        bare = self.vectors["ouch50.in.O"][:ENTER_ORDER_LEN]
        for text, name, expected in (
            ("09f0 00000000000c3500", "stop_price", "800000"),
            ("09f1 0000000000002710", "trailing_distance", "10000"),
            ("02f2 31", "lifetime", "1"),
            ("02f3 4b", "order_type", "K"),
        ):
            element = bytes.fromhex(text)
            message = bare + struct.pack(">H", len(element)) + element
            tree = dissect([(CLIENT, ORDERS, packet(b"ALPHA", message))])[0]
            self.assertEqual(value(tree, f"ringmatch.option.{name}"), expected)
            self.assertFalse(is_malformed(tree), name)

    def test_the_ports_tell_what_a_packet_is(self):
        header = struct.pack(">10sQH", b"ALPHA     ", 5, 0)
        for source, destination, payload, said in (
            (CLIENT, ORDERS, struct.pack(">10sQH", b"ALPHA     ", 0, 0), "hello"),
            (CLIENT, ORDERS, header, "heartbeat: next is 5"),
            (ORDERS, CLIENT, header, "all below 5 is durable"),
            (CLIENT, REQUESTS, header, "subscription"),
            (REQUESTS, CLIENT, header, "heartbeat: next is 5"),
            (ORDERS, CLIENT, struct.pack(">10sQH", b"ALPHA     ", 5, 3), "request for 3 from 5"),
            (REQUESTS, CLIENT, packet(b"RINGMATCH", self.vectors["itch50.A"]), "Add Order"),
            (REQUESTS, CLIENT, packet(b"ALPHA", self.vectors["ouch50.out.A"]), "Order Accepted"),
        ):
            tree = dissect([(source, destination, payload)])[0]
            self.assertIn(said, value(tree, "ringmatch.packet"))
            self.assertFalse(is_malformed(tree), said)


if __name__ == "__main__":
    sys.exit(unittest.main())
