"""Amazon's APIs that are simulated here: whoever imports one has its operations registered."""

from . import orders, sellers, confirmation, cancellations, feeds, listings, data_reports, finances, lwa, shelves  # noqa: F401, I001 (in the order in which operations are listed)
from . import restricted, settlements, vendor, vendor_orders, vendor_shipping, vendor_transactions, vendor_inventory  # noqa: F401, I001

# attribute of the world -> the class of its store
STORES = {
    "sellers": sellers.Sellers,
    "login": lwa.Login,
    "orders": orders.Orders,
    "feeds": feeds.Feeds,
    "cancellations": cancellations.Cancellations,
    "reports": data_reports.Reports,
    "listings": shelves.Listings,
    "finances": finances.Finances,
    "settlements": settlements.Settlements,
    "vendor": vendor.Vendor,
}
