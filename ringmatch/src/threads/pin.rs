//! Where threads shall run, as a config file or a command line says it.

use super::{Cpus, Layout};
use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// Where the threads of a layout shall run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub enum Pin {
    /// On the best CPUs there are, if there is one for each thread.
    Auto,
    /// On these, one for each thread; none pins nothing.
    To(Vec<usize>),
}

/// How a config file says it: a list of numbers, or a word.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Numbers(Vec<usize>),
    Word(String),
}

impl TryFrom<Written> for Pin {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Numbers(cpus) => Ok(Self::To(cpus)),
            Written::Word(word) => word.parse(),
        }
    }
}

impl FromStr for Pin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let numbers: Result<Vec<usize>, _> = text.split(',').map(str::parse).collect();
        numbers.map(Self::To).map_err(|_| {
            format!("{text:?} names no CPUs: use their numbers, such as 0,1, or \"auto\"")
        })
    }
}

impl Pin {
    /// The CPUs that it names.
    #[must_use]
    pub fn named(&self) -> &[usize] {
        match self {
            Self::Auto => &[],
            Self::To(cpus) => cpus,
        }
    }

    /// One CPU for each thread of a layout, or none at all.
    ///
    /// # Errors
    /// When it names CPUs, and not one for each thread.
    pub fn assign(&self, layout: Layout, cpus: &Cpus) -> Result<Vec<usize>, WrongPins> {
        let threads = layout.threads();
        match self {
            Self::Auto => Ok(cpus.choose(threads).unwrap_or_default()),
            Self::To(named) if named.is_empty() || named.len() == threads => Ok(named.clone()),
            Self::To(named) => Err(WrongPins { layout, cpus: named.len() }),
        }
    }
}

/// There are not as many CPUs to pin to as threads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the layout {layout} has {} thread(s), and `pin` names {cpus} CPU(s): name one for each, or none, \
     or \"auto\"",
    layout.threads()
)]
pub struct WrongPins {
    layout: Layout,
    cpus: usize,
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::To(cpus) => write!(f, "{cpus:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Table {
        pin: Pin,
    }

    #[test]
    fn it_is_read_from_files_and_command_lines() {
        let from_file = |text| toml::from_str::<Table>(text).map(|table| table.pin);
        assert_eq!(from_file("pin = [2, 3]"), Ok(Pin::To(vec![2, 3])));
        assert_eq!(from_file("pin = []"), Ok(Pin::To(vec![])));
        assert_eq!(from_file("pin = \"auto\""), Ok(Pin::Auto));
        assert!(from_file("pin = \"best\"").unwrap_err().to_string().contains("names no CPUs"));
        assert_eq!("0,1".parse(), Ok(Pin::To(vec![0, 1])));
        assert_eq!("auto".parse(), Ok(Pin::Auto));
        assert!("0,x".parse::<Pin>().is_err());
    }

    #[test]
    fn each_thread_gets_one_or_none_does() {
        let cpus = Cpus::of(vec![4, 5], None);
        let assign = |pin: &Pin, layout| pin.assign(layout, &cpus);
        assert_eq!(assign(&Pin::To(vec![7, 9]), Layout::Shared), Ok(vec![7, 9]));
        assert_eq!(assign(&Pin::To(vec![]), Layout::Shared), Ok(vec![]));
        let said = assign(&Pin::To(vec![7]), Layout::Shared).unwrap_err().to_string();
        assert!(said.contains("2 thread(s), and `pin` names 1 CPU(s)"), "{said}");
        assert_eq!(assign(&Pin::Auto, Layout::Dedicated), Ok(vec![]));
        assert_eq!(assign(&Pin::Auto, Layout::Shared).unwrap().len(), 2);
    }
}
