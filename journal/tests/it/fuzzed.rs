//! Directories that a fuzzer made up, and the seeds that it begins with.
//!
//! What `journal/fuzz/` found is kept in its corpus, and every file there is played
//! here too, on the stable toolchain. The seeds are journals of the real writer; a
//! test holds the committed ones against it, so that a fuzzer always begins with
//! something sound.

use crate::fixture::{OPTIONS, append, frame, identity, recover_with};
use crate::pile::{self, Played};
use proptest::prelude::*;
use ringmatch_journal::sim::SimulatedDisk;
use ringmatch_journal::{
    Durability, Options, Reader, Retention, SnapshotInfo, SnapshotStore, tidy,
};
use std::num::NonZeroUsize;
use std::path::PathBuf;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/directory")
}

/// A journal of these body lengths; its segments are small.
fn journal(bodies: &[usize]) -> SimulatedDisk {
    let disk = SimulatedDisk::new(1);
    let options = Options { durability: Durability::Fsync, ..OPTIONS };
    let (_, mut writer, _) = recover_with(disk.clone(), options).unwrap();
    for bytes in bodies {
        let next = frame(writer.next_sequence(), 3, *bytes);
        append(&mut writer, &next).unwrap();
        writer.commit(0).unwrap();
    }
    disk
}

fn store(disk: &SimulatedDisk) -> SnapshotStore<SimulatedDisk> {
    SnapshotStore::new(disk.clone(), identity(), NonZeroUsize::MIN)
}

/// What a fuzzer begins with: name, bytes, and what a play of them must come to.
fn seeds() -> Vec<(&'static str, Vec<u8>, Played)> {
    let sound = Played { is_sound: true, was_recovered: true, ..Played::default() };
    let few = journal(&[10, 300, 0]);
    let segments = journal(&[5_000, 5_000, 5_000, 5_000, 5_000, 100]);
    let snapshot = journal(&[10, 300, 0]);
    let position = {
        let mut reader = Reader::open(snapshot.clone()).unwrap();
        reader.next_frame().unwrap().unwrap().position()
    };
    let info = SnapshotInfo { position, digest: 7, body_version: 1, time_ns: 9 };
    store(&snapshot).save(info, b"the state after the first frame").unwrap();
    let archived = journal(&[5_000, 5_000, 5_000, 5_000, 5_000, 100]);
    tidy(&archived, &store(&archived), Retention::Compress).unwrap();
    vec![
        ("few-frames", pile::to_bytes(&few, 7), Played { frames: 3, ..sound }),
        ("few-frames-as-they-are", pile::to_bytes(&few, 0), Played { frames: 3, ..sound }),
        (
            "three-segments",
            pile::to_bytes(&segments, 7),
            Played { frames: 6, compressed: 2, ..sound },
        ),
        (
            "with-a-snapshot",
            pile::to_bytes(&snapshot, 7),
            Played { frames: 3, has_snapshot: true, ..sound },
        ),
        ("compressed", pile::to_bytes(&archived, 3), Played { frames: 6, ..sound }),
    ]
}

#[test]
fn the_seeds_are_sound_and_committed() {
    for (name, bytes, expected) in seeds() {
        assert_eq!(pile::play(&pile::from_bytes(&bytes)), expected, "{name}");
        let path = corpus().join(name);
        if std::env::var_os("RINGMATCH_WRITE_SEEDS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        let committed = std::fs::read(&path).unwrap();
        assert!(committed == bytes, "{name}: run this test with RINGMATCH_WRITE_SEEDS=1");
    }
}

#[test]
fn what_the_fuzzer_found_before() {
    let mut played = 0;
    for entry in std::fs::read_dir(corpus()).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        pile::play(&pile::from_bytes(&std::fs::read(path).unwrap()));
        played += 1;
    }
    assert!(played >= seeds().len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_pile_is_read_or_refused(
        seed in 0..5_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let mut bytes = seeds().swap_remove(seed).1;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        pile::play(&pile::from_bytes(&bytes));
    }
}
