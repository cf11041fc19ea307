//! The codec's tables in the clients of other languages.
//!
//! The dissector and the Python package know no layout of their own: each has
//! a part that is written from [`Layout`] and [`OptionLayout`] here, and these
//! tests compare what is committed with what the tables say now. With
//! `RINGMATCH_WRITE_TABLES=1` they write the files instead.

use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::ouch::{Inbound, OptionLayout, OuchOption, Outbound};
use ringmatch_gateway::wire::{Field, FieldKind, Layout, Tail};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn client(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("clients").join(path)
}

/// Compares a committed file with what it should be, or writes it.
fn check(path: &Path, expected: &str) {
    if std::env::var_os("RINGMATCH_WRITE_TABLES").is_some() {
        std::fs::write(path, expected).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == expected,
        "{} is not what the codec's tables say now. Write it again with \
         RINGMATCH_WRITE_TABLES=1 cargo test -p ringmatch-gateway tables, and look at the difference",
        path.display()
    );
}

fn kind_name(kind: FieldKind) -> String {
    match kind {
        FieldKind::Unsigned => "unsigned".into(),
        FieldKind::Letter => "letter".into(),
        FieldKind::Alpha => "alpha".into(),
        FieldKind::Price { decimals } => format!("price{decimals}"),
        FieldKind::SignedPrice { decimals } => format!("signed_price{decimals}"),
        FieldKind::Nanos => "nanos".into(),
    }
}

fn tail_name(tail: Tail) -> &'static str {
    match tail {
        Tail::Nothing => "nothing",
        Tail::Always => "always",
        Tail::Optional => "optional",
    }
}

/// `MinQty` and `BBO Weight Indicator` as `min_qty` and `bbo_weight_indicator`.
fn snake(label: &str) -> String {
    if label.contains(' ') {
        return label.to_ascii_lowercase().replace(' ', "_");
    }
    let mut name = String::new();
    for letter in label.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

const LUA_BEGIN: &str = "-- BEGIN tables, written from the venue's codec\n";
const LUA_END: &str = "-- END tables\n";

fn lua_fields(out: &mut String, fields: &[Field]) {
    for Field { name, label, note, len, kind, .. } in &fields[1..] {
        let kind = kind_name(*kind);
        writeln!(out, "    {{ {name:?}, {label:?}, {len}, {kind:?}, {note:?} }},").unwrap();
    }
}

fn lua_messages(out: &mut String, name: &str, layouts: &[Layout]) {
    writeln!(out, "tables.{name} = {{").unwrap();
    for Layout { name, letter, len, tail, fields, .. } in layouts {
        let (letter, tail) = (char::from(*letter).to_string(), tail_name(*tail));
        writeln!(out, "  [{letter:?}] = {{ name = {name:?}, len = {len}, tail = {tail:?},")
            .unwrap();
        writeln!(out, "  fields = {{").unwrap();
        lua_fields(out, fields);
        writeln!(out, "  }} }},").unwrap();
    }
    writeln!(out, "}}").unwrap();
}

fn lua_tables() -> String {
    let mut out = String::from("local tables = {}\n");
    lua_messages(&mut out, "itch", ItchMessage::LAYOUTS);
    lua_messages(&mut out, "ouch_in", Inbound::LAYOUTS);
    lua_messages(&mut out, "ouch_out", Outbound::LAYOUTS);
    writeln!(out, "tables.options = {{").unwrap();
    for OptionLayout { tag, name, note, len, kind } in OuchOption::LAYOUTS {
        let (snake, kind) = (snake(name), kind_name(*kind));
        writeln!(out, "  [{tag}] = {{ {snake:?}, {name:?}, {len}, {kind:?}, {note:?} }},").unwrap();
    }
    writeln!(out, "}}").unwrap();
    out
}

#[test]
fn the_dissector_has_the_tables_of_the_codec() {
    let path = client("wireshark/ringmatch.lua");
    let committed = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = committed.split_once(LUA_BEGIN).expect("the mark where tables begin");
    let (_, after) = rest.split_once(LUA_END).expect("the mark where tables end");
    check(&path, &format!("{before}{LUA_BEGIN}{}{LUA_END}{after}", lua_tables()));
}

fn python_type(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Letter | FieldKind::Alpha => "str",
        _ => "int",
    }
}

