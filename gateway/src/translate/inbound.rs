//! From a client's OUCH 5.0 message to a command.
//!
//! Letters and options that ask for something the venue does not do are
//! refused here by name. Whether numbers make sense (quantity, price, symbol)
//! is left to the exchange, which alone knows the instrument. An order without
//! options that change how it trades becomes the plain command, which is the
//! short way through the exchange.

use super::terms::Terms;
use crate::directory::Directory;
use crate::wire::Letter;
use crate::wire::ouch::{
    self, Appendage, CancelOrder, EnterOrder, Inbound, ModifyOrder, OuchOption, ReplaceOrder,
};
use ringmatch_engine::command::{
    Attributes, Cancel, Capacity, Command, Display, Enter, EnterSpecial, Malformed, MassCancel,
    Modify, Options, Replace, ReplaceSpecial, SetOrderEntry, ShortSale, Side,
};
use ringmatch_engine::{Alpha, Firm, InstrumentId, Quantity, RejectReason, SessionId, UserRef};

/// What a session's message asks for. Any bytes give a command.
#[must_use]
pub fn command(message: &[u8], session: SessionId, directory: &Directory) -> Command {
    let read = Inbound::decode(message).map_err(|_| RejectReason::Undecodable);
    read.and_then(|(request, options)| meaning(&request, options, session, directory))
        .unwrap_or_else(|reason| malformed(message, reason))
}

fn meaning(
    request: &Inbound,
    options: Appendage<'_>,
    session: SessionId,
    directory: &Directory,
) -> Result<Command, RejectReason> {
    match request {
        Inbound::EnterOrder(order) => {
            enter(order, Terms::read(options, directory.firm(session))?, directory)
        }
        Inbound::ReplaceOrder(request) => {
            replace(request, Terms::read(options, directory.firm(session))?)
        }
        Inbound::CancelOrder(request) => {
            one_channel(options)?;
            Ok(Command::Cancel(cancel(request)))
        }
        Inbound::ModifyOrder(request) => {
            one_channel(options)?;
            modify(request).map(Command::Modify)
        }
        Inbound::MassCancel(request) => {
            mass_cancel(request, options, directory).map(Command::MassCancel)
        }
        Inbound::DisableOrderEntry(request) => {
            one_channel(options)?;
            Ok(order_entry(request.user_ref_num, request.firm, false))
        }
        Inbound::EnableOrderEntry(request) => {
            one_channel(options)?;
            Ok(order_entry(request.user_ref_num, request.firm, true))
        }
        Inbound::AccountQuery(_) => {
            one_channel(options)?;
            Ok(Command::AccountQuery)
        }
    }
}

/// A message that cannot be carried out, with as much of it as can be read:
/// the number that it uses up, where it has one of its own.
fn malformed(message: &[u8], reason: RejectReason) -> Command {
    let (user_ref, cl_ord_id) = match Inbound::decode_fixed(message) {
        Ok((Inbound::EnterOrder(order), _)) => (order.user_ref_num, order.cl_ord_id),
        Ok((Inbound::ReplaceOrder(request), _)) => (request.user_ref_num, request.cl_ord_id),
        Ok((Inbound::MassCancel(request), _)) => (request.user_ref_num, Alpha::BLANK),
        Ok((Inbound::DisableOrderEntry(request), _)) => (request.user_ref_num, Alpha::BLANK),
        Ok((Inbound::EnableOrderEntry(request), _)) => (request.user_ref_num, Alpha::BLANK),
        // A cancel, modify or query uses up no number of its own.
        Ok(_) | Err(_) => (0, Alpha::BLANK),
    };
    Command::Malformed(Malformed { user_ref: UserRef(user_ref), reason, cl_ord_id })
}

fn enter(order: &EnterOrder, terms: Terms, directory: &Directory) -> Result<Command, RejectReason> {
    let (side, short_sale) = side(order.side)?;
    let (order_type, price) = terms.price(order.price);
    let (time_in_force, options) =
        terms.lifetime(order.time_in_force, order.cross_type, order.quantity)?;
    let order = Enter {
        user_ref: UserRef(order.user_ref_num),
        instrument: directory.number(order.symbol),
        side,
        quantity: Quantity(order.quantity),
        price,
        order_type,
        time_in_force,
        display: display(order.display)?,
        attributes: Attributes {
            short_sale,
            capacity: capacity(order.capacity)?,
            intermarket_sweep: intermarket_sweep(order.intermarket_sweep_eligibility)?,
            cl_ord_id: order.cl_ord_id,
        },
    };
    if options == Options::NONE {
        return Ok(Command::Enter(order));
    }
    Ok(Command::EnterSpecial(EnterSpecial { order, options }))
}

