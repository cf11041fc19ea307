//! `docs/reasons.md` is the table of reasons, and the table is complete.
//!
//! The document is rendered from the codes that go over the wire. When it is
//! not what is committed, this fails and says how to write it anew:
//! `RINGMATCH_WRITE_DOCS=1 cargo test -p ringmatch-gateway reasons`.

use ringmatch_engine::{CancelReason, RejectReason};
use ringmatch_gateway::translate::{CANCELS, REJECTS, cancel_letter, reject_code};
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "# Why something is refused or taken out of the book

Rendered from `gateway/src/translate/codes.rs`; a test holds the two together. The engine has a reason
of its own for each cause, and OUCH 5.0 has fewer codes: where several causes share one, it is the
nearest that OUCH has, and 0x0F where it has none.

## Rejects (OUCH 5.0 `J`)

| reason | what it means | code | in OUCH |
|---|---|--:|---|
";

const CANCELS_HEAD: &str = "
## Cancels (OUCH 5.0 `C`)

| reason | what it means | letter | in OUCH |
|---|---|---|---|
";

fn document() -> String {
    let mut text = HEAD.to_owned();
    for row in REJECTS {
        let (reason, meaning, code, label) = (row.reason, row.meaning, row.code, row.label);
        writeln!(text, "| `{reason:?}` | {meaning} | 0x{code:02X} | {label} |").unwrap();
    }
    text += CANCELS_HEAD;
    for row in CANCELS {
        let (reason, meaning, letter) = (row.reason, row.meaning, char::from(row.code));
        writeln!(text, "| `{reason:?}` | {meaning} | `{letter}` | {} |", row.label).unwrap();
    }
    text
}

#[test]
fn the_document_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reasons.md");
    if std::env::var_os("RINGMATCH_WRITE_DOCS").is_some() {
        std::fs::write(&path, document()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        committed == document(),
        "docs/reasons.md is not what the table says; write it with \
         RINGMATCH_WRITE_DOCS=1 cargo test -p ringmatch-gateway reasons"
    );
}

/// Every reason has one row, in the engine's order, and goes over the wire
/// with the code that the row says.
#[test]
fn every_reason_has_a_row() {
    assert_eq!(REJECTS.len(), RejectReason::MessageRate as usize + 1);
    for (at, row) in REJECTS.iter().enumerate() {
        assert_eq!((row.reason as usize, reject_code(row.reason)), (at, row.code));
    }
    assert_eq!(CANCELS.len(), CancelReason::BookFull as usize + 1);
    for (at, row) in CANCELS.iter().enumerate() {
        assert_eq!((row.reason as usize, cancel_letter(row.reason)), (at, row.code));
    }
}
