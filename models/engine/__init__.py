"""A connection to Amazon and what runs on it: accounts, jobs, pages, feeds, the outbox, quota, the log. Knows no order,
delivery or SKU."""

from . import (  # others inherit from them
    amazon_followed,
    amazon_guard,
    amazon_of_marketplace,
    amazon_pages,
    amazon_search,
)

# isort: split
from . import amazon_outbox

# isort: split
from . import (
    amazon_account,
    amazon_account_health,
    amazon_account_secret,
    amazon_account_security,
    amazon_feed,
    amazon_job,
    amazon_job_work,
    amazon_log,
    amazon_marketplace,
    amazon_quota,
    ir_binary,
    ir_websocket,
    mail_activity,
    res_company,
    res_config_settings,
    res_partner,
)
