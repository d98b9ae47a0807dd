"""The types of reports: who may ask for them and what they hold."""

from . import merchant_listings

# type -> module with ROLES (any one suffices) and write(world, seller, report) -> (content type, bytes), or None where
# there is nothing to report
TYPES = {
    "GET_MERCHANT_LISTINGS_ALL_DATA": merchant_listings,
}
# What nobody can ask for: type -> the roles, of which any one suffices. Settlements: settlements.py
LISTED_ONLY = {"GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2": ("finance_and_accounting",)}
