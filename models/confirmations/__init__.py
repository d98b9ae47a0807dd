"""Parcels that leave, and the outbox by which Amazon is told of them."""

from . import (
    amazon_account,
    amazon_confirmation,
    amazon_confirmation_by_hand,
    amazon_confirmation_feed,
    amazon_confirmation_mail,
    amazon_confirmation_send,
    amazon_feed,
    amazon_job,
    amazon_shipping_method,
    delivery_carrier,
    sale_order,
    stock_move_line,
    stock_package,
    stock_picking,
    stock_picking_combined,
    stock_picking_parcel,
    stock_picking_privacy,
    stock_picking_shown,
)
