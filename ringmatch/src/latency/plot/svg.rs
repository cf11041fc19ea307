//! A chart as SVG.

use super::Chart;
use std::fmt::Write;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 400.0;
/// Around the square that is drawn in: left, top, right, bottom.
const MARGINS: (f64, f64, f64, f64) = (70.0, 40.0, 190.0, 40.0);
/// The colours of Okabe and Ito, which all eyes can tell apart.
const COLORS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/// A chart as SVG.
#[must_use]
pub fn svg(chart: &Chart) -> String {
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    draw(chart, &mut text).expect("a string takes whatever is written");
    text + "</svg>\n"
}

fn draw(chart: &Chart, out: &mut String) -> std::fmt::Result {
    let (left, top, ..) = MARGINS;
    let title = escaped(&chart.title);
    writeln!(out, "<text x=\"{left}\" y=\"{}\" font-size=\"15\">{title}</text>", top - 16.0)?;
    for (at, text) in chart.marks_across() {
        let ((x, bottom), (_, top)) = (place((at, 0.0)), place((at, 1.0)));
        grid(out, (x, bottom), (x, top))?;
        let y = bottom + 18.0;
        writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{text}</text>")?;
    }
    for (at, text) in chart.marks_up() {
        let (from, to) = (place((0.0, at)), place((1.0, at)));
        grid(out, from, to)?;
        let (x, y) = (from.0 - 8.0, from.1 + 4.0);
        writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{text}</text>")?;
    }
    for (number, (name, points)) in chart.placed().into_iter().enumerate() {
        let color = COLORS[number % COLORS.len()];
        let points: Vec<String> =
            points.into_iter().map(place).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let points = points.join(" ");
        writeln!(
            out,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.8\"/>"
        )?;
        let (x, y) = (WIDTH - MARGINS.2 + 14.0, MARGINS.1 + 12.0 + 20.0 * number as f64);
        let (name, to, middle) = (escaped(name), x + 22.0, y - 4.0);
        writeln!(
            out,
            "<line x1=\"{x}\" y1=\"{middle}\" x2=\"{to}\" y2=\"{middle}\" stroke=\"{color}\" \
             stroke-width=\"3\"/><text x=\"{}\" y=\"{y}\">{name}</text>",
            to + 6.0
        )?;
    }
    Ok(())
}

/// From the unit square to the paper.
fn place((x, y): (f64, f64)) -> (f64, f64) {
    let (left, top, right, bottom) = MARGINS;
    (left + x * (WIDTH - left - right), HEIGHT - bottom - y * (HEIGHT - top - bottom))
}

fn grid(out: &mut String, from: (f64, f64), to: (f64, f64)) -> std::fmt::Result {
    let ((x1, y1), (x2, y2)) = (from, to);
    writeln!(
        out,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#dddddd\"/>"
    )
}

/// Text that means nothing to a reader of markup.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::chart::tests::distribution;
    use super::*;

    #[test]
    fn a_chart_is_one_line_with_axes_and_a_name() {
        let svg = svg(&distribution());
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert_eq!(svg.matches("<polyline").count(), 1);
        for text in ["a &lt;test&gt;", "99.9 %", "100 µs", "end to end"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
