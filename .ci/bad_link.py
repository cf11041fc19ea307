"""A bad network link between two network namespaces, for kernels without netem.

Two TUN devices, one in each namespace, joined by this process: each packet
may be dropped, doubled, delayed by some jitter, or let past those before it,
by seed. What `tc netem` does in the kernel is done here packet by packet;
sockets, namespaces and everything else on the way are the kernel's own.

usage: bad_link.py SEED DEVICE NAMESPACE DEVICE NAMESPACE
Prints "ready" when both devices are in their namespaces; ends on SIGTERM and
then prints what it did.
"""

import fcntl
import heapq
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000

DROP, DOUBLE, REORDER = 0.10, 0.05, 0.25
DELAY_S, JITTER_S = 0.002, 0.001


def tun(name: str, namespace: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI)
    fcntl.ioctl(device, TUNSETIFF, request)
    subprocess.run(["ip", "link", "set", name, "netns", namespace], check=True)
    return device


def main() -> None:
    seed, *names = sys.argv[1:]
    chance = random.Random(int(seed))
    ends = [tun(*names[:2]), tun(*names[2:])]
    counts = {"passed": 0, "dropped": 0, "doubled": 0, "reordered": 0}
    on_the_way: list[tuple[float, int, int, bytes]] = []
    serial = 0
    running = True

    def stop(*_: object) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    print("ready", flush=True)
    while running:
        pause = max(0.0, on_the_way[0][0] - time.monotonic()) if on_the_way else 0.2
        readable, _, _ = select.select(ends, [], [], pause)
        now = time.monotonic()
        for end in readable:
            other = ends[1 - ends.index(end)]
            for _ in range(64):
                try:
                    packet = os.read(end, 65536)
                except BlockingIOError:
                    break
                if chance.random() < DROP:
                    counts["dropped"] += 1
                    continue
                copies = 1 + (chance.random() < DOUBLE)
                counts["doubled"] += copies - 1
                for _ in range(copies):
                    due = now + DELAY_S + chance.uniform(-JITTER_S, JITTER_S)
                    if chance.random() < REORDER:
                        counts["reordered"] += 1
                        due = now
                    serial += 1
                    heapq.heappush(on_the_way, (due, serial, other, packet))
        while on_the_way and on_the_way[0][0] <= now:
            _, _, end, packet = heapq.heappop(on_the_way)
            counts["passed"] += 1
            try:
                os.write(end, packet)
            except OSError:
                counts["dropped"] += 1
    print(counts, flush=True)


if __name__ == "__main__":
    main()
