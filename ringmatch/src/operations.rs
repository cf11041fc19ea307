//! What the config asks of the exchange that the log does not say yet.
//!
//! The config names instruments and sessions; the log is what made them. At
//! start the difference is sequenced as operator commands: on an empty log that
//! is the whole opening of the day, after a crash in the middle of the opening
//! the rest of it, and otherwise what has been added to the config since. What
//! the log has and the config lacks, or says otherwise, is refused: an
//! instrument does not vanish, or change its tick size, because a file was
//! edited. Rules, limits and fees may change: then the new ones are sequenced.

use crate::config::{Config, InstrumentConfig};
use ringmatch_engine::command::{
    AddInstrument, AddSession, AddTickBand, Command, Phase, SetPhase, SetRules, SetSessionLimits,
    SystemEvent,
};
use ringmatch_engine::{Exchange, InstrumentId, Price, SessionId};

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
    let bands = new_tick_bands(config, exchange)?;
    let said = exchange.system_event();

    let mut commands = Vec::new();
    if said.is_none() {
        commands.push(Command::SystemEvent(SystemEvent::StartOfMessages));
    }
    commands.extend(listings.iter().copied().map(Command::AddInstrument));
    commands.extend(admissions.iter().copied().map(Command::AddSession));
    commands.extend(bands.into_iter().map(Command::AddTickBand));
    commands.extend(new_rules(config, exchange, &listings).map(Command::SetRules));
    commands.extend(new_limits(config, exchange, &admissions).map(Command::SetSessionLimits));
    if config.fees() != *exchange.fees() {
        commands.push(Command::SetFees(config.fees()));
    }
    let opening =
        matches!(said, None | Some(SystemEvent::StartOfMessages | SystemEvent::StartOfSystemHours));
    if opening && said != Some(SystemEvent::StartOfSystemHours) {
        commands.push(Command::SystemEvent(SystemEvent::StartOfSystemHours));
    }
    commands.extend(first_phases(config, exchange, &listings, opening).map(Command::SetPhase));
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

/// The bands of the config's tick tables must be those of the log, and may be
/// more as long as no instrument uses the table.
fn new_tick_bands(config: &Config, exchange: &Exchange) -> Result<Vec<AddTickBand>, ChangedConfig> {
    let mut bands = Vec::new();
    for (table, number) in config.tick_tables.iter().zip(1..) {
        let wanted: Vec<_> = config.tick_bands().filter(|band| band.table == number).collect();
        let known: Vec<_> = exchange.tick_tables().bands(number).collect();
        let is_same = |(wanted, known): (&AddTickBand, &(Price, Price))| {
            (wanted.from, wanted.tick_size) == *known
        };
        let is_prefix = known.len() <= wanted.len() && wanted.iter().zip(&known).all(is_same);
        let is_used = exchange.instruments().iter().any(|i| i.rules.tick_table == number);
        if !is_prefix || is_used && known.len() < wanted.len() {
            let text = format!("the tick table {:?} has other bands", table.name);
            return Err(ChangedConfig(text));
        }
        bands.extend_from_slice(&wanted[known.len()..]);
    }
    let mut unnamed = (1..=u8::MAX).skip(config.tick_tables.len());
    if let Some(number) = unnamed.find(|&number| exchange.tick_tables().bands(number).count() > 0) {
        return Err(ChangedConfig(format!("it lacks the tick table with the number {number}")));
    }
    Ok(bands)
}

/// The instruments of the config with their numbers: known ones and new ones.
fn numbered<'a>(
    config: &'a Config,
    exchange: &'a Exchange,
    listings: &'a [AddInstrument],
) -> impl Iterator<Item = (&'a InstrumentConfig, InstrumentId)> {
    config.instruments.iter().filter_map(|wanted| {
        let mut known = exchange.instruments().iter().map(|listed| (listed.symbol, listed.id));
        let mut new = listings.iter().map(|listing| (listing.symbol, listing.instrument));
        let found = known.find(|known| known.0 == wanted.symbol);
        Some((wanted, found.or_else(|| new.find(|new| new.0 == wanted.symbol))?.1))
    })
}

/// The rules that are not what the config says. A reference price moves with
/// every auction, so the config's is only for an instrument that has none.
fn new_rules<'a>(
    config: &'a Config,
    exchange: &'a Exchange,
    listings: &'a [AddInstrument],
) -> impl Iterator<Item = SetRules> {
    numbered(config, exchange, listings).filter_map(|(listed, instrument)| {
        let known = exchange.instrument(instrument).map(|known| known.rules);
        let known = known.unwrap_or(SetRules { instrument, ..SetRules::default() });
        let mut wanted = config.rules(listed, instrument);
        if known.reference_price != Price(0) {
            wanted.reference_price = Price(0);
        }
        let without_reference = SetRules { reference_price: Price(0), ..known };
        (wanted != without_reference).then_some(wanted)
    })
}

/// The limits of sessions that are not what the config says.
fn new_limits(
    config: &Config,
    exchange: &Exchange,
    admissions: &[AddSession],
) -> impl Iterator<Item = SetSessionLimits> {
    config.sessions.iter().filter_map(|wanted| {
        let known = exchange.sessions().iter().find(|known| known.name == wanted.name);
        let new = admissions.iter().find(|admission| admission.name == wanted.name);
        let id = known.map(|known| known.id).or_else(|| Some(new?.session))?;
        let limits = known.map(|known| known.limits);
        let none = SetSessionLimits { session: id, ..SetSessionLimits::default() };
        let limits = limits.unwrap_or(none);
        let wanted = wanted.limits(id);
        (wanted != limits).then_some(wanted)
    })
}

/// The phases that instruments begin with: all of them at the opening, and
/// later those that are new. One that was halted after the opening stays so.
fn first_phases<'a>(
    config: &'a Config,
    exchange: &'a Exchange,
    listings: &'a [AddInstrument],
    opening: bool,
) -> impl Iterator<Item = SetPhase> {
    numbered(config, exchange, listings).filter_map(move |(listed, instrument)| {
        let waits = match exchange.instrument(instrument) {
            Some(known) => opening && known.phase == Phase::Halted,
            None => true,
        };
        let phase = listed.opening_phase;
        (waits && phase != Phase::Halted).then_some(SetPhase { instrument, phase })
    })
}
