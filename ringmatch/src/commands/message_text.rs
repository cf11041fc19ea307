//! Exchange messages as text and as JSON.
//!
//! Both are made from the codec's own tables of fields and options, so every
//! message and every field of a protocol is shown, by its name there. Prices
//! are decimal texts, so that no reader rounds them.

use ringmatch_engine::Price;
use ringmatch_gateway::client::Response;
use ringmatch_gateway::wire::itch::ItchMessage;
use ringmatch_gateway::wire::ouch::{OuchOption, Outbound};
use ringmatch_gateway::wire::{FieldKind, Layout};
use serde_json::{Map, Value};

/// A message of a protocol, as its table describes it.
pub(super) struct Described {
    number: u64,
    layout: &'static Layout,
    bytes: [u8; Outbound::MAX_LEN],
    options: Vec<OuchOption>,
}

impl Described {
    /// A market-data message and its number.
    pub(super) fn itch(number: u64, message: &ItchMessage) -> Option<Self> {
        let mut bytes = [0; Outbound::MAX_LEN];
        message.encode(&mut bytes);
        let layout = ItchMessage::LAYOUTS.iter().find(|row| row.letter == message.letter())?;
        Some(Self { number, layout, bytes, options: Vec::new() })
    }

    /// A response and its number.
    pub(super) fn ouch(response: &Response) -> Option<Self> {
        let Response { number, message, options } = response;
        let mut bytes = [0; Outbound::MAX_LEN];
        message.encode_fixed(&mut bytes);
        let layout = Outbound::LAYOUTS.iter().find(|row| row.letter == message.letter())?;
        Some(Self { number: *number, layout, bytes, options: options.clone() })
    }

    /// One JSON object; options, if there are any, in an object of their own.
    pub(super) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("number".into(), self.number.into());
        object.insert("message".into(), self.layout.name.into());
        for (name, value) in self.fields() {
            object.insert(name.into(), value);
        }
        if !self.options.is_empty() {
            let options = self.options().map(|(name, value)| (name.to_owned(), value));
            object.insert("options".into(), Value::Object(options.collect()));
        }
        Value::Object(object)
    }

    /// One line; blank fields are left out.
    pub(super) fn text(&self) -> String {
        let mut line = format!("{:>9} {:<22}", self.number, self.layout.name);
        for (name, value) in self.fields().skip(1).chain(self.options()) {
            let value = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            if !value.is_empty() {
                line.push_str(&format!(" {name}={value}"));
            }
        }
        line.trim_end().to_owned()
    }

    fn fields(&self) -> impl Iterator<Item = (&'static str, Value)> {
        self.layout.fields.iter().map(|field| {
            let bytes = &self.bytes[field.offset..field.offset + field.len];
            (field.name, value(field.kind, bytes))
        })
    }

    fn options(&self) -> impl Iterator<Item = (&'static str, Value)> {
        self.options.iter().filter_map(|option| {
            let mut bytes = [0; OuchOption::MAX_APPENDAGE];
            let len = option.encode(&mut bytes);
            let (tag, bytes) = bytes[1..len].split_first()?;
            let layout = OuchOption::LAYOUTS.iter().find(|layout| layout.tag == *tag)?;
            Some((layout.name, value(layout.kind, bytes)))
        })
    }
}

fn value(kind: FieldKind, bytes: &[u8]) -> Value {
    let number = bytes.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    match kind {
        FieldKind::Letter | FieldKind::Alpha => {
            String::from_utf8_lossy(bytes).trim_end().to_owned().into()
        }
        FieldKind::Price { decimals: 4 } => {
            Price(i64::try_from(number).unwrap_or(i64::MAX)).to_string().into()
        }
        FieldKind::SignedPrice { decimals: 4 } => {
            // Four bytes of two's complement.
            Price((number as u32).cast_signed().into()).to_string().into()
        }
        _ => number.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringmatch_gateway::wire::itch::OrderDelete;
    use ringmatch_gateway::wire::ouch::{OrderCanceled, OrderRestated};
    use ringmatch_gateway::wire::{Letter, Nanos48, Nanos64, OuchPrice, SignedPrice};

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
        let response = Response { number: 4, message: canceled.into(), options: Vec::new() };
        let described = Described::ouch(&response).unwrap().json();
        assert_eq!(described["reason"], "U");
        assert_eq!(described["quantity"], 3);
        assert_eq!(described["number"], 4);
        assert_eq!(described.get("options"), None);
    }

    #[test]
    fn every_option_is_shown_by_its_name() {
        let restated =
            OrderRestated { timestamp: Nanos64(1), user_ref_num: 2, reason: Letter(b'R') };
        let options = vec![
            OuchOption::DisplayQuantity(30),
            OuchOption::DisplayPrice(OuchPrice(12_345)),
            OuchOption::PegOffset(SignedPrice(-100)),
            OuchOption::StopPrice(OuchPrice(10_000)),
        ];
        let response = Response { number: 4, message: restated.into(), options };
        let described = Described::ouch(&response).unwrap();
        let shown = &described.json()["options"];
        assert_eq!((&shown["Display Quantity"], &shown["StopPrice"]), (&30.into(), &"1.00".into()));
        let text = described.text();
        assert!(text.ends_with("Display Price=1.2345 PegOffset=-0.01 StopPrice=1.00"), "{text}");
    }
}
