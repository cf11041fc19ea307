"""A stream over a link that loses, doubles and reorders: exactly once, in order."""

import random
import unittest

from ringmatch.mold import Packet, Request
from ringmatch.stream import Receiver, Sender


class Link:
    """Carries datagrams with seeded bad luck."""

    def __init__(self, draw):
        self.draw = draw
        self.waiting = []

    def send(self, datagram):
        for _ in range(self.draw.choice((0, 1, 1, 1, 2))):
            self.waiting.append(datagram)

    def arrive(self):
        if self.draw.random() < 0.3:
            self.draw.shuffle(self.waiting)
        arrived, self.waiting = self.waiting, []
        return arrived


def play(seed, messages=400):
    """What is delivered, and the receiver, after a flow over bad links."""
    draw = random.Random(seed)
    there, back = Link(draw), Link(draw)
    sender, receiver = Sender("ALPHA", 1), Receiver("ALPHA", 1, stash_packets=4)
    sent = [bytes([draw.randrange(256)]) * draw.randrange(60) for _ in range(messages)]
    waiting, delivered, now = list(sent), [], 0.0
    for _ in range(20_000):
        now += 0.001
        while waiting and draw.random() < 0.8:
            sender.push(waiting.pop(0), now, there.send)
        sender.flush(now, there.send)
        sender.poll(now, there.send)
        for datagram in there.arrive():
            delivered += receiver.offer(datagram)
        request = receiver.poll(now)
        if request is not None:
            back.send(request.encode())
        for datagram in back.arrive():
            answer = sender.answer(Request.decode(datagram))
            if answer is not None:
                there.send(answer)
        if not waiting and receiver.next == sender.next:
            break
    return sent, delivered, receiver


class Streams(unittest.TestCase):
    def test_every_message_once_and_in_order(self):
        for seed in range(30):
            sent, delivered, receiver = play(seed)
            self.assertEqual(delivered, list(enumerate(sent, 1)), f"seed {seed}")
            self.assertGreater(receiver.counters.requests, 0, f"seed {seed}")

    def test_an_overlap_is_delivered_from_the_expected_number_on(self):
        receiver = Receiver("ALPHA", 6)
        self.assertEqual(receiver.offer(Packet("ALPHA", 5, (b"a", b"b")).encode()), [(6, b"b")])
        self.assertEqual(receiver.offer(Packet("ALPHA", 5, (b"a", b"b")).encode()), [])
        self.assertEqual(receiver.offer(Packet("BRAVO", 7, (b"a",)).encode()), [])
        self.assertEqual((receiver.counters.duplicates, receiver.counters.foreign_session), (1, 1))

    def test_a_heartbeat_tells_of_a_lost_tail_and_takes_back_what_was_not_sent(self):
        receiver = Receiver("ALPHA", 1)
        receiver.offer(Packet("ALPHA", 4).encode())
        self.assertEqual(receiver.poll(0.0), Request("ALPHA", 1, 3))
        self.assertIsNone(receiver.poll(0.001))
        self.assertEqual(receiver.poll(0.003), Request("ALPHA", 1, 3))
        receiver.offer(Packet("ALPHA", 9, (b"made up",)).encode())
        receiver.offer(Packet("ALPHA", 1).encode())
        self.assertFalse(receiver.has_gap)
        self.assertEqual(receiver.counters.stash_discards, 1)

    def test_what_is_acknowledged_is_forgotten(self):
        sender = Sender("ALPHA", 10)
        for _ in range(3):
            sender.push(b"x", 0.0, lambda packet: None)
        sender.release_below(12)
        self.assertIsNone(sender.answer(Request("ALPHA", 11, 1)))
        answer = Packet.decode(sender.answer(Request("ALPHA", 12, 5)))
        self.assertEqual((answer.sequence, answer.messages), (12, (b"x",)))
