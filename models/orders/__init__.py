"""The inbox, and what an Amazon order is in Odoo and how it is built."""

from . import (
    account_tax,
    amazon_account,
    amazon_account_review_mail,
    amazon_job,
    amazon_offer,
    amazon_order_item,
    amazon_order_update,
    amazon_phase,
    amazon_shipping_rule,
    ir_actions,
    ir_module_module,
    product,
    sale_order,
    sale_order_build,
    sale_order_line,
    sale_order_privacy,
    sale_order_search,
    sale_order_shown,
    stock_move,
    stock_warehouse,
)