fn python_message(out: &mut String, layout: &Layout) {
    let Layout { type_name, name, letter, tail, fields, .. } = layout;
    let (letter, tail) = (char::from(*letter).to_string(), tail_name(*tail));
    writeln!(out, "\n\n@dataclass(frozen=True)\nclass {type_name}(Message):").unwrap();
    writeln!(out, "    \"\"\"{name} (`{letter}`).\"\"\"\n").unwrap();
    writeln!(out, "    LAYOUT = Layout({name:?}, {letter:?}, {tail:?}, (").unwrap();
    for Field { name, label, note, len, kind, .. } in &fields[1..] {
        let kind = kind_name(*kind);
        writeln!(out, "        Field({name:?}, {len}, {kind:?}, {label:?}, {note:?}),").unwrap();
    }
    writeln!(out, "    ))").unwrap();
    for Field { name, kind, .. } in &fields[1..] {
        writeln!(out, "    {name}: {}", python_type(*kind)).unwrap();
    }
    if tail != "nothing" {
        writeln!(out, "    options: Options = field(default_factory=dict)").unwrap();
    }
}

fn python_registry(out: &mut String, name: &str, layouts: &[Layout]) {
    writeln!(out, "\n\n{name}: Dict[str, Type[Message]] = {{").unwrap();
    for Layout { letter, type_name, .. } in layouts {
        writeln!(out, "    {:?}: {type_name},", char::from(*letter).to_string()).unwrap();
    }
    writeln!(out, "}}").unwrap();
}

const PYTHON_HEAD: &str = "\
The classes are written by a test of the gateway from the tables of the venue's
own codec; change nothing here. Prices are integers with implied decimals, as on
the wire (see `ringmatch.price`); texts lose their padding.
\"\"\"

from __future__ import annotations

";

fn python_itch() -> String {
    let mut out = format!("\"\"\"ITCH 5.0: the messages of market data.\n\n{PYTHON_HEAD}");
    out += "from dataclasses import dataclass\nfrom typing import Dict, Type\n\n";
    out += "from .wire import Field, Layout, Message, decode_message\n";
    for layout in ItchMessage::LAYOUTS {
        python_message(&mut out, layout);
    }
    python_registry(&mut out, "MESSAGES", ItchMessage::LAYOUTS);
    out += "\n\ndef decode(data: bytes) -> Message:\n    \
            \"\"\"The message in `data`, which holds nothing else.\"\"\"\n    \
            return decode_message(MESSAGES, {}, data)\n";
    out
}

fn python_ouch() -> String {
    let mut out = format!("\"\"\"OUCH 5.0: order entry and its responses.\n\n{PYTHON_HEAD}");
    out += "from dataclasses import dataclass, field\nfrom typing import Dict, Type\n\n";
    out += "from .wire import Field, Layout, Message, OptionTable, Options, decode_message\n";
    for layout in Inbound::LAYOUTS.iter().chain(Outbound::LAYOUTS) {
        python_message(&mut out, layout);
    }
    python_registry(&mut out, "INBOUND", Inbound::LAYOUTS);
    python_registry(&mut out, "OUTBOUND", Outbound::LAYOUTS);
    out += "\n\nOPTIONS: OptionTable = {\n";
    for OptionLayout { tag, name, note, len, kind } in OuchOption::LAYOUTS {
        let (snake, kind) = (snake(name), kind_name(*kind));
        writeln!(out, "    {tag}: Field({snake:?}, {len}, {kind:?}, {name:?}, {note:?}),").unwrap();
    }
    out += "}\n\nfor _message in (*INBOUND.values(), *OUTBOUND.values()):\n    \
            _message.OPTIONS = OPTIONS\n";
    for (direction, from, to) in [("inbound", "client", "venue"), ("outbound", "venue", "client")] {
        write!(
            out,
            "\n\ndef decode_{direction}(data: bytes) -> Message:\n    \
             \"\"\"The message from {from} to {to} in `data`, which holds nothing else.\"\"\"\n    \
             return decode_message({}, OPTIONS, data)\n",
            direction.to_ascii_uppercase()
        )
        .unwrap();
    }
    out
}

#[test]
fn the_python_package_has_the_tables_of_the_codec() {
    check(&client("python/src/ringmatch/itch.py"), &python_itch());
    check(&client("python/src/ringmatch/ouch.py"), &python_ouch());
}
