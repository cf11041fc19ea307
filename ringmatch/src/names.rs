//! What the venue's choices are called, wherever somebody writes or reads them.
//!
//! The config, lines of orders, operator's commands and their JSON all use the
//! same words: the tables below. An unknown word is refused with all those that
//! would have been right.

use ringmatch_engine::command::{
    Breach, BustReason, Display, InstrumentStatus, Phase, SelfTrade, Side, SystemEvent, TimeInForce,
};
use serde::{Deserialize, Deserializer, Serializer};

/// A choice that has names.
pub trait Named: Copy + PartialEq + 'static {
    /// What is chosen.
    const WHAT: &'static str;
    /// Every name; the first that fits is the one that is written.
    const NAMES: &'static [(&'static str, Self)];
}

macro_rules! names {
    ($($kind:ty, $what:literal: $($name:literal = $variant:ident),* $(,)?;)*) => {$(
        impl Named for $kind {
            const WHAT: &'static str = $what;
            const NAMES: &'static [(&'static str, Self)] = &[$(($name, Self::$variant),)*];
        }
    )*};
}

names! {
    Side, "side": "buy" = Buy, "sell" = Sell, "b" = Buy, "s" = Sell;
    Display, "display":
        "visible" = Visible, "attributable" = Attributable, "hidden" = Hidden;
    TimeInForce, "time in force":
        "day" = Day, "ioc" = ImmediateOrCancel, "fok" = FillOrKill, "gtc" = GoodTillCancel,
        "gtt" = GoodTillTime, "at-open" = AtOpen, "at-close" = AtClose;
    SelfTrade, "self-trade instruction":
        "allow" = Allow, "cancel-newest" = CancelNewest, "cancel-oldest" = CancelOldest,
        "cancel-both" = CancelBoth, "decrement-both" = DecrementBoth,
        "session-default" = SessionDefault;
    Phase, "phase":
        "halted" = Halted, "pre-open" = PreOpen, "opening-auction" = OpeningAuction,
        "continuous" = Continuous, "volatility-auction" = VolatilityAuction,
        "closing-auction" = ClosingAuction, "closed" = Closed;
    Breach, "consequence of a breach":
        "cancel" = Cancel, "volatility-auction" = VolatilityAuction, "halt" = Halt;
    InstrumentStatus, "status of an instrument":
        "enabled" = Enabled, "disabled" = Disabled, "removed" = Removed;
    SystemEvent, "point of the trading day":
        "start-of-messages" = StartOfMessages, "start-of-system-hours" = StartOfSystemHours,
        "start-of-market-hours" = StartOfMarketHours, "end-of-market-hours" = EndOfMarketHours,
        "end-of-system-hours" = EndOfSystemHours, "end-of-messages" = EndOfMessages;
    BustReason, "reason of a broken trade":
        "erroneous" = Erroneous, "consent" = Consent, "supervisory" = Supervisory,
        "external" = External;
}

/// The choice that a word names, in either case.
///
/// # Errors
/// All words that would have been right.
pub fn read<T: Named>(word: &str) -> Result<T, String> {
    let found = T::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word.trim()));
    found.map(|found| found.1).ok_or_else(|| {
        let names: Vec<&str> = T::NAMES.iter().map(|(name, _)| *name).collect();
        format!("{word:?} is no {}: it is one of {}", T::WHAT, names.join(", "))
    })
}

/// The word for a choice.
pub fn name<T: Named>(choice: T) -> &'static str {
    T::NAMES.iter().find(|(_, named)| *named == choice).map_or("", |(name, _)| name)
}

/// For `#[serde(with = "names")]`.
///
/// # Errors
/// When the word is none of the choice's.
pub fn deserialize<'de, D: Deserializer<'de>, T: Named>(deserializer: D) -> Result<T, D::Error> {
    read(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// For `#[serde(with = "names")]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer, T: Named>(choice: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(*choice))
}

/// The same for choices that may be left open.
pub mod optional {
    use super::Named;
    use serde::{Deserialize, Deserializer, Serializer};

    /// For `#[serde(with = "names::optional")]`.
    ///
    /// # Errors
    /// When the word is none of the choice's.
    pub fn deserialize<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: Named,
    {
        let word = Option::<String>::deserialize(deserializer)?;
        word.map(|word| super::read(&word)).transpose().map_err(serde::de::Error::custom)
    }

    /// For `#[serde(with = "names::optional")]`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S, T>(choice: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
        T: Named,
    {
        match choice {
            Some(choice) => super::serialize(choice, serializer),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_either_case_and_unknown_ones_name_the_known() {
        assert_eq!(read("Opening-Auction"), Ok(Phase::OpeningAuction));
        assert_eq!(read(" s "), Ok(Side::Sell));
        assert_eq!((name(Side::Sell), name(SelfTrade::CancelBoth)), ("sell", "cancel-both"));
        let error = read::<Breach>("explode").unwrap_err();
        assert!(error.contains("explode") && error.contains("volatility-auction"), "{error}");
    }

    /// What is written can be read, and means the same.
    #[test]
    fn every_choice_comes_back() {
        fn check<T: Named + std::fmt::Debug>() {
            for (word, choice) in T::NAMES {
                assert_eq!(read::<T>(word).as_ref(), Ok(choice), "{word}");
                assert_eq!(read::<T>(name(*choice)).as_ref(), Ok(choice), "{word}");
            }
        }
        check::<Side>();
        check::<Display>();
        check::<TimeInForce>();
        check::<SelfTrade>();
        check::<Phase>();
        check::<Breach>();
        check::<InstrumentStatus>();
        check::<SystemEvent>();
        check::<BustReason>();
    }
}
