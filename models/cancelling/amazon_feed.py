from odoo import api, fields, models

from ...selling_partner import CONTENT_TYPE_XML, FEED_TYPE_CANCELLATION, parse_processing_report
from ..engine.amazon_feed import FeedType


class AmazonFeed(models.Model):
    """Feeds of cancellations."""

    _inherit = "amazon.feed"

    feed_type = fields.Selection(
        selection_add=[(FEED_TYPE_CANCELLATION, "Cancellations")], ondelete={FEED_TYPE_CANCELLATION: "cascade"}
    )

    @api.model
    def _declared(self):
        return {
            **super()._declared(),
            FEED_TYPE_CANCELLATION: FeedType(
                "amazon.cancellation",
                "cancel",
                CONTENT_TYPE_XML,
                "xml",
                parse_processing_report,
                # Before it goes again, Amazon is asked for each order.
                keeps=False,
            ),
        }
