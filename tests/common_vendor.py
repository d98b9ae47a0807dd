from .common import AmazonCase


class VendorCase(AmazonCase):
    """A vendor that ships Direct Fulfillment orders from the shop's warehouse."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls.connect_vendor()

    @classmethod
    def connect_vendor(cls, **values):
        """Return a vendor's account with the warehouse code ABCD."""
        vendor = cls._connect(
            cls.amazon.seller(),
            **{
                "kind": "vendor_df",
                "name": "Vendor",
                "merchant_id": False,
                "marketplace_ids": False,
                "vendor_party": "999US",
                **values,
            },
        )
        vendor.vendor_warehouse_ids = [(0, 0, {"party_ref": "ABCD", "warehouse_id": cls.warehouse.id})]
        return vendor
