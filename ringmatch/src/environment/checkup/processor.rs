//! CPUs, their clock and what disturbs them.

use super::super::{Jitter, Machine, Noise};
use super::{Finding, Level};
use crate::config::Config;
use crate::threads::{self, Layout, Pinned};
use ringmatch_ring::WaitStrategy;
use std::time::Duration;

/// How long an idle loop runs on each CPU.
const IDLE: Duration = Duration::from_millis(150);
/// CPUs that are looked at, if the config names none.
const CPUS: usize = 4;
/// A machine that takes more of a thread's time disturbs every measurement.
const LOST: f64 = 0.01;
/// A clock that costs more is no plain register.
const CLOCK_NS: f64 = 100.0;

pub(super) fn check(config: &Config, machine: &Machine) -> Vec<Finding> {
    let named = &config.threads.pin;
    let cpus: Vec<usize> = if named.is_empty() {
        threads::usable_cpus().into_iter().take(CPUS).collect()
    } else {
        named.clone()
    };
    let noise = Noise::measure(&cpus, IDLE);
    let mut findings = vec![
        pinning(named, &cpus),
        spinning(config, machine.usable_cpus),
        clock(machine.clock_source.as_deref(), noise.clock_ns),
        jitter(&noise.jitter),
        governor(machine.governor.as_deref()),
        isolation(machine.isolated.as_deref(), named.is_empty()),
    ];
    findings.extend(notes(machine));
    findings
}

fn pinning(named: &[usize], cpus: &[usize]) -> Finding {
    const CHECK: &str = "pinning";
    let try_on = |&cpu: &usize| {
        let pinned = std::thread::spawn(move || threads::pin(cpu)).join();
        (!matches!(pinned, Ok(Pinned::To(_)))).then_some(cpu)
    };
    let refused: Vec<usize> = cpus.iter().filter_map(try_on).collect();
    if !refused.is_empty() {
        return Finding::bad(
            CHECK,
            Level::Warning,
            format!("CPUs {refused:?} were refused"),
            "threads move between CPUs, and every move leaves warm caches behind",
            "name CPUs that this process may use in `pin` (`taskset -p $$`), or widen its cpuset",
        );
    }
    if named.is_empty() {
        return Finding::bad(
            CHECK,
            Level::Note,
            format!("works, and `pin` names no CPU; CPUs {cpus:?} could be"),
            "the scheduler may move a thread at any time: tens of microseconds",
            "set `pin` in [threads], one CPU for each thread of the layout",
        );
    }
    Finding::ok(CHECK, format!("threads stay on CPUs {cpus:?}"))
}

fn spinning(config: &Config, usable: usize) -> Finding {
    const CHECK: &str = "threads";
    let layout = config.threads.layout.resolve();
    let threads = match layout {
        Layout::Dedicated => 4,
        Layout::SharedNetwork => 3,
        Layout::Shared | Layout::Auto => 2,
    };
    let wait = config.threads.wait;
    let found = format!("{threads} threads of layout {layout} on {usable} CPUs, wait {wait}");
    if threads <= usable || wait != WaitStrategy::Spin {
        return Finding::ok(CHECK, found);
    }
    Finding::bad(
        CHECK,
        Level::Warning,
        found,
        "threads that spin take the CPU from those they wait for: a thousand times slower",
        "set `layout` to \"auto\", or `wait` to \"yield\" or \"backoff\"",
    )
}

fn clock(source: Option<&str>, cost_ns: f64) -> Finding {
    const CHECK: &str = "clock";
    let found = format!("{}, {cost_ns:.0} ns a reading", source.unwrap_or("source unknown"));
    if cost_ns <= CLOCK_NS {
        return Finding::ok(CHECK, found);
    }
    Finding::bad(
        CHECK,
        Level::Warning,
        found,
        "every order is stamped several times, each at this price",
        "boot with clocksource=tsc where the CPU's is stable; in a virtual machine ask for kvm-clock \
         or tsc",
    )
}

fn jitter(jitter: &[Jitter]) -> Finding {
    const CHECK: &str = "jitter";
    let worst = |value: fn(&Jitter) -> f64| jitter.iter().map(value).fold(0.0, f64::max);
    let (lost, longest_us) = (worst(|cpu| cpu.lost_fraction), worst(|cpu| cpu.max_ns as f64) / 1e3);
    let found = format!(
        "an idle loop lost up to {:.2} % of its time, {longest_us:.0} µs at once",
        lost * 100.0
    );
    if lost <= LOST {
        return Finding::ok(CHECK, found);
    }
    Finding::bad(
        CHECK,
        Level::Warning,
        found,
        "what the machine takes away stands in the tail of every latency",
        "stop what else runs here, keep interrupts off these CPUs, isolate them, or take a host \
         that is not shared",
    )
}

