"""Since when Amazon's Finances are known, and which transactions' orders do not come in, as far as that can be told; of
which SKUs no stock is told, because Amazon ships them."""

from datetime import timedelta

from odoo import SUPERUSER_ID, api
from odoo.fields import Domain

AT_ONCE = 1000
# The first reading of the versions before looked back so far.
FIRST_DAYS = 30
# As the versions before have kept why.
LEFT_OUT = "Shipped or cancelled before it was seen here; the account leaves such orders out."


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    for job in env["amazon.job"].search(
        [("name", "=", "finances"), ("cursor", "!=", False), ("known_since", "=", False)]
    ):
        job.known_since = known_since(job)
    left_out = Domain("state", "=", "ignored") & Domain("result", "=", False) & Domain("error", "like", LEFT_OUT)
    for rows in found(env["amazon.order.update"], left_out):
        rows.result = "left_out"
    Transaction = env["amazon.transaction"]
    sellers = env["amazon.account"].with_context(active_test=False).search([("kind", "=", "seller")])
    for transactions in found(Transaction, Transaction._missing_its_order(sellers)):
        transactions._accept_by_itself()
    unsent = Domain("channel", "=", "fba") & Domain("stock_state", "=", "unsent")
    for offers in found(env["amazon.offer"], unsent):
        env.add_to_compute(offers._fields["stock_state"], offers)


def known_since(job):
    """Return where the first reading has begun, or later: what belongs to no order only the job can have read."""
    read = Domain("account_id", "=", job.account_id.id) & Domain("order_ref", "=", False)
    oldest = job.env["amazon.transaction"].search(
        read & Domain("unreadable", "=", False), order="posted_at, id", limit=1
    )
    since = min(job.cursor, oldest.posted_at or job.cursor)
    return max(since, job.account_id.create_date - timedelta(days=FIRST_DAYS))


def found(Model, domain):
    """Yield the records, so many at once, and write what became of them."""
    last = 0
    while records := Model.search(domain & Domain("id", ">", last), order="id", limit=AT_ONCE):
        last = records[-1].id
        yield records
        Model.env.flush_all()
        Model.env.invalidate_all()
