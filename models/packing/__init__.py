"""The morning in which parcels are packed: carriers' programs, and what is to be fetched from the shelves."""

from . import (
    amazon_carrier_layout,
    amazon_carrier_layout_column,
    amazon_shipping_method,
    report_picking_list,
    stock_picking,
)