fn replace(request: &ReplaceOrder, terms: Terms) -> Result<Command, RejectReason> {
    let (order_type, price) = terms.price(request.price);
    let (time_in_force, options) =
        terms.lifetime(request.time_in_force, Letter(b'N'), request.quantity)?;
    let order = Replace {
        original: UserRef(request.orig_user_ref_num),
        user_ref: UserRef(request.user_ref_num),
        quantity: Quantity(request.quantity),
        price,
        order_type,
        time_in_force,
        display: display(request.display)?,
        intermarket_sweep: intermarket_sweep(request.intermarket_sweep_eligibility)?,
        cl_ord_id: request.cl_ord_id,
    };
    if options == Options::NONE {
        return Ok(Command::Replace(order));
    }
    Ok(Command::ReplaceSpecial(ReplaceSpecial { order, options }))
}

fn cancel(request: &CancelOrder) -> Cancel {
    let CancelOrder { user_ref_num, quantity } = *request;
    Cancel { user_ref: UserRef(user_ref_num), quantity: Quantity(quantity) }
}

fn modify(request: &ModifyOrder) -> Result<Modify, RejectReason> {
    let (side, short_sale) = side(request.side)?;
    Ok(Modify {
        user_ref: UserRef(request.user_ref_num),
        side,
        short_sale,
        quantity: Quantity(request.quantity),
    })
}

fn mass_cancel(
    request: &ouch::MassCancel,
    appendage: Appendage<'_>,
    directory: &Directory,
) -> Result<MassCancel, RejectReason> {
    one_channel(appendage)?;
    let instrument = directory.number(request.symbol);
    if !request.symbol.is_blank() && instrument == InstrumentId(0) {
        return Err(RejectReason::UnknownSymbol);
    }
    let (mut only_side, mut group) = (None, None);
    for option in appendage {
        match option {
            OuchOption::Side(letter) => only_side = Some(side(letter)?.0),
            OuchOption::GroupId(number) => group = Some(number),
            _ => {}
        }
    }
    Ok(MassCancel {
        user_ref: UserRef(request.user_ref_num),
        firm: request.firm,
        instrument,
        side: only_side,
        group,
    })
}

fn order_entry(user_ref: u32, firm: Firm, enabled: bool) -> Command {
    Command::SetOrderEntry(SetOrderEntry { user_ref: UserRef(user_ref), firm, enabled })
}

/// A session has one channel: numbers of another would be taken for its own.
fn one_channel(appendage: Appendage<'_>) -> Result<(), RejectReason> {
    let is_other = |option| matches!(option, OuchOption::UserRefIdx(1..));
    if appendage.options().any(is_other) {
        return Err(RejectReason::UnsupportedOption);
    }
    Ok(())
}

fn side(letter: Letter) -> Result<(Side, ShortSale), RejectReason> {
    match letter.0 {
        b'B' => Ok((Side::Buy, ShortSale::No)),
        b'S' => Ok((Side::Sell, ShortSale::No)),
        b'T' => Ok((Side::Sell, ShortSale::Short)),
        b'E' => Ok((Side::Sell, ShortSale::Exempt)),
        _ => Err(RejectReason::InvalidSide),
    }
}

fn display(letter: Letter) -> Result<Display, RejectReason> {
    match letter.0 {
        b'Y' => Ok(Display::Visible),
        b'A' => Ok(Display::Attributable),
        b'N' => Ok(Display::Hidden),
        _ => Err(RejectReason::InvalidDisplay),
    }
}

fn capacity(letter: Letter) -> Result<Capacity, RejectReason> {
    match letter.0 {
        b'A' => Ok(Capacity::Agency),
        b'P' => Ok(Capacity::Principal),
        b'R' => Ok(Capacity::Riskless),
        b'O' => Ok(Capacity::Other),
        _ => Err(RejectReason::InvalidCapacity),
    }
}

fn intermarket_sweep(letter: Letter) -> Result<bool, RejectReason> {
    match letter.0 {
        b'Y' => Ok(true),
        b'N' => Ok(false),
        _ => Err(RejectReason::Undecodable),
    }
}
