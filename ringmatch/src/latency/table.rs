//! Durabilities and rates against latencies, as the README shows them.
//!
//! Every row is measured several times and shows the median of each percentile,
//! and beside it a bare echo under the same load in the same minutes: what is
//! between the two is the engine. Rows are measured in turn and not one after
//! another, so that an hour in which the machine is busy spoils no row alone.

use super::{Percentiles, Summary};
use std::fmt;

/// Shown of each row.
const COLUMNS: [&str; 4] = ["p50", "p99", "p99.9", "max"];

/// One cell's figures over all turns.
#[derive(Clone, Debug, Default)]
struct Cell {
    runs_ns: Vec<u64>,
    is_sound: bool,
}

/// One durability at one rate.
#[derive(Clone, Debug)]
pub struct Row {
    durability: String,
    rate_per_s: u64,
    layout: String,
    venue: [Cell; COLUMNS.len()],
    echo: [Cell; COLUMNS.len()],
    turns: usize,
    doubts: Vec<String>,
}

impl Row {
    /// A row without figures.
    #[must_use]
    pub fn new(durability: String, rate_per_s: u64) -> Self {
        let cell = || Cell { runs_ns: Vec::new(), is_sound: true };
        let cells = || std::array::from_fn(|_| cell());
        let (layout, venue, echo) = (String::new(), cells(), cells());
        Self { durability, rate_per_s, layout, venue, echo, turns: 0, doubts: Vec::new() }
    }

    /// Adds what a turn measured: of the venue, and of the echo beside it.
    pub fn push(&mut self, summary: &Summary, echo: &Percentiles) {
        self.turns += 1;
        self.layout = summary.environment.layout.clone().unwrap_or_default();
        self.doubts.extend(summary.doubts.first().cloned());
        for (cells, of) in [(&mut self.venue, summary.main().1), (&mut self.echo, echo)] {
            let columns = of.columns();
            for (cell, name) in cells.iter_mut().zip(COLUMNS) {
                if let Some(column) = columns.iter().find(|column| column.name == name) {
                    cell.runs_ns.push(column.value_ns);
                    cell.is_sound &= column.is_sound;
                }
            }
        }
    }

    /// Whether every turn's figures are those of the load that was asked for.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.doubts.is_empty()
    }

    /// What was in doubt, and in how many turns.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let Self { durability, rate_per_s, turns, doubts, .. } = self;
        let first = doubts.first()?;
        let count = doubts.len();
        Some(format!(
            "`{durability}` at {rate_per_s}/s: {count} of {turns} runs NOT VALID, such as: {first}"
        ))
    }
}

/// The median, in microseconds; `*` where fewer than ten samples lie above it.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs_ns = self.runs_ns.clone();
        runs_ns.sort_unstable();
        let Some(median_ns) = runs_ns.get(runs_ns.len() / 2) else { return f.write_str("-") };
        let us = *median_ns as f64 / 1_000.0;
        let mark = if self.is_sound { "" } else { "*" };
        if us < 100.0 { write!(f, "{us:.1}{mark}") } else { write!(f, "{us:.0}{mark}") }
    }
}

/// Markdown, microseconds.
pub struct Table<'a>(pub &'a [Row]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = COLUMNS.join(" | ");
        writeln!(f, "| durability | layout | orders/s | {names} | bare echo {names} |")?;
        writeln!(f, "|---|---|{}", "---|".repeat(1 + 2 * COLUMNS.len()))?;
        for Row { durability, rate_per_s, layout, venue, echo, doubts, .. } in self.0 {
            let mark = if doubts.is_empty() { "" } else { " (!)" };
            write!(f, "| `{durability}`{mark} | `{layout}` | {rate_per_s} |")?;
            venue.iter().chain(echo).try_for_each(|cell| write!(f, " {cell} |"))?;
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tally;
    use super::super::summary::tests::{summary, tally};
    use super::*;

    #[test]
    fn a_row_shows_medians_and_what_is_in_doubt() {
        let mut row = Row::new("write".into(), 1_000);
        let echo = |ns| Percentiles::of(&tally(1_000, ns).service_ns);
        for (venue_ns, echo_ns) in [(9_000, 4_000), (7_000, 5_000), (8_000, 3_000)] {
            row.push(&summary(&tally(1_000, venue_ns)), &echo(echo_ns));
        }
        assert!(row.is_valid());
        let said = Table(std::slice::from_ref(&row)).to_string();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(
            lines[0],
            "| durability | layout | orders/s | p50 | p99 | p99.9 | max | bare echo p50 | p99 | p99.9 | max |"
        );
        let columns = |line: &str| line.matches('|').count();
        assert!(lines.iter().all(|line| columns(line) == columns(lines[0])), "{said}");
        let expected = "| `write` | `` | 1000 | 8.0 | 8.0 | 8.0* | 8.0 | 4.0 | 4.0 | 4.0* | 4.0 |";
        assert_eq!(lines[2], expected);

        let scarce = Tally { late: 0, ..tally(900, 9_000) };
        row.push(&summary(&scarce), &echo(4_000));
        assert!(Table(std::slice::from_ref(&row)).to_string().contains("`write` (!)"));
        let doubt = row.doubt().unwrap();
        assert!(doubt.contains("1 of 4 runs NOT VALID, such as: 900 samples"), "{doubt}");
    }
}
