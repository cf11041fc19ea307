//! A sequence of one's own, beside any ring.

use std::thread;

use ringmatch_ring::{Ended, SequenceWriter};

#[test]
fn readers_see_advances_and_the_end() {
    let mut writer = SequenceWriter::new(7);
    let reader = writer.reader();
    let other = reader.clone();
    assert_eq!((writer.get(), reader.get()), (7, 7));
    writer.advance(7);
    writer.advance(9);
    assert_eq!((writer.get(), reader.get(), other.get()), (9, 9, 9));
    assert_eq!((writer.ended(), reader.ended()), (None, None));
    writer.close();
    writer.poison();
    let closed = Some(Ended::Closed);
    assert_eq!((writer.ended(), reader.ended()), (closed, closed));
    assert_eq!(reader.get(), 9);
}

#[test]
fn a_dropped_writer_closes_and_a_panicking_one_poisons() {
    let writer = SequenceWriter::new(0);
    let reader = writer.reader();
    drop(writer);
    assert_eq!(reader.ended(), Some(Ended::Closed));

    let writer = SequenceWriter::new(0);
    let reader = writer.reader();
    let dying = thread::spawn(move || {
        let _writer = writer;
        panic!("on purpose");
    });
    assert!(dying.join().is_err());
    assert_eq!(reader.ended(), Some(Ended::Poisoned));
}

#[test]
#[should_panic(expected = "a sequence only moves forward")]
fn it_never_goes_back() {
    SequenceWriter::new(5).advance(4);
}

#[test]
#[should_panic(expected = "not after its end")]
fn it_never_goes_on_after_its_end() {
    let mut writer = SequenceWriter::new(5);
    writer.close();
    writer.advance(6);
}
