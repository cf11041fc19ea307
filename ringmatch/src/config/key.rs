//! Where in a config something is wrong, and what.
//!
//! TOML's reader knows lines only of what it refuses itself. What is wrong with
//! values together is found after it, so the line is looked for in the text: the
//! table that is meant, and in it the line that sets the key. A key that stands
//! nowhere has no line, and the error names it all the same.

/// A key, and which of several like tables it is in.
pub(super) struct Key {
    pub(super) table: Option<(&'static str, usize)>,
    pub(super) key: &'static str,
}

impl Key {
    pub(super) fn of(key: &'static str) -> Self {
        Self { table: None, key }
    }

    pub(super) fn glimpse(key: &'static str) -> Self {
        Self { table: Some(("[glimpse]", 0)), key }
    }

    pub(super) fn limit(key: &'static str) -> Self {
        Self { table: Some(("[limits]", 0)), key }
    }
}

/// The line that sets a key, from 1.
pub(super) fn line_of(text: &str, key: &Key) -> Option<usize> {
    let mut lines = (1..).zip(text.lines().map(str::trim_start));
    if let Some((table, at)) = key.table {
        lines.by_ref().filter(|(_, line)| line.starts_with(table)).nth(at)?;
    }
    let sets = |line: &str| {
        let rest = line.strip_prefix(key.key).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with('='))
    };
    lines.find(|(_, line)| sets(line)).map(|(number, _)| number)
}
