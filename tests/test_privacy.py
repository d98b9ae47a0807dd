import contextlib
import logging

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import AmazonCase


class Collector(logging.Handler):
    """Keeps every line that is logged."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        # The statements Odoo sends to the database at debug level are data by nature.
        if not record.name.startswith("odoo.sql_db"):
            self.lines.append(f"{record.name}: {record.getMessage()} {record.exc_text or ''}")


@tagged("post_install", "-at_install")
class TestPrivacy(AmazonCase):
    """What must not get out: personal data and secrets into the log, mail to buyers."""

    @contextlib.contextmanager
    def everything_logged(self):
        """Collect what any logger says at debug level."""
        collector = Collector()
        names = [name for name, logger in logging.root.manager.loggerDict.items() if isinstance(logger, logging.Logger)]
        loggers = [logging.root, *map(logging.getLogger, names)]
        levels = [(logger, logger.level) for logger in loggers]
        handlers = logging.root.handlers
        logging.root.handlers = [collector]
        for logger in loggers:
            if not logger.name.startswith("odoo.sql_db"):
                logger.setLevel(logging.DEBUG)
        try:
            yield collector.lines
        finally:
            logging.root.handlers = handlers
            for logger, level in levels:
                logger.setLevel(level)

    def words(self, refs):
        """Return each personal word of orders, and the secrets."""
        words = {self.seller["client_secret"], self.seller["refresh_token"]}
        for ref in refs:
            order = self.amazon.get(f"orders/{ref}")
            address = order["recipient"].get("deliveryAddress", {})
            words |= {address.get(key) for key in ("name", "addressLine1", "addressLine2", "phone", "postalCode")}
            words |= {order["buyer"].get("buyerName"), order["buyer"].get("buyerEmail")}
        return {word for word in words if word}

    def test_log(self):
        """An import with good, bad and changing orders logs nothing personal and no secret, at debug level."""
        with self.everything_logged() as lines:
            refs = self.place(count=3) + self.place("jp_gift") + self.place("jp_company")
            refs += self.place(set={"orderItems": {"0": {"quantityOrdered": "many"}}})
            self.import_orders()
            self.act(refs[0], "change-address")
            self.act(refs[1], "ship")
            self.amazon.post("faults", operation="searchOrders", kind="500_html", times=1)
            self.import_orders()
            self.import_orders()
            self.amazon.control("PATCH", f"sellers/{self.seller['merchant_id']}", revoked=True)
            self.import_orders()
        self.assertTrue(any("order" in line for line in lines))
        self.assertTrue(self.env["amazon.order.update"].search([("state", "=", "failed")]))
        text = "\n".join(lines)
        for word in self.words(refs):
            self.assertNotIn(word, text)
        self.assertNotIn("Atza|", text)

    def test_stored(self):
        """What waits in the inbox cannot be read in the database, and goes when it is built."""
        [ref] = self.place(
            set={"salesChannel": {"marketplaceId": "A1VC38T7YXB528"}, "orderItems": {"0": {"orderItemId": None}}}
        )
        self.import_orders()
        self.env.flush_all()
        self.env.cr.execute("SELECT state, payload FROM amazon_order_update WHERE order_ref = %s", [ref])
        state, payload = self.env.cr.fetchone()
        self.assertEqual(state, "failed")
        for word in self.words([ref]):
            self.assertNotIn(word, payload)
        with self.assertRaises(AccessError):
            self.env["amazon.order.update"].with_user(self.manager).search([]).read(["payload"])
        order = self.imported()
        self.assertFalse(self.last_update(order).payload)

    def test_buyers_get_no_mail(self):
        """Odoo never mails or texts an Amazon buyer, whatever the company's options; the shop's own customers get
        their mail."""
        self.company.stock_move_email_validation = True
        if "stock_text_confirmation" in self.company._fields:
            self.company.stock_text_confirmation = True
        own = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop customer", "email": "shop@example.com"}).id,
                "order_line": [(0, 0, {"product_id": self.products["AMZ-PEN-001"].id})],
            }
        )
        own.action_confirm()
        orders = self.imported(count=2)
        seller_central = self.imported()
        cancelled = self.imported()
        before = self.env["mail.mail"].search([]), self.env["mail.message"].search([])
        (orders | own).picking_ids.move_ids.write({"picked": True})
        (orders | own).picking_ids.with_user(self.user).button_validate()
        self.assertEqual(set((orders | own).picking_ids.mapped("state")), {"done"})
        self.changed(seller_central, "ship")
        self.changed(cancelled, "cancel")
        orders[0].with_user(self.user).message_post(body="An internal note")
        partners = (orders | seller_central | cancelled).partner_id
        partners |= (orders | seller_central | cancelled).partner_shipping_id
        sent = self.env["mail.message"].search([]) - before[1]
        self.assertFalse(sent.filtered(lambda message: message.notified_partner_ids & partners))
        self.assertFalse(sent.filtered(lambda message: message.partner_ids & partners))
        self.assertFalse(
            (self.env["mail.mail"].search([]) - before[0]).filtered(lambda mail: mail.recipient_ids & partners)
        )
        if "sms.sms" in self.env:
            self.assertFalse(self.env["sms.sms"].search([("partner_id", "in", partners.ids)]))
        self.assertTrue(
            sent.filtered(lambda message: message.model == "stock.picking" and own.partner_id in message.partner_ids)
        )
        followed = orders | seller_central | cancelled
        for record in (*followed, *followed.picking_ids):
            self.assertFalse(record.message_partner_ids & partners, "a follower would get what is posted")


@tagged("post_install", "-at_install")
class TestQuietLog(AmazonCase):
    """Failing statements of a build say nothing about the buyer."""

    def test_failing_statement_is_not_logged(self):
        """What Odoo would write into the log with all its values is not written while orders are built."""
        [ref] = self.place("jp_gift")
        self.import_orders()
        order = self.orders(ref)
        # The same order again, as by a builder that did not see the first.
        order.amazon_merchant_id = "SOMEBODY"
        self.env.cr.execute(
            "CREATE UNIQUE INDEX one_order_only ON sale_order (amazon_order_ref) WHERE amazon_order_ref IS NOT NULL"
        )
        with self.assertNoLogs("odoo.sql_db", logging.ERROR):
            with self.committing(order) as mine:
                row = mine.env["amazon.order.update"].search([("order_ref", "=", ref)])
                row._receive(mine.amazon_account_id, self.received(mine.amazon_account_id, ref), forced=True)
                mine.env.cr.commit()
                mine.env["amazon.order.update"]._build_next(mine.amazon_account_id)
        row = self.env["amazon.order.update"].search([("order_ref", "=", ref)])
        self.assertEqual(row.state, "failed")
        self.assertNotIn(order.partner_id.name, row.error)

    def received(self, account, ref):
        """Return the order as Amazon sends it."""
        with account._selling_partner() as amazon:
            return [amazon.orders.get(ref)]
