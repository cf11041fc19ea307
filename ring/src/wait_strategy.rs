//! The idle strategies by name, as a config file or a command line gives them.
//!
//! A stage that is generic over [`IdleStrategy`] needs none of this; a program
//! that learns the strategy at start does. `Backoff` is the default: a machine
//! that has nothing to do stays cool.

use std::{error::Error, fmt, str::FromStr};

use crate::idle::{Backoff, IdleStrategy, Spin, Yield};

/// Which idle strategy to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WaitStrategy {
    /// [`Spin`]: fastest, burns the core.
    Spin,
    /// [`Yield`]: lets other threads run.
    Yield,
    /// [`Backoff`]: spins, yields, then sleeps.
    #[default]
    Backoff,
}

impl WaitStrategy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Spin, Self::Yield, Self::Backoff];

    /// Its name in a config file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Spin => "spin",
            Self::Yield => "yield",
            Self::Backoff => "backoff",
        }
    }

    /// An idle strategy of that kind, for one thread.
    #[must_use]
    pub fn start(self) -> Idle {
        match self {
            Self::Spin => Idle::Spin(Spin),
            Self::Yield => Idle::Yield(Yield),
            Self::Backoff => Idle::Backoff(Backoff::default()),
        }
    }
}

impl fmt::Display for WaitStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for WaitStrategy {
    type Err = UnknownWaitStrategy;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|strategy| strategy.name() == name);
        found.ok_or_else(|| UnknownWaitStrategy(name.to_owned()))
    }
}

/// The name is none of the wait strategies'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWaitStrategy(String);

impl fmt::Display for UnknownWaitStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no wait strategy {:?}: use \"spin\", \"yield\" or \"backoff\"", self.0)
    }
}

impl Error for UnknownWaitStrategy {}

/// An idle strategy that was chosen at run time.
#[derive(Clone, Copy, Debug)]
pub enum Idle {
    /// See [`Spin`].
    Spin(Spin),
    /// See [`Yield`].
    Yield(Yield),
    /// See [`Backoff`].
    Backoff(Backoff),
}

impl IdleStrategy for Idle {
    #[inline]
    fn idle(&mut self) {
        match self {
            Self::Spin(spin) => spin.idle(),
            Self::Yield(r#yield) => r#yield.idle(),
            Self::Backoff(backoff) => backoff.idle(),
        }
    }

    #[inline]
    fn reset(&mut self) {
        match self {
            Self::Spin(spin) => spin.reset(),
            Self::Yield(r#yield) => r#yield.reset(),
            Self::Backoff(backoff) => backoff.reset(),
        }
    }
}
