//! How urgent the system takes a thread to be.
//!
//! Without a word threads are as urgent as any other. A nice value gives them a
//! larger share where they compete; `fifo` lets them run before all that are not
//! of its kind, until they wait. Both need a permission, and what was asked for
//! is read back: a thread without it goes on as before and says so. A thread of
//! `fifo` that never sleeps starves what else there is on its CPU, so Linux
//! takes a part of each second from it, unless it is told not to.

use ringmatch_ring::WaitStrategy;
use serde::Deserialize;
use std::fmt;
use std::str::FromStr;
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id, thread_schedule_policy_param,
};

const FIFO: ThreadSchedulePolicy =
    ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
/// Microseconds of each period that threads of `fifo` may run; -1 is all.
const THROTTLE: &str = "/proc/sys/kernel/sched_rt_runtime_us";

/// How urgent the system shall take a thread to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Priority {
    /// As any other.
    #[default]
    Normal,
    /// More urgent than others the lower it is: -20 to 19.
    Nice(i32),
    /// Before all others but those with a higher number: 1 to 99 (`SCHED_FIFO`).
    Fifo(u8),
}

impl Priority {
    /// Gives the calling thread this priority, and looks whether it has it.
    #[must_use]
    pub fn take(self) -> Granted {
        let taken = match self {
            Self::Normal => return Granted::Unasked,
            Self::Nice(value) => take_nice(value),
            Self::Fifo(value) => take_fifo(value),
        };
        match taken {
            Ok(()) => Granted::Yes(self),
            Err(why) => Granted::Refused(self, why),
        }
    }

    /// What is wrong with threads that have it and wait like this.
    #[must_use]
    pub fn concern(self, wait: WaitStrategy) -> Option<String> {
        let throttle = std::fs::read_to_string(THROTTLE).unwrap_or_default();
        let is_throttled = throttle.trim() != "-1";
        (matches!(self, Self::Fifo(_)) && wait != WaitStrategy::Backoff && is_throttled).then(|| {
            format!(
                "threads of priority {self} that wait by `{wait}` never sleep, and the system takes \
                 50 ms of each second from them: set `wait` to \"backoff\", or let them have all of a \
                 CPU that nothing else needs with `sysctl kernel.sched_rt_runtime_us=-1`"
            )
        })
    }
}

#[cfg(target_os = "linux")]
fn take_nice(value: i32) -> Result<(), String> {
    use rustix::process::{getpriority_process, setpriority_process};
    // On Linux this is about a thread, and the number of none is the calling one's.
    let taken = setpriority_process(None, value).and_then(|()| getpriority_process(None));
    match taken {
        Ok(now) if now == value => Ok(()),
        Ok(now) => Err(format!("it has the nice value {now}")),
        Err(error) => Err(format!("{error}; it takes CAP_SYS_NICE, or a limit (`ulimit -e`)")),
    }
}

#[cfg(not(target_os = "linux"))]
fn take_nice(_: i32) -> Result<(), String> {
    Err("threads have no nice value of their own on this system".into())
}

fn take_fifo(value: u8) -> Result<(), String> {
    let thread = thread_native_id();
    let asked = value.try_into().map(ThreadPriority::Crossplatform).map_err(|why: String| why)?;
    set_thread_priority_and_policy(thread, asked, FIFO).map_err(|error| match error {
        thread_priority::Error::OS(code) => {
            let error = std::io::Error::from_raw_os_error(code);
            format!("{error}; it takes CAP_SYS_NICE, or a limit (`ulimit -r`)")
        }
        other => other.to_string(),
    })?;
    let (policy, params) =
        thread_schedule_policy_param(thread).map_err(|error| error.to_string())?;
    let has_it = policy == FIFO && params.sched_priority == i32::from(value);
    if has_it { Ok(()) } else { Err(format!("it has {policy:?} {}", params.sched_priority)) }
}

/// What came of asking for a priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    /// Nobody asked.
    Unasked,
    /// The thread has it, and this was verified.
    Yes(Priority),
    /// It has not, and why.
    Refused(Priority, String),
}

impl fmt::Display for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unasked => f.write_str("normal priority"),
            Self::Yes(priority) => write!(f, "priority {priority}"),
            Self::Refused(priority, why) => write!(f, "NO PRIORITY {priority}: {why}"),
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Nice(value) => write!(f, "nice:{value}"),
            Self::Fifo(value) => write!(f, "fifo:{value}"),
        }
    }
}

impl FromStr for Priority {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |name: &str, range: std::ops::RangeInclusive<i32>| {
            let value: i32 = text.strip_prefix(name)?.parse().ok()?;
            range.contains(&value).then_some(value)
        };
        let fifo = || number("fifo:", 1..=99).and_then(|value| u8::try_from(value).ok());
        let found = match text {
            "normal" => Some(Self::Normal),
            _ => number("nice:", -20..=19).map(Self::Nice).or_else(|| fifo().map(Self::Fifo)),
        };
        found.ok_or_else(|| {
            format!(
                "there is no priority {text:?}: use \"normal\", \"nice:-20\" to \"nice:19\", or \
                     \"fifo:1\" to \"fifo:99\""
            )
        })
    }
}

impl TryFrom<String> for Priority {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_a_thread<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
        std::thread::spawn(act).join().unwrap()
    }

    #[test]
    fn priorities_have_names() {
        for (text, priority) in [
            ("normal", Priority::Normal),
            ("nice:-20", Priority::Nice(-20)),
            ("nice:5", Priority::Nice(5)),
            ("fifo:99", Priority::Fifo(99)),
        ] {
            assert_eq!(text.parse(), Ok(priority));
            assert_eq!(priority.to_string(), text);
        }
        for text in ["high", "nice:20", "nice:", "fifo:0", "fifo:100", "fifo:-1"] {
            assert!(text.parse::<Priority>().is_err(), "{text}");
        }
    }

    /// Being less urgent needs no permission.
    #[test]
    #[cfg(target_os = "linux")]
    fn what_was_granted_is_read_back_and_is_that_threads_own() {
        let before = rustix::process::getpriority_process(None);
        assert_eq!(on_a_thread(|| Priority::Nice(19).take()), Granted::Yes(Priority::Nice(19)));
        assert_eq!(on_a_thread(|| Priority::Normal.take()), Granted::Unasked);
        assert_eq!(rustix::process::getpriority_process(None), before);
    }

    /// Capabilities are a thread's own, so one can be without them.
    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_not_permitted_is_said() {
        use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
        for (priority, says) in
            [(Priority::Fifo(1), "ulimit -r"), (Priority::Nice(-20), "ulimit -e")]
        {
            let granted = on_a_thread(move || {
                let none = CapabilitySet::empty();
                let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
                set_capabilities(None, sets).unwrap();
                priority.take()
            });
            let limit =
                if says == "ulimit -r" { "Max realtime priority" } else { "Max nice priority" };
            let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
            let limit = limits.lines().find_map(|line| line.strip_prefix(limit)).unwrap();
            if limit.split_whitespace().next() == Some("0") {
                let Granted::Refused(_, why) = granted else {
                    panic!("{granted} without permission")
                };
                assert!(why.contains(says), "{why}");
            } else {
                assert_eq!(granted, Granted::Yes(priority), "a limit permits it: {limit}");
            }
        }
    }

    #[test]
    fn only_fifo_that_never_sleeps_is_a_concern() {
        assert_eq!(Priority::Fifo(1).concern(WaitStrategy::Backoff), None);
        assert_eq!(Priority::Nice(-5).concern(WaitStrategy::Spin), None);
    }
}
