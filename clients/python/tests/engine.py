"""A venue in a child process, for tests that need one.

`RINGMATCH_BINARY` names the engine. Where it is absent the tests that need it
say so, and do not run.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

BINARY = os.environ.get("RINGMATCH_BINARY")
SYMBOLS = ("AAPL", "MSFT")
#: An instrument with everything that a config can say of one.
GUARDED = """
[fees]
maker_bp = "-0.20"
taker_bp = "0.30"
[[tick_table]]
name = "coarse"
bands = [{ from = "0", tick_size = "0.02" }, { from = "50", tick_size = "0.05" }]
[[instrument]]
symbol = "GUARDED"
tick_size = "0.01"
lot_size = 1
max_quantity = 999999
tick_table = "coarse"
max_value = "5000000"
reference_price = "100.00"
static_collar_bp = 1000
dynamic_collar_bp = 300
on_breach = "volatility-auction"
volatility_auction_s = 120
post_only = "slide"
"""
SESSIONS = ("ALPHA", "BRAVO")
#: The key of the session SEALED.
KEY = "0123456789abcdef" * 4

if not BINARY:
    print("NOT RUN: tests against an engine; RINGMATCH_BINARY does not name one", file=sys.stderr)

needs_engine = unittest.skipUnless(BINARY, "RINGMATCH_BINARY does not name an engine")


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        return udp.getsockname()[1]


class Engine:
    """An engine with a data directory of its own, killed when it is closed."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory()
        path = pathlib.Path(self._directory.name)
        self.data = path / "data"
        pid = os.getpid()
        group = f"239.{210 + pid % 40}.{pid // 40 % 256}"
        self.orders = (f"{group}.1", free_port())
        self.market_data = (f"{group}.2", free_port())
        self.requests = ("127.0.0.1", free_port())
        self._talk = path / "talk.txt"
        self._config = path / "venue.toml"
        self._config.write_text(self._toml())
        self.keys = path / "venue.keys"
        self.keys.write_text(f"SEALED {KEY}  # the only one\n")
        self.keys.chmod(0o600)
        self._child = None
        self.start()

    def _toml(self):
        orders, market, requests = (f"{a}:{p}" for a, p in (self.orders, self.market_data, self.requests))
        text = (
            '[venue]\nname = "PYTEST"\n'
            f'[network]\ninterface = "127.0.0.1"\norders = "{orders}"\n'
            f'market_data = "{market}"\nrequests = "{requests}"\n'
            '[journal]\ndurability = "write"\nsegment_bytes = 131072\n'
            '[glimpse]\naddress = "127.0.0.1:0"\nconnections = 4\n'
            '[threads]\nlayout = "auto"\nwait = "backoff"\npin = []\n'
            "[limits]\norders = 65536\nlevels_per_side = 4096\ninstruments = 8\nsessions = 8\n"
            "special_orders = 4096\nrecent_trades = 65536\n"
        )
        for symbol in SYMBOLS:
            text += (
                f'[[instrument]]\nsymbol = "{symbol}"\ntick_size = "0.01"\n'
                "lot_size = 1\nmax_quantity = 999999\n"
            )
        text += GUARDED
        for session in SESSIONS:
            text += f'[[session]]\nname = "{session}"\nfirm = "TEST"\n'
        text += '[[session]]\nname = "SEALED"\nfirm = "SEAL"\n'
        text += '[order_entry]\nkeys = "venue.keys"\n'
        return text

    def start(self):
        command = [BINARY, "serve", "--json", "--config", str(self._config), "--data-dir", str(self.data)]
        with open(self._talk, "wb") as talk:
            self._child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=talk)
        line = self._child.stdout.readline()
        if not line:
            raise AssertionError(f"the engine did not start: {self._talk.read_text()}")
        self.ready = json.loads(line)

    def kill(self):
        """Kills it as a crash would."""
        self._child.kill()
        self._child.wait()
        self._child.stdout.close()

    def stop(self):
        """Tells it to end in order."""
        self._child.terminate()
        assert self._child.wait() == 0
        self._child.stdout.close()

    def client(self, session, **more):
        from ringmatch import Client

        return Client(session, orders=self.orders, requests=self.requests, timeout_seconds=20, **more)

    def feed(self, **more):
        from ringmatch import MarketFeed

        return MarketFeed(
            venue="PYTEST", market_data=self.market_data, requests=self.requests,
            timeout_seconds=20, **more,
        )

    def run(self, *arguments):
        """Standard output of another command of the binary, on this engine's data."""
        command = [BINARY, *arguments, "--data-dir", str(self.data)]
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()

    def snapshot(self):
        """What a late joiner is told now."""
        from ringmatch import glimpse

        host, port = self.ready["glimpse"].split(":")
        return glimpse.fetch((host, int(port)), "PYTEST", 20)

    def operate(self, *words):
        """Has the engine carry out an operator's command, and tells its answer."""
        command = [BINARY, "operate", "--json", "--data-dir", str(self.data), *words]
        done = subprocess.run(command, capture_output=True, timeout=60)
        return json.loads(done.stdout)

    def close(self):
        self.kill()
        self._directory.cleanup()
