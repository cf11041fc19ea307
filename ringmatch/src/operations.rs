//! What the config asks of the exchange that the log does not say yet.
//!
//! The config names instruments and sessions; the log is what made them. At
//! start the difference is sequenced as operator commands: on an empty log that
//! is the whole opening of the day, after a crash in the middle of the opening
//! the rest of it, and otherwise what has been added to the config since. What
//! the log has and the config lacks, or says otherwise, is refused: an
//! instrument does not vanish, or change its tick size, because a file was
//! edited.

use crate::config::Config;
use ringmatch_engine::command::{
    AddInstrument, AddSession, Command, SetTradingState, SystemEvent, TradingState,
};
use ringmatch_engine::{Exchange, InstrumentId, SessionId};

/// The config contradicts the log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the config contradicts the journal: {0}. Restore the config, or use an empty data directory"
)]
pub struct ChangedConfig(String);

/// The operator commands that are still to be sequenced, in order.
///
/// # Errors
/// When the config contradicts what the log has made.
pub fn outstanding(config: &Config, exchange: &Exchange) -> Result<Vec<Command>, ChangedConfig> {
    let listings = new_listings(config, exchange)?;
    let admissions = new_admissions(config, exchange)?;
    let said = exchange.system_event();
    let opening = said != Some(SystemEvent::StartOfMarketHours);

    let mut commands = Vec::new();
    if said.is_none() {
        commands.push(Command::SystemEvent(SystemEvent::StartOfMessages));
    }
    commands.extend(listings.iter().copied().map(Command::AddInstrument));
    commands.extend(admissions.into_iter().map(Command::AddSession));
    if opening && said != Some(SystemEvent::StartOfSystemHours) {
        commands.push(Command::SystemEvent(SystemEvent::StartOfSystemHours));
    }
    // An instrument that was halted after the opening stays so.
    let waiting = exchange
        .instruments()
        .iter()
        .filter(|listed| opening && listed.state == TradingState::Halted);
    let to_open = waiting.map(|listed| listed.id);
    let to_open = to_open.chain(listings.iter().map(|listing| listing.instrument));
    commands.extend(to_open.map(|instrument| {
        Command::SetTradingState(SetTradingState { instrument, state: TradingState::Trading })
    }));
    if opening {
        commands.push(Command::SystemEvent(SystemEvent::StartOfMarketHours));
    }
    Ok(commands)
}

fn new_listings(config: &Config, exchange: &Exchange) -> Result<Vec<AddInstrument>, ChangedConfig> {
    let mut listings = Vec::new();
    let mut known = 0;
    let mut next = InstrumentId(0);
    for listing in config.listings() {
        let mut listed = exchange.instruments().iter();
        let Some(listed) = listed.find(|listed| listed.symbol == listing.symbol) else {
            listings.push(listing);
            continue;
        };
        known += 1;
        let same = listed.tick_size == listing.tick_size
            && listed.lot_size == listing.lot_size
            && listed.max_quantity == listing.max_quantity;
        if !same {
            let text = format!("{} has another tick size, lot size or maximum", listing.symbol);
            return Err(ChangedConfig(text));
        }
    }
    if known < exchange.instruments().len() {
        let named = |symbol| config.instruments.iter().any(|listed| listed.symbol == symbol);
        let mut missing = exchange.instruments().iter().filter(|listed| !named(listed.symbol));
        let symbol = missing.next().map(|listed| listed.symbol).unwrap_or_default();
        return Err(ChangedConfig(format!("it lacks the instrument {symbol}")));
    }
    next.0 += u16::try_from(known).unwrap_or(u16::MAX);
    for listing in &mut listings {
        next = next.next();
        listing.instrument = next;
    }
    Ok(listings)
}

fn new_admissions(config: &Config, exchange: &Exchange) -> Result<Vec<AddSession>, ChangedConfig> {
    let mut admissions = Vec::new();
    let mut known = 0;
    for admission in config.admissions() {
        let mut admitted = exchange.sessions().iter();
        match admitted.find(|session| session.name == admission.name) {
            None => admissions.push(admission),
            Some(session) if session.firm != admission.firm => {
                let text = format!("session {} belongs to another firm", admission.name);
                return Err(ChangedConfig(text));
            }
            Some(_) => known += 1,
        }
    }
    if known < exchange.sessions().len() {
        let named = |name| config.sessions.iter().any(|session| session.name == name);
        let mut missing = exchange.sessions().iter().filter(|session| !named(session.name));
        let name = missing.next().map(|session| session.name).unwrap_or_default();
        return Err(ChangedConfig(format!("it lacks the session {name}")));
    }
    let mut next = SessionId(u16::try_from(known).unwrap_or(u16::MAX));
    for admission in &mut admissions {
        next = next.next();
        admission.session = next;
    }
    Ok(admissions)
}
