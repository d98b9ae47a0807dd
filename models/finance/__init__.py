"""What Amazon's Finances say happened: transactions, what in them is whose, and orders whose amounts differ."""

from . import (
    account_move,
    amazon_accepted,
    amazon_account,
    amazon_amount_type,
    amazon_job,
    amazon_log,
    amazon_order_item,
    amazon_order_update,
    amazon_transaction,
    amazon_transaction_accepted,
    amazon_transaction_line,
    amazon_transaction_release,
    sale_order,
    sale_order_credit,
    sale_order_difference,
    sale_order_explained,
    sale_order_family,
)
