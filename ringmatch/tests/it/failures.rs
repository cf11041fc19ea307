//! The table of failures is complete, and each of its rows is played: the tests
//! that `docs/failures.md` names exist and are run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The cells of each row that names a test.
fn rows() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("docs/failures.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.contains(".rs` `"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

#[test]
fn every_step_of_a_sale_has_its_row() {
    let cells: Vec<_> = rows().into_iter().filter(|row| row.len() == 4).collect();
    let found: BTreeSet<_> = cells.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let mut expected = BTreeSet::new();
    for who in ["client", "engine", "network", "disk"] {
        for when in ["intent sent", "accepted", "matched", "told"] {
            expected.insert((who.to_owned(), when.to_owned()));
        }
    }
    assert_eq!((cells.len(), found), (16, expected));
}

#[test]
fn every_row_is_played() {
    let rows = rows();
    assert!(rows.len() > 16);
    let mut tests = BTreeSet::new();
    for row in &rows {
        let cell = row.last().unwrap();
        let names: Vec<_> = cell.split('`').filter(|part| !part.trim().is_empty()).collect();
        let [path, test] = names[..] else { panic!("a file and a test: {cell}") };
        let source = std::fs::read_to_string(root().join(path))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let lines: Vec<_> = source.lines().collect();
        let at = lines.iter().position(|line| *line == format!("fn {test}() {{"));
        let at = at.unwrap_or_else(|| panic!("{path} has no test {test}"));
        assert_eq!(lines[at - 1], "#[test]", "{path}: {test} is not run");
        assert!(tests.insert((path.to_owned(), test.to_owned())), "{test} plays two rows");
    }
}
