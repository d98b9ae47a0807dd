"""Vendor Direct Fulfillment: what a vendor's account is, and what Amazon is told of its orders."""

from . import (  # others extend it
    amazon_vendor_submission,
)

# isort: split
from . import (
    amazon_account,
    amazon_account_papers,
    amazon_account_stock,
    amazon_acknowledgement_code,
    amazon_job,
    amazon_job_papers,
    amazon_offer,
    amazon_order_update,
    amazon_shipping_method,
    amazon_stock_change,
    amazon_vendor_paper,
    amazon_vendor_paper_fetch,
    amazon_vendor_quantity,
    amazon_vendor_submission_acknowledgement,
    amazon_vendor_submission_confirmation,
    amazon_vendor_submission_inventory,
    amazon_vendor_submission_label,
    amazon_vendor_submission_status,
    amazon_vendor_transaction,
    amazon_vendor_warehouse,
    ir_ui_menu,
    res_partner,
    sale_order,
    sale_order_confirmation,
    sale_order_papers,
    sale_order_status,
    stock_package,
    stock_picking,
    stock_picking_container,
    stock_picking_papers,
    stock_picking_status,
)
