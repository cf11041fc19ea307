"""ITCH 5.0: the messages of market data.

The classes are written by a test of the gateway from the tables of the venue's
own codec; change nothing here. Prices are integers with implied decimals, as on
the wire (see `ringmatch.price`); texts lose their padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Type

from .wire import Field, Layout, Message, decode_message


@dataclass(frozen=True)
class SystemEvent(Message):
    """System Event (`S`)."""

    LAYOUT = Layout("System Event", "S", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("event_code", 1, "letter", "Event Code", "O start of messages, S start of system hours, Q start of market hours, M end of market hours, E end of system hours, C end of messages"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    event_code: str


@dataclass(frozen=True)
class StockDirectory(Message):
    """Stock Directory (`R`)."""

    LAYOUT = Layout("Stock Directory", "R", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("market_category", 1, "letter", "Market Category", "Q/G/S Nasdaq tiers; N NYSE, A NYSE American, P Arca, M NYSE Texas, Z BATS Z, V IEX, space n/a"),
        Field("financial_status_indicator", 1, "letter", "Financial Status Indicator", "D E Q S G H J K C N or space"),
        Field("round_lot_size", 4, "unsigned", "Round Lot Size", "shares per round lot"),
        Field("round_lots_only", 1, "letter", "Round Lots Only", "Y / N"),
        Field("issue_classification", 1, "letter", "Issue Classification", "A B C F I L N O P Q R S T U V W"),
        Field("issue_sub_type", 2, "alpha", "Issue Sub-Type", "two-letter code, e.g. `Z ` not applicable"),
        Field("authenticity", 1, "letter", "Authenticity", "P live, T test"),
        Field("short_sale_threshold_indicator", 1, "letter", "Short Sale Threshold Indicator", "Y / N / space"),
        Field("ipo_flag", 1, "letter", "IPO Flag", "Y / N / Z (2026) / space"),
        Field("luld_reference_price_tier", 1, "letter", "LULD Reference Price Tier", "1 / 2 / space"),
        Field("etp_flag", 1, "letter", "ETP Flag", "Y / N / space"),
        Field("etp_leverage_factor", 4, "unsigned", "ETP Leverage Factor", "integer part of leverage"),
        Field("inverse_indicator", 1, "letter", "Inverse Indicator", "Y / N"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    stock: str
    market_category: str
    financial_status_indicator: str
    round_lot_size: int
    round_lots_only: str
    issue_classification: str
    issue_sub_type: str
    authenticity: str
    short_sale_threshold_indicator: str
    ipo_flag: str
    luld_reference_price_tier: str
    etp_flag: str
    etp_leverage_factor: int
    inverse_indicator: str


@dataclass(frozen=True)
class StockTradingAction(Message):
    """Stock Trading Action (`H`)."""

    LAYOUT = Layout("Stock Trading Action", "H", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("trading_state", 1, "letter", "Trading State", "H halted, P paused, Q quotation only, T trading"),
        Field("reserved", 1, "letter", "Reserved", "reserved"),
        Field("reason", 4, "alpha", "Reason", "reason code, space padded"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    stock: str
    trading_state: str
    reserved: str
    reason: str


@dataclass(frozen=True)
class RegShoRestriction(Message):
    """Reg SHO Restriction (`Y`)."""

    LAYOUT = Layout("Reg SHO Restriction", "Y", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("reg_sho_action", 1, "letter", "Reg SHO Action", "0 none, 1 restriction (intraday drop), 2 remains in effect"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    stock: str
    reg_sho_action: str


@dataclass(frozen=True)
class MarketParticipantPosition(Message):
    """Market Participant Position (`L`)."""

    LAYOUT = Layout("Market Participant Position", "L", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("mpid", 4, "alpha", "MPID", "participant"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("primary_market_maker", 1, "letter", "Primary Market Maker", "Y / N"),
        Field("market_maker_mode", 1, "letter", "Market Maker Mode", "N P S R L"),
        Field("market_participant_state", 1, "letter", "Market Participant State", "A E W S D"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    mpid: str
    stock: str
    primary_market_maker: str
    market_maker_mode: str
    market_participant_state: str


@dataclass(frozen=True)
class MwcbDeclineLevel(Message):
    """MWCB Decline Level (`V`)."""

    LAYOUT = Layout("MWCB Decline Level", "V", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("level_1", 8, "price8", "Level 1", "8 implied decimals"),
        Field("level_2", 8, "price8", "Level 2", "second decline level"),
        Field("level_3", 8, "price8", "Level 3", "third decline level"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    level_1: int
    level_2: int
    level_3: int


@dataclass(frozen=True)
class MwcbStatus(Message):
    """MWCB Status (`W`)."""

    LAYOUT = Layout("MWCB Status", "W", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("breached_level", 1, "letter", "Breached Level", "1 / 2 / 3"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    breached_level: str


@dataclass(frozen=True)
class IpoQuotingPeriodUpdate(Message):
    """IPO Quoting Period Update (`K`)."""

    LAYOUT = Layout("IPO Quoting Period Update", "K", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("ipo_quotation_release_time", 4, "unsigned", "IPO Quotation Release Time", "SECONDS since midnight; 0 if cancelled"),
        Field("ipo_quotation_release_qualifier", 1, "letter", "IPO Quotation Release Qualifier", "A anticipated, C cancelled/postponed"),
        Field("ipo_price", 4, "price4", "IPO Price", "offering price"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    stock: str
    ipo_quotation_release_time: int
    ipo_quotation_release_qualifier: str
    ipo_price: int


@dataclass(frozen=True)
class LuldAuctionCollar(Message):
    """LULD Auction Collar (`J`)."""

    LAYOUT = Layout("LULD Auction Collar", "J", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("auction_collar_reference_price", 4, "price4", "Auction Collar Reference Price", "reference of the collar"),
        Field("upper_auction_collar_price", 4, "price4", "Upper Auction Collar Price", "upper bound"),
        Field("lower_auction_collar_price", 4, "price4", "Lower Auction Collar Price", "lower bound"),
        Field("auction_collar_extension", 4, "unsigned", "Auction Collar Extension", "number of extensions"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    stock: str
    auction_collar_reference_price: int
    upper_auction_collar_price: int
    lower_auction_collar_price: int
    auction_collar_extension: int


@dataclass(frozen=True)
class OperationalHalt(Message):
    """Operational Halt (`h`)."""

    LAYOUT = Layout("Operational Halt", "h", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("market_code", 1, "letter", "Market Code", "Q Nasdaq, B BX/Texas, X PSX"),
        Field("operational_halt_action", 1, "letter", "Operational Halt Action", "H halted, T lifted"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    stock: str
    market_code: str
    operational_halt_action: str


@dataclass(frozen=True)
class AddOrder(Message):
    """Add Order - no MPID (`A`)."""

    LAYOUT = Layout("Add Order - no MPID", "A", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("order_reference_number", 8, "unsigned", "Order Reference Number", "day-unique order id"),
        Field("side", 1, "letter", "Buy/Sell Indicator", "B buy, S sell"),
        Field("shares", 4, "unsigned", "Shares", "displayed quantity added"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("price", 4, "price4", "Price", "display price"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    order_reference_number: int
    side: str
    shares: int
    stock: str
    price: int


@dataclass(frozen=True)
class AddOrderAttributed(Message):
    """Add Order - MPID attribution (`F`)."""

    LAYOUT = Layout("Add Order - MPID attribution", "F", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("order_reference_number", 8, "unsigned", "Order Reference Number", "day-unique order id"),
        Field("side", 1, "letter", "Buy/Sell Indicator", "B buy, S sell"),
        Field("shares", 4, "unsigned", "Shares", "displayed quantity added"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("price", 4, "price4", "Price", "display price"),
        Field("attribution", 4, "alpha", "Attribution", "MPID"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    order_reference_number: int
    side: str
    shares: int
    stock: str
    price: int
    attribution: str


@dataclass(frozen=True)
class OrderExecuted(Message):
    """Order Executed (`E`)."""

    LAYOUT = Layout("Order Executed", "E", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("order_reference_number", 8, "unsigned", "Order Reference Number", "day-unique order id"),
        Field("executed_shares", 4, "unsigned", "Executed Shares", "incremental"),
        Field("match_number", 8, "unsigned", "Match Number", "day-unique execution id"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    order_reference_number: int
    executed_shares: int
    match_number: int


@dataclass(frozen=True)
class OrderExecutedWithPrice(Message):
    """Order Executed With Price (`C`)."""

    LAYOUT = Layout("Order Executed With Price", "C", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("order_reference_number", 8, "unsigned", "Order Reference Number", "day-unique order id"),
        Field("executed_shares", 4, "unsigned", "Executed Shares", "incremental"),
        Field("match_number", 8, "unsigned", "Match Number", "day-unique execution id"),
        Field("printable", 1, "letter", "Printable", "Y / N (N: do not count in volume)"),
        Field("execution_price", 4, "price4", "Execution Price", "differs from display price"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    order_reference_number: int
    executed_shares: int
    match_number: int
    printable: str
    execution_price: int


@dataclass(frozen=True)
class OrderCancel(Message):
    """Order Cancel (`X`)."""

    LAYOUT = Layout("Order Cancel", "X", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("order_reference_number", 8, "unsigned", "Order Reference Number", "day-unique order id"),
        Field("cancelled_shares", 4, "unsigned", "Cancelled Shares", "shares REMOVED (incremental), order stays"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    order_reference_number: int
    cancelled_shares: int


@dataclass(frozen=True)
class OrderDelete(Message):
    """Order Delete (`D`)."""

    LAYOUT = Layout("Order Delete", "D", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("order_reference_number", 8, "unsigned", "Order Reference Number", "day-unique order id"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    order_reference_number: int


@dataclass(frozen=True)
class OrderReplace(Message):
    """Order Replace (`U`)."""

    LAYOUT = Layout("Order Replace", "U", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("original_order_reference_number", 8, "unsigned", "Original Order Reference Number", "dies"),
        Field("new_order_reference_number", 8, "unsigned", "New Order Reference Number", "use from now on"),
        Field("shares", 4, "unsigned", "Shares", "new TOTAL displayed quantity"),
        Field("price", 4, "price4", "Price", "new display price"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    original_order_reference_number: int
    new_order_reference_number: int
    shares: int
    price: int


@dataclass(frozen=True)
class Trade(Message):
    """Trade (non-cross) (`P`)."""

    LAYOUT = Layout("Trade (non-cross)", "P", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("order_reference_number", 8, "unsigned", "Order Reference Number", "always 0 since 2010"),
        Field("side", 1, "letter", "Buy/Sell Indicator", "always B since 2014"),
        Field("shares", 4, "unsigned", "Shares", "shares"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("price", 4, "price4", "Price", "match price"),
        Field("match_number", 8, "unsigned", "Match Number", "day-unique execution id"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    order_reference_number: int
    side: str
    shares: int
    stock: str
    price: int
    match_number: int


@dataclass(frozen=True)
class CrossTrade(Message):
    """Cross Trade (`Q`)."""

    LAYOUT = Layout("Cross Trade", "Q", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("shares", 8, "unsigned", "Shares", "8 bytes wide here"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("cross_price", 4, "price4", "Cross Price", "price of the cross"),
        Field("match_number", 8, "unsigned", "Match Number", "day-unique execution id"),
        Field("cross_type", 1, "letter", "Cross Type", "O opening, C closing, H halt/IPO"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    shares: int
    stock: str
    cross_price: int
    match_number: int
    cross_type: str


@dataclass(frozen=True)
class BrokenTrade(Message):
    """Broken Trade (`B`)."""

    LAYOUT = Layout("Broken Trade", "B", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("match_number", 8, "unsigned", "Match Number", "day-unique execution id"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    match_number: int


@dataclass(frozen=True)
class NetOrderImbalance(Message):
    """Net Order Imbalance Indicator (`I`)."""

    LAYOUT = Layout("Net Order Imbalance Indicator", "I", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("paired_shares", 8, "unsigned", "Paired Shares", "shares that match at the reference price"),
        Field("imbalance_shares", 8, "unsigned", "Imbalance Shares", "shares that do not"),
        Field("imbalance_direction", 1, "letter", "Imbalance Direction", "B S N O P"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("far_price", 4, "price4", "Far Price", "clearing price of cross orders only"),
        Field("near_price", 4, "price4", "Near Price", "clearing price of cross and continuous orders"),
        Field("current_reference_price", 4, "price4", "Current Reference Price", "price the imbalance is reckoned at"),
        Field("cross_type", 1, "letter", "Cross Type", "O C H A"),
        Field("price_variation_indicator", 1, "letter", "Price Variation Indicator", "L 1-9 A B C or space"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    paired_shares: int
    imbalance_shares: int
    imbalance_direction: str
    stock: str
    far_price: int
    near_price: int
    current_reference_price: int
    cross_type: str
    price_variation_indicator: str


@dataclass(frozen=True)
class RetailInterest(Message):
    """Retail Price Improvement Indicator (`N`)."""

    LAYOUT = Layout("Retail Price Improvement Indicator", "N", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("interest_flag", 1, "letter", "Interest Flag", "B S A N"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    stock: str
    interest_flag: str


@dataclass(frozen=True)
class DirectListing(Message):
    """Direct Listing with Capital Raise (`O`)."""

    LAYOUT = Layout("Direct Listing with Capital Raise", "O", "nothing", (
        Field("stock_locate", 2, "unsigned", "Stock Locate", "day-local instrument number; 0 = not instrument specific"),
        Field("tracking_number", 2, "unsigned", "Tracking Number", "venue internal"),
        Field("timestamp", 6, "nanos", "Timestamp", "ns since midnight"),
        Field("stock", 8, "alpha", "Stock", "symbol, space padded right"),
        Field("open_eligibility_status", 1, "letter", "Open Eligibility Status", "Y / N"),
        Field("minimum_allowable_price", 4, "price4", "Minimum Allowable Price", "lowest price"),
        Field("maximum_allowable_price", 4, "price4", "Maximum Allowable Price", "highest price"),
        Field("near_execution_price", 4, "price4", "Near Execution Price", "near execution price"),
        Field("near_execution_time", 8, "nanos", "Near Execution Time", "8 bytes wide here"),
        Field("lower_price_range_collar", 4, "price4", "Lower Price Range Collar", "lower bound"),
        Field("upper_price_range_collar", 4, "price4", "Upper Price Range Collar", "upper bound"),
    ))
    stock_locate: int
    tracking_number: int
    timestamp: int
    stock: str
    open_eligibility_status: str
    minimum_allowable_price: int
    maximum_allowable_price: int
    near_execution_price: int
    near_execution_time: int
    lower_price_range_collar: int
    upper_price_range_collar: int


MESSAGES: Dict[str, Type[Message]] = {
    "S": SystemEvent,
    "R": StockDirectory,
    "H": StockTradingAction,
    "Y": RegShoRestriction,
    "L": MarketParticipantPosition,
    "V": MwcbDeclineLevel,
    "W": MwcbStatus,
    "K": IpoQuotingPeriodUpdate,
    "J": LuldAuctionCollar,
    "h": OperationalHalt,
    "A": AddOrder,
    "F": AddOrderAttributed,
    "E": OrderExecuted,
    "C": OrderExecutedWithPrice,
    "X": OrderCancel,
    "D": OrderDelete,
    "U": OrderReplace,
    "P": Trade,
    "Q": CrossTrade,
    "B": BrokenTrade,
    "I": NetOrderImbalance,
    "N": RetailInterest,
    "O": DirectListing,
}


def decode(data: bytes) -> Message:
    """The message in `data`, which holds nothing else."""
    return decode_message(MESSAGES, {}, data)
