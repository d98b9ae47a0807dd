from odoo import api, fields, models

from ...selling_partner import CONTENT_TYPE_XML, FEED_TYPE_FULFILLMENT, parse_processing_report
from ..engine.amazon_feed import FeedType


class AmazonFeed(models.Model):
    """Feeds of shipping confirmations."""

    _inherit = "amazon.feed"

    feed_type = fields.Selection(
        selection_add=[(FEED_TYPE_FULFILLMENT, "Shipping Confirmations")],
        ondelete={FEED_TYPE_FULFILLMENT: "cascade"},
    )
    confirmation_ids = fields.One2many("amazon.confirmation", "feed_id", readonly=True)

    @api.model
    def _declared(self):
        return {
            **super()._declared(),
            FEED_TYPE_FULFILLMENT: FeedType(
                "amazon.confirmation", "confirm_by_hand", CONTENT_TYPE_XML, "xml", parse_processing_report
            ),
        }
