//! One line of input to `ringmatch send`, from CSV or JSON.
//!
//! Both forms have the same fields; one that is empty or left out has its
//! default.
//!
//! | field | meaning |
//! |---|---|
//! | `action` | `enter` (default), `replace`, `cancel`, `modify`, `mass-cancel`, `disable` or `enable` (order entry) |
//! | `id` | the client's text for a new order or a replacement, up to 14 characters |
//! | `order` | which order to replace, cancel or modify: an `id` of an earlier line, or a user reference number |
//! | `symbol` | of a new order; a mass cancel without it means all |
//! | `side` | of a new order or a modify: `buy`, `sell`, `sell-short` or `sell-exempt`; a mass cancel without it means both |
//! | `quantity` | shares; of a replacement, cancel or modify the new total, executed shares included |
//! | `type` | `limit`, `market` or `market-to-limit`; by default `limit` where there is a price, else `market` |
//! | `price` | the limit of a limit order; the cap of a peg |
//! | `time_in_force` | `day` (default), `ioc`, `fok`, `gtc`, `gtt`, `at-open` or `at-close` |
//! | `display` | `visible` (default), `attributable` or `hidden` |
//! | `stop_price` | makes it a stop order |
//! | `trailing_distance` | makes it a stop order that follows the last price |
//! | `peg`, `peg_offset` | `midpoint` or `near`; the offset is towards the other side |
//! | `max_floor` | the displayed part of an iceberg order |
//! | `min_quantity` | what must trade at once for any of it to trade |
//! | `post_only` | `true`: it may only add to the book |
//! | `expire_s` | seconds until a `gtt` order ends |
//! | `group` | a number for mass cancels, also which group a mass cancel means |
//! | `self_trade` | `allow`, `cancel-newest`, `cancel-oldest`, `cancel-both` or `decrement-both` |
//! | `firm` | of a mass cancel, disable or enable; without it the session's own orders, or its own firm |

use crate::names::{self, Named};
use ringmatch_engine::command::{Options, Pricing, ShortSale, Side};
use ringmatch_engine::{ClOrdId, Firm, Price, Quantity, Symbol, UserRef};
use ringmatch_gateway::client::{NewOrder, Replacement};
use serde::Deserialize;
use std::fmt::Display;
use std::str::FromStr;

/// A line as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OrderLine {
    action: Option<String>,
    id: Option<Scalar>,
    order: Option<Scalar>,
    symbol: Option<String>,
    side: Option<String>,
    quantity: Option<u32>,
    #[serde(rename = "type")]
    order_type: Option<String>,
    price: Option<Scalar>,
    time_in_force: Option<String>,
    display: Option<String>,
    stop_price: Option<Scalar>,
    trailing_distance: Option<Scalar>,
    peg: Option<String>,
    peg_offset: Option<Scalar>,
    max_floor: Option<u32>,
    min_quantity: Option<u32>,
    post_only: Option<bool>,
    expire_s: Option<u32>,
    group: Option<u16>,
    self_trade: Option<String>,
    firm: Option<String>,
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
    /// A new order in the place of another, whose number is still to be found.
    Replace { order: String, replacement: Replacement },
    /// A smaller order, or none.
    Cancel { order: String, quantity: u32 },
    /// An order of another size or marking.
    Modify { order: String, side: Side, short_sale: ShortSale, quantity: u32 },
    /// No orders of a kind any more.
    MassCancel { firm: Firm, symbol: Symbol, side: Option<Side>, group: Option<u16> },
    /// No new orders any more, or again.
    OrderEntry { firm: Firm, enabled: bool },
}

const ACTIONS: &str = "enter, replace, cancel, modify, mass-cancel, disable, enable";

