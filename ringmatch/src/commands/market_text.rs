//! ITCH 5.0 messages as text and as JSON.
//!
//! Both are made from the codec's own table of fields, so every message and
//! every field of the protocol is shown, by its name in the protocol.

use ringmatch_engine::Price;
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::{Field, FieldKind, Layout};
use serde_json::{Map, Value};

/// A message and its number as one JSON object.
pub(super) fn json(number: u64, message: &ItchMessage) -> Value {
    let mut object = Map::new();
    object.insert("number".into(), number.into());
    for_each_field(message, |layout, fields| {
        object.insert("message".into(), layout.name.into());
        for (field, bytes) in fields {
            object.insert(field.name.into(), value(field, bytes));
        }
    });
    Value::Object(object)
}

/// A message and its number as one line.
pub(super) fn text(number: u64, message: &ItchMessage) -> String {
    let mut line = format!("{number:>9}");
    for_each_field(message, |layout, fields| {
        line.push_str(&format!(" {:<24}", layout.name));
        for (field, bytes) in fields.into_iter().skip(1) {
            let value = match value(field, bytes) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            if !value.is_empty() {
                line.push_str(&format!(" {}={value}", field.name));
            }
        }
    });
    line.trim_end().to_owned()
}

fn for_each_field(message: &ItchMessage, show: impl FnOnce(&Layout, Vec<(&'static Field, &[u8])>)) {
    let mut bytes = [0; ItchMessage::MAX_LEN];
    message.encode(&mut bytes);
    let layout = ItchMessage::LAYOUTS.iter().find(|layout| layout.letter == message.letter());
    if let Some(layout) = layout {
        let fields = layout.fields.iter();
        let fields = fields.map(|field| (field, &bytes[field.offset..field.offset + field.len]));
        show(layout, fields.collect());
    }
}

fn value(field: &Field, bytes: &[u8]) -> Value {
    let number = bytes.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    match field.kind {
        FieldKind::Letter | FieldKind::Alpha => {
            String::from_utf8_lossy(bytes).trim_end().to_owned().into()
        }
        FieldKind::Price { decimals: 4 } => {
            Price(i64::try_from(number).unwrap_or(i64::MAX)).to_string().into()
        }
        _ => number.into(),
    }
}
