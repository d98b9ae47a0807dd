"""What is not classified counts neither as sales nor as refunds, in orders' profits, too; what is booked is noted as it
is taken now. Shipping methods know their labels."""

from odoo import SUPERUSER_ID, api
from odoo.fields import Domain

AT_ONCE = 1000
# How B2クラウド calls the labels of Yamato's methods that came with the addon before.
LABELS = {"ネコポス": "7", "コンパクト": "8", "DM便": "3", "コレクト": "2"}


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
    methods = env["amazon.shipping.method"].with_context(active_test=False)
    for word, kind in LABELS.items():
        mine = [("carrier_code", "=", "YAMATO"), ("origin", "!=", "own"), ("name", "like", word)]
        methods.search([*mine, ("label_kind", "=", False)]).label_kind = kind


def found(env, domain):
    """Yield the settlements, so many at once, and write what became of them."""
    last = 0
    while some := env["amazon.settlement"].search(domain & Domain("id", ">", last), order="id", limit=AT_ONCE):
        last = some[-1].id
        yield some
        env.flush_all()
        env.invalidate_all()
