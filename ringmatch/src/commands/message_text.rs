//! Exchange messages as text and as JSON.
//!
//! Both are made from the codec's own table of fields, so every message and
//! every field of a protocol is shown, by its name there. Prices are decimal
//! texts, so that no reader rounds them.

use ringmatch_engine::Price;
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::ouch::Outbound;
use ringmatch_gateway::wire::{Field, FieldKind, Layout};
use serde_json::{Map, Value};

/// A message of a protocol, as its table describes it.
pub(super) struct Described {
    number: u64,
    layout: &'static Layout,
    bytes: [u8; Outbound::MAX_LEN],
}

impl Described {
    /// A market-data message and its number.
    pub(super) fn itch(number: u64, message: &ItchMessage) -> Option<Self> {
        let mut bytes = [0; Outbound::MAX_LEN];
        message.encode(&mut bytes);
        let layout = ItchMessage::LAYOUTS.iter().find(|row| row.letter == message.letter())?;
        Some(Self { number, layout, bytes })
    }

    /// A response and its number, without its options.
    pub(super) fn ouch(number: u64, message: &Outbound) -> Option<Self> {
        let mut bytes = [0; Outbound::MAX_LEN];
        message.encode_fixed(&mut bytes);
        let layout = Outbound::LAYOUTS.iter().find(|row| row.letter == message.letter())?;
        Some(Self { number, layout, bytes })
    }

    /// One JSON object.
    pub(super) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("number".into(), self.number.into());
        object.insert("message".into(), self.layout.name.into());
        for field in self.layout.fields {
            object.insert(field.name.into(), self.value(field));
        }
        Value::Object(object)
    }

    /// One line; blank fields are left out.
    pub(super) fn text(&self) -> String {
        let mut line = format!("{:>9} {:<22}", self.number, self.layout.name);
        for field in &self.layout.fields[1..] {
            let value = match self.value(field) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            if !value.is_empty() {
                line.push_str(&format!(" {}={value}", field.name));
            }
        }
        line.trim_end().to_owned()
    }

    fn value(&self, field: &Field) -> Value {
        let bytes = &self.bytes[field.offset..field.offset + field.len];
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringmatch_gateway::wire::itch::OrderDelete;
    use ringmatch_gateway::wire::ouch::OrderCanceled;
    use ringmatch_gateway::wire::{Letter, Nanos48, Nanos64};

    #[test]
    fn every_field_is_shown_by_its_name() {
        let delete = OrderDelete {
            stock_locate: 7,
            tracking_number: 0,
            timestamp: Nanos48::new(5),
            order_reference_number: 1002,
        };
        let described = Described::itch(9, &delete.into()).unwrap();
        let expected = "        9 Order Delete           \
                        stock_locate=7 tracking_number=0 timestamp=5 order_reference_number=1002";
        assert_eq!(described.text(), expected);
        let canceled = OrderCanceled {
            timestamp: Nanos64(1),
            user_ref_num: 2,
            quantity: 3,
            reason: Letter(b'U'),
        };
        let described = Described::ouch(4, &canceled.into()).unwrap().json();
        assert_eq!(described["reason"], "U");
        assert_eq!(described["quantity"], 3);
        assert_eq!(described["number"], 4);
    }
}
