-- Ringmatch's streams in Wireshark and tshark: OUCH 5.0 orders and responses
-- and ITCH 5.0 market data inside MoldUDP64, with the venue's requests and
-- acknowledgements.
--
-- Several letters of OUCH 5.0 mean different things by direction, and a request
-- has the bytes of a packet header, so nothing can be told from the payload
-- alone. The ports tell, and the preferences say which they are:
--
--   to the orders port          orders, and heartbeats of clients
--   from the orders port        requests for missed orders, acknowledgements
--   to the requests port        requests for missed messages, subscriptions
--   from the requests port      responses; and missed market data, if the
--                               session is the one of the market-data port
--   to the market-data port     market data
--
-- What does not fit its layout gets an expert mark, `ringmatch.malformed`.
-- The tables in the middle are written by a test of the gateway from the tables
-- of the codec; the rest of this file knows no message.
--
-- tshark -X lua_script:ringmatch.lua -r capture.pcap

-- BEGIN tables, written from the venue's codec
local tables = {}
tables.itch = {
  ["S"] = { name = "System Event", len = 12, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "event_code", "Event Code", 1, "letter", "O start of messages, S start of system hours, Q start of market hours, M end of market hours, E end of system hours, C end of messages" },
  } },
  ["R"] = { name = "Stock Directory", len = 39, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "market_category", "Market Category", 1, "letter", "Q/G/S Nasdaq tiers; N NYSE, A NYSE American, P Arca, M NYSE Texas, Z BATS Z, V IEX, space n/a" },
    { "financial_status_indicator", "Financial Status Indicator", 1, "letter", "D E Q S G H J K C N or space" },
    { "round_lot_size", "Round Lot Size", 4, "unsigned", "shares per round lot" },
    { "round_lots_only", "Round Lots Only", 1, "letter", "Y / N" },
    { "issue_classification", "Issue Classification", 1, "letter", "A B C F I L N O P Q R S T U V W" },
    { "issue_sub_type", "Issue Sub-Type", 2, "alpha", "two-letter code, e.g. `Z ` not applicable" },
    { "authenticity", "Authenticity", 1, "letter", "P live, T test" },
    { "short_sale_threshold_indicator", "Short Sale Threshold Indicator", 1, "letter", "Y / N / space" },
    { "ipo_flag", "IPO Flag", 1, "letter", "Y / N / Z (2026) / space" },
    { "luld_reference_price_tier", "LULD Reference Price Tier", 1, "letter", "1 / 2 / space" },
    { "etp_flag", "ETP Flag", 1, "letter", "Y / N / space" },
    { "etp_leverage_factor", "ETP Leverage Factor", 4, "unsigned", "integer part of leverage" },
    { "inverse_indicator", "Inverse Indicator", 1, "letter", "Y / N" },
  } },
  ["H"] = { name = "Stock Trading Action", len = 25, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "trading_state", "Trading State", 1, "letter", "H halted, P paused, Q quotation only, T trading" },
    { "reserved", "Reserved", 1, "letter", "reserved" },
    { "reason", "Reason", 4, "alpha", "reason code, space padded" },
  } },
  ["Y"] = { name = "Reg SHO Restriction", len = 20, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "reg_sho_action", "Reg SHO Action", 1, "letter", "0 none, 1 restriction (intraday drop), 2 remains in effect" },
  } },
  ["L"] = { name = "Market Participant Position", len = 26, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "mpid", "MPID", 4, "alpha", "participant" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "primary_market_maker", "Primary Market Maker", 1, "letter", "Y / N" },
    { "market_maker_mode", "Market Maker Mode", 1, "letter", "N P S R L" },
    { "market_participant_state", "Market Participant State", 1, "letter", "A E W S D" },
  } },
  ["V"] = { name = "MWCB Decline Level", len = 35, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "level_1", "Level 1", 8, "price8", "8 implied decimals" },
    { "level_2", "Level 2", 8, "price8", "second decline level" },
    { "level_3", "Level 3", 8, "price8", "third decline level" },
  } },
  ["W"] = { name = "MWCB Status", len = 12, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "breached_level", "Breached Level", 1, "letter", "1 / 2 / 3" },
  } },
  ["K"] = { name = "IPO Quoting Period Update", len = 28, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "ipo_quotation_release_time", "IPO Quotation Release Time", 4, "unsigned", "SECONDS since midnight; 0 if cancelled" },
    { "ipo_quotation_release_qualifier", "IPO Quotation Release Qualifier", 1, "letter", "A anticipated, C cancelled/postponed" },
    { "ipo_price", "IPO Price", 4, "price4", "offering price" },
  } },
  ["J"] = { name = "LULD Auction Collar", len = 35, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "auction_collar_reference_price", "Auction Collar Reference Price", 4, "price4", "reference of the collar" },
    { "upper_auction_collar_price", "Upper Auction Collar Price", 4, "price4", "upper bound" },
    { "lower_auction_collar_price", "Lower Auction Collar Price", 4, "price4", "lower bound" },
    { "auction_collar_extension", "Auction Collar Extension", 4, "unsigned", "number of extensions" },
  } },
  ["h"] = { name = "Operational Halt", len = 21, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "market_code", "Market Code", 1, "letter", "Q Nasdaq, B BX/Texas, X PSX" },
    { "operational_halt_action", "Operational Halt Action", 1, "letter", "H halted, T lifted" },
  } },
  ["A"] = { name = "Add Order - no MPID", len = 36, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "order_reference_number", "Order Reference Number", 8, "unsigned", "day-unique order id" },
    { "side", "Buy/Sell Indicator", 1, "letter", "B buy, S sell" },
    { "shares", "Shares", 4, "unsigned", "displayed quantity added" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "price", "Price", 4, "price4", "display price" },
  } },
  ["F"] = { name = "Add Order - MPID attribution", len = 40, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "order_reference_number", "Order Reference Number", 8, "unsigned", "day-unique order id" },
    { "side", "Buy/Sell Indicator", 1, "letter", "B buy, S sell" },
    { "shares", "Shares", 4, "unsigned", "displayed quantity added" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "price", "Price", 4, "price4", "display price" },
    { "attribution", "Attribution", 4, "alpha", "MPID" },
  } },
  ["E"] = { name = "Order Executed", len = 31, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "order_reference_number", "Order Reference Number", 8, "unsigned", "day-unique order id" },
    { "executed_shares", "Executed Shares", 4, "unsigned", "incremental" },
    { "match_number", "Match Number", 8, "unsigned", "day-unique execution id" },
  } },
  ["C"] = { name = "Order Executed With Price", len = 36, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "order_reference_number", "Order Reference Number", 8, "unsigned", "day-unique order id" },
    { "executed_shares", "Executed Shares", 4, "unsigned", "incremental" },
    { "match_number", "Match Number", 8, "unsigned", "day-unique execution id" },
    { "printable", "Printable", 1, "letter", "Y / N (N: do not count in volume)" },
    { "execution_price", "Execution Price", 4, "price4", "differs from display price" },
  } },
  ["X"] = { name = "Order Cancel", len = 23, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "order_reference_number", "Order Reference Number", 8, "unsigned", "day-unique order id" },
    { "cancelled_shares", "Cancelled Shares", 4, "unsigned", "shares REMOVED (incremental), order stays" },
  } },
  ["D"] = { name = "Order Delete", len = 19, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "order_reference_number", "Order Reference Number", 8, "unsigned", "day-unique order id" },
  } },
  ["U"] = { name = "Order Replace", len = 35, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "original_order_reference_number", "Original Order Reference Number", 8, "unsigned", "dies" },
    { "new_order_reference_number", "New Order Reference Number", 8, "unsigned", "use from now on" },
    { "shares", "Shares", 4, "unsigned", "new TOTAL displayed quantity" },
    { "price", "Price", 4, "price4", "new display price" },
  } },
  ["P"] = { name = "Trade (non-cross)", len = 44, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "order_reference_number", "Order Reference Number", 8, "unsigned", "always 0 since 2010" },
    { "side", "Buy/Sell Indicator", 1, "letter", "always B since 2014" },
    { "shares", "Shares", 4, "unsigned", "shares" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "price", "Price", 4, "price4", "match price" },
    { "match_number", "Match Number", 8, "unsigned", "day-unique execution id" },
  } },
  ["Q"] = { name = "Cross Trade", len = 40, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "shares", "Shares", 8, "unsigned", "8 bytes wide here" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "cross_price", "Cross Price", 4, "price4", "price of the cross" },
    { "match_number", "Match Number", 8, "unsigned", "day-unique execution id" },
    { "cross_type", "Cross Type", 1, "letter", "O opening, C closing, H halt/IPO" },
  } },
  ["B"] = { name = "Broken Trade", len = 19, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "match_number", "Match Number", 8, "unsigned", "day-unique execution id" },
  } },
  ["I"] = { name = "Net Order Imbalance Indicator", len = 50, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "paired_shares", "Paired Shares", 8, "unsigned", "shares that match at the reference price" },
    { "imbalance_shares", "Imbalance Shares", 8, "unsigned", "shares that do not" },
    { "imbalance_direction", "Imbalance Direction", 1, "letter", "B S N O P" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "far_price", "Far Price", 4, "price4", "clearing price of cross orders only" },
    { "near_price", "Near Price", 4, "price4", "clearing price of cross and continuous orders" },
    { "current_reference_price", "Current Reference Price", 4, "price4", "price the imbalance is reckoned at" },
    { "cross_type", "Cross Type", 1, "letter", "O C H A" },
    { "price_variation_indicator", "Price Variation Indicator", 1, "letter", "L 1-9 A B C or space" },
  } },
  ["N"] = { name = "Retail Price Improvement Indicator", len = 20, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "interest_flag", "Interest Flag", 1, "letter", "B S A N" },
  } },
  ["O"] = { name = "Direct Listing with Capital Raise", len = 48, tail = "nothing",
  fields = {
    { "stock_locate", "Stock Locate", 2, "unsigned", "day-local instrument number; 0 = not instrument specific" },
    { "tracking_number", "Tracking Number", 2, "unsigned", "venue internal" },
    { "timestamp", "Timestamp", 6, "nanos", "ns since midnight" },
    { "stock", "Stock", 8, "alpha", "symbol, space padded right" },
    { "open_eligibility_status", "Open Eligibility Status", 1, "letter", "Y / N" },
    { "minimum_allowable_price", "Minimum Allowable Price", 4, "price4", "lowest price" },
    { "maximum_allowable_price", "Maximum Allowable Price", 4, "price4", "highest price" },
    { "near_execution_price", "Near Execution Price", 4, "price4", "near execution price" },
    { "near_execution_time", "Near Execution Time", 8, "nanos", "8 bytes wide here" },
    { "lower_price_range_collar", "Lower Price Range Collar", 4, "price4", "lower bound" },
    { "upper_price_range_collar", "Upper Price Range Collar", 4, "price4", "upper bound" },
  } },
}
tables.ouch_in = {
  ["O"] = { name = "Enter Order", len = 45, tail = "always",
  fields = {
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "side", "Side", 1, "letter", "B buy, S sell, T sell short, E sell short exempt" },
    { "quantity", "Quantity", 4, "unsigned", "shares" },
    { "symbol", "Symbol", 8, "alpha", "symbol, space padded right" },
    { "price", "Price", 8, "price4", "8-byte price, 4 implied decimals" },
    { "time_in_force", "Time In Force", 1, "letter", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours" },
    { "display", "Display", 1, "letter", "Y visible, N hidden, A attributable (outbound also Z conformant)" },
    { "capacity", "Capacity", 1, "letter", "A agency, P principal, R riskless, O other" },
    { "intermarket_sweep_eligibility", "InterMarket Sweep Eligibility", 1, "letter", "Y / N" },
    { "cross_type", "CrossType", 1, "letter", "N continuous, O opening, C closing, H halt/IPO, S supplemental, R retail, E extended life, A after-hours close" },
    { "cl_ord_id", "ClOrdID", 14, "alpha", "client text id, not checked for uniqueness" },
  } },
  ["U"] = { name = "Replace Order Request", len = 38, tail = "always",
  fields = {
    { "orig_user_ref_num", "OrigUserRefNum", 4, "unsigned", "order being replaced" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "new number for the replacement" },
    { "quantity", "Quantity", 4, "unsigned", "total liable for the whole chain, executions included" },
    { "price", "Price", 8, "price4", "8-byte price, 4 implied decimals" },
    { "time_in_force", "Time In Force", 1, "letter", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours" },
    { "display", "Display", 1, "letter", "Y visible, N hidden, A attributable (outbound also Z conformant)" },
    { "intermarket_sweep_eligibility", "InterMarket Sweep Eligibility", 1, "letter", "Y / N" },
    { "cl_ord_id", "ClOrdID", 14, "alpha", "client text id, not checked for uniqueness" },
  } },
  ["X"] = { name = "Cancel Order Request", len = 9, tail = "optional",
  fields = {
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "quantity", "Quantity", 4, "unsigned", "new intended order size; 0 = cancel all open" },
  } },
  ["M"] = { name = "Modify Order Request", len = 10, tail = "optional",
  fields = {
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "side", "Side", 1, "letter", "B buy, S sell, T sell short, E sell short exempt" },
    { "quantity", "Quantity", 4, "unsigned", "new intended order size" },
  } },
  ["C"] = { name = "Mass Cancel Request", len = 17, tail = "always",
  fields = {
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "firm", "Firm", 4, "alpha", "firm id" },
    { "symbol", "Symbol", 8, "alpha", "blank = all symbols" },
  } },
  ["D"] = { name = "Disable Order Entry Request", len = 9, tail = "always",
  fields = {
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "firm", "Firm", 4, "alpha", "firm id" },
  } },
  ["E"] = { name = "Enable Order Entry Request", len = 9, tail = "always",
  fields = {
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "firm", "Firm", 4, "alpha", "firm id" },
  } },
  ["Q"] = { name = "Account Query Request", len = 1, tail = "optional",
  fields = {
  } },
}
tables.ouch_out = {
  ["S"] = { name = "System Event", len = 10, tail = "nothing",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "event_code", "Event Code", 1, "letter", "S start of day, E end of day" },
  } },
  ["A"] = { name = "Order Accepted", len = 62, tail = "always",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "side", "Side", 1, "letter", "B buy, S sell, T sell short, E sell short exempt" },
    { "quantity", "Quantity", 4, "unsigned", "shares" },
    { "symbol", "Symbol", 8, "alpha", "symbol, space padded right" },
    { "price", "Price", 8, "price4", "8-byte price, 4 implied decimals" },
    { "time_in_force", "Time In Force", 1, "letter", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours" },
    { "display", "Display", 1, "letter", "Y visible, N hidden, A attributable (outbound also Z conformant)" },
    { "order_reference_number", "Order Reference Number", 8, "unsigned", "venue order id, as used on ITCH unless a SecondaryOrdRefNum is given" },
    { "capacity", "Capacity", 1, "letter", "A agency, P principal, R riskless, O other" },
    { "intermarket_sweep_eligibility", "InterMarket Sweep Eligibility", 1, "letter", "Y / N" },
    { "cross_type", "CrossType", 1, "letter", "N continuous, O opening, C closing, H halt/IPO, S supplemental, R retail, E extended life, A after-hours close" },
    { "order_state", "Order State", 1, "letter", "L live, D dead" },
    { "cl_ord_id", "ClOrdID", 14, "alpha", "client text id, not checked for uniqueness" },
  } },
  ["U"] = { name = "Order Replaced", len = 66, tail = "always",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "orig_user_ref_num", "OrigUserRefNum", 4, "unsigned", "number of the order replaced" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "side", "Side", 1, "letter", "B buy, S sell, T sell short, E sell short exempt" },
    { "quantity", "Quantity", 4, "unsigned", "shares now outstanding" },
    { "symbol", "Symbol", 8, "alpha", "symbol, space padded right" },
    { "price", "Price", 8, "price4", "8-byte price, 4 implied decimals" },
    { "time_in_force", "Time In Force", 1, "letter", "0 day, 3 IOC, 5 GTX, 6 GTT, E after hours" },
    { "display", "Display", 1, "letter", "Y visible, N hidden, A attributable (outbound also Z conformant)" },
    { "order_reference_number", "Order Reference Number", 8, "unsigned", "venue order id, as used on ITCH unless a SecondaryOrdRefNum is given" },
    { "capacity", "Capacity", 1, "letter", "A agency, P principal, R riskless, O other" },
    { "intermarket_sweep_eligibility", "InterMarket Sweep Eligibility", 1, "letter", "Y / N" },
    { "cross_type", "CrossType", 1, "letter", "N continuous, O opening, C closing, H halt/IPO, S supplemental, R retail, E extended life, A after-hours close" },
    { "order_state", "Order State", 1, "letter", "L live, D dead" },
    { "cl_ord_id", "ClOrdID", 14, "alpha", "client text id, not checked for uniqueness" },
  } },
  ["C"] = { name = "Order Canceled", len = 18, tail = "optional",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "quantity", "Quantity", 4, "unsigned", "decremented now (incremental)" },
    { "reason", "Reason", 1, "letter", "cancel reason code" },
  } },
  ["D"] = { name = "AIQ Canceled", len = 32, tail = "optional",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "decrement_shares", "Decrement Shares", 4, "unsigned", "incremental" },
    { "reason", "Reason", 1, "letter", "always Q" },
    { "quantity_prevented_from_trading", "Quantity Prevented From Trading", 4, "unsigned", "shares" },
    { "execution_price", "Execution Price", 8, "price4", "price it would have traded at" },
    { "liquidity_flag", "Liquidity Flag", 1, "letter", "A added, R removed, ..." },
    { "aiq_strategy", "AIQ Strategy", 1, "letter", "O cancel oldest, W newest, D decrement both, Y without details; private: B cancel both" },
  } },
  ["E"] = { name = "Order Executed", len = 34, tail = "always",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "quantity", "Quantity", 4, "unsigned", "incremental" },
    { "price", "Price", 8, "price4", "8-byte price, 4 implied decimals" },
    { "liquidity_flag", "Liquidity Flag", 1, "letter", "A added, R removed, ..." },
    { "match_number", "Match Number", 8, "unsigned", "same on both sides" },
  } },
  ["B"] = { name = "Broken Trade", len = 36, tail = "optional",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "match_number", "Match Number", 8, "unsigned", "day-unique execution id" },
    { "reason", "Reason", 1, "letter", "E C S X" },
    { "cl_ord_id", "ClOrdID", 14, "alpha", "client text id, not checked for uniqueness" },
  } },
  ["J"] = { name = "Rejected", len = 29, tail = "optional",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "reason", "Reason", 2, "unsigned", "reject reason code" },
    { "cl_ord_id", "ClOrdID", 14, "alpha", "client text id, not checked for uniqueness" },
  } },
  ["P"] = { name = "Cancel Pending", len = 13, tail = "optional",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
  } },
  ["I"] = { name = "Cancel Reject", len = 13, tail = "optional",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
  } },
  ["T"] = { name = "Order Priority Update", len = 30, tail = "optional",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "price", "Price", 8, "price4", "8-byte price, 4 implied decimals" },
    { "display", "Display", 1, "letter", "Y visible, N hidden, A attributable (outbound also Z conformant)" },
    { "order_reference_number", "Order Reference Number", 8, "unsigned", "venue order id, as used on ITCH unless a SecondaryOrdRefNum is given" },
  } },
  ["M"] = { name = "Order Modified", len = 18, tail = "optional",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "side", "Side", 1, "letter", "B buy, S sell, T sell short, E sell short exempt" },
    { "quantity", "Quantity", 4, "unsigned", "shares outstanding" },
  } },
  ["R"] = { name = "Order Restated", len = 14, tail = "always",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "reason", "Reason", 1, "letter", "R refresh of display, P display price update; private: T stop order triggered" },
  } },
  ["X"] = { name = "Mass Cancel Response", len = 25, tail = "always",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "firm", "Firm", 4, "alpha", "firm id" },
    { "symbol", "Symbol", 8, "alpha", "symbol, space padded right" },
  } },
  ["G"] = { name = "Disable Order Entry Response", len = 17, tail = "always",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "firm", "Firm", 4, "alpha", "firm id" },
  } },
  ["K"] = { name = "Enable Order Entry Response", len = 17, tail = "always",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "user_ref_num", "UserRefNum", 4, "unsigned", "client transaction number" },
    { "firm", "Firm", 4, "alpha", "firm id" },
  } },
  ["Q"] = { name = "Account Query Response", len = 13, tail = "optional",
  fields = {
    { "timestamp", "Timestamp", 8, "nanos", "ns since midnight" },
    { "next_user_ref_num", "NextUserRefNum", 4, "unsigned", "next number the port will accept" },
  } },
}
tables.options = {
  [1] = { "secondary_ord_ref_num", "SecondaryOrdRefNum", 8, "unsigned", "order reference used in market data" },
  [2] = { "firm", "Firm", 4, "alpha", "capitals; blank = port default" },
  [3] = { "min_qty", "MinQty", 4, "unsigned", "round lots" },
  [4] = { "customer_type", "CustomerType", 1, "letter", "R retail, N not (default)" },
  [5] = { "max_floor", "MaxFloor", 4, "unsigned", "displayed portion of a reserve order" },
  [6] = { "price_type", "PriceType", 1, "letter", "L limit (default), P market peg, M midpoint peg, R primary peg, Q market-maker peg, m midpoint" },
  [7] = { "peg_offset", "PegOffset", 4, "signed_price4", "signed" },
  [9] = { "discretion_price", "DiscretionPrice", 8, "price4", "discretionary price" },
  [10] = { "discretion_price_type", "DiscretionPriceType", 1, "letter", "L P M R" },
  [11] = { "discretion_peg_offset", "DiscretionPegOffset", 4, "signed_price4", "signed" },
  [12] = { "post_only", "PostOnly", 1, "letter", "P / N" },
  [13] = { "random_reserves", "RandomReserves", 4, "unsigned", "range that the displayed portion varies in" },
  [14] = { "route", "Route", 4, "alpha", "destination" },
  [15] = { "expire_time", "ExpireTime", 4, "unsigned", "seconds to live, < 86400" },
  [16] = { "trade_now", "TradeNow", 1, "letter", "Y / N" },
  [17] = { "handle_inst", "HandleInst", 1, "letter", "I O T Q B D R" },
  [18] = { "bbo_weight_indicator", "BBO Weight Indicator", 1, "letter", "0 1 2 3 space S N" },
  [22] = { "display_quantity", "Display Quantity", 4, "unsigned", "only in Order Restated" },
  [23] = { "display_price", "Display Price", 8, "price4", "only in Order Restated" },
  [24] = { "group_id", "Group ID", 2, "unsigned", "group for mass cancels; 0 = none" },
  [25] = { "shares_located", "Shares Located", 1, "letter", "Y / N" },
  [26] = { "locate_broker", "LocateBroker", 4, "alpha", "broker that located the shares (revision 1.05)" },
  [27] = { "side", "Side", 1, "letter", "filter of a mass cancel, or side of a replacement (revision 1.05)" },
  [28] = { "user_ref_idx", "UserRefIdx", 1, "unsigned", "order-flow channel inside a port; absent = 0 (revision 1.05)" },
  [29] = { "aiq_strategy", "AIQ Strategy", 1, "letter", "O cancel oldest, W newest, D or Y decrement both (revision 1.05), in either case; private: B cancel both, A allow" },
  [30] = { "aiq_group_id", "AIQ Group ID", 2, "alpha", "self-match group (revision 1.05)" },
  [240] = { "stop_price", "StopPrice", 8, "price4", "private: a stop order waits until the last price is there" },
  [241] = { "trailing_distance", "TrailingDistance", 8, "price4", "private: a stop order whose stop price follows the last price at this distance" },
  [242] = { "lifetime", "Lifetime", 1, "letter", "private: with Time In Force 0, FIX 59: 1 good till cancel, 2 at the opening, 7 at the close" },
  [243] = { "order_type", "OrderType", 1, "letter", "private: FIX 40: K market to limit, whatever the price field says" },
}
-- END tables