impl OrderLine {
    /// What the line asks for.
    ///
    /// # Errors
    /// Which field is missing or wrong, and what would be right.
    pub(super) fn request(&self) -> Result<Request, String> {
        match self.action.as_deref().map_or("enter", str::trim) {
            "enter" | "" => self.enter().map(Request::Enter),
            "replace" => {
                let (order, replacement) = (self.order()?, self.replacement()?);
                Ok(Request::Replace { order, replacement })
            }
            "cancel" => {
                Ok(Request::Cancel { order: self.order()?, quantity: self.quantity.unwrap_or(0) })
            }
            "modify" => {
                let (side, short_sale) = self.marked_side()?;
                let (order, quantity) = (self.order()?, self.quantity()?);
                Ok(Request::Modify { order, side, short_sale, quantity })
            }
            "mass-cancel" => Ok(Request::MassCancel {
                firm: self.firm()?,
                symbol: parse("symbol", self.symbol.as_deref().map_or("", str::trim))?,
                side: chosen(self.side.as_deref())?,
                group: self.group,
            }),
            "disable" => Ok(Request::OrderEntry { firm: self.firm()?, enabled: false }),
            "enable" => Ok(Request::OrderEntry { firm: self.firm()?, enabled: true }),
            other => Err(format!("action {other:?} is none of {ACTIONS}")),
        }
    }

    fn enter(&self) -> Result<NewOrder, String> {
        let (side, short_sale) = self.marked_side()?;
        let (price, market_to_limit) = self.limit()?;
        Ok(NewOrder {
            symbol: parse("symbol", required(self.symbol.as_deref(), "symbol")?)?,
            side,
            short_sale,
            quantity: self.quantity()?,
            price,
            market_to_limit,
            time_in_force: chosen(self.time_in_force.as_deref())?.unwrap_or_default(),
            display: chosen(self.display.as_deref())?.unwrap_or_default(),
            options: self.options()?,
            cl_ord_id: self.id()?,
        })
    }

    fn replacement(&self) -> Result<Replacement, String> {
        let (price, market_to_limit) = self.limit()?;
        Ok(Replacement {
            original: UserRef(0),
            quantity: self.quantity()?,
            price,
            market_to_limit,
            time_in_force: chosen(self.time_in_force.as_deref())?.unwrap_or_default(),
            display: chosen(self.display.as_deref())?.unwrap_or_default(),
            options: self.options()?,
            cl_ord_id: self.id()?,
        })
    }

    fn marked_side(&self) -> Result<(Side, ShortSale), String> {
        let side = required(self.side.as_deref(), "side")?;
        match side.to_ascii_lowercase().as_str() {
            "buy" | "b" => Ok((Side::Buy, ShortSale::No)),
            "sell" | "s" => Ok((Side::Sell, ShortSale::No)),
            "sell-short" => Ok((Side::Sell, ShortSale::Short)),
            "sell-exempt" => Ok((Side::Sell, ShortSale::Exempt)),
            _ => Err(format!("side {side:?} is none of buy, sell, sell-short, sell-exempt")),
        }
    }

    /// The limit, if there is one; and if not, whether the order gets one.
    fn limit(&self) -> Result<(Option<Price>, bool), String> {
        let price = price("price", self.price.as_ref())?;
        let order_type = self.order_type.as_deref().map_or("", str::trim);
        match (order_type.to_ascii_lowercase().as_str(), price) {
            ("" | "limit", Some(_)) | ("" | "market", None) => Ok((price, false)),
            ("market-to-limit", None) => Ok((None, true)),
            ("limit", None) => Err("price is missing".into()),
            ("market" | "market-to-limit", Some(_)) => {
                Err(format!("an order of type {order_type} has no price"))
            }
            _ => Err(format!("type {order_type:?} is none of limit, market, market-to-limit")),
        }
    }

