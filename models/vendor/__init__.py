"""Vendor Direct Fulfillment: what a vendor's account is, and what Amazon is told of its orders."""

from . import (
    amazon_account,
    amazon_acknowledgement_code,
    amazon_shipping_method,
    amazon_vendor_warehouse,
)
