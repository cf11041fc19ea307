//! The disk under the data directory, and memory that must not go there.

use super::{Finding, Level};
use crate::config::Config;
use ringmatch_journal::Durability;
use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

const BLOCK_BYTES: usize = 4096;
const BLOCKS: usize = 64;
/// A disk that takes longer for half of the syncs is no place for a journal.
const SLOW_US: f64 = 1_000.0;

pub(super) fn check(config: &Config, data_dir: &Path) -> Vec<Finding> {
    vec![disk(config.journal.durability, data_dir), locked_memory(), io_uring()]
}

fn disk(durability: Durability, data_dir: &Path) -> Finding {
    const CHECK: &str = "disk";
    let place = existing(data_dir);
    let times = match sync_times_us(&place) {
        Ok(times) => times,
        Err(error) => {
            return Finding::bad(
                CHECK,
                Level::Failure,
                format!("{} cannot be written and synced: {error}", place.display()),
                "nothing can be journaled, so nothing is answered",
                "choose another --data-dir, or give this user the right to write there",
            );
        }
    };
    let at = |quantile: f64| times[((times.len() - 1) as f64 * quantile) as usize];
    let (p50, p99) = (at(0.5), at(0.99));
    let filesystem = filesystem(&place);
    let found = format!(
        "4 KiB written and synced in {p50:.0} µs (p50), {p99:.0} µs (p99) on {} in {}",
        filesystem.as_deref().unwrap_or("an unknown file system"),
        place.display(),
    );
    if filesystem.is_some_and(|name| name == "tmpfs" || name == "ramfs") {
        let costs = "the journal is in memory: a power cut takes all of it";
        return Finding::bad(CHECK, Level::Warning, found, costs, "choose a --data-dir on a disk");
    }
    if p50 > SLOW_US && durability == Durability::Fsync {
        return Finding::bad(
            CHECK,
            Level::Warning,
            found,
            "with durability fsync every answer waits for that",
            "use a disk with power-loss protection, or weigh `durability = \"interval:10\"`",
        );
    }
    Finding::ok(CHECK, found)
}

/// The directory, or the nearest one above it that is there.
fn existing(path: &Path) -> PathBuf {
    let mut above = path.ancestors().filter(|path| !path.as_os_str().is_empty());
    above.find(|path| path.is_dir()).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// How long it took to write and sync each block of a file that was written
/// before, as the journal does; sorted.
fn sync_times_us(place: &Path) -> io::Result<Vec<f64>> {
    let file = tempfile::Builder::new().prefix("ringmatch-doctor-").tempfile_in(place)?;
    let file = file.as_file();
    file.write_all_at(&vec![0; BLOCKS * BLOCK_BYTES], 0)?;
    file.sync_all()?;
    let mut times = Vec::with_capacity(BLOCKS);
    for block in 0..BLOCKS {
        let start = Instant::now();
        file.write_all_at(&[1; BLOCK_BYTES], (block * BLOCK_BYTES) as u64)?;
        file.sync_data()?;
        times.push(start.elapsed().as_nanos() as f64 / 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// What kind of file system a directory is on: of all mounts above it, the
/// last that has the longest path.
fn filesystem(place: &Path) -> Option<String> {
    let place = place.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mount = |line: &str| {
        let mut fields = line.split(' ').skip(1);
        let at = PathBuf::from(fields.next()?);
        let kind = fields.next()?.to_owned();
        place.starts_with(&at).then(|| (at.components().count(), kind))
    };
    mounts.lines().filter_map(mount).max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

fn locked_memory() -> Finding {
    const CHECK: &str = "memory lock";
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
    locked_memory_of(&limits, &swaps, CHECK)
}

fn locked_memory_of(limits: &str, swaps: &str, check: &'static str) -> Finding {
    let (costs, fix) = (
        "a page that was swapped out takes milliseconds to come back",
        "swapoff -a, memory.swap.max=0 for the engine's control group, or `lock_memory = true` in \
         [threads]",
    );
    let line = limits.lines().find_map(|line| line.strip_prefix("Max locked memory"));
    let Some(limit) = line.and_then(|rest| rest.split_whitespace().next()) else {
        return Finding::unknown(check, costs, fix);
    };
    // The first line names the columns.
    let has_swap = swaps.lines().count() > 1;
    let limit = if limit == "unlimited" { limit.to_owned() } else { format!("{limit} bytes") };
    let found = format!("limit {limit}, swap {}", if has_swap { "on" } else { "off" });
    if has_swap {
        Finding::bad(check, Level::Warning, found, costs, fix)
    } else {
        Finding::ok(check, found)
    }
}

#[cfg(target_os = "linux")]
fn io_uring() -> Finding {
    const CHECK: &str = "io_uring";
    match io_uring::IoUring::new(2) {
        Ok(_) => Finding::ok(CHECK, "available"),
        Err(error) => Finding::bad(
            CHECK,
            Level::Note,
            format!("not available: {error}"),
            "nothing where the journal writes with plain system calls",
            "sysctl -w kernel.io_uring_disabled=0, and allow it in the container's seccomp profile",
        ),
    }
}

#[cfg(not(target_os = "linux"))]
fn io_uring() -> Finding {
    Finding::unknown("io_uring", "nothing: this system has none", "use Linux")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_can_be_written_is_timed_and_another_is_a_failure() {
        let directory = tempfile::tempdir().unwrap();
        let finding = disk(Durability::Write, &directory.path().join("not/there/yet"));
        assert!(finding.found.contains("4 KiB written and synced"), "{finding:?}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left");
        // Not even root can make files there.
        let finding = disk(Durability::Fsync, Path::new("/proc/self"));
        assert_eq!(finding.level, Level::Failure, "{finding:?}");
    }

    #[test]
    fn swap_is_warned_of() {
        let limits = "Limit  Soft\nMax locked memory         8388608     8388608     bytes\n";
        let header = "Filename Type Size Used Priority\n";
        let level = |limits, swaps: &str| locked_memory_of(limits, swaps, "memory lock").level;
        assert_eq!(level(limits, header), Level::Ok);
        assert_eq!(level(limits, &format!("{header}/dev/sda2 partition 1 0 -2\n")), Level::Warning);
        assert_eq!(level("", header), Level::Note);
    }
}
