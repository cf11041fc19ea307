//! What an operator can ask of a running venue.
//!
//! Names instead of numbers: an operation names symbols, sessions and firms,
//! and becomes a command when the receiver, which knows their numbers,
//! sequences it. The same words serve the command line and the JSON that comes
//! through the door.

use crate::config::BasisPoints;
use crate::names;
use ringmatch_engine::command::{
    BustReason, BustTrade, Command, InstrumentStatus, Phase, Scope, SelfTrade, SetFees,
    SetInstrumentStatus, SetPhase, SetSessionLimits, SetSessionStatus, Side, SystemEvent,
};
use ringmatch_engine::{Firm, InstrumentId, MatchNumber, Price, SessionId, SessionName, Symbol};
use serde::{Deserialize, Serialize};

/// What an operator can ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, clap::Subcommand)]
#[serde(tag = "operation", rename_all = "kebab-case")]
pub enum Operation {
    /// Bring an instrument into another phase of trading
    Phase {
        /// Which instrument
        #[serde(with = "text")]
        symbol: Symbol,
        /// halted, pre-open, opening-auction, continuous, volatility-auction, closing-auction or
        /// closed
        #[arg(value_parser = names::read::<Phase>)]
        #[serde(with = "names")]
        phase: Phase,
    },
    /// Announce a point of the trading day; end-of-market-hours closes all instruments
    Day {
        /// start-of-market-hours, end-of-market-hours, end-of-system-hours, ...
        #[arg(value_parser = names::read::<SystemEvent>)]
        #[serde(with = "names")]
        event: SystemEvent,
    },
    /// Cancel clients' orders: those that all the given words fit
    Cancel {
        /// Of this session
        #[arg(long)]
        #[serde(default, with = "text::optional")]
        session: Option<SessionName>,
        /// Of this firm's sessions
        #[arg(long)]
        #[serde(default, with = "text::optional")]
        firm: Option<Firm>,
        /// In this instrument
        #[arg(long)]
        #[serde(default, with = "text::optional")]
        symbol: Option<Symbol>,
        /// Of this side: buy or sell
        #[arg(long, value_parser = names::read::<Side>)]
        #[serde(default, with = "names::optional")]
        side: Option<Side>,
        /// With this group; 0 is those without one
        #[arg(long)]
        #[serde(default)]
        group: Option<u16>,
        /// Really all orders of the venue, where nothing else is given
        #[arg(long)]
        #[serde(default)]
        all: bool,
    },
    /// Take an instrument out of trading, or back in
    Instrument {
        /// Which instrument
        #[serde(with = "text")]
        symbol: Symbol,
        /// enabled, disabled (its orders stay) or removed (for good, with its orders)
        #[arg(value_parser = names::read::<InstrumentStatus>)]
        #[serde(with = "names")]
        status: InstrumentStatus,
    },
    /// Disable a session, which cancels its orders, or enable it again
    Session {
        /// Which session
        #[serde(with = "text")]
        session: SessionName,
        /// Whether its orders are taken: true or false
        #[arg(action = clap::ArgAction::Set)]
        enabled: bool,
    },
    /// Bound what a session may do; what is not given is not bounded
    Limits {
        /// Which session
        #[serde(with = "text")]
        session: SessionName,
        /// Open orders at a time
        #[arg(long, default_value_t = 0)]
        #[serde(default)]
        max_open_orders: u32,
        /// Shares long or short in one instrument, open orders included
        #[arg(long, default_value_t = 0)]
        #[serde(default)]
        max_position: u64,
        /// Value of all open orders
        #[arg(long, default_value = "0")]
        #[serde(default, with = "text")]
        max_exposure: Price,
        /// Orders and replaces in a second
        #[arg(long, default_value_t = 0)]
        #[serde(default)]
        max_messages_per_s: u32,
        /// allow, cancel-newest, cancel-oldest, cancel-both or decrement-both
        #[arg(long, value_parser = names::read::<SelfTrade>, default_value = "session-default")]
        #[serde(default, with = "names")]
        self_trade: SelfTrade,
    },
    /// Declare an execution void
    Bust {
        /// Its match number
        match_number: u64,
        /// erroneous, consent, supervisory or external
        #[arg(value_parser = names::read::<BustReason>, default_value = "supervisory")]
        #[serde(default, with = "names")]
        reason: BustReason,
    },
    /// Change what executions cost from now on, in basis points such as -0.20
    Fees {
        /// For the resting order, and for both sides in an auction
        #[arg(long, allow_hyphen_values = true)]
        #[serde(with = "text")]
        maker_bp: BasisPoints,
        /// For the incoming order
        #[arg(long, allow_hyphen_values = true)]
        #[serde(with = "text")]
        taker_bp: BasisPoints,
    },
}

