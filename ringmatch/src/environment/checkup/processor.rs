//! CPUs, their clock and what disturbs them.

use super::super::{Jitter, Machine, Noise};
use super::{Finding, Level};
use crate::config::Config;
use crate::threads::{self, Cpus, Granted, Pin, Pinned, Priority};
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
    let usable = Cpus::usable();
    let named = config.threads.pin.named();
    let is_unpinned = named.is_empty() && config.threads.pin != Pin::Auto;
    let cpus: Vec<usize> = if named.is_empty() {
        usable.allowed().iter().copied().take(CPUS).collect()
    } else {
        named.to_owned()
    };
    let noise = Noise::measure(&cpus, IDLE);
    let mut findings = vec![
        pinning(is_unpinned, &cpus),
        layout(config, &usable),
        quota(&usable),
        priority(config.threads.priority, config.threads.wait),
        clock(machine.clock_source.as_deref(), noise.clock_ns),
        jitter(&noise.jitter),
        governor(machine.governor.as_deref()),
        isolation(machine.isolated.as_deref(), is_unpinned),
    ];
    findings.extend(notes(machine));
    findings
}

fn pinning(is_unpinned: bool, cpus: &[usize]) -> Finding {
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
    if is_unpinned {
        return Finding::bad(
            CHECK,
            Level::Note,
            format!("works, and `pin` names no CPU; CPUs {cpus:?} could be"),
            "the scheduler may move a thread at any time: tens of microseconds",
            "set `pin` in [threads] to \"auto\", or to one CPU for each thread of the layout",
        );
    }
    Finding::ok(CHECK, format!("threads stay on CPUs {cpus:?}"))
}

fn layout(config: &Config, cpus: &Cpus) -> Finding {
    const CHECK: &str = "threads";
    let layout = config.threads.layout.resolve(cpus.count(), config.journal.durability);
    let (threads, wait) = (layout.threads(), config.threads.wait);
    let found = format!("layout {layout}: {threads} thread(s) on {cpus}, wait {wait}");
    let refused = layout.check(wait, 0, cpus).err().map(|error| error.to_string());
    let refused =
        refused.or_else(|| Some(config.threads.pin.assign(layout, cpus).err()?.to_string()));
    match refused {
        Some(refused) => Finding::bad(
            CHECK,
            Level::Failure,
            found,
            format!("an engine does not start: {refused}"),
            "set `layout` to \"auto\" and `pin` to \"auto\" or []",
        ),
        None if threads <= cpus.count() => Finding::ok(CHECK, found),
        None => Finding::bad(
            CHECK,
            Level::Warning,
            found,
            "threads wait for each other's CPU: tens of microseconds, again and again",
            "set `layout` to \"auto\"",
        ),
    }
}

/// A quota ends in the middle of a period, and then nothing runs until the next.
fn quota(cpus: &Cpus) -> Finding {
    const CHECK: &str = "CPU quota";
    match cpus.quota() {
        None => Finding::ok(CHECK, "none that is less than the CPUs of the affinity mask"),
        Some(quota) => Finding::bad(
            CHECK,
            Level::Warning,
            format!("the control group may use the time of {quota} CPU(s)"),
            "what waits actively uses the quota up, and then everything stands still for up to 100 ms",
            "give the engine whole CPUs (a cpuset, `taskset`) in the place of a quota",
        ),
    }
}

fn priority(asked: Priority, wait: WaitStrategy) -> Finding {
    const CHECK: &str = "priority";
    let granted = std::thread::spawn(move || asked.take()).join().unwrap_or(Granted::Unasked);
    let found = granted.to_string();
    if matches!(granted, Granted::Refused(..)) {
        return Finding::bad(
            CHECK,
            Level::Warning,
            found,
            "the engine's threads wait behind others that want their CPUs",
            "give the permission, or set `priority` to \"normal\"",
        );
    }
    match asked.concern(wait) {
        None => Finding::ok(CHECK, found),
        Some(concern) => Finding::bad(
            CHECK,
            Level::Warning,
            found,
            concern,
            "set `wait` to \"backoff\", `priority` to a nice value, or the throttle off",
        ),
    }
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
    notes.extend(huge_pages(
        machine.transparent_huge_pages.as_deref(),
        &std::env::var("GLIBC_TUNABLES").unwrap_or_default(),
    ));
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

/// Where the kernel gives huge pages to who asks, memory has to be asked for in
/// them: the C library does so, if its environment says so.
fn huge_pages(mode: Option<&str>, tunables: &str) -> Option<Finding> {
    const CHECK: &str = "huge pages";
    match mode? {
        "always" => Some(Finding::bad(
            CHECK,
            Level::Note,
            "transparent_hugepage is always",
            "the kernel moves memory about while the engine runs",
            "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
        )),
        "madvise" if tunables.contains("glibc.malloc.hugetlb=1") => {
            Some(Finding::ok(CHECK, "offered, and asked for by GLIBC_TUNABLES"))
        }
        "madvise" => Some(Finding::bad(
            CHECK,
            Level::Note,
            "offered, and not asked for",
            "books of many orders miss the address cache on every level of the page table",
            "start the engine with GLIBC_TUNABLES=glibc.malloc.hugetlb=1 in its environment (glibc)",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::Layout;

    fn level(finding: &Finding) -> Level {
        finding.level
    }

    #[test]
    fn each_state_has_its_level() {
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
        assert_eq!(level(&pinning(false, &[100_000])), Level::Warning);
    }

    #[test]
    fn more_threads_than_cpus_are_told_and_spinning_ones_are_a_failure() {
        let mut config = Config::load(None).unwrap();
        let cpus = |count| Cpus::of((0..count).collect(), None);
        config.threads.layout = Layout::Dedicated;
        config.threads.wait = WaitStrategy::Spin;
        assert_eq!(level(&layout(&config, &cpus(2))), Level::Failure);
        assert_eq!(level(&layout(&config, &cpus(4))), Level::Ok);
        config.threads.wait = WaitStrategy::Yield;
        assert_eq!(level(&layout(&config, &cpus(2))), Level::Warning);
        config.threads.layout = Layout::Auto;
        config.threads.wait = WaitStrategy::Spin;
        assert!((1..6).all(|count| level(&layout(&config, &cpus(count))) == Level::Ok));
        config.threads.pin = Pin::To(vec![0]);
        assert_eq!(level(&layout(&config, &cpus(4))), Level::Failure);
    }

    #[test]
    fn a_priority_that_is_granted_is_well() {
        assert_eq!(level(&priority(Priority::Normal, WaitStrategy::Spin)), Level::Ok);
        assert_eq!(level(&priority(Priority::Nice(19), WaitStrategy::Spin)), Level::Ok);
    }

    #[test]
    fn huge_pages_that_are_offered_and_not_taken_are_told() {
        let asked = "glibc.malloc.hugetlb=1";
        let level = |mode, tunables| huge_pages(mode, tunables).map(|finding| finding.level);
        assert_eq!(level(Some("madvise"), ""), Some(Level::Note));
        assert_eq!(level(Some("madvise"), asked), Some(Level::Ok));
        assert_eq!(level(Some("always"), asked), Some(Level::Note));
        assert_eq!((level(Some("never"), asked), level(None, asked)), (None, None));
    }

    #[test]
    fn a_quota_is_a_warning() {
        assert_eq!(level(&quota(&Cpus::of(vec![0, 1], None))), Level::Ok);
        assert_eq!(level(&quota(&Cpus::of(vec![0, 1], Some(1)))), Level::Warning);
    }
}
