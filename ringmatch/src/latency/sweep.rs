//! Rates against latencies, and where the knee is.

use super::plot::{Chart, Horizontal, Line};
use super::{Column, Summary};
use serde::Serialize;
use std::io::{self, Write};

/// How many times the lowest p99 so far is past the knee.
const KNEE: u64 = 3;
/// Which percentiles are drawn and written.
const COLUMNS: [&str; 4] = ["p50", "p99", "p99.9", "max"];

/// One rate.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Orders a second, offered.
    pub rate_per_s: u64,
    /// Orders a second, answered.
    pub achieved_per_s: f64,
    /// p50, p99, p99.9 and max, in nanoseconds.
    pub latencies_ns: [u64; 4],
    /// Whether the result can be believed.
    pub valid: bool,
    /// Why not.
    pub doubts: Vec<String>,
}

/// Several rates, in rising order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sweep {
    /// Each rate.
    pub points: Vec<Point>,
}

impl Sweep {
    /// Adds the result at the next rate.
    pub fn push(&mut self, rate_per_s: u64, summary: &Summary) {
        let columns = summary.main().1.columns();
        let value = |name: &str| {
            let found = columns.iter().find(|column| column.name == name);
            found.map_or(0, |Column { value_ns, .. }| *value_ns)
        };
        self.points.push(Point {
            rate_per_s,
            achieved_per_s: summary.achieved_per_s,
            latencies_ns: COLUMNS.map(value),
            valid: summary.valid,
            doubts: summary.doubts.clone(),
        });
    }

    /// The knee: the last rate before the first one whose figures are not valid,
    /// or whose p99 is more than three times the lowest so far. Nothing, if the
    /// first rate is already past it, or none is.
    #[must_use]
    pub fn knee(&self) -> Option<&Point> {
        let mut lowest = u64::MAX;
        let past = self.points.iter().position(|point| {
            let [_, p99, ..] = point.latencies_ns;
            lowest = lowest.min(p99);
            !point.valid || p99 > lowest.saturating_mul(KNEE)
        })?;
        past.checked_sub(1).map(|knee| &self.points[knee])
    }

    /// Writes it as CSV, latencies in microseconds.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "rate_per_s,achieved_per_s,p50_us,p99_us,p99.9_us,max_us,valid,knee")?;
        let knee = self.knee().map(|knee| knee.rate_per_s);
        for point in &self.points {
            let [p50, p99, p999, max] = point.latencies_ns.map(|ns| ns as f64 / 1_000.0);
            let Point { rate_per_s, achieved_per_s, valid, .. } = point;
            let is_knee = knee == Some(*rate_per_s);
            writeln!(
                out,
                "{rate_per_s},{achieved_per_s:.1},{p50:.3},{p99:.3},{p999:.3},{max:.3},{valid},\
                 {is_knee}"
            )?;
        }
        Ok(())
    }

    /// Rates against latencies.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let line = |(column, name): (usize, &str)| {
            let point = |point: &Point| {
                (point.rate_per_s as f64, point.latencies_ns[column] as f64 / 1_000.0)
            };
            Line { name: name.to_owned(), points: self.points.iter().map(point).collect() }
        };
        let knee =
            self.knee().map_or(String::new(), |knee| format!("; knee at {}/s", knee.rate_per_s));
        Chart {
            title: format!("latency by rate{knee}"),
            horizontal: Horizontal::Rate,
            lines: COLUMNS.into_iter().enumerate().map(line).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(points: &[(u64, bool)]) -> Sweep {
        let point = |(at, &(p99, valid)): (u64, &(u64, bool))| Point {
            rate_per_s: at * 1_000,
            achieved_per_s: at as f64 * 1_000.0,
            latencies_ns: [p99 / 2, p99, p99 * 2, p99 * 4],
            valid,
            doubts: Vec::new(),
        };
        Sweep { points: (1..).zip(points).map(point).collect() }
    }

    #[test]
    fn the_knee_is_the_last_good_rate() {
        for (points, knee) in [
            (&[(100, true), (90, true), (270, true), (271, true)][..], Some(3_000)),
            (&[(100, true), (100, false), (100, true)], Some(1_000)),
            (&[(100, false), (100, true)], None),
            (&[(100, true), (200, true)], None),
            (&[], None),
        ] {
            let sweep = sweep(points);
            assert_eq!(sweep.knee().map(|point| point.rate_per_s), knee, "{points:?}");
        }
    }

    #[test]
    fn a_line_of_csv_for_each_rate_marks_the_knee() {
        let mut csv = Vec::new();
        sweep(&[(2_000, true), (9_000, true)]).write_csv(&mut csv).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        let lines: Vec<&str> = csv.lines().skip(1).collect();
        assert_eq!(lines[0], "1000,1000.0,1.000,2.000,4.000,8.000,true,true");
        assert!(lines[1].ends_with("true,false"), "{csv}");
    }
}
