"""The table of commands against the engine's declarations, read from their source.

Names, order and types of all variants and fields are the engine's, so that a
variant that no test's journal holds has its place as well.
"""

import pathlib
import re
import unittest

from ringmatch import commands
from ringmatch.commands import Choice, LayoutError, Maybe, Options

SOURCE = pathlib.Path(__file__).parents[3] / "engine" / "src"

#: Fields that have another name in a row, where two would have the same.
RENAMED = {("add_session", "added"): "session", ("set_session_limits", "of_session"): "session",
           ("set_session_status", "of_session"): "session", ("cancel_orders", "of_session"): "session"}
#: What a kind is in bytes.
NUMBERS = {"price": "i64", "offset": "i32", "money": "u64"}


def declarations():
    """Text between the braces of each struct and enum, and what each alias and
    newtype stands for."""
    text = "".join((SOURCE / name).read_text() for name in ("types.rs", "command.rs", "reason.rs"))
    text = re.sub(r"^\s*(//.*|#\[.*\])$", "", text, flags=re.MULTILINE)
    bodies = dict(re.findall(r"pub (?:struct|enum) (\w+) \{\n(.*?)^\}", text, flags=re.MULTILINE | re.DOTALL))
    simple = dict(re.findall(r"^ +(\w+)\((u\d+)\);", text, flags=re.MULTILINE))
    simple.update(re.findall(r"^pub struct (\w+)\(pub (\w+)\);", text, flags=re.MULTILINE))
    simple.update((name, f"alpha:{n}") for name, n in re.findall(r"pub type (\w+) = Alpha<(\d+)>;", text))
    return bodies, simple


BODIES, SIMPLE = declarations()


def declared_fields(name):
    return [(field, declared(kind)) for field, kind in re.findall(r"pub (\w+): ([\w<>]+),", BODIES[name])]


def declared(kind):
    """A type of the engine, in plain values."""
    optional = re.fullmatch(r"Option<(\w+)>", kind)
    if optional:
        return ("maybe", declared(optional[1]))
    if kind in BODIES:
        names = re.findall(r"^    (\w+),$", BODIES[kind], flags=re.MULTILINE)
        return ("choice", names) if names else declared_fields(kind)
    return SIMPLE.get(kind, kind)


def tabled_fields(command, fields):
    return [(RENAMED.get((command, name), name), tabled(command, kind)) for name, kind in fields]


def tabled(command, kind):
    """A kind of the table, in the same values."""
    if isinstance(kind, Maybe):
        return ("maybe", tabled(command, kind.kind))
    if kind is commands.SIDE:
        return ("choice", [name.capitalize() for name in kind.names])
    if isinstance(kind, Choice):
        return ("choice", list(kind.names))
    if isinstance(kind, (tuple, Options)):
        return tabled_fields(command, getattr(kind, "fields", kind))
    return NUMBERS.get(kind, kind)


class Table(unittest.TestCase):
    def test_it_is_what_the_engine_declares(self):
        variants = re.findall(r"^    (\w+)(?:\((\w+)\))?,$", BODIES["Command"], flags=re.MULTILINE)
        self.assertGreater(len(variants), 20)
        snake = [re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower() for name, _ in variants]
        self.assertEqual([name for name, _ in commands.COMMANDS], snake)
        for (name, fields), (_, kind) in zip(commands.COMMANDS, variants):
            found = tabled_fields(name, fields)
            expected = declared(kind) if kind else []
            if expected[:1] == ("choice",):
                expected = [("event", expected)]
            self.assertEqual(found, expected, name)
        head = declared_fields("SequencedCommand")[:-1]
        self.assertEqual(tabled_fields("", commands.SEQUENCED), head)

    def test_a_tag_that_is_none_is_refused(self):
        for kind in (commands.SIDE, Maybe(commands.SIDE)):
            with self.assertRaises(LayoutError):
                commands._value(kind, b"\x02\x00", 0)
