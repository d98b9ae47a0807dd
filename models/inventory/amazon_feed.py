from odoo import api, fields, models

from ...selling_partner import CONTENT_TYPE_JSON, FEED_TYPE_LISTINGS, parse_processing_report
from ..engine.amazon_feed import FeedType

# As many as Amazon takes within five minutes.
AT_ONCE = 5


class AmazonFeed(models.Model):
    """Feeds of quantities."""

    _inherit = "amazon.feed"

    feed_type = fields.Selection(
        selection_add=[(FEED_TYPE_LISTINGS, "Stock")], ondelete={FEED_TYPE_LISTINGS: "cascade"}
    )
    quantity_ids = fields.One2many("amazon.quantity", "feed_id", readonly=True)

    @api.model
    def _declared(self):
        return {
            **super()._declared(),
            FEED_TYPE_LISTINGS: FeedType(
                "amazon.quantity",
                "inventory_by_hand",
                CONTENT_TYPE_JSON,
                "json",
                parse_processing_report,
                # A SKU that is in one is in no other: see _take.
                at_once=AT_ONCE,
                # Meanwhile a SKU may have been given to Amazon, and quantities are others.
                keeps=False,
            ),
        }