    fn options(&self) -> Result<Options, String> {
        let stop = price("stop_price", self.stop_price.as_ref())?;
        let distance = price("trailing_distance", self.trailing_distance.as_ref())?;
        let peg_offset = price("peg_offset", self.peg_offset.as_ref())?;
        let peg = match self.peg.as_deref().map_or("", str::trim) {
            "" => None,
            "midpoint" => Some(Pricing::MidpointPeg),
            "near" => Some(Pricing::NearPeg),
            other => return Err(format!("peg {other:?} is neither midpoint nor near")),
        };
        let (pricing, offset) = match (stop, distance, peg) {
            (None, None, None) if peg_offset.is_some() => {
                return Err("peg_offset is for an order with a peg".into());
            }
            (None, None, None) => (Pricing::Plain, Price(0)),
            (Some(price), None, None) => (Pricing::Stop, price),
            (None, Some(distance), None) => (Pricing::TrailingStop, distance),
            (None, None, Some(peg)) => (peg, peg_offset.unwrap_or_default()),
            _ => return Err("stop_price, trailing_distance and peg exclude each other".into()),
        };
        Ok(Options {
            offset: i32::try_from(offset.0)
                .map_err(|_| format!("{offset} is above every price there can be"))?,
            max_floor: Quantity(self.max_floor.unwrap_or(0)),
            min_quantity: Quantity(self.min_quantity.unwrap_or(0)),
            expire_after_s: self.expire_s.unwrap_or(0),
            group: self.group.unwrap_or(0),
            pricing,
            post_only: self.post_only.unwrap_or(false),
            self_trade: chosen(self.self_trade.as_deref())?.unwrap_or_default(),
        })
    }

    fn quantity(&self) -> Result<u32, String> {
        self.quantity.ok_or_else(|| "quantity is missing".into())
    }

    fn firm(&self) -> Result<Firm, String> {
        parse("firm", self.firm.as_deref().map_or("", str::trim))
    }

    fn id(&self) -> Result<ClOrdId, String> {
        parse("id", &self.id.as_ref().map(Scalar::text).unwrap_or_default())
    }

    fn order(&self) -> Result<String, String> {
        let text = self.order.as_ref().map(Scalar::text).unwrap_or_default();
        required(Some(&text), "order").map(str::to_owned)
    }
}

/// A choice by its name; none where the field is empty.
fn chosen<T: Named>(word: Option<&str>) -> Result<Option<T>, String> {
    match word.map(str::trim) {
        None | Some("") => Ok(None),
        Some(word) => names::read(word).map(Some),
    }
}

