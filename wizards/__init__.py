# What others are made of.
from . import amazon_order_search  # isort: skip

from . import (
    amazon_acceptance,
    amazon_amounts_search,
    amazon_cancelling,
    amazon_carrier_export,
    amazon_carrier_numbers,
    amazon_combine,
    amazon_completion,
    amazon_confirmation_file,
    amazon_explanation,
    amazon_import,
    amazon_mapping,
    amazon_rejection,
    amazon_settlement_deposit,
    amazon_settlement_upload,
    amazon_status_change,
    amazon_vendor_acceptance,
    amazon_vendor_full_stock,
    amazon_vendor_status,
    base_partner_merge,
)
