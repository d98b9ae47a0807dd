"""What Amazon may sell: the quantities of its SKUs, told through an outbox and compared with what Amazon has."""

from . import (
    amazon_account,
    amazon_feed,
    amazon_job,
    amazon_log,
    amazon_offer,
    amazon_offer_drift,
    amazon_offer_quantity,
    amazon_offer_report,
    amazon_order_update,
    amazon_quantity,
    amazon_quantity_feed,
    amazon_report_column,
    amazon_stock_change,
    bills,
    product,
    sale_order,
    sale_order_line,
    stock_move,
    stock_quant,
)
