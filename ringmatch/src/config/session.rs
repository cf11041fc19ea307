//! `[[session]]`: who may trade, and how much.
//!
//! A session is one stream of orders of one firm. Its limits may be left out, or
//! be zero, and then there is none. Sessions are numbered in the order of the
//! file, from 1, and a journal knows them by these numbers: new ones are added at
//! the end.

use super::key::Key;
use super::text::{named, parsed};
use super::{Config, units};
use crate::names;
use ringmatch_engine::command::{AddSession, SelfTrade, SetSessionLimits};
use ringmatch_engine::{Firm, Price, SessionId, SessionName};
use serde::Deserialize;

/// `[[session]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionConfig {
    /// Up to ten characters; also the MoldUDP64 session of its streams.
    #[serde(deserialize_with = "named")]
    pub name: SessionName,
    /// Up to four characters.
    #[serde(deserialize_with = "named")]
    pub firm: Firm,
    /// Open orders at a time; zero for no bound, as everywhere here.
    #[serde(default)]
    pub max_open_orders: u32,
    /// Shares long or short in one instrument, open orders included.
    #[serde(default)]
    pub max_position: u64,
    /// Value of all open orders.
    #[serde(default, deserialize_with = "parsed")]
    pub max_exposure: Price,
    /// Orders and replaces in a second.
    #[serde(default)]
    pub max_messages_per_s: u32,
    /// What its orders do when they meet one of its own firm; without this they
    /// trade.
    #[serde(default, deserialize_with = "names::deserialize")]
    pub self_trade: SelfTrade,
    /// After how long a silence of its client all its orders are canceled.
    #[serde(default)]
    pub cancel_after_silence_ms: u64,
}

/// The shortest silence that can mean that a client is gone: a client that has
/// nothing to say says so once a second.
const SHORTEST_SILENCE_MS: u64 = 2_000;

impl SessionConfig {
    /// A session of a firm, without limits.
    #[must_use]
    pub fn new(name: SessionName, firm: Firm) -> Self {
        Self {
            name,
            firm,
            max_open_orders: 0,
            max_position: 0,
            max_exposure: Price(0),
            max_messages_per_s: 0,
            self_trade: SelfTrade::default(),
            cancel_after_silence_ms: 0,
        }
    }

    /// What it may do, as a command for the session with the number `session`.
    #[must_use]
    pub fn limits(&self, session: SessionId) -> SetSessionLimits {
        SetSessionLimits {
            session,
            max_open_orders: self.max_open_orders,
            max_position: self.max_position,
            max_exposure: units(self.max_exposure),
            max_messages_per_s: self.max_messages_per_s,
            self_trade: self.self_trade,
        }
    }
}

impl Config {
    /// The sessions as commands, numbered from 1.
    pub fn admissions(&self) -> impl Iterator<Item = AddSession> {
        self.sessions.iter().zip(1..).map(|(admitted, number)| AddSession {
            session: SessionId(number),
            name: admitted.name,
            firm: admitted.firm,
        })
    }

    pub(super) fn session_fault(&self) -> Option<(Key, String)> {
        if self.sessions.len() > usize::from(self.limits.sessions) {
            let text = format!("there are {} sessions; raise this limit", self.sessions.len());
            return Some((Key::limit("sessions"), text));
        }
        for (at, session) in self.sessions.iter().enumerate() {
            let key = Key { table: Some(("[[session]]", at)), key: "name" };
            if session.name == self.venue.name {
                let text = format!("{} is the venue's name, its market data's", session.name);
                return Some((key, text));
            }
            if self.sessions[..at].iter().any(|other| other.name == session.name) {
                return Some((key, format!("{} is admitted twice", session.name)));
            }
            if session.max_exposure < Price(0) {
                let key = Key { key: "max_exposure", ..key };
                return Some((key, "must not be negative".into()));
            }
            if (1..SHORTEST_SILENCE_MS).contains(&session.cancel_after_silence_ms) {
                let key = Key { key: "cancel_after_silence_ms", ..key };
                let text = format!(
                    "must be at least {SHORTEST_SILENCE_MS}, or 0 for never: a client that has \
                     nothing to say is heard once a second"
                );
                return Some((key, text));
            }
        }
        None
    }
}