local ringmatch = Proto("ringmatch", "Ringmatch (OUCH 5.0 and ITCH 5.0 in MoldUDP64)")

ringmatch.prefs.orders = Pref.uint("Orders port", 31001, "Where the venue takes orders")
ringmatch.prefs.market_data =
  Pref.uint("Market data port", 31002, "Where the venue sends market data")
ringmatch.prefs.requests =
  Pref.uint("Requests port", 31003, "Where the venue takes requests and sends responses from")
ringmatch.prefs.venue = Pref.string(
  "Venue", "RINGMATCH",
  "Session of the market data; what is seen on the market-data port teaches others")

local HEADER_LEN = 20
local END_OF_SESSION = 0xFFFF

-- Wireshark field type by kind of the tables. Numbers of all widths have one
-- type, because a name keeps its type across messages.
local FIELD_TYPES = {
  unsigned = ProtoField.uint64, price4 = ProtoField.uint64, price8 = ProtoField.uint64,
  nanos = ProtoField.uint64, signed_price4 = ProtoField.int32,
  letter = ProtoField.string, alpha = ProtoField.string,
}

local all_fields = {}

local function new_field(make, abbreviation, label, note)
  local field
  if make == ProtoField.string then
    field = make(abbreviation, label, base.ASCII, note)
  else
    field = make(abbreviation, label, base.DEC, nil, nil, note)
  end
  all_fields[#all_fields + 1] = field
  return field
end

local mold = {
  session = new_field(ProtoField.string, "ringmatch.session", "Session"),
  sequence = new_field(ProtoField.uint64, "ringmatch.sequence", "Sequence number"),
  count = new_field(ProtoField.uint64, "ringmatch.count", "Message count"),
  packet = new_field(ProtoField.string, "ringmatch.packet", "Packet"),
  message = new_field(ProtoField.string, "ringmatch.message", "Message"),
  number = new_field(ProtoField.uint64, "ringmatch.number", "Number in the stream"),
  length = new_field(ProtoField.uint64, "ringmatch.length", "Message length"),
  letter = new_field(ProtoField.string, "ringmatch.letter", "Message type"),
  appendage = new_field(ProtoField.uint64, "ringmatch.appendage", "Appendage length"),
  unknown_option = new_field(ProtoField.uint64, "ringmatch.unknown_option", "Unknown option tag"),
}

-- Gives each row of a table its Wireshark field, as sixth element. Where a name
-- has another type in another message, the later field's abbreviation ends in
-- its kind: ringmatch.ouch.reason is a letter, ringmatch.ouch.reason.unsigned
-- the number of a reject.
local function add_fields(prefix, rows, known)
  for _, row in pairs(rows) do
    local name, label, _, kind, note = table.unpack(row)
    local make = FIELD_TYPES[kind]
    local abbreviation = prefix .. "." .. name
    if known[abbreviation] and known[abbreviation].make ~= make then
      abbreviation = abbreviation .. "." .. kind
    end
    known[abbreviation] = known[abbreviation]
      or { make = make, field = new_field(make, abbreviation, label, note) }
    row[6] = known[abbreviation].field
  end
end

-- Messages in the order of their letters, so that abbreviations do not depend
-- on the order in which Lua walks a table.
local function add_message_fields(prefix, messages, known)
  local letters = {}
  for letter in pairs(messages) do letters[#letters + 1] = letter end
  table.sort(letters)
  for _, letter in ipairs(letters) do add_fields(prefix, messages[letter].fields, known) end
end

local ouch_fields = {}
add_message_fields("ringmatch.itch", tables.itch, {})
add_message_fields("ringmatch.ouch", tables.ouch_out, ouch_fields)
add_message_fields("ringmatch.ouch", tables.ouch_in, ouch_fields)
add_fields("ringmatch.option", tables.options, {})
ringmatch.fields = all_fields

local malformed =
  ProtoExpert.new("ringmatch.malformed", "Malformed", expert.group.MALFORMED, expert.severity.ERROR)
ringmatch.experts = { malformed }

local function mark(tree, why)
  tree:add_proto_expert_info(malformed, why)
end

local function decimal(units, digits)
  local scale = UInt64(10 ^ digits)
  local fraction = (units % scale):tonumber()
  return string.format("%s.%0" .. digits .. "d", tostring(units / scale), fraction)
end

local function clock(nanos)
  local second = UInt64(1000000000)
  local seconds, fraction = (nanos / second):tonumber(), (nanos % second):tonumber()
  local minutes = math.floor(seconds / 60)
  return string.format("%02d:%02d:%02d.%09d", math.floor(minutes / 60), minutes % 60, seconds % 60,
    fraction)
end

-- Text behind a value that is hard to read as the integer it is.
local READABLE = {
  price4 = function(range) return decimal(range:uint64(), 4) end,
  price8 = function(range) return decimal(range:uint64(), 8) end,
  signed_price4 = function(range) return string.format("%.4f", range:int() / 10000) end,
  nanos = function(range) return clock(range:uint64()) end,
}

local function add_value(tree, row, range)
  local item = tree:add(row[6], range)
  local readable = READABLE[row[4]]
  if readable then item:append_text(" (" .. readable(range) .. ")") end
end

-- One element of an appendage; returns where the next one starts, or nothing
-- if this one is not sound.
local function dissect_option(tree, range, at, seen)
  local length, room = range(at, 1):uint(), range:len() - at - 1
  if length == 0 or length > room then
    mark(tree, string.format("option at byte %d has length %d, %d bytes are left", at, length, room))
    return nil
  end
  local tag = range(at + 1, 1):uint()
  local row = tables.options[tag]
  if not row then
    tree:add(mold.unknown_option, range(at + 1, 1))
  elseif length - 1 ~= row[3] then
    mark(tree, string.format("option %s has %d bytes, not %d", row[2], length - 1, row[3]))
    return nil
  elseif seen[tag] then
    mark(tree, "option " .. row[2] .. " stands twice")
    return nil
  else
    seen[tag] = true
    add_value(tree, row, range(at + 2, row[3]))
  end
  return at + 1 + length
end

local function dissect_appendage(tree, range, tail)
  local found = range and range:len() or 0
  if found == 0 then
    if tail == "always" then mark(tree, "the appendage length is missing") end
    return
  end
  if tail == "nothing" or found < 2 then
    mark(tree, string.format("%d bytes behind the message", found))
    return
  end
  local stated = range(0, 2):uint()
  tree:add(mold.appendage, range(0, 2))
  if stated ~= found - 2 then
    mark(tree, string.format("the appendage says %d bytes, %d follow", stated, found - 2))
    return
  end
  local at, elements, seen = 0, found > 2 and range(2), {}
  while at and at < stated do at = dissect_option(tree, elements, at, seen) end
end

-- The message in a block; returns its name for the packet list.
local function dissect_message(tree, range, messages)
  local letter = range(0, 1):string()
  tree:add(mold.letter, range(0, 1))
  local layout = messages[letter]
  if not layout then
    mark(tree, "no message of this protocol and direction has this letter")
    return "unknown message"
  end
  tree:add(mold.message, range, layout.name)
  if range:len() < layout.len then
    mark(tree, string.format("%s has %d bytes, not %d", layout.name, range:len(), layout.len))
    return layout.name
  end
  local at = 1
  for _, row in ipairs(layout.fields) do
    add_value(tree, row, range(at, row[3]))
    at = at + row[3]
  end
  dissect_appendage(tree, range:len() > at and range(at) or nil, layout.tail)
  return layout.name
end

-- The blocks of a packet; returns the names of their messages.
local function dissect_blocks(tree, range, messages)
  local names, at, count = {}, HEADER_LEN, range(18, 2):uint()
  local first = range(10, 8):uint64()
  for index = 0, count - 1 do
    local room = range:len() - at - 2
    local length = room >= 0 and range(at, 2):uint()
    if not length or length > room then
      mark(tree, string.format("block %d of %d runs past the end of the datagram", index, count))
      return names
    end
    local block = tree:add(ringmatch, range(at, 2 + length))
    block:add(mold.number, range(at, 2 + length), first + index)
    block:add(mold.length, range(at, 2))
    local name = "empty message"
    if length > 0 then
      name = dissect_message(block, range(at + 2, length), messages)
    else
      mark(block, "a message starts with its type letter")
    end
    block:set_text(name .. " " .. tostring(first + index))
    names[#names + 1] = name
    at = at + 2 + length
  end
  if at < range:len() then
    mark(tree, string.format("%d bytes behind the last block", range:len() - at))
  end
  return names
end

-- What the 20 bytes of a packet or request mean, by direction and count.
local PACKETS = {
  stream = function(sequence, count)
    if count == END_OF_SESSION then return "end of session before " .. sequence end
    if count > 0 then return nil end
    if sequence == "0" then return "hello: which number comes next?" end
    return "heartbeat: next is " .. sequence
  end,
  venue_request = function(sequence, count)
    if count == 0 then return "acknowledgement: all below " .. sequence .. " is durable" end
    return string.format("request for %d from %s", count, sequence)
  end,
  client_request = function(sequence, count)
    if count == 0 then return "subscription: which number comes next?" end
    return string.format("request for %d from %s", count, sequence)
  end,
}

-- Sessions seen on the market-data port.
local market_sessions = {}

local function is_market_session(session)
  return market_sessions[session] or session == ringmatch.prefs.venue
end

-- Protocol, packet kind and messages of a datagram, by its ports.
local function direction(pinfo, session)
  local prefs = ringmatch.prefs
  if pinfo.dst_port == prefs.market_data then
    market_sessions[session] = true
    return "ITCH 5.0", "stream", tables.itch
  elseif pinfo.dst_port == prefs.orders then
    return "OUCH 5.0", "stream", tables.ouch_in
  elseif pinfo.dst_port == prefs.requests then
    return "MoldUDP64", "client_request"
  elseif pinfo.src_port == prefs.orders then
    return "MoldUDP64", "venue_request"
  elseif is_market_session(session) then
    return "ITCH 5.0", "stream", tables.itch
  end
  return "OUCH 5.0", "stream", tables.ouch_out
end

local function summary(names)
  local shown = table.concat(names, ", ", 1, math.min(#names, 3))
  if #names > 3 then shown = shown .. string.format(" and %d more", #names - 3) end
  return shown
end

function ringmatch.dissector(buffer, pinfo, root)
  local range = buffer()
  local tree = root:add(ringmatch, range)
  if range:len() < HEADER_LEN then
    pinfo.cols.protocol = "MoldUDP64"
    mark(tree, string.format("%d bytes; a MoldUDP64 header has %d", range:len(), HEADER_LEN))
    return range:len()
  end
  local session = range(0, 10):string():gsub(" +$", "")
  local sequence, count = tostring(range(10, 8):uint64()), range(18, 2):uint()
  local protocol, kind, messages = direction(pinfo, session)
  tree:add(mold.session, range(0, 10), session)
  tree:add(mold.sequence, range(10, 8))
  tree:add(mold.count, range(18, 2))
  local said = PACKETS[kind](sequence, count)
  if said then
    if range:len() > HEADER_LEN then mark(tree, "bytes behind a packet without messages") end
  else
    said = sequence .. ": " .. summary(dissect_blocks(tree, range, messages))
  end
  tree:add(mold.packet, range(0, HEADER_LEN), said)
  tree:append_text(", " .. session .. ", " .. said)
  pinfo.cols.protocol = protocol
  pinfo.cols.info = session .. " " .. said
  return range:len()
end

local registered = {}

-- Listens on the ports of the preferences, which may have changed.
local function register()
  local udp = DissectorTable.get("udp.port")
  for _, port in ipairs(registered) do udp:remove(port, ringmatch) end
  registered = { ringmatch.prefs.orders, ringmatch.prefs.market_data, ringmatch.prefs.requests }
  for _, port in ipairs(registered) do udp:add(port, ringmatch) end
end

ringmatch.prefs_changed = register

function ringmatch.init()
  market_sessions = {}
end

register()
