//! Commands, events and trades as tables with fixed columns.
//!
//! A row is the JSON object that a dump prints; a column names where in it a value
//! stands, and the last column holds, as JSON, what no other column has. So a new
//! field of a command or an event is in every table from its first day, and moves
//! to a column of its own when it deserves one.

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::Value;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;

/// Rows in one group of a Parquet file, which is what is held in memory.
const GROUP_ROWS: usize = 64 << 10;
/// The column of what no other has.
const DETAILS: &str = "details";

/// How a column's values are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    /// A decimal text with at most four decimals; in Parquet a decimal number.
    Price,
    Text,
}

/// A column, and where its value is: keys from the outside in.
struct Column(&'static str, Kind, &'static [&'static str]);

/// The columns of a table.
#[derive(Clone, Copy)]
pub(super) struct Table(&'static [Column]);

impl Table {
    /// What came in.
    pub(super) const COMMANDS: Self = Self(&[
        Column("sequence", Kind::Integer, &["sequence"]),
        Column("time", Kind::Integer, &["time"]),
        Column("session", Kind::Integer, &["session"]),
        Column("number", Kind::Integer, &["number"]),
        Column("command", Kind::Text, &["command"]),
        Column("instrument", Kind::Integer, &["instrument"]),
        Column("user_ref", Kind::Integer, &["user_ref"]),
        Column("side", Kind::Text, &["side"]),
        Column("quantity", Kind::Integer, &["quantity"]),
        Column("price", Kind::Price, &["price"]),
    ]);
    /// What came of it.
    pub(super) const EVENTS: Self = Self(&[
        Column("sequence", Kind::Integer, &["sequence"]),
        Column("time", Kind::Integer, &["time"]),
        Column("event", Kind::Text, &["event"]),
        Column("market_number", Kind::Integer, &["market_number"]),
        Column("session", Kind::Integer, &["to", "session"]),
        Column("response", Kind::Integer, &["to", "number"]),
        Column("instrument", Kind::Integer, &["instrument"]),
        Column("order_id", Kind::Integer, &["order_id"]),
        Column("quantity", Kind::Integer, &["quantity"]),
        Column("price", Kind::Price, &["price"]),
        Column("match_number", Kind::Integer, &["match_number"]),
    ]);
    /// Executions.
    pub(super) const TRADES: Self = Self(&[
        Column("sequence", Kind::Integer, &["sequence"]),
        Column("time", Kind::Integer, &["time"]),
        Column("match_number", Kind::Integer, &["match_number"]),
        Column("instrument", Kind::Integer, &["instrument"]),
        Column("price", Kind::Price, &["price"]),
        Column("quantity", Kind::Integer, &["quantity"]),
        Column("maker_session", Kind::Integer, &["maker", "session"]),
        Column("maker_order_id", Kind::Integer, &["maker", "order_id"]),
        Column("maker_user_ref", Kind::Integer, &["maker", "user_ref"]),
        Column("taker_session", Kind::Integer, &["taker", "session"]),
        Column("taker_order_id", Kind::Integer, &["taker", "order_id"]),
        Column("taker_user_ref", Kind::Integer, &["taker", "user_ref"]),
    ]);

    /// The values of a row in the order of the columns, and last what is left.
    fn cells(self, row: &Value) -> (Vec<Value>, Value) {
        let mut left = row.clone();
        let cells = self.0.iter().map(|Column(_, _, path)| take(&mut left, path)).collect();
        (cells, left)
    }

    fn names(self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|Column(name, ..)| *name).chain([DETAILS])
    }

    fn schema(self) -> String {
        let fields = self.0.iter().map(|Column(name, kind, _)| match kind {
            Kind::Integer => format!("OPTIONAL INT64 {name};"),
            Kind::Price => format!("OPTIONAL INT64 {name} (DECIMAL(18, 4));"),
            Kind::Text => format!("OPTIONAL BYTE_ARRAY {name} (STRING);"),
        });
        let fields: String = fields.collect();
        format!("message journal {{ {fields} OPTIONAL BYTE_ARRAY {DETAILS} (JSON); }}")
    }
}

/// Takes a value out of an object; null if it is not there.
fn take(row: &mut Value, path: &[&str]) -> Value {
    let Some((last, outer)) = path.split_last() else { return Value::Null };
    let holder = outer.iter().try_fold(row, |row, key| row.get_mut(*key));
    let taken = holder.and_then(Value::as_object_mut).and_then(|object| object.remove(*last));
    taken.unwrap_or(Value::Null)
}

/// A table as CSV, with a header.
pub(super) struct CsvTable<W: Write> {
    table: Table,
    out: csv::Writer<W>,
}

impl<W: Write> CsvTable<W> {
    pub(super) fn new(table: Table, out: W) -> Result<Self, Box<dyn Error>> {
        let mut out = csv::Writer::from_writer(out);
        out.write_record(table.names())?;
        Ok(Self { table, out })
    }

    pub(super) fn add(&mut self, row: &Value) -> Result<(), Box<dyn Error>> {
        let (cells, left) = self.table.cells(row);
        let text = |cell: &Value| match cell {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let record = cells.iter().map(text).chain([left.to_string()]);
        Ok(self.out.write_record(record)?)
    }

    pub(super) fn finish(mut self) -> Result<(), Box<dyn Error>> {
        Ok(self.out.flush()?)
    }
}

/// A table as a Parquet file.
pub(super) struct ParquetTable<W: Write + Send> {
    table: Table,
    out: SerializedFileWriter<W>,
    rows: Vec<(Vec<Value>, Value)>,
}

impl<W: Write + Send> ParquetTable<W> {
    pub(super) fn new(table: Table, out: W) -> Result<Self, Box<dyn Error>> {
        let schema = Arc::new(parse_message_type(&table.schema())?);
        let properties = Arc::new(WriterProperties::builder().build());
        let out = SerializedFileWriter::new(out, schema, properties)?;
        Ok(Self { table, out, rows: Vec::new() })
    }

    pub(super) fn add(&mut self, row: &Value) -> Result<(), Box<dyn Error>> {
        self.rows.push(self.table.cells(row));
        if self.rows.len() == GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<(), Box<dyn Error>> {
        let mut group = self.out.next_row_group()?;
        for (n, Column(_, kind, _)) in self.table.0.iter().enumerate() {
            let cells = self.rows.iter().map(|(cells, _)| &cells[n]);
            if let Some(column) = group.next_column()? {
                write_column(column, *kind, cells)?;
            }
        }
        if let Some(column) = group.next_column()? {
            let left: Vec<Value> =
                self.rows.iter().map(|(_, left)| left.to_string().into()).collect();
            write_column(column, Kind::Text, left.iter())?;
        }
        group.close()?;
        self.rows.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), Box<dyn Error>> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        self.out.close()?;
        Ok(())
    }
}

fn write_column<'a>(
    mut column: SerializedColumnWriter<'_>,
    kind: Kind,
    cells: impl Iterator<Item = &'a Value>,
) -> Result<(), Box<dyn Error>> {
    let cells: Vec<&Value> = cells.collect();
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(!cell.is_null())).collect();
    let there = cells.into_iter().filter(|cell| !cell.is_null());
    if kind == Kind::Text {
        let values: Vec<ByteArray> =
            there.map(|cell| ByteArray::from(cell.as_str().unwrap_or_default())).collect();
        column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
    } else {
        let values: Result<Vec<i64>, Box<dyn Error>> =
            there.map(|cell| integer(kind, cell)).collect();
        column.typed::<Int64Type>().write_batch(&values?, Some(&levels), None)?;
    }
    Ok(column.close()?)
}

fn integer(kind: Kind, cell: &Value) -> Result<i64, Box<dyn Error>> {
    let number = if kind == Kind::Price { cell.as_str().and_then(ticks) } else { whole(cell) };
    number.ok_or_else(|| format!("{cell} does not fit its column").into())
}

fn whole(cell: &Value) -> Option<i64> {
    cell.as_i64().or_else(|| cell.as_u64().and_then(|number| i64::try_from(number).ok()))
}

/// A decimal text in 1/10,000.
fn ticks(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<4}");
    (fraction.len() <= 4).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;
    use serde_json::json;

    fn trade(n: u64) -> Value {
        json!({
            "sequence": n, "time": 1_795_271_400_000_000_000_u64 + n, "event": "executed",
            "instrument": 1, "match_number": 7 * n, "price": "286.67", "quantity": 100,
            "maker": { "session": 1, "number": 3, "order_id": 5, "user_ref": 2 },
            "taker": { "session": 2, "number": 4, "order_id": 6, "user_ref": 9 },
        })
    }

    #[test]
    fn a_row_is_split_into_columns_and_details() {
        let (cells, left) = Table::TRADES.cells(&trade(1));
        assert_eq!(cells[2..7], [json!(7), json!(1), json!("286.67"), json!(100), json!(1)]);
        let expected = json!({
            "event": "executed", "maker": { "number": 3 }, "taker": { "number": 4 },
        });
        assert_eq!(left, expected);
    }

    #[test]
    fn prices_are_decimals() {
        for (text, expected) in [
            ("286.67", Some(2_866_700)),
            ("0.0001", Some(1)),
            ("-1.50", Some(-15_000)),
            ("-0.50", Some(-5_000)),
            ("1.23456", None),
            ("market", None),
        ] {
            assert_eq!(ticks(text), expected, "{text}");
        }
    }

    #[test]
    fn csv_has_a_header_and_quotes_what_must_be() {
        let mut out = Vec::new();
        let mut table = CsvTable::new(Table::TRADES, &mut out).unwrap();
        table.add(&trade(1)).unwrap();
        table.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].starts_with("sequence,time,match_number,") && lines[0].ends_with(",details")
        );
        let start = "1,1795271400000000001,7,1,286.67,100,1,5,2,2,6,9,\"{\"\"event\"\"";
        assert!(lines[1].starts_with(start), "{}", lines[1]);
    }

    #[test]
    fn parquet_is_read_as_it_was_written() {
        let mut out = Vec::new();
        let mut table = ParquetTable::new(Table::TRADES, &mut out).unwrap();
        for n in 0..GROUP_ROWS as u64 + 2 {
            let mut row = trade(n);
            if n == 1 {
                row["price"] = Value::Null;
            }
            table.add(&row).unwrap();
        }
        table.finish().unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(out)).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), GROUP_ROWS + 2);
        assert_eq!(rows[9].get_long(2).unwrap(), 63);
        assert_eq!(rows[0].get_decimal(4).unwrap().data(), 2_866_700_i64.to_be_bytes());
        assert!(rows[1].get_decimal(4).is_err());
    }
}
