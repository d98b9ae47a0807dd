"""The types of reports: who may ask for them and what they hold."""

from . import merchant_listings

# type -> module with ROLES (any one suffices) and write(world, seller, report) -> (content type, bytes), or None where
# there is nothing to report
TYPES = {
    "GET_MERCHANT_LISTINGS_ALL_DATA": merchant_listings,
}