/// Who knows the numbers of instruments and sessions.
pub trait Registry {
    /// The number of a listed instrument.
    fn instrument(&self, symbol: Symbol) -> Option<InstrumentId>;
    /// The number of an admitted session.
    fn session(&self, name: SessionName) -> Option<SessionId>;
}

impl Operation {
    /// The command that carries it out.
    ///
    /// # Errors
    /// What it names that there is not, or what it leaves open.
    pub fn command(&self, registry: &impl Registry) -> Result<Command, String> {
        let instrument = |symbol: Symbol| {
            registry.instrument(symbol).ok_or_else(|| format!("there is no instrument {symbol}"))
        };
        let session = |name: SessionName| {
            registry.session(name).ok_or_else(|| format!("there is no session {name}"))
        };
        Ok(match self {
            Self::Phase { symbol, phase } => {
                Command::SetPhase(SetPhase { instrument: instrument(*symbol)?, phase: *phase })
            }
            Self::Day { event } => Command::SystemEvent(*event),
            Self::Cancel { session: name, firm, symbol, side, group, all } => {
                let scope = Scope {
                    session: name.map(session).transpose()?.unwrap_or_default(),
                    firm: firm.unwrap_or_default(),
                    instrument: symbol.map(instrument).transpose()?.unwrap_or_default(),
                    side: *side,
                    group: *group,
                };
                if scope == Scope::default() && !all {
                    return Err("say which orders to cancel, or that it is all of them".into());
                }
                Command::CancelOrders(scope)
            }
            Self::Instrument { symbol, status } => {
                Command::SetInstrumentStatus(SetInstrumentStatus {
                    instrument: instrument(*symbol)?,
                    status: *status,
                })
            }
            Self::Session { session: name, enabled } => {
                let session = session(*name)?;
                Command::SetSessionStatus(SetSessionStatus { session, enabled: *enabled })
            }
            Self::Limits {
                session: name,
                max_open_orders,
                max_position,
                max_exposure,
                max_messages_per_s,
                self_trade,
            } => Command::SetSessionLimits(SetSessionLimits {
                session: session(*name)?,
                max_open_orders: *max_open_orders,
                max_position: *max_position,
                max_exposure: u64::try_from(max_exposure.0)
                    .map_err(|_| "an exposure must not be negative".to_owned())?,
                max_messages_per_s: *max_messages_per_s,
                self_trade: *self_trade,
            }),
            Self::Bust { match_number, reason } => Command::BustTrade(BustTrade {
                match_number: MatchNumber(*match_number),
                reason: *reason,
            }),
            Self::Fees { maker_bp, taker_bp } => {
                Command::SetFees(SetFees { maker: maker_bp.0, taker: taker_bp.0 })
            }
        })
    }
}

