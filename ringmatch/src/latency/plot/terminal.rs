//! A chart in characters.

use super::Chart;

const COLUMNS: usize = 72;
const ROWS: usize = 16;
/// Width of what is written beside the vertical axis.
const BESIDE: usize = 8;
const MARKS: [char; 7] = ['*', '+', 'o', 'x', '#', '@', '%'];

/// A chart in characters, lines separated by line ends.
#[must_use]
pub fn terminal(chart: &Chart) -> String {
    let mut columns = [[' '; ROWS]; COLUMNS];
    for (number, (_, points)) in chart.placed().into_iter().enumerate() {
        let mark = MARKS[number % MARKS.len()];
        for pair in points.windows(2) {
            draw(&mut columns, mark, pair[0], pair[1]);
        }
        if let [only] = points[..] {
            draw(&mut columns, mark, only, only);
        }
    }
    let mut text = format!("{}\n", chart.title);
    let beside = beside(chart);
    for (row, beside) in beside.into_iter().enumerate().rev() {
        let cells: String = columns.iter().map(|column| column[row]).collect();
        text += &format!("{beside:>BESIDE$} |{}\n", cells.trim_end());
    }
    text += &format!("{:>BESIDE$} +{}\n{}\n", "", "-".repeat(COLUMNS), below(chart));
    for (number, line) in chart.lines.iter().enumerate() {
        let mark = MARKS[number % MARKS.len()];
        text += &format!("{:>BESIDE$} {mark} {}\n", "", line.name);
    }
    text
}

/// Draws from one place to the next, without holes.
fn draw(columns: &mut [[char; ROWS]; COLUMNS], mark: char, from: (f64, f64), to: (f64, f64)) {
    let wide = cell(from.0, COLUMNS).abs_diff(cell(to.0, COLUMNS));
    let high = cell(from.1, ROWS).abs_diff(cell(to.1, ROWS));
    let steps = wide.max(high).max(1);
    for step in 0..=steps {
        let part = step as f64 / steps as f64;
        let (x, y) = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
        columns[cell(x, COLUMNS)][cell(y, ROWS)] = mark;
    }
}

/// The cell of a place between zero and one.
fn cell(place: f64, cells: usize) -> usize {
    ((place.clamp(0.0, 1.0) * (cells - 1) as f64).round()) as usize
}

/// What stands beside each row, from the bottom.
fn beside(chart: &Chart) -> Vec<String> {
    let mut beside = vec![String::new(); ROWS];
    for (at, text) in chart.marks_up() {
        beside[cell(at, ROWS)] = text;
    }
    beside
}

fn below(chart: &Chart) -> String {
    let mut line = [' '; BESIDE + 2 + COLUMNS + BESIDE];
    for (at, text) in chart.marks_across() {
        let start = BESIDE + 2 + cell(at, COLUMNS);
        for (place, letter) in line[start..].iter_mut().zip(text.chars()) {
            *place = letter;
        }
    }
    line.iter().collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::chart::tests::distribution;
    use super::*;

    #[test]
    fn a_distribution_rises_from_left_to_right() {
        let text = terminal(&distribution());
        let rows: Vec<&str> = text.lines().filter(|line| line.contains('|')).collect();
        assert_eq!(rows.len(), ROWS, "{text}");
        let column = |row: &&str| row.chars().position(|letter| letter == '*');
        let columns: Vec<usize> = rows.iter().rev().filter_map(column).collect();
        assert!(columns.len() > ROWS / 2, "{text}");
        assert!(columns.is_sorted(), "{text}");
        assert!(text.contains("99.9 %") && text.contains("1 ms"), "{text}");
    }
}
