//! Lines over a horizontal axis, and where everything is in the unit square.

use hdrhistogram::Histogram;

/// Lines of a percentile distribution for each halving of what is left above.
const TICKS_PER_HALF: u32 = 5;
const NS_PER_US: f64 = 1_000.0;

/// What lies on the horizontal axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizontal {
    /// Quantiles from 0 to below 1; each further nine is as wide as the one
    /// before it.
    Percentile,
    /// Seconds.
    Seconds,
    /// Orders a second, logarithmically.
    Rate,
}

/// One line: its name and its points, values in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is of.
    pub name: String,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}

/// Lines over a horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What lies on the horizontal axis.
    pub horizontal: Horizontal,
    /// What is drawn.
    pub lines: Vec<Line>,
}

impl Line {
    /// The percentile distribution of a histogram of nanoseconds.
    #[must_use]
    pub fn of(name: &str, histogram: &Histogram<u64>) -> Self {
        let last = 1.0 - 0.5 / histogram.len().max(1) as f64;
        let point = |(quantile, ns): (f64, u64)| (quantile.min(last), ns as f64 / NS_PER_US);
        let steps = histogram.iter_quantiles(TICKS_PER_HALF);
        let points =
            steps.map(|step| point((step.quantile_iterated_to(), step.value_iterated_to())));
        let points = if histogram.is_empty() { Vec::new() } else { points.collect() };
        Self { name: name.replace('_', " "), points }
    }
}

/// A value on an axis, and how to write it.
pub(super) type Mark = (f64, String);

impl Chart {
    /// Places of all points in the unit square, left and bottom being zero.
    pub(super) fn placed(&self) -> Vec<(&str, Vec<(f64, f64)>)> {
        let (across, up) = (self.across(), self.up());
        let place = |&(x, y): &(f64, f64)| (part(across, self.bent(x)), part(up, log(y)));
        let line = |line: &'_ Line| line.points.iter().map(place).collect();
        self.lines.iter().map(|one| (one.name.as_str(), line(one))).collect()
    }

    /// What to write along the horizontal axis, and where.
    pub(super) fn marks_across(&self) -> Vec<Mark> {
        let across = self.across();
        let mark = |x: f64, text: String| (part(across, self.bent(x)), text);
        match self.horizontal {
            Horizontal::Percentile => {
                let mut marks = vec![mark(0.0, "0 %".into())];
                for nines in 1..=across.1.floor() as u32 {
                    let digits = usize::try_from(nines.saturating_sub(2)).unwrap_or(0);
                    let quantile = 1.0 - 0.1_f64.powi(nines.try_into().unwrap_or(0));
                    marks.push(mark(quantile, format!("{:.digits$} %", quantile * 100.0)));
                }
                marks
            }
            Horizontal::Seconds => {
                let at = |sixth: u32| across.0 + (across.1 - across.0) * f64::from(sixth) / 6.0;
                (0..=6).map(|sixth| mark(at(sixth), format!("{:.1} s", at(sixth)))).collect()
            }
            Horizontal::Rate => {
                let mut marks = Vec::new();
                for (x, _) in self.points() {
                    if !marks
                        .iter()
                        .any(|(at, _): &Mark| (at - mark(x, String::new()).0).abs() < 0.06)
                    {
                        marks.push(mark(x, format!("{x:.0}/s")));
                    }
                }
                marks
            }
        }
    }

    /// What to write along the vertical axis, and where.
    pub(super) fn marks_up(&self) -> Vec<Mark> {
        let up = self.up();
        let decades = up.0 as i32..=up.1.floor() as i32;
        decades.map(|decade| (part(up, f64::from(decade)), duration(10_f64.powi(decade)))).collect()
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.lines.iter().flat_map(|line| line.points.iter().copied())
    }

    /// The horizontal value as it is drawn.
    fn bent(&self, x: f64) -> f64 {
        match self.horizontal {
            Horizontal::Percentile => -(1.0 - x).max(1e-12).log10(),
            Horizontal::Seconds => x,
            Horizontal::Rate => log(x),
        }
    }

    fn across(&self) -> (f64, f64) {
        let (low, high) = bounds(self.points().map(|(x, _)| self.bent(x)));
        let low = if self.horizontal == Horizontal::Rate { low } else { low.min(0.0) };
        if high > low { (low, high) } else { (low, low + 1.0) }
    }

    /// From a whole decade to a little above the highest value.
    fn up(&self) -> (f64, f64) {
        let (low, high) = bounds(self.points().map(|(_, y)| log(y)));
        (low.floor(), high + 0.05)
    }
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let bounds = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if bounds.0.is_finite() { bounds } else { (0.0, 1.0) }
}

/// No time is shorter than a nanosecond.
fn log(value: f64) -> f64 {
    value.max(1e-3).log10()
}

fn part((low, high): (f64, f64), value: f64) -> f64 {
    (value - low) / (high - low)
}

/// Microseconds, in the unit that suits them.
fn duration(us: f64) -> String {
    match us {
        us if us < 0.99 => format!("{:.0} ns", us * 1e3),
        us if us < 999.0 => format!("{us:.0} µs"),
        us if us < 999_000.0 => format!("{:.0} ms", us / 1e3),
        us => format!("{:.0} s", us / 1e6),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// 1,000 times of 10 to 1,000 µs.
    pub(in super::super) fn distribution() -> Chart {
        let mut histogram = Histogram::new(3).unwrap();
        (1..=1_000).for_each(|n: u64| histogram.record(n.max(10) * 1_000).unwrap());
        let lines = vec![Line::of("end_to_end", &histogram)];
        Chart { title: "a <test>".into(), horizontal: Horizontal::Percentile, lines }
    }

    #[test]
    fn each_nine_is_as_wide_as_the_one_before() {
        let chart = distribution();
        let marks = chart.marks_across();
        let texts: Vec<&str> = marks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["0 %", "90 %", "99 %", "99.9 %"]);
        let widths: Vec<f64> = marks.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        assert!(widths.iter().all(|width| (width - widths[0]).abs() < 1e-9), "{widths:?}");
        let up: Vec<String> = chart.marks_up().into_iter().map(|(_, text)| text).collect();
        assert_eq!(up, ["10 µs", "100 µs", "1 ms"]);
    }

    #[test]
    fn whatever_is_drawn_stays_in_the_square() {
        let line = |points: &[(f64, f64)]| Line { name: "x".into(), points: points.to_vec() };
        for horizontal in [Horizontal::Percentile, Horizontal::Seconds, Horizontal::Rate] {
            for points in
                [&[][..], &[(0.5, 0.0)], &[(0.0, 3.0), (0.9, 3.0)], &[(0.1, 1e9), (1.0, 1e-9)]]
            {
                let lines = vec![line(points)];
                let chart = Chart { title: String::new(), horizontal, lines };
                let placed = chart.placed().remove(0).1;
                let marks = chart.marks_across().into_iter().chain(chart.marks_up());
                let places = placed.iter().flat_map(|&(x, y)| [x, y]);
                for place in places.chain(marks.map(|(place, _)| place)) {
                    assert!((-1e-9..=1.0 + 1e-9).contains(&place), "{place} of {points:?}");
                }
            }
        }
    }
}