fn price(name: &str, value: Option<&Scalar>) -> Result<Option<Price>, String> {
    let text = value.map(Scalar::text).unwrap_or_default();
    if text.is_empty() { Ok(None) } else { parse(name, &text).map(Some) }
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
    use ringmatch_engine::command::{Display as Visibility, SelfTrade, TimeInForce};

    fn json(text: &str) -> Result<Request, String> {
        let line: OrderLine = serde_json::from_str(text).map_err(|error| error.to_string())?;
        line.request()
    }

    fn order(fields: &str) -> String {
        format!(r#"{{"symbol":"AAPL","side":"buy","quantity":1,"price":"1",{fields}}}"#)
    }

    #[test]
    fn every_field_arrives() {
        let text = r#"{"symbol":"AAPL","side":"sell-short","quantity":500,"price":"2.5",
            "time_in_force":"gtt","expire_s":60,"display":"attributable","max_floor":100,
            "min_quantity":200,"post_only":true,"group":7,"self_trade":"cancel-both","id":9}"#;
        let limit = NewOrder::limit("AAPL".parse().unwrap(), Side::Sell, 500, Price(25_000));
        let options = Options {
            max_floor: Quantity(100),
            min_quantity: Quantity(200),
            expire_after_s: 60,
            group: 7,
            post_only: true,
            self_trade: SelfTrade::CancelBoth,
            ..Options::NONE
        };
        let expected = NewOrder {
            short_sale: ShortSale::Short,
            time_in_force: TimeInForce::GoodTillTime,
            display: Visibility::Attributable,
            options,
            cl_ord_id: "9".parse().unwrap(),
            ..limit
        };
        assert_eq!(json(text), Ok(Request::Enter(expected)));
        for (fields, pricing, offset) in [
            (r#""stop_price":"1.5""#, Pricing::Stop, 15_000),
            (r#""trailing_distance":0.25"#, Pricing::TrailingStop, 2_500),
            (r#""peg":"midpoint""#, Pricing::MidpointPeg, 0),
            (r#""peg":"near","peg_offset":"-0.01""#, Pricing::NearPeg, -100),
        ] {
            let Ok(Request::Enter(entered)) = json(&order(fields)) else { panic!("{fields}") };
            let expected = Options { pricing, offset, ..Options::NONE };
            assert_eq!(entered.options, expected, "{fields}");
        }
        let to_limit =
            json(r#"{"symbol":"AAPL","side":"b","quantity":1,"type":"market-to-limit"}"#);
        let is_so = |order: &NewOrder| order.market_to_limit && order.price.is_none();
        assert!(matches!(to_limit, Ok(Request::Enter(order)) if is_so(&order)));
    }

    #[test]
    fn every_action_is_read() {
        let (firm, blank) = ("FIRM".parse().unwrap(), Firm::BLANK);
        let rows = [
            (
                r#"{"action":"replace","order":"first","quantity":5,"price":1}"#,
                Request::Replace {
                    order: "first".into(),
                    replacement: Replacement::limit(UserRef(0), 5, Price(10_000)),
                },
            ),
            (
                r#"{"action":"cancel","order":7}"#,
                Request::Cancel { order: "7".into(), quantity: 0 },
            ),
            (
                r#"{"action":"modify","order":7,"side":"sell-exempt","quantity":3}"#,
                Request::Modify {
                    order: "7".into(),
                    side: Side::Sell,
                    short_sale: ShortSale::Exempt,
                    quantity: 3,
                },
            ),
            (
                r#"{"action":"mass-cancel","symbol":"AAPL","side":"sell","group":0}"#,
                Request::MassCancel {
                    firm: blank,
                    symbol: "AAPL".parse().unwrap(),
                    side: Some(Side::Sell),
                    group: Some(0),
                },
            ),
            (
                r#"{"action":"mass-cancel","firm":"FIRM"}"#,
                Request::MassCancel { firm, symbol: Symbol::BLANK, side: None, group: None },
            ),
            (r#"{"action":"disable"}"#, Request::OrderEntry { firm: blank, enabled: false }),
            (r#"{"action":"enable"}"#, Request::OrderEntry { firm: blank, enabled: true }),
        ];
        for (text, expected) in rows {
            assert_eq!(json(text), Ok(expected), "{text}");
        }
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
            (r#"{"side":"hold"}"#, "none of buy, sell"),
            (r#"{"side":"buy","quantity":1}"#, "symbol is missing"),
            (r#"{"side":"buy","symbol":"AAPL"}"#, "quantity is missing"),
            (r#"{"side":"buy","symbol":"AAPL","quantity":1,"price":"1.00001"}"#, "four decimals"),
            (r#"{"side":"buy","symbol":"AAPL","quantity":-1}"#, "invalid value"),
            (r#"{"side":"buy","symbol":"AAPL","quantity":1,"time_in_force":"ever"}"#, "day, ioc"),
            (r#"{"action":"cancel"}"#, "order is missing"),
            (r#"{"action":"amend"}"#, "enter, replace, cancel"),
            (r#"{"sid":"buy"}"#, "unknown field"),
            (r#"{"action":"replace","order":1,"type":"limit"}"#, "price is missing"),
            (r#"{"action":"modify","order":1,"side":"buy"}"#, "quantity is missing"),
            (r#"{"action":"mass-cancel","side":"both"}"#, "buy, sell"),
            (r#"{"side":"buy","type":"market","price":1}"#, "has no price"),
            (r#"{"side":"buy","type":"best"}"#, "market-to-limit"),
            (&order(r#""display":"faint""#), "attributable"),
            (&order(r#""peg":"far""#), "neither midpoint nor near"),
            (&order(r#""peg_offset":"0.01""#), "with a peg"),
            (&order(r#""peg":"near","stop_price":"1""#), "exclude each other"),
            (&order(r#""stop_price":"300000""#), "above every price"),
            (&order(r#""self_trade":"maybe""#), "cancel-oldest"),
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
