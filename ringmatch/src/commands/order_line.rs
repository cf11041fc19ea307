//! One line of input to `ringmatch send`, from CSV or JSON.
//!
//! Both forms have the same fields:
//!
//! | field | meaning |
//! |---|---|
//! | `action` | `enter` (default), `replace` or `cancel` |
//! | `symbol`, `side` | of a new order; side is `buy` or `sell` |
//! | `quantity` | shares; of a replacement or cancel the new total, executed shares included |
//! | `price` | the limit; none for a market order |
//! | `time_in_force` | `day` (default), `ioc` or `fok` |
//! | `hidden` | `true` keeps a new order out of the displayed book |
//! | `id` | the client's text for a new order or a replacement, up to 14 characters |
//! | `order` | which order to replace or cancel: an `id` of an earlier line, or a user reference number |

use ringmatch_engine::command::Side;
use ringmatch_engine::{ClOrdId, Price, Symbol};
use ringmatch_gateway::client::{Lifetime, NewOrder};
use serde::Deserialize;
use std::fmt::Display;
use std::str::FromStr;

/// A line as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OrderLine {
    action: Option<String>,
    symbol: Option<String>,
    side: Option<String>,
    quantity: Option<u32>,
    price: Option<Scalar>,
    time_in_force: Option<String>,
    hidden: Option<bool>,
    id: Option<Scalar>,
    order: Option<Scalar>,
}

/// A value that may be written as a number or as a text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Whole(u64),
    Decimal(f64),
    Text(String),
}

impl Scalar {
    /// As text; a decimal number in its shortest form, which is how it was
    /// written.
    fn text(&self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Text(text) => text.trim().to_owned(),
        }
    }
}

/// A line as it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// A new order.
    Enter(NewOrder),
    /// A new order in the place of another.
    Replace { order: String, quantity: u32, price: Price, id: ClOrdId },
    /// A smaller order, or none.
    Cancel { order: String, quantity: u32 },
}

impl OrderLine {
    /// What the line asks for.
    ///
    /// # Errors
    /// Which field is missing or wrong, and what would be right.
    pub(super) fn request(&self) -> Result<Request, String> {
        match self.action.as_deref().map_or("enter", str::trim) {
            "enter" | "" => self.enter().map(Request::Enter),
            "replace" => Ok(Request::Replace {
                order: self.order()?,
                quantity: self.quantity.ok_or("quantity is missing")?,
                price: self.price()?.ok_or("price is missing")?,
                id: self.id()?,
            }),
            "cancel" => {
                Ok(Request::Cancel { order: self.order()?, quantity: self.quantity.unwrap_or(0) })
            }
            other => Err(format!("action {other:?} is none of enter, replace, cancel")),
        }
    }

    fn enter(&self) -> Result<NewOrder, String> {
        let side = match required(self.side.as_deref(), "side")?.to_ascii_lowercase().as_str() {
            "buy" | "b" => Side::Buy,
            "sell" | "s" => Side::Sell,
            other => return Err(format!("side {other:?} is neither buy nor sell")),
        };
        let lifetime = match self.time_in_force.as_deref().map_or("day", str::trim) {
            "day" | "" => Lifetime::Day,
            "ioc" => Lifetime::ImmediateOrCancel,
            "fok" => Lifetime::FillOrKill,
            other => return Err(format!("time_in_force {other:?} is none of day, ioc, fok")),
        };
        Ok(NewOrder {
            symbol: parse::<Symbol>("symbol", required(self.symbol.as_deref(), "symbol")?)?,
            side,
            quantity: self.quantity.ok_or("quantity is missing")?,
            price: self.price()?,
            lifetime,
            hidden: self.hidden.unwrap_or(false),
            cl_ord_id: self.id()?,
        })
    }

    fn price(&self) -> Result<Option<Price>, String> {
        let text = self.price.as_ref().map(Scalar::text).unwrap_or_default();
        if text.is_empty() { Ok(None) } else { parse("price", &text).map(Some) }
    }

    fn id(&self) -> Result<ClOrdId, String> {
        parse("id", &self.id.as_ref().map(Scalar::text).unwrap_or_default())
    }

    fn order(&self) -> Result<String, String> {
        let text = self.order.as_ref().map(Scalar::text).unwrap_or_default();
        required(Some(&text), "order").map(str::to_owned)
    }
}

fn required<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, String> {
    match value.map(str::trim) {
        None | Some("") => Err(format!("{name} is missing")),
        Some(text) => Ok(text),
    }
}

fn parse<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{name} {text:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<Request, String> {
        let line: OrderLine = serde_json::from_str(text).map_err(|error| error.to_string())?;
        line.request()
    }

    #[test]
    fn the_same_order_from_json_and_csv() {
        let from_json =
            json(r#"{"symbol":"AAPL","side":"buy","quantity":100,"price":286.67,"id":"first"}"#);
        let text = "symbol,side,quantity,price,id\nAAPL,buy,100,286.67,first\n";
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let line: OrderLine = reader.deserialize().next().unwrap().unwrap();
        assert_eq!(line.request(), from_json);
        let Ok(Request::Enter(order)) = from_json else { panic!("{from_json:?}") };
        assert_eq!(order.price, Some(Price(2_866_700)));
        assert_eq!(order.cl_ord_id, "first".parse().unwrap());
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (text, says) in [
            ("{}", "side is missing"),
            (r#"{"side":"hold"}"#, "neither buy nor sell"),
            (r#"{"side":"buy","quantity":1}"#, "symbol is missing"),
            (r#"{"side":"buy","symbol":"AAPL"}"#, "quantity is missing"),
            (r#"{"side":"buy","symbol":"AAPL","quantity":1,"price":"1.00001"}"#, "four decimals"),
            (r#"{"side":"buy","symbol":"AAPL","quantity":-1}"#, "invalid value"),
            (r#"{"side":"buy","symbol":"AAPL","quantity":1,"time_in_force":"gtc"}"#, "day, ioc"),
            (r#"{"action":"cancel"}"#, "order is missing"),
            (r#"{"action":"amend"}"#, "enter, replace, cancel"),
            (r#"{"sid":"buy"}"#, "unknown field"),
        ] {
            let error = json(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
        let market = json(r#"{"side":"s","symbol":"AAPL","quantity":1,"time_in_force":"ioc"}"#);
        assert!(matches!(market, Ok(Request::Enter(NewOrder { price: None, .. }))));
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_refused_or_read(text: String) {
            let _ = json(&text);
        }
    }
}
