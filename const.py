"""Numbers that the addon works with, and how Amazon's statuses map to ours."""

# Amazon's fulfillmentStatus -> sale.order.amazon_status (Orders API 2026-01-01).
STATUS = {
    "PENDING_AVAILABILITY": "pending_availability",
    "PENDING": "pending",
    "UNSHIPPED": "unshipped",
    "PARTIALLY_SHIPPED": "partially_shipped",
    "SHIPPED": "shipped",
    "CANCELLED": "cancelled",
    "UNFULFILLABLE": "unfulfillable",
}
AWAITING_PAYMENT = ("pending_availability", "pending")
TO_SHIP = ("unshipped", "partially_shipped")
CONFIRMED = (*TO_SHIP, "shipped")
DEAD = ("cancelled", "unfulfillable")

# A batch of orders is built in one transaction. Larger batches gain little and hold locks longer.
BATCH_SIZE = 25
# One process at a time moves or reserves the stock of a warehouse: two would fail on the same quants, or multiply them.
STOCK_LOCK = "amazon.reserve"
# But a person comes first: for so long nothing is reserved by builders.
GIVE_WAY_SECONDS = 10
# The next search overlaps the last one, so that an order written late on Amazon's side is still seen.
OVERLAP_MINUTES = 5
# Amazon may give pages without an order, and orders behind them. After so many in a row the import is not called well
# any more; after so many the search is started over.
EMPTY_PAGES = 10
MOST_EMPTY_PAGES = 100
# Amazon refuses a pagination token that is older.
TOKEN_HOURS = 24
# A first run goes back this far (R2).
FIRST_RUN_DAYS = 7
# What is over stays on the board and in the history's first list for so long.
RECENT_DAYS = 14
# The nightly look for orders that the search showed late goes back this far.
LOOK_BACK_DAYS = 3
# A range import is refused beyond this (R3).
MAX_RANGE_DAYS = 7
# A run may wait this long for a quota token; for longer it ends and is woken (rule 3).
MAX_WAIT_SECONDS = 2
# So many calls in a row without an answer, denied, or beyond the quota, and it is no matter of single orders.
TROUBLES = 3
# So many orders are read again at once while a person waits: what getOrder's quota gives in one go.
MAX_REFRESH = 30
# Pauses in minutes before an order that could not be built is tried again.
RETRY_MINUTES = (1, 5, 15, 60, 240, 720, 1440)

# A parcel that Amazon does not show is no proof that it has none: it is asked again after so many minutes, then sent
# again under the same reference.
QUERY_AGAIN_MINUTES = (2, 10)
# Amazon's clock may be so many minutes behind ours.
CLOCKS = 10
# Two transactions that meet: so often the one that was rolled back tries again.
ATTEMPTS = 5
# People are told of a started job that has not succeeded for so long (a setting).
STANDSTILL_MINUTES = 60
LEAST_STANDSTILL_MINUTES = 10
# So many builders may make orders at the same time (a setting).
MOST_BUILDERS = 8
