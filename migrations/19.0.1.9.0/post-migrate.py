"""What is not classified counts neither as sales nor as refunds, in orders' profits, too; what is booked is noted as it
is taken now."""

from odoo import SUPERUSER_ID, api
from odoo.fields import Domain

AT_ONCE = 1000


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    for settlements in found(env, Domain("sum_ids.transaction_type_id.kind", "=", "unclassified")):
        settlements._add_up()
    unclear = [("transaction_kind", "=", "unclassified"), ("order_id", "!=", False)]
    for settlements in found(env, Domain("line_ids", "any", unclear)):
        # By the job.
        settlements.counted = 0
    for settlements in found(env, Domain("entry_ids", "!=", False)):
        settlements._note_kinds()


def found(env, domain):
    """Yield the settlements, so many at once, and write what became of them."""
    last = 0
    while some := env["amazon.settlement"].search(domain & Domain("id", ">", last), order="id", limit=AT_ONCE):
        last = some[-1].id
        yield some
        env.flush_all()
        env.invalidate_all()
