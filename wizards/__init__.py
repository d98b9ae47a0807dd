from . import (
    amazon_combine,
    amazon_completion,
    amazon_confirmation_file,
    amazon_import,
    amazon_status_change,
    base_partner_merge,
)
