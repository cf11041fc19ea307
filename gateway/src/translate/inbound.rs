//! From a client's OUCH 5.0 message to a command.
//!
//! Letters and options that ask for something the venue does not do are
//! refused here by name. Whether numbers make sense (quantity, price, symbol)
//! is left to the exchange, which alone knows the instrument.

use crate::directory::Directory;
use crate::wire::Letter;
use crate::wire::ouch::{Appendage, CancelOrder, EnterOrder, Inbound, OuchOption, ReplaceOrder};
use ringmatch_engine::command::{
    Attributes, Cancel, Capacity, Command, Display, Enter, Malformed, OrderType, Replace,
    ShortSale, Side, TimeInForce,
};
use ringmatch_engine::{Alpha, Price, Quantity, RejectReason, UserRef};

/// Prices that mean "market": the code of OUCH 5.0, 200,000.0000, and the
/// largest integers, signed and unsigned.
const MARKET_PRICES: [u64; 4] = [0x7FFF_FFFF, 2_000_000_000, i64::MAX as u64, u64::MAX];

/// What a message asks for. Any bytes give a command.
#[must_use]
pub fn command(message: &[u8], directory: &Directory) -> Command {
    match Inbound::decode(message) {
        Ok((Inbound::EnterOrder(order), options)) => enter(&order, options, directory)
            .map_or_else(|reason| malformed(message, reason), Command::Enter),
        Ok((Inbound::ReplaceOrder(request), options)) => replace(&request, options)
            .map_or_else(|reason| malformed(message, reason), Command::Replace),
        Ok((Inbound::CancelOrder(request), _)) => Command::Cancel(cancel(&request)),
        Ok((Inbound::AccountQuery(_), _)) => Command::AccountQuery,
        Ok((
            Inbound::ModifyOrder(_)
            | Inbound::MassCancel(_)
            | Inbound::DisableOrderEntry(_)
            | Inbound::EnableOrderEntry(_),
            _,
        )) => malformed(message, RejectReason::UnsupportedMessage),
        Err(_) => malformed(message, RejectReason::Undecodable),
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

fn enter(
    order: &EnterOrder,
    options: Appendage<'_>,
    directory: &Directory,
) -> Result<Enter, RejectReason> {
    let (side, short_sale) = side(order.side)?;
    if order.cross_type != Letter(b'N') {
        return Err(RejectReason::UnsupportedCross);
    }
    let (order_type, price) = price(order.price.0);
    Ok(Enter {
        user_ref: UserRef(order.user_ref_num),
        instrument: directory.number(order.symbol),
        side,
        quantity: Quantity(order.quantity),
        price,
        order_type,
        time_in_force: time_in_force(order.time_in_force, order.quantity, options)?,
        display: display(order.display)?,
        attributes: Attributes {
            short_sale,
            capacity: capacity(order.capacity)?,
            intermarket_sweep: intermarket_sweep(order.intermarket_sweep_eligibility)?,
            cl_ord_id: order.cl_ord_id,
        },
    })
}

fn replace(request: &ReplaceOrder, options: Appendage<'_>) -> Result<Replace, RejectReason> {
    let (order_type, price) = price(request.price.0);
    Ok(Replace {
        original: UserRef(request.orig_user_ref_num),
        user_ref: UserRef(request.user_ref_num),
        quantity: Quantity(request.quantity),
        price,
        order_type,
        time_in_force: time_in_force(request.time_in_force, request.quantity, options)?,
        display: display(request.display)?,
        intermarket_sweep: intermarket_sweep(request.intermarket_sweep_eligibility)?,
        cl_ord_id: request.cl_ord_id,
    })
}

fn cancel(request: &CancelOrder) -> Cancel {
    let CancelOrder { user_ref_num, quantity } = *request;
    Cancel { user_ref: UserRef(user_ref_num), quantity: Quantity(quantity) }
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

/// A price above what 63 bits hold is no price, which the exchange will say.
fn price(units: u64) -> (OrderType, Price) {
    if MARKET_PRICES.contains(&units) {
        return (OrderType::Market, Price(0));
    }
    (OrderType::Limit, Price(i64::try_from(units).unwrap_or(i64::MAX)))
}

/// Time in force and minimum quantity together: an immediate-or-cancel order
/// whose minimum is its whole quantity is fill-or-kill. Options that would
/// change how the order trades are refused; those that only inform are not.
fn time_in_force(
    letter: Letter,
    quantity: u32,
    options: Appendage<'_>,
) -> Result<TimeInForce, RejectReason> {
    let mut time_in_force = match letter.0 {
        b'0' => TimeInForce::Day,
        b'3' => TimeInForce::ImmediateOrCancel,
        _ => return Err(RejectReason::UnsupportedTimeInForce),
    };
    for option in options {
        match option {
            OuchOption::MinQty(0) => {}
            OuchOption::MinQty(minimum) => {
                if time_in_force == TimeInForce::Day || minimum != quantity {
                    return Err(RejectReason::InvalidMinimumQuantity);
                }
                time_in_force = TimeInForce::FillOrKill;
            }
            _ if is_offered(option) => {}
            _ => return Err(RejectReason::UnsupportedOption),
        }
    }
    Ok(time_in_force)
}

/// Whether an option asks for nothing that the venue does not do.
fn is_offered(option: OuchOption) -> bool {
    match option {
        OuchOption::MaxFloor(amount) | OuchOption::RandomReserves(amount) => amount == 0,
        OuchOption::PriceType(letter) | OuchOption::DiscretionPriceType(letter) => {
            letter == Letter(b'L')
        }
        OuchOption::PegOffset(offset) | OuchOption::DiscretionPegOffset(offset) => offset.0 == 0,
        OuchOption::DiscretionPrice(price) => price.0 == 0,
        OuchOption::PostOnly(letter) | OuchOption::TradeNow(letter) => letter == Letter(b'N'),
        OuchOption::UserRefIdx(channel) => channel == 0,
        OuchOption::ExpireTime(_) | OuchOption::AiqStrategy(_) => false,
        OuchOption::SecondaryOrdRefNum(_)
        | OuchOption::Firm(_)
        | OuchOption::MinQty(_)
        | OuchOption::CustomerType(_)
        | OuchOption::Route(_)
        | OuchOption::HandleInst(_)
        | OuchOption::BboWeightIndicator(_)
        | OuchOption::DisplayQuantity(_)
        | OuchOption::DisplayPrice(_)
        | OuchOption::GroupId(_)
        | OuchOption::SharesLocated(_)
        | OuchOption::LocateBroker(_)
        | OuchOption::Side(_)
        | OuchOption::AiqGroupId(_) => true,
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
