//! One measurement as one HTML page that needs nothing else.

use super::super::{Percentiles, Recorded, Summary};
use super::svg::{escaped, svg};
use super::{Chart, Horizontal, Line};
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
                     table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:right}\
                     td:first-child,th:first-child{text-align:left}tr:nth-child(even){background:\
                     #f3f3f3}.invalid{background:#fde0dc;padding:.5rem 1rem}pre{background:#f3f3f3;\
                     padding:.5rem 1rem;overflow-x:auto}svg{width:100%;height:auto}";

/// The charts of one measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictures {
    /// What the loop measured.
    pub percentiles: Chart,
    /// The stages; of a running engine there are none.
    pub stages: Option<Chart>,
    /// The longest wait of each short time.
    pub timeline: Chart,
}

impl Pictures {
    /// Draws a measurement.
    #[must_use]
    pub fn of(recorded: &Recorded) -> Self {
        let lines = recorded.histograms.iter().map(|(name, histogram)| Line::of(name, histogram));
        let mut lines: Vec<Line> = lines.collect();
        let main = lines.split_off(lines.len().min(1));
        let (main, stages) = (lines, main);
        let chart = |title: &str, lines| Chart {
            title: title.to_owned(),
            horizontal: Horizontal::Percentile,
            lines,
        };
        let timeline = Line { name: "longest wait".into(), points: recorded.timeline.clone() };
        let (name, _) = recorded.summary.main();
        Self {
            percentiles: chart(&format!("{name}, by percentile"), main),
            stages: (!stages.is_empty()).then(|| chart("stages, by percentile", stages)),
            timeline: Chart {
                title: "longest wait, by when the order was due".into(),
                horizontal: Horizontal::Seconds,
                lines: vec![timeline],
            },
        }
    }

    /// Each chart, and a name for its file.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &Chart)> {
        let stages = self.stages.as_ref().map(|stages| ("stages", stages));
        let charts = [("percentiles", &self.percentiles), ("timeline", &self.timeline)];
        charts.into_iter().chain(stages)
    }
}

/// The page.
#[must_use]
pub fn page(recorded: &Recorded, pictures: &Pictures) -> String {
    let mut text = String::new();
    write_page(&mut text, &recorded.summary, pictures).expect("a string takes what is written");
    text
}

fn write_page(out: &mut String, summary: &Summary, pictures: &Pictures) -> std::fmt::Result {
    let workload = escaped(&summary.workload.to_string());
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <title>ringmatch latency</title><style>{STYLE}</style></head><body>\n\
         <h1>ringmatch latency</h1>\n<p>{workload}</p>"
    )?;
    let Summary { sent, achieved_per_s, lost, gap_repairs, late_fraction, .. } = summary;
    writeln!(
        out,
        "<p>{sent} orders sent, answered at {achieved_per_s:.0}/s, {lost} lost, {:.2} % late, \
         {gap_repairs} gap repairs</p>",
        late_fraction * 100.0
    )?;
    if !summary.valid {
        let doubts = escaped(&summary.doubts.join("; "));
        writeln!(out, "<p class=\"invalid\"><b>NOT VALID</b>: {doubts}</p>")?;
    }
    table(out, summary)?;
    for (_, chart) in pictures.named() {
        writeln!(out, "{}", svg(chart))?;
    }
    let (environment, noise) = (&summary.environment, &summary.noise);
    let made_on = escaped(&format!("{environment}\n{noise}"));
    writeln!(out, "<h2>Made on</h2>\n<pre>{made_on}</pre>\n</body></html>")
}

fn table(out: &mut String, summary: &Summary) -> std::fmt::Result {
    let (main, percentiles) = summary.main();
    write!(out, "<table><tr><th>µs</th>")?;
    for column in percentiles.columns() {
        write!(out, "<th>{}</th>", column.name)?;
    }
    writeln!(out, "</tr>")?;
    row(out, main, percentiles)?;
    if summary.end_to_end.is_some() {
        row(out, "(service time)", &summary.service_time)?;
    }
    for (name, percentiles) in &summary.stages {
        row(out, &name.replace('_', " "), percentiles)?;
    }
    writeln!(
        out,
        "</table>\n<p>Percentiles of stages do not add up. * fewer than 10 samples lie above.</p>"
    )
}

fn row(out: &mut String, name: &str, percentiles: &Percentiles) -> std::fmt::Result {
    write!(out, "<tr><td>{}</td>", escaped(name))?;
    for column in percentiles.columns() {
        let mark = if column.is_sound { "" } else { "*" };
        write!(out, "<td>{:.1}{mark}</td>", column.value_ns as f64 / 1_000.0)?;
    }
    writeln!(out, "</tr>")
}