/// Serde by the text form that a value has of its own.
mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(super) fn serialize<S: Serializer>(
        value: &impl Display,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: Display>,
    {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }

    /// The same for values that may be left out.
    pub(super) mod optional {
        use serde::{Deserialize, Deserializer, Serializer, de::Error};
        use std::fmt::Display;
        use std::str::FromStr;

        pub(in super::super) fn serialize<S: Serializer>(
            value: &Option<impl Display>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => serializer.collect_str(value),
                None => serializer.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D, T>(
            deserializer: D,
        ) -> Result<Option<T>, D::Error>
        where
            D: Deserializer<'de>,
            T: FromStr<Err: Display>,
        {
            let text = Option::<String>::deserialize(deserializer)?;
            text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Floor;

    impl Registry for Floor {
        fn instrument(&self, symbol: Symbol) -> Option<InstrumentId> {
            (symbol == "AAPL".parse().unwrap()).then_some(InstrumentId(1))
        }

        fn session(&self, name: SessionName) -> Option<SessionId> {
            (name == "ALPHA".parse().unwrap()).then_some(SessionId(2))
        }
    }

    fn command(json: &str) -> Result<Command, String> {
        let operation: Operation = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let again = serde_json::to_string(&operation).unwrap();
        assert_eq!(serde_json::from_str::<Operation>(&again).unwrap(), operation, "{again}");
        operation.command(&Floor)
    }

    #[test]
    fn operations_become_commands() {
        let scope = Scope { session: SessionId(2), side: Some(Side::Buy), ..Scope::default() };
        let rows = [
            (
                r#"{"operation":"phase","symbol":"AAPL","phase":"closing-auction"}"#,
                Command::SetPhase(SetPhase {
                    instrument: InstrumentId(1),
                    phase: Phase::ClosingAuction,
                }),
            ),
            (
                r#"{"operation":"day","event":"end-of-market-hours"}"#,
                Command::SystemEvent(SystemEvent::EndOfMarketHours),
            ),
            (
                r#"{"operation":"cancel","session":"ALPHA","side":"buy"}"#,
                Command::CancelOrders(scope),
            ),
            (r#"{"operation":"cancel","all":true}"#, Command::CancelOrders(Scope::default())),
            (
                r#"{"operation":"instrument","symbol":"AAPL","status":"removed"}"#,
                Command::SetInstrumentStatus(SetInstrumentStatus {
                    instrument: InstrumentId(1),
                    status: InstrumentStatus::Removed,
                }),
            ),
            (
                r#"{"operation":"session","session":"ALPHA","enabled":false}"#,
                Command::SetSessionStatus(SetSessionStatus {
                    session: SessionId(2),
                    enabled: false,
                }),
            ),
            (
                r#"{"operation":"limits","session":"ALPHA","max_exposure":"1000.50"}"#,
                Command::SetSessionLimits(SetSessionLimits {
                    session: SessionId(2),
                    max_exposure: 10_005_000,
                    ..SetSessionLimits::default()
                }),
            ),
            (
                r#"{"operation":"bust","match_number":7,"reason":"consent"}"#,
                Command::BustTrade(BustTrade {
                    match_number: MatchNumber(7),
                    reason: BustReason::Consent,
                }),
            ),
            (
                r#"{"operation":"fees","maker_bp":"-0.20","taker_bp":"0.3"}"#,
                Command::SetFees(SetFees { maker: -20, taker: 30 }),
            ),
        ];
        for (json, expected) in rows {
            assert_eq!(command(json), Ok(expected), "{json}");
        }
    }

    #[test]
    fn what_is_unknown_or_left_open_is_said() {
        for (json, says) in [
            (r#"{"operation":"phase","symbol":"NONE","phase":"halted"}"#, "no instrument NONE"),
            (r#"{"operation":"phase","symbol":"AAPL","phase":"open"}"#, "closing-auction"),
            (r#"{"operation":"session","session":"ZULU","enabled":true}"#, "no session ZULU"),
            (r#"{"operation":"cancel"}"#, "which orders"),
            (r#"{"operation":"limits","session":"ALPHA","max_exposure":"-1"}"#, "negative"),
            (r#"{"operation":"fees","maker_bp":"0.001","taker_bp":"0"}"#, "two decimals"),
            (r#"{"operation":"dance"}"#, "unknown variant"),
            ("[]", "missing field"),
        ] {
            let error = command(json).unwrap_err();
            assert!(error.contains(says), "{json}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_or_read(text: String) {
            let _ = command(&text);
        }
    }
}
