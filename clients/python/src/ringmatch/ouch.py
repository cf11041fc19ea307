"""OUCH 5.0: order entry and its responses.

The classes are written by a test of the gateway from the tables of the venue's
own codec; change nothing here. Prices are integers with implied decimals, as on
the wire (see `ringmatch.price`); texts lose their padding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Type

from .wire import Field, Layout, Message, OptionTable, Options, decode_message


@dataclass(frozen=True)
class EnterOrder(Message):
    """Enter Order (`O`)."""

    LAYOUT = Layout("Enter Order", "O", "always", (
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("side", 1, "letter", "Side", "B buy, S sell, T sell short, E sell short exempt"),
        Field("quantity", 4, "unsigned", "Quantity", "shares"),
        Field("symbol", 8, "alpha", "Symbol", "symbol, space padded right"),
        Field("price", 8, "price4", "Price", "8-byte price, 4 implied decimals"),
        Field("time_in_force", 1, "letter", "Time In Force", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours"),
        Field("display", 1, "letter", "Display", "Y visible, N hidden, A attributable (outbound also Z conformant)"),
        Field("capacity", 1, "letter", "Capacity", "A agency, P principal, R riskless, O other"),
        Field("intermarket_sweep_eligibility", 1, "letter", "InterMarket Sweep Eligibility", "Y / N"),
        Field("cross_type", 1, "letter", "CrossType", "N continuous, O opening, C closing, H halt/IPO, S supplemental, R retail, E extended life, A after-hours close"),
        Field("cl_ord_id", 14, "alpha", "ClOrdID", "client text id, not checked for uniqueness"),
    ))
    user_ref_num: int
    side: str
    quantity: int
    symbol: str
    price: int
    time_in_force: str
    display: str
    capacity: str
    intermarket_sweep_eligibility: str
    cross_type: str
    cl_ord_id: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class ReplaceOrder(Message):
    """Replace Order Request (`U`)."""

    LAYOUT = Layout("Replace Order Request", "U", "always", (
        Field("orig_user_ref_num", 4, "unsigned", "OrigUserRefNum", "order being replaced"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "new number for the replacement"),
        Field("quantity", 4, "unsigned", "Quantity", "total liable for the whole chain, executions included"),
        Field("price", 8, "price4", "Price", "8-byte price, 4 implied decimals"),
        Field("time_in_force", 1, "letter", "Time In Force", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours"),
        Field("display", 1, "letter", "Display", "Y visible, N hidden, A attributable (outbound also Z conformant)"),
        Field("intermarket_sweep_eligibility", 1, "letter", "InterMarket Sweep Eligibility", "Y / N"),
        Field("cl_ord_id", 14, "alpha", "ClOrdID", "client text id, not checked for uniqueness"),
    ))
    orig_user_ref_num: int
    user_ref_num: int
    quantity: int
    price: int
    time_in_force: str
    display: str
    intermarket_sweep_eligibility: str
    cl_ord_id: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class CancelOrder(Message):
    """Cancel Order Request (`X`)."""

    LAYOUT = Layout("Cancel Order Request", "X", "optional", (
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("quantity", 4, "unsigned", "Quantity", "new intended order size; 0 = cancel all open"),
    ))
    user_ref_num: int
    quantity: int
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class ModifyOrder(Message):
    """Modify Order Request (`M`)."""

    LAYOUT = Layout("Modify Order Request", "M", "optional", (
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("side", 1, "letter", "Side", "B buy, S sell, T sell short, E sell short exempt"),
        Field("quantity", 4, "unsigned", "Quantity", "new intended order size"),
    ))
    user_ref_num: int
    side: str
    quantity: int
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class MassCancel(Message):
    """Mass Cancel Request (`C`)."""

    LAYOUT = Layout("Mass Cancel Request", "C", "always", (
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("firm", 4, "alpha", "Firm", "firm id"),
        Field("symbol", 8, "alpha", "Symbol", "blank = all symbols"),
    ))
    user_ref_num: int
    firm: str
    symbol: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class DisableOrderEntry(Message):
    """Disable Order Entry Request (`D`)."""

    LAYOUT = Layout("Disable Order Entry Request", "D", "always", (
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("firm", 4, "alpha", "Firm", "firm id"),
    ))
    user_ref_num: int
    firm: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class EnableOrderEntry(Message):
    """Enable Order Entry Request (`E`)."""

    LAYOUT = Layout("Enable Order Entry Request", "E", "always", (
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("firm", 4, "alpha", "Firm", "firm id"),
    ))
    user_ref_num: int
    firm: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class AccountQuery(Message):
    """Account Query Request (`Q`)."""

    LAYOUT = Layout("Account Query Request", "Q", "optional", (
    ))
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class SystemEvent(Message):
    """System Event (`S`)."""

    LAYOUT = Layout("System Event", "S", "nothing", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("event_code", 1, "letter", "Event Code", "S start of day, E end of day"),
    ))
    timestamp: int
    event_code: str


@dataclass(frozen=True)
class OrderAccepted(Message):
    """Order Accepted (`A`)."""

    LAYOUT = Layout("Order Accepted", "A", "always", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("side", 1, "letter", "Side", "B buy, S sell, T sell short, E sell short exempt"),
        Field("quantity", 4, "unsigned", "Quantity", "shares"),
        Field("symbol", 8, "alpha", "Symbol", "symbol, space padded right"),
        Field("price", 8, "price4", "Price", "8-byte price, 4 implied decimals"),
        Field("time_in_force", 1, "letter", "Time In Force", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours"),
        Field("display", 1, "letter", "Display", "Y visible, N hidden, A attributable (outbound also Z conformant)"),
        Field("order_reference_number", 8, "unsigned", "Order Reference Number", "venue order id, as used on ITCH unless a SecondaryOrdRefNum is given"),
        Field("capacity", 1, "letter", "Capacity", "A agency, P principal, R riskless, O other"),
        Field("intermarket_sweep_eligibility", 1, "letter", "InterMarket Sweep Eligibility", "Y / N"),
        Field("cross_type", 1, "letter", "CrossType", "N continuous, O opening, C closing, H halt/IPO, S supplemental, R retail, E extended life, A after-hours close"),
        Field("order_state", 1, "letter", "Order State", "L live, D dead"),
        Field("cl_ord_id", 14, "alpha", "ClOrdID", "client text id, not checked for uniqueness"),
    ))
    timestamp: int
    user_ref_num: int
    side: str
    quantity: int
    symbol: str
    price: int
    time_in_force: str
    display: str
    order_reference_number: int
    capacity: str
    intermarket_sweep_eligibility: str
    cross_type: str
    order_state: str
    cl_ord_id: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class OrderReplaced(Message):
    """Order Replaced (`U`)."""

    LAYOUT = Layout("Order Replaced", "U", "always", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("orig_user_ref_num", 4, "unsigned", "OrigUserRefNum", "number of the order replaced"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("side", 1, "letter", "Side", "B buy, S sell, T sell short, E sell short exempt"),
        Field("quantity", 4, "unsigned", "Quantity", "shares now outstanding"),
        Field("symbol", 8, "alpha", "Symbol", "symbol, space padded right"),
        Field("price", 8, "price4", "Price", "8-byte price, 4 implied decimals"),
        Field("time_in_force", 1, "letter", "Time In Force", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours"),
        Field("display", 1, "letter", "Display", "Y visible, N hidden, A attributable (outbound also Z conformant)"),
        Field("order_reference_number", 8, "unsigned", "Order Reference Number", "venue order id, as used on ITCH unless a SecondaryOrdRefNum is given"),
        Field("capacity", 1, "letter", "Capacity", "A agency, P principal, R riskless, O other"),
        Field("intermarket_sweep_eligibility", 1, "letter", "InterMarket Sweep Eligibility", "Y / N"),
        Field("cross_type", 1, "letter", "CrossType", "N continuous, O opening, C closing, H halt/IPO, S supplemental, R retail, E extended life, A after-hours close"),
        Field("order_state", 1, "letter", "Order State", "L live, D dead"),
        Field("cl_ord_id", 14, "alpha", "ClOrdID", "client text id, not checked for uniqueness"),
    ))
    timestamp: int
    orig_user_ref_num: int
    user_ref_num: int
    side: str
    quantity: int
    symbol: str
    price: int
    time_in_force: str
    display: str
    order_reference_number: int
    capacity: str
    intermarket_sweep_eligibility: str
    cross_type: str
    order_state: str
    cl_ord_id: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class OrderCanceled(Message):
    """Order Canceled (`C`)."""

    LAYOUT = Layout("Order Canceled", "C", "optional", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("quantity", 4, "unsigned", "Quantity", "decremented now (incremental)"),
        Field("reason", 1, "letter", "Reason", "cancel reason code"),
    ))
    timestamp: int
    user_ref_num: int
    quantity: int
    reason: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class AiqCanceled(Message):
    """AIQ Canceled (`D`)."""

    LAYOUT = Layout("AIQ Canceled", "D", "optional", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("decrement_shares", 4, "unsigned", "Decrement Shares", "incremental"),
        Field("reason", 1, "letter", "Reason", "always Q"),
        Field("quantity_prevented_from_trading", 4, "unsigned", "Quantity Prevented From Trading", "shares"),
        Field("execution_price", 8, "price4", "Execution Price", "price it would have traded at"),
        Field("liquidity_flag", 1, "letter", "Liquidity Flag", "A added, R removed, ..."),
        Field("aiq_strategy", 1, "letter", "AIQ Strategy", "O cancel oldest, W newest, D decrement both, Y without details; private: B cancel both"),
    ))
    timestamp: int
    user_ref_num: int
    decrement_shares: int
    reason: str
    quantity_prevented_from_trading: int
    execution_price: int
    liquidity_flag: str
    aiq_strategy: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class OrderExecuted(Message):
    """Order Executed (`E`)."""

    LAYOUT = Layout("Order Executed", "E", "always", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("quantity", 4, "unsigned", "Quantity", "incremental"),
        Field("price", 8, "price4", "Price", "8-byte price, 4 implied decimals"),
        Field("liquidity_flag", 1, "letter", "Liquidity Flag", "A added, R removed, ..."),
        Field("match_number", 8, "unsigned", "Match Number", "same on both sides"),
    ))
    timestamp: int
    user_ref_num: int
    quantity: int
    price: int
    liquidity_flag: str
    match_number: int
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class BrokenTrade(Message):
    """Broken Trade (`B`)."""

    LAYOUT = Layout("Broken Trade", "B", "optional", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("match_number", 8, "unsigned", "Match Number", "day-unique execution id"),
        Field("reason", 1, "letter", "Reason", "E C S X"),
        Field("cl_ord_id", 14, "alpha", "ClOrdID", "client text id, not checked for uniqueness"),
    ))
    timestamp: int
    user_ref_num: int
    match_number: int
    reason: str
    cl_ord_id: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class OrderRejected(Message):
    """Rejected (`J`)."""

    LAYOUT = Layout("Rejected", "J", "optional", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("reason", 2, "unsigned", "Reason", "reject reason code"),
        Field("cl_ord_id", 14, "alpha", "ClOrdID", "client text id, not checked for uniqueness"),
    ))
    timestamp: int
    user_ref_num: int
    reason: int
    cl_ord_id: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class CancelPending(Message):
    """Cancel Pending (`P`)."""

    LAYOUT = Layout("Cancel Pending", "P", "optional", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
    ))
    timestamp: int
    user_ref_num: int
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class CancelReject(Message):
    """Cancel Reject (`I`)."""

    LAYOUT = Layout("Cancel Reject", "I", "optional", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
    ))
    timestamp: int
    user_ref_num: int
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class OrderPriorityUpdate(Message):
    """Order Priority Update (`T`)."""

    LAYOUT = Layout("Order Priority Update", "T", "optional", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("price", 8, "price4", "Price", "8-byte price, 4 implied decimals"),
        Field("display", 1, "letter", "Display", "Y visible, N hidden, A attributable (outbound also Z conformant)"),
        Field("order_reference_number", 8, "unsigned", "Order Reference Number", "venue order id, as used on ITCH unless a SecondaryOrdRefNum is given"),
    ))
    timestamp: int
    user_ref_num: int
    price: int
    display: str
    order_reference_number: int
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class OrderModified(Message):
    """Order Modified (`M`)."""

    LAYOUT = Layout("Order Modified", "M", "optional", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("side", 1, "letter", "Side", "B buy, S sell, T sell short, E sell short exempt"),
        Field("quantity", 4, "unsigned", "Quantity", "shares outstanding"),
    ))
    timestamp: int
    user_ref_num: int
    side: str
    quantity: int
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class OrderRestated(Message):
    """Order Restated (`R`)."""

    LAYOUT = Layout("Order Restated", "R", "always", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("reason", 1, "letter", "Reason", "R refresh of display, P display price update; private: T stop order triggered"),
    ))
    timestamp: int
    user_ref_num: int
    reason: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class MassCancelResponse(Message):
    """Mass Cancel Response (`X`)."""

    LAYOUT = Layout("Mass Cancel Response", "X", "always", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("firm", 4, "alpha", "Firm", "firm id"),
        Field("symbol", 8, "alpha", "Symbol", "symbol, space padded right"),
    ))
    timestamp: int
    user_ref_num: int
    firm: str
    symbol: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class DisableOrderEntryResponse(Message):
    """Disable Order Entry Response (`G`)."""

    LAYOUT = Layout("Disable Order Entry Response", "G", "always", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("firm", 4, "alpha", "Firm", "firm id"),
    ))
    timestamp: int
    user_ref_num: int
    firm: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class EnableOrderEntryResponse(Message):
    """Enable Order Entry Response (`K`)."""

    LAYOUT = Layout("Enable Order Entry Response", "K", "always", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("user_ref_num", 4, "unsigned", "UserRefNum", "client transaction number"),
        Field("firm", 4, "alpha", "Firm", "firm id"),
    ))
    timestamp: int
    user_ref_num: int
    firm: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class AccountQueryResponse(Message):
    """Account Query Response (`Q`)."""

    LAYOUT = Layout("Account Query Response", "Q", "optional", (
        Field("timestamp", 8, "nanos", "Timestamp", "ns since midnight"),
        Field("next_user_ref_num", 4, "unsigned", "NextUserRefNum", "next number the port will accept"),
    ))
    timestamp: int
    next_user_ref_num: int
    options: Options = field(default_factory=dict)


INBOUND: Dict[str, Type[Message]] = {
    "O": EnterOrder,
    "U": ReplaceOrder,
    "X": CancelOrder,
    "M": ModifyOrder,
    "C": MassCancel,
    "D": DisableOrderEntry,
    "E": EnableOrderEntry,
    "Q": AccountQuery,
}


OUTBOUND: Dict[str, Type[Message]] = {
    "S": SystemEvent,
    "A": OrderAccepted,
    "U": OrderReplaced,
    "C": OrderCanceled,
    "D": AiqCanceled,
    "E": OrderExecuted,
    "B": BrokenTrade,
    "J": OrderRejected,
    "P": CancelPending,
    "I": CancelReject,
    "T": OrderPriorityUpdate,
    "M": OrderModified,
    "R": OrderRestated,
    "X": MassCancelResponse,
    "G": DisableOrderEntryResponse,
    "K": EnableOrderEntryResponse,
    "Q": AccountQueryResponse,
}


OPTIONS: OptionTable = {
    1: Field("secondary_ord_ref_num", 8, "unsigned", "SecondaryOrdRefNum", "order reference used in market data"),
    2: Field("firm", 4, "alpha", "Firm", "capitals; blank = port default"),
    3: Field("min_qty", 4, "unsigned", "MinQty", "round lots"),
    4: Field("customer_type", 1, "letter", "CustomerType", "R retail, N not (default)"),
    5: Field("max_floor", 4, "unsigned", "MaxFloor", "displayed portion of a reserve order"),
    6: Field("price_type", 1, "letter", "PriceType", "L limit (default), P market peg, M midpoint peg, R primary peg, Q market-maker peg, m midpoint"),
    7: Field("peg_offset", 4, "signed_price4", "PegOffset", "signed"),
    9: Field("discretion_price", 8, "price4", "DiscretionPrice", "discretionary price"),
    10: Field("discretion_price_type", 1, "letter", "DiscretionPriceType", "L P M R"),
    11: Field("discretion_peg_offset", 4, "signed_price4", "DiscretionPegOffset", "signed"),
    12: Field("post_only", 1, "letter", "PostOnly", "P / N"),
    13: Field("random_reserves", 4, "unsigned", "RandomReserves", "range that the displayed portion varies in"),
    14: Field("route", 4, "alpha", "Route", "destination"),
    15: Field("expire_time", 4, "unsigned", "ExpireTime", "seconds to live, < 86400"),
    16: Field("trade_now", 1, "letter", "TradeNow", "Y / N"),
    17: Field("handle_inst", 1, "letter", "HandleInst", "I O T Q B D R"),
    18: Field("bbo_weight_indicator", 1, "letter", "BBO Weight Indicator", "0 1 2 3 space S N"),
    22: Field("display_quantity", 4, "unsigned", "Display Quantity", "only in Order Restated"),
    23: Field("display_price", 8, "price4", "Display Price", "only in Order Restated"),
    24: Field("group_id", 2, "unsigned", "Group ID", "group for mass cancels; 0 = none"),
    25: Field("shares_located", 1, "letter", "Shares Located", "Y / N"),
    26: Field("locate_broker", 4, "alpha", "LocateBroker", "broker that located the shares (revision 1.05)"),
    27: Field("side", 1, "letter", "Side", "filter of a mass cancel, or side of a replacement (revision 1.05)"),
    28: Field("user_ref_idx", 1, "unsigned", "UserRefIdx", "order-flow channel inside a port; absent = 0 (revision 1.05)"),
    29: Field("aiq_strategy", 1, "letter", "AIQ Strategy", "O cancel oldest, W newest, D or Y decrement both (revision 1.05), in either case; private: B cancel both, A allow"),
    30: Field("aiq_group_id", 2, "alpha", "AIQ Group ID", "self-match group (revision 1.05)"),
    240: Field("stop_price", 8, "price4", "StopPrice", "private: a stop order waits until the last price is there"),
    241: Field("trailing_distance", 8, "price4", "TrailingDistance", "private: a stop order whose stop price follows the last price at this distance"),
    242: Field("lifetime", 1, "letter", "Lifetime", "private: with Time In Force 0, FIX 59: 1 good till cancel, 2 at the opening, 7 at the close"),
    243: Field("order_type", 1, "letter", "OrderType", "private: FIX 40: K market to limit, whatever the price field says"),
}

for _message in (*INBOUND.values(), *OUTBOUND.values()):
    _message.OPTIONS = OPTIONS


def decode_inbound(data: bytes) -> Message:
    """The message from client to venue in `data`, which holds nothing else."""
    return decode_message(INBOUND, OPTIONS, data)


def decode_outbound(data: bytes) -> Message:
    """The message from venue to client in `data`, which holds nothing else."""
    return decode_message(OUTBOUND, OPTIONS, data)
