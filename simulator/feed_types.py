"""The types of feeds: who may submit them and what becomes of them."""

from . import cancellations, fulfillment_flat, fulfillment_xml, listings_feed

# type -> module with ROLES (any one suffices), process(world, seller, feed, document, limit) -> Report, and
# write(report, seller, feed id) -> (content type, bytes)
PROCESSED = {
    "POST_ORDER_FULFILLMENT_DATA": fulfillment_xml,
    "POST_FLAT_FILE_FULFILLMENT_DATA": fulfillment_flat,
    "POST_ORDER_ACKNOWLEDGEMENT_DATA": cancellations,
    "JSON_LISTINGS_FEED": listings_feed,
}
# Types that createFeed does not meter with the others: type -> (submissions a second, at once)
PLANS = {"JSON_LISTINGS_FEED": (5 / 300, 5)}
# Accepted and then FATAL, since 2025-07-31.
LEGACY = (
    "POST_PRODUCT_DATA",
    "POST_INVENTORY_AVAILABILITY_DATA",
    "POST_PRODUCT_OVERRIDES_DATA",
    "POST_PRODUCT_PRICING_DATA",
    "POST_PRODUCT_IMAGE_DATA",
    "POST_PRODUCT_RELATIONSHIP_DATA",
    "POST_FLAT_FILE_INVLOADER_DATA",
    "POST_FLAT_FILE_LISTINGS_DATA",
    "POST_FLAT_FILE_PRICEANDQUANTITYONLY_UPDATE_DATA",
    "POST_UIEE_BOOKLOADER_DATA",
)
