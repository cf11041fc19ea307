//! A report of the challenge, and the text that all of them make.
//!
//! The text has a line for each report, sorted by message and then by kind,
//! with reports of the same kind in the order in which they were made, joined
//! by line feeds and without one at the end. Its SHA-256 is what is compared.

use ringmatch_engine::command::Side;
use sha2::{Digest, Sha256};
use std::fmt::{self, Display, Formatter};
use std::io::Write;

/// What was made of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The message's number.
    pub sequence: u64,
    /// What was made.
    pub body: ReportBody,
}

/// See [`Report`]. The order is that of the kinds in the text, and so are the
/// fields.
#[expect(missing_docs, reason = "the fields are those of the text, by the same names")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportBody {
    /// A new order was taken.
    OrderAck { side: Side, order_id: u64, price: i64, quantity: u32 },
    /// Two orders traded, at the maker's price.
    Trade { price: i64, quantity: u32, maker: u64, taker: u64 },
    /// An order, or what an immediate one left, is canceled.
    CancelAck { side: Side, order_id: u64, price: i64 },
    /// An order has another price and quantity.
    ModifyAck { side: Side, order_id: u64, price: i64, quantity: u32 },
    /// The order to cancel does not rest.
    CancelReject { order_id: u64 },
    /// The order to modify does not rest.
    ModifyReject { order_id: u64 },
}

impl Default for ReportBody {
    fn default() -> Self {
        Self::CancelReject { order_id: 0 }
    }
}

/// Who takes reports.
pub trait Reports {
    /// Takes a report, or does not even have it made.
    fn report(&mut self, make: impl FnOnce() -> Report);
}

/// Has no report made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reports for Silent {
    #[inline]
    fn report(&mut self, _make: impl FnOnce() -> Report) {}
}

impl Reports for Vec<Report> {
    #[inline]
    fn report(&mut self, make: impl FnOnce() -> Report) {
        self.push(make());
    }
}

impl ReportBody {
    /// The number of its kind in the text.
    fn kind(&self) -> u8 {
        match self {
            Self::OrderAck { .. } => 0,
            Self::Trade { .. } => 1,
            Self::CancelAck { .. } => 2,
            Self::ModifyAck { .. } => 3,
            Self::CancelReject { .. } => 4,
            Self::ModifyReject { .. } => 5,
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},", self.body.kind(), self.sequence)?;
        match self.body {
            ReportBody::OrderAck { side, order_id, price, quantity }
            | ReportBody::ModifyAck { side, order_id, price, quantity } => {
                write!(f, "{},{order_id},{price},{quantity}", side as u8)
            }
            ReportBody::Trade { price, quantity, maker, taker } => {
                write!(f, "{price},{quantity},{maker},{taker}")
            }
            ReportBody::CancelAck { side, order_id, price } => {
                write!(f, "{},{order_id},{price}", side as u8)
            }
            ReportBody::CancelReject { order_id } | ReportBody::ModifyReject { order_id } => {
                order_id.fmt(f)
            }
        }
    }
}

/// The SHA-256 of the reports' text, in hexadecimal. Sorts the reports.
pub fn hash(reports: &mut [Report]) -> String {
    reports.sort_by_key(|report| (report.sequence, report.body.kind()));
    let digest = Sha256::digest(text(reports));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(reports: &[Report]) -> Vec<u8> {
    let mut text = Vec::with_capacity(reports.len() * 40);
    for (place, report) in reports.iter().enumerate() {
        let line_feed = if place == 0 { "" } else { "\n" };
        write!(text, "{line_feed}{report}").expect("a vector takes all that is written");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_sorted_by_message_and_kind_and_keeps_the_order_of_trades() {
        let trade = |quantity| ReportBody::Trade { price: 9, quantity, maker: 1, taker: 2 };
        let (side, order_id) = (Side::Sell, 2);
        let mut reports = [
            (7, ReportBody::ModifyAck { side, order_id, price: 8, quantity: 5 }),
            (7, trade(3)),
            (7, trade(2)),
            (8, ReportBody::CancelReject { order_id }),
            (3, ReportBody::OrderAck { side, order_id, price: 9, quantity: 4 }),
            (5, ReportBody::CancelAck { side, order_id, price: 9 }),
            (9, ReportBody::ModifyReject { order_id }),
        ]
        .map(|(sequence, body)| Report { sequence, body });
        hash(&mut reports);
        let text = String::from_utf8(text(&reports)).unwrap();
        let expected = ["0,3,1,2,9,4", "2,5,1,2,9", "1,7,9,3,1,2", "1,7,9,2,1,2", "3,7,1,2,8,5"];
        assert_eq!(text, [&expected[..], &["4,8,2", "5,9,2"]].concat().join("\n"));
    }
}
