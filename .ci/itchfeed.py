"""The parts of `.ci/itchfeed`: a recorder, a flow of orders, and the comparison.

Nothing of the project is used here, so that nothing of it can be wrong in the
same way twice: the packets are taken apart by hand, and the messages by the
`itchfeed` package.
"""

import json
import random
import select
import socket
import struct
import sys
import time

HEADER = struct.Struct(">10sQH")
VENUE = b"RINGMATCH "
GROUP, REQUESTS, INTERFACE = ("239.192.77.2", 31002), ("127.0.0.1", 31003), "127.0.0.1"
PATIENCE_SECONDS = 30


def sockets():
    """One in the group, and one that asks."""
    group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    group.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    group.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    group.bind(GROUP)
    member = socket.inet_aton(GROUP[0]) + socket.inet_aton(INTERFACE)
    group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asker.bind((INTERFACE, 0))
    return group, asker


def take(datagram, messages):
    """The messages of a packet, by number; the number that comes next."""
    session, number, count = HEADER.unpack_from(datagram)
    assert session == VENUE, session
    at = HEADER.size
    for _ in range(count):
        (length,) = struct.unpack_from(">H", datagram, at)
        messages.setdefault(number, datagram[at + 2 : at + 2 + length])
        number, at = number + 1, at + 2 + length
    return number


def record(path):
    """Every message from the first one, as a file of the published form."""
    group, asker = sockets()
    messages, following, told = {}, 1, False
    while not told:
        ready = select.select([group, sys.stdin], [], [])[0]
        told = sys.stdin in ready
        while select.select([group], [], [], 0.3 if told else 0)[0]:
            following = max(following, take(group.recv(65536), messages))
    live = len(messages)
    # What the socket had no room for, and what was said before it was there.
    asker.settimeout(0.2)
    deadline = time.monotonic() + PATIENCE_SECONDS
    missing = 1
    while time.monotonic() < deadline:
        while missing in messages:
            missing += 1
        if missing >= following:
            break
        asker.sendto(HEADER.pack(VENUE, missing, 1024), REQUESTS)
        try:
            take(asker.recv(65536), messages)
        except socket.timeout:
            continue
    assert len(messages) == following - 1, f"{following - 1 - len(messages)} messages are missing"
    with open(path, "wb") as out:
        for number in range(1, following):
            out.write(struct.pack(">H", len(messages[number])) + messages[number])
    print(f"recorded {len(messages)} messages, {live} of them live")


def orders():
    """A flow with everything that an order can do, seeded."""
    draw = random.Random(3)
    live = []
    for index in range(20_000):
        what, name = draw.random(), f"o{index}"
        price = f"{400 + draw.randrange(-100, 100) / 100:.2f}"
        if what < 0.65 or len(live) < 5:
            line = dict(symbol=draw.choice(("MSFT", "NVDA")), side=draw.choice(("buy", "sell")),
                        quantity=draw.randrange(1, 900), price=price, id=name,
                        time_in_force=draw.choice(("day", "day", "day", "ioc", "fok")),
                        display="hidden" if draw.random() < 0.05 else "visible")
            live.append(name)
        elif what < 0.85:
            order = live.pop(draw.randrange(len(live)))
            line = dict(action="cancel", order=order, quantity=draw.choice((0, 0, 100)))
        else:
            order = live.pop(draw.randrange(len(live)))
            line = dict(action="replace", order=order, quantity=draw.randrange(1, 900), price=price,
                        id=name)
            live.append(name)
        print(json.dumps(line))


def reduce(book, reference, shares):
    place = book[reference]
    place[3] -= shares
    if place[3] <= 0:
        del book[reference]


def decoded_book(path):
    """Displayed orders by reference, as the package decodes them."""
    from itch.parser import MessageParser

    book, kinds = {}, {}
    with open(path, "rb") as file:
        for message in MessageParser().parse_file(file):
            kind = message.message_type.decode()
            kinds[kind] = kinds.get(kind, 0) + 1
            reference = getattr(message, "order_reference_number", None)
            if kind in "AF":
                side = message.buy_sell_indicator.decode()
                book[reference] = [message.stock_locate, side, message.price, message.shares]
            elif kind == "E" or kind == "C":
                reduce(book, reference, message.executed_shares)
            elif kind == "X":
                reduce(book, reference, message.cancelled_shares)
            elif kind == "D":
                del book[reference]
            elif kind == "U":
                locate, side, _, _ = book.pop(reference)
                new = message.new_order_reference_number
                book[new] = [locate, side, message.price, message.shares]
    return book, kinds


def engine_books(path):
    """Displayed and hidden orders by reference, as the engine's events tell."""
    displayed, hidden = {}, {}

    def rest(order, locate, side, price, shares):
        units = round(float(price) * 10_000)
        into = hidden if order["display"] == "Hidden" else displayed
        into[order["order_id"]] = [locate, "B" if side == "buy" else "S", units, shares]

    for line in open(path):
        incoming = None
        for event in json.loads(line)["events"]:
            kind = event["event"]
            if kind in ("accepted", "replaced"):
                if kind == "replaced":
                    for book in (displayed, hidden):
                        book.pop(event["original_order_id"], None)
                order = event["order"]
                incoming = dict(order, open=0 if order["rests"] else order["quantity"])
                if order["rests"]:
                    details = (order["instrument"], order["side"], order["price"])
                    rest(order, *details, order["quantity"])
            elif kind == "executed":
                incoming["open"] -= event["quantity"]
                maker = event["maker"]["order_id"]
                reduce(displayed if maker in displayed else hidden, maker, event["quantity"])
            elif kind == "added":
                details = (event["instrument"], event["side"], event["price"])
                rest(dict(incoming, display="Visible"), *details, event["quantity"])
                incoming["open"] = 0
            elif kind == "canceled":
                if incoming and event["order_id"] == incoming["order_id"]:
                    incoming["open"] -= event["quantity"]
                for book in (displayed, hidden):
                    if event["order_id"] in book:
                        reduce(book, event["order_id"], event["quantity"])
        # What is left of a hidden order rests without an event of its own.
        if incoming and incoming["open"] > 0 and incoming["display"] == "Hidden":
            details = (incoming["instrument"], incoming["side"], incoming["price"])
            rest(incoming, *details, incoming["open"])
    return displayed, hidden


def compare(market, dump, replay):
    decoded, kinds = decoded_book(market)
    displayed, hidden = engine_books(dump)
    resting = json.load(open(replay))["resting_orders"]
    print("decoded by itchfeed:", " ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())))
    print(f"book {len(decoded)} orders; the engine's has {len(displayed)} displayed and "
          f"{len(hidden)} hidden, its replay {resting}")
    for reference in sorted(decoded.keys() | displayed.keys()):
        if decoded.get(reference) != displayed.get(reference):
            print(f"order {reference}: {decoded.get(reference)} by itchfeed, "
                  f"{displayed.get(reference)} in the engine")
            return 1
    for kind in "ADEPUX":
        if kind not in kinds:
            print(f"the flow never led to a message {kind}")
            return 1
    return 0 if decoded and resting == len(displayed) + len(hidden) else 1


if __name__ == "__main__":
    action = {"record": record, "orders": orders, "compare": compare}[sys.argv[1]]
    sys.exit(action(*sys.argv[2:]))
