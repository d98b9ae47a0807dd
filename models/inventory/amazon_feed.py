from odoo import api, fields, models

from ...selling_partner import CONTENT_TYPE_JSON, FEED_TYPE_LISTINGS, parse_processing_report
from ..engine.amazon_feed import FeedType


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
                "amazon.quantity", "inventory_by_hand", CONTENT_TYPE_JSON, "json", parse_processing_report
            ),
        }
