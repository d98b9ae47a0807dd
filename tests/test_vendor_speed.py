from odoo.tests import tagged

from .common import counts_queries
from .test_vendor_labels import PapersCase

# What Amazon takes lists of.
LISTS = (
    "getOrders",
    "submitAcknowledgement",
    "submitShippingLabelRequest",
    "getShippingLabels",
    "submitShipmentConfirmations",
)
# So many queries an order at most.
TELLING = {"acknowledging": 12, "labels": 24, "confirming": 18}


@tagged("post_install", "-at_install")
class TestVendorSpeed(PapersCase):
    """What a vendor's orders cost, however many they are."""

    def shipped(self, count):
        """Have so many orders come in, be accepted, labelled and confirmed; return the queries of telling Amazon."""
        costs, orders = {}, self.purchased(count=count)
        costs["acknowledging"] = self.queries(self.tell)
        self.tell(minutes=2)
        self.request(orders)
        costs["labels"] = self.queries(self.tell)
        self.tell(minutes=2)
        self.fetch()
        self.ship(orders.picking_ids)
        costs["confirming"] = self.queries(self.tell)
        self.tell(minutes=2)
        self.assertEqual(set(orders.mapped("amazon_api_status")), {"done"})
        return costs

    @counts_queries
    def test_calls_and_queries(self):
        """A call each where Amazon takes lists, and a bounded number of queries an order."""
        few = self.shipped(3)
        self.amazon.control("DELETE", "requests")
        many = self.shipped(13)
        calls = self.amazon.get("requests/count")
        self.assertEqual({name: calls.get(name, 0) for name in LISTS}, dict.fromkeys(LISTS, 1))
        for name, most in TELLING.items():
            with self.subTest(name):
                self.assertLessEqual((many[name] - few[name]) / 10, most)
