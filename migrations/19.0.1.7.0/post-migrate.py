"""Vendors' stock: of which warehouse it was counted, and with which SKUs Amazon is busy; that of SKUs which are not
told any more is looked at once."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    quantities = env["amazon.vendor.quantity"]
    for code in env["amazon.vendor.warehouse"].search([]):
        quantities.search([("warehouse_id", "=", code.id)]).counted_in_id = code.warehouse_id
    at_amazon = [("kind", "=", "inventory"), ("state", "=", "sending")]
    for row in env["amazon.vendor.submission"].search(at_amazon):
        row._inventory_told().is_sending = True
    for account in env["amazon.account"].search([("kind", "=", "vendor_df"), ("stock_watched", "=", True)]):
        env["amazon.stock.change"]._note_all(account, "settings")
    offers = env["amazon.offer"]
    env.add_to_compute(offers._fields["vendor_state"], offers.search([("account_id.kind", "=", "vendor_df")]))
    env.flush_all()
