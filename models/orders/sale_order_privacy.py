"""When the personal data of an order are over, and how they go (M3)."""

from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, clean_context
from odoo.tools.translate import LazyTranslate

from ...const import AWAITING_PAYMENT, DEAD
from ...crypto import Undecryptable
from ...ours import OURS
from ..customers.personal_data import REMOVED, remove_quotations, texts_of

_lt = LazyTranslate(__name__)

PURGE_BATCH = 200
# What an order has of buyers and addresses.
PARTNERS = ("partner_id", "partner_invoice_id", "partner_shipping_id", "amazon_address_id")
# The deliveries of an order called ``o``.
DELIVERIES = (
    "sale_order_line l JOIN stock_move m ON m.sale_line_id = l.id"
    " JOIN stock_picking p ON p.id = m.picking_id JOIN stock_picking_type t ON t.id = p.picking_type_id"
    " WHERE l.order_id = o.id AND t.code != 'incoming'"
)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # What is removed whole.
    _amazon_personal = ("amazon_gift_note", "amazon_instructions", "amazon_purchase_order", "signature", "signed_by")
    # Where people may quote its buyer.
    _amazon_quotes = ("id", ("note",))

    # === NOTHING IS QUOTED === #

    def write(self, vals):
        if "partner_shipping_id" in vals and self.filtered("amazon_account_id"):
            # Odoo would quote the old and the new address on each delivery.
            self = self.with_context(amazon_address_changes=OURS)
        return super().write(vals)

    def _mail_track(self, tracked_fields, initial_values):
        changes, values = super()._mail_track(tracked_fields, initial_values)
        if self.amazon_account_id and "partner_id" in changes:
            field = self.env["ir.model.fields"]._get("sale.order", "partner_id")
            for _command, _id, value in values:
                if value["field_id"] == field.id:
                    value.update(old_value_char=REMOVED, new_value_char=REMOVED)
        return changes, values

    # === WHEN === #

    @api.model
    def _amazon_over(self, before):
        """Return the one rule when an order's personal data are due, as a condition on ``sale_order`` called ``o``.

        What was delivered earlier than that is over; where Amazon has not said that it arrived, what should have
        arrived and has left earlier. Nothing is over that is still to leave here, unless Amazon calls it shipped or
        cancelled; nor is a quotation, nor what is not paid yet. Returns that never came back keep nobody's data.

        :param datetime before: UTC, naive.
        :rtype: SQL
        """
        return SQL(
            """(
                (o.state NOT IN ('draft', 'sent')
                 OR COALESCE(o.amazon_status NOT IN %(unpaid)s, FALSE))
                AND COALESCE(
                    o.amazon_delivered_at,
                    GREATEST(COALESCE(o.amazon_deliver_by, o.date_order, o.create_date),
                             (SELECT MAX(p.date_done) FROM %(deliveries)s AND p.state = 'done'))
                ) < %(before)s
                AND NOT %(to_leave)s
            )""",
            unpaid=tuple(AWAITING_PAYMENT),
            before=before,
            deliveries=SQL(DELIVERIES),
            to_leave=self._amazon_to_leave(),
        )

    @api.model
    def _amazon_to_leave(self):
        """Return when an order is still to leave here, as a condition on ``sale_order`` called ``o``.

        :rtype: SQL
        """
        return SQL(
            """(
                COALESCE(o.amazon_status NOT IN %(finished)s, TRUE)
                AND EXISTS (SELECT FROM %(deliveries)s AND p.state NOT IN ('done', 'cancel'))
            )""",
            finished=("shipped", *DEAD),
            deliveries=SQL(DELIVERIES),
        )

    @api.model
    def _amazon_orders_to_purge(self, account, before, after=0, limit=None):
        """Return the orders whose personal data are due.

        :param account: the ``amazon.account`` that they came in through.
        :param datetime before: what was delivered earlier is over (UTC, naive).
        :param int after: only those with a greater id.
        :param int limit: at most so many, the oldest first.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "SELECT o.id FROM sale_order o WHERE o.amazon_account_id = %s AND o.amazon_purged IS NOT TRUE"
                " AND o.id > %s AND %s ORDER BY o.id LIMIT %s",
                account.id,
                after,
                self._amazon_over(before),
                limit,
            )
        )
        return self.browse(order_id for (order_id,) in rows)

    # === HOW === #

    @api.model
    def _amazon_purge(self, run):
        """Remove the personal data whose time is over (M3).

        :param run: the :class:`...run.Run`.
        """
        account = run.account
        before = fields.Datetime.now() - timedelta(days=account.pii_days)
        # sudo: the purge is not a matter of who runs it
        Order, Partner = self.sudo(), self.env["res.partner"].sudo()
        orders = partners = None
        done = {"orders": 0, "customers": 0}
        while orders := Order._amazon_orders_to_purge(account, before, orders[-1:].id if orders else 0, PURGE_BATCH):
            orders._amazon_forget()
            done["orders"] += len(orders)
            run.commit(len(orders))
        while partners := Partner._amazon_partners_to_purge(account, before, limit=PURGE_BATCH):
            partners._amazon_anonymize()
            done["customers"] += len(partners)
            run.commit(len(partners))
        self._amazon_purge_inbox(run, before)
        run.log._note(_lt("Personal data of %(orders)s orders and %(customers)s customers were removed.", **done))

    @api.model
    def _amazon_purge_inbox(self, run, before):
        # sudo: the inbox is the addon's own
        Update = self.env["amazon.order.update"].sudo()
        old = [("account_id", "=", run.account.id), ("payload", "!=", False), ("create_date", "<", before)]
        while updates := Update.search(old, order="id", limit=PURGE_BATCH):
            self._amazon_forget_received(updates)
            run.commit(len(updates))

    @api.model
    def _amazon_forget_received(self, updates):
        updates.payload = False
        # What was in the way of an order may quote it.
        updates.filtered("error").error = updates._reason(Undecryptable())

    @api.model
    def _amazon_forget_everybody(self):
        """Remove all personal data there are: the addon is uninstalled, and nothing is still to leave."""
        domain = [("amazon_account_id", "!=", False), ("amazon_purged", "=", False)]
        while orders := self.search(domain, order="id", limit=PURGE_BATCH):
            orders._amazon_forget()
            self.env.invalidate_all()
        while partners := self.env["res.partner"].with_context(active_test=False).search(domain, limit=PURGE_BATCH):
            partners._amazon_anonymize()
            self.env.invalidate_all()

    def _amazon_forget(self):
        """Remove the personal data of orders, and what quotes them, from everything that belongs to the orders."""
        orders = self.with_context(clean_context(self.env.context), tracking_disable=True, mail_notrack=True)
        quoted = defaultdict(set)
        for order in orders:
            texts = texts_of(order, named={"amazon_gift_note"}) | order._amazon_buyers_involved()._amazon_texts()
            for record in order._amazon_records():
                quoted[record] |= texts
        remove_quotations(orders.env, quoted)
        deliveries = orders._amazon_deliveries()
        deliveries.write(dict.fromkeys(deliveries._amazon_personal, False))
        # Labels and slips have the address on them.
        for records in (orders, deliveries):
            orders.env["ir.attachment"].search(
                [
                    ("res_model", "=", records._name),
                    ("res_id", "in", records.ids),
                ]
            ).unlink()
        orders._amazon_forget_received(orders.env["amazon.order.update"].search([("order_id", "in", orders.ids)]))
        orders.write({**dict.fromkeys(self._amazon_personal, False), "amazon_purged": True})

    def _amazon_buyers_involved(self):
        """Return the buyers and addresses of an order, also those that stand on it no more."""
        partners = self.env["res.partner"].union(*(self[name] for name in PARTNERS)).filtered("amazon_account_id")
        return partners | partners.commercial_partner_id.with_context(active_test=False).child_ids.filtered(
            "amazon_account_id"
        )

    def _amazon_deliveries(self):
        return self.picking_ids | self.order_line.move_ids.picking_id

    def _amazon_records(self):
        """Yield every record that people write on when they work on an order; posted invoices are the books'."""
        for records in (
            self,
            self._amazon_deliveries(),
            self._amazon_deliveries().batch_id,
            self.invoice_ids.filtered(lambda invoice: invoice.state != "posted"),
        ):
            yield from records
