"""Orders that the shop cancels on Amazon, and the outbox by which Amazon is told of them."""

from . import (
    amazon_account,
    amazon_cancellation,
    amazon_cancellation_feed,
    amazon_confirmation,
    amazon_feed,
    amazon_job,
    amazon_log,
    sale_order,
    stock_picking,
)
