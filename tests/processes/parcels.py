"""Deliveries that Amazon has to be told of, and what must hold when it has been."""

import shops

# Validates so many deliveries that can leave, as a packer does who has printed the labels of all of them; as in a
# request, what meets with another transaction is tried again.
DELIVER_FIRST = """
from odoo.service.model import retrying

def work():
    pickings = env['stock.picking'].search(
        [('sale_id.amazon_order_ref', '!=', False), ('state', '=', 'assigned')], order='id', limit={count})
    for picking in pickings:
        picking.carrier_tracking_ref = f'1234-5678-{{picking.id:04}}'
    pickings.with_context(skip_backorder=True, skip_sms=True).button_validate()

env.cr.commit()
retrying(work, env)
"""
DELIVER = DELIVER_FIRST.format(count=None)


class ShippingSite(shops.SiteWithAmazon):
    """A site with orders that have left.

    :param kinds: of the orders that have left.
    :param values: of the account.
    :param settings: of the simulator.
    """

    waiting = (("amazon_confirmation", "retry_at"), *shops.SiteWithAmazon.waiting)
    #: More than all the pauses together.
    rounds = (0, 3, 6, 11, 6, 11)

    def __init__(self, template, stack, kinds, values, settings):
        self.kinds = kinds
        super().__init__(template, stack, settings, **values)

    def prepare(self, **values):
        """Import the orders and deliver them; nothing has been sent yet."""
        self.placed = shops.moment_ago(self.amazon, 180)
        self.place()
        self.importer.good("import")
        self.set(**{"auto_import": False, "auto_confirm": True, **values})
        self.importer.code(DELIVER)
        self.numbers = dict(
            self.shop.sql("""
            SELECT sale_order.amazon_order_ref, carrier_tracking_ref
              FROM stock_picking picking JOIN sale_order ON sale_order.id = sale_id WHERE picking.state = 'done'""")
        )
        assert len(self.numbers) == sum(self.kinds.values())

    def place(self):
        """Give Amazon the seller and the orders: each time the same."""
        seller = self.register()
        for kind, count in self.kinds.items():
            self.amazon.place(seller, kind, count, created=self.placed, updated=self.placed)

    def renew(self):
        """Make the database and Amazon what they were."""
        super().renew()
        self.place()

    def open_rows(self):
        """Return the confirmations and feeds that are not through."""
        return open_rows(self.shop)


def open_rows(shop):
    """Return the confirmations and feeds that are not through."""
    return shop.sql("SELECT order_ref, state, message FROM amazon_confirmation WHERE state <> 'done'") + shop.sql(
        "SELECT feed_ref, state, message FROM amazon_feed WHERE state <> 'done'"
    )


def assert_told(shop, amazon, numbers, times=1):
    """Check that Amazon has one parcel of each order, told once, and that Odoo knows it.

    :param dict numbers: tracking number by order.
    :param times: at most so often it was told; more than once only where Amazon could not be asked.
    """
    assert not open_rows(shop)
    rows = shop.sql("SELECT order_ref, id, reference, tracking_number, accepted_at FROM amazon_confirmation")
    assert sorted(row[0] for row in rows) == sorted(numbers), "one row an order"
    for ref, row_id, reference, number, accepted in rows:
        assert (reference, number) == (str(row_id), numbers[ref]) and accepted
        told = amazon.get(f"orders/{ref}/confirmations")
        assert 1 <= len(told) <= times, (ref, told)
        assert {(entry["reference"], entry["tracking"]) for entry in told} == {(reference, number)}
        [package] = amazon.get(f"orders/{ref}")["packages"]
        assert (package["packageReferenceId"], package["trackingNumber"]) == (reference, number)
    assert not shop.sql("SELECT name FROM stock_picking WHERE state = 'done' AND amazon_api_status <> 'done'")
    assert not shop.sql("""
        SELECT sale_order.name, role
          FROM sale_order LEFT JOIN amazon_phase phase ON phase.id = amazon_phase_id
         WHERE sale_order.id IN (SELECT order_id FROM amazon_confirmation)
           AND (amazon_api_status, role) IS DISTINCT FROM ('done', 'confirmed')""")
    shops.assert_at_rest(shop)