fn governor(governor: Option<&str>) -> Finding {
    const CHECK: &str = "governor";
    let (costs, fix) = (
        "a CPU that has to speed up first is slow for the first orders after a pause",
        "cpupower frequency-set -g performance",
    );
    match governor {
        None => Finding::unknown(CHECK, costs, fix),
        Some("performance") => Finding::ok(CHECK, "performance"),
        Some(other) => Finding::bad(CHECK, Level::Warning, other, costs, fix),
    }
}

fn isolation(isolated: Option<&str>, is_unpinned: bool) -> Finding {
    const CHECK: &str = "isolation";
    let (costs, fix) = (
        "the scheduler puts other threads on the engine's CPUs: milliseconds, now and then",
        "boot with isolcpus= and nohz_full= for the CPUs in `pin`",
    );
    match isolated {
        None => Finding::unknown(CHECK, costs, fix),
        Some("") => Finding::bad(CHECK, Level::Note, "no CPU is isolated", costs, fix),
        Some(cpus) if is_unpinned => Finding::bad(
            CHECK,
            Level::Warning,
            format!("CPUs {cpus} are isolated, and `pin` does not use them"),
            "threads that are not pinned never run on isolated CPUs",
            "name these CPUs in `pin`",
        ),
        Some(cpus) => Finding::ok(CHECK, format!("CPUs {cpus}")),
    }
}

/// What is worth knowing.
fn notes(machine: &Machine) -> Vec<Finding> {
    let note =
        |check, found: String, costs, fix| Finding::bad(check, Level::Note, found, costs, fix);
    let mut notes = Vec::new();
    if machine.is_virtual == Some(true) {
        notes.push(note(
            "virtual machine",
            "this is one".into(),
            "the host takes the CPU away without a word, for milliseconds",
            "use dedicated hardware, or a host that pins virtual CPUs",
        ));
    }
    if machine.smt == Some(true) {
        notes.push(note(
            "SMT",
            "on".into(),
            "a neighbour on the same core takes half of it",
            "leave the siblings of the engine's CPUs idle, or turn SMT off",
        ));
    }
    if machine.transparent_huge_pages.as_deref() == Some("always") {
        notes.push(note(
            "huge pages",
            "transparent_hugepage is always".into(),
            "the kernel moves memory about while the engine runs",
            "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
        ));
    }
    if let Some(mitigations) = machine.mitigations.as_ref().filter(|names| !names.is_empty()) {
        notes.push(note(
            "mitigations",
            mitigations.join(", "),
            "every system call takes longer",
            "on a machine that runs nothing else, weigh booting with mitigations=off",
        ));
    }
    if machine.numa_nodes.is_some_and(|nodes| nodes > 1) {
        notes.push(note(
            "NUMA",
            format!("{} nodes", machine.numa_nodes.unwrap_or(0)),
            "memory and network card of another node are twice as far away",
            "name CPUs of the network card's node in `pin`",
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_its_level() {
        let level = |finding: &Finding| finding.level;
        assert_eq!(level(&governor(Some("performance"))), Level::Ok);
        assert_eq!(level(&governor(Some("powersave"))), Level::Warning);
        assert_eq!(level(&governor(None)), Level::Note);
        assert_eq!(level(&isolation(Some("2-3"), true)), Level::Warning);
        assert_eq!(level(&isolation(Some("2-3"), false)), Level::Ok);
        assert_eq!(level(&isolation(Some(""), true)), Level::Note);
        assert_eq!(level(&clock(Some("tsc"), 20.0)), Level::Ok);
        assert_eq!(level(&clock(Some("hpet"), 900.0)), Level::Warning);
        let lost = |lost_fraction| {
            let (cpu, gaps_per_s, p50_ns, p99_ns, max_ns) = (None, 1.0, 1, 1, 1);
            jitter(&[Jitter { cpu, gaps_per_s, lost_fraction, p50_ns, p99_ns, max_ns }])
        };
        assert_eq!(level(&lost(0.001)), Level::Ok);
        assert_eq!(level(&lost(0.05)), Level::Warning);
        assert_eq!(level(&pinning(&[100_000], &[100_000])), Level::Warning);
    }

    #[test]
    fn more_spinning_threads_than_cpus_are_warned_of() {
        let mut config = Config::load(None).unwrap();
        config.threads.layout = Layout::Dedicated;
        config.threads.wait = WaitStrategy::Spin;
        assert_eq!(spinning(&config, 2).level, Level::Warning);
        assert_eq!(spinning(&config, 4).level, Level::Ok);
        config.threads.wait = WaitStrategy::Yield;
        assert_eq!(spinning(&config, 2).level, Level::Ok);
    }
}
