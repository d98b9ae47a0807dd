"""When the personal data of buyers are over, and how buyers are removed (M3)."""

from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, clean_context

from ..customers.personal_data import KEPT_ON_INVOICES, remove_quotations, texts_of
from .sale_order_privacy import PARTNERS


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _amazon_partners_to_purge(self, account, before, limit=None):
        """Return the buyers and addresses that are needed no more.

        Kept are those on any sales order, Amazon's or not, that is not over (see ``sale.order._amazon_over``), and
        those on an open delivery of no order that is. What a person added below a buyer is kept as long as the buyer.

        :param account: the ``amazon.account`` that they came in through.
        :param datetime before: what was delivered earlier is over (UTC, naive).
        :param int limit: at most so many, the oldest first.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
            SELECT partner.id
              FROM res_partner partner
             WHERE partner.amazon_account_id = %(account)s
               AND partner.amazon_purged IS NOT TRUE
               AND partner.create_date < %(yesterday)s
               AND NOT %(needed)s
               AND (partner.amazon_hash IS NOT NULL OR partner.parent_id IS NULL OR NOT %(parent_needed)s)
             ORDER BY partner.id
             LIMIT %(limit)s
            """,
                account=account.id,
                limit=limit,
                needed=self._amazon_needed(SQL("partner.id"), before),
                parent_needed=self._amazon_needed(SQL("partner.parent_id"), before),
                # Whoever is on no order yet may be about to.
                yesterday=fields.Datetime.now() - timedelta(days=1),
            )
        )
        return self.browse(partner_id for (partner_id,) in rows)

    @api.model
    def _amazon_needed(self, partner, before):
        over = self.env["sale.order"]._amazon_over(before)
        return SQL(
            """(
                EXISTS (
                    SELECT FROM sale_order o
                     WHERE (o.partner_id = %(partner)s OR o.partner_invoice_id = %(partner)s
                            OR o.partner_shipping_id = %(partner)s OR o.amazon_address_id = %(partner)s)
                       AND NOT %(over)s
                ) OR EXISTS (
                    SELECT FROM stock_picking picking
                      JOIN stock_picking_type type ON type.id = picking.picking_type_id
                     WHERE picking.partner_id = %(partner)s
                       AND picking.state NOT IN ('done', 'cancel') AND type.code != 'incoming'
                       AND NOT EXISTS (
                            SELECT FROM stock_move move
                              JOIN sale_order_line line ON line.id = move.sale_line_id
                              JOIN sale_order o ON o.id = line.order_id
                             WHERE move.picking_id = picking.id AND %(over)s
                       )
                )
            )""",
            partner=partner,
            over=over,
        )

    def _amazon_anonymize(self):
        """Remove the personal data of buyers and addresses, and what quotes them; country and state stay.

        Tax law wants invoices kept for years (in Japan seven, up to ten), with the customer on them, and an invoice
        in Odoo prints its customer from the partner. Amazon's Data Protection Policy (2.1) leaves room for just that:
        whoever stands on an invoice keeps name, address and tax number; e-mail, phone and notes go all the same.

        Nothing of what is removed gets into the chatter.
        """
        if not self:
            return
        # sudo: the purge is not a matter of who runs it
        partners = self.sudo().with_context(clean_context(self.env.context), tracking_disable=True)
        invoiced = partners._amazon_invoiced()
        remove_quotations(partners.env, partners._amazon_quoted())
        self.env["ir.attachment"].sudo().search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "in", (partners - invoiced).ids),
            ]
        ).unlink()
        personal = dict.fromkeys(self._amazon_personal, False)
        for company, group in partners.grouped("company_id").items():
            # Also what an edit in this transaction was about to log.
            group._track_discard()
            removed = {name: val for name, val in personal.items() if name not in KEPT_ON_INVOICES}
            group.write({**removed, "amazon_hash": False, "amazon_purged": True})
            name = self._amazon_generic_name(company or self.env.company)
            (group - invoiced).write({**dict.fromkeys(KEPT_ON_INVOICES, False), "name": name})

    def _amazon_quoted(self):
        """Return where buyers and addresses may be quoted, as :func:`remove_quotations` wants it."""
        quoted = defaultdict(set)
        orders = self.env["sale.order"].search(Domain.OR([Domain(name, "in", self.ids) for name in PARTNERS]))
        pickings = self.env["stock.picking"].search([("partner_id", "in", self.ids)])
        texts = {partner: partner._amazon_texts() for partner in self}
        for partner, words in texts.items():
            # Who is the shop's own and has a buyer below keeps what was written there.
            for record in partner | partner.commercial_partner_id.filtered("amazon_account_id"):
                quoted[record] |= words
        for order in orders:
            words = set().union(*(texts.get(order[name], ()) for name in PARTNERS))
            for record in order._amazon_records():
                quoted[record] |= words
        for picking in pickings:
            for record in (*picking, *picking.batch_id):
                quoted[record] |= texts[picking.partner_id]
        return quoted

    def _amazon_texts(self):
        """Return the personal words of buyers and addresses."""
        generic = {self._amazon_generic_name(company or self.env.company) for company in self.company_id or [None]}
        return texts_of(self, without={word.lower() for name in generic for word in (name, *name.split())})

    def _amazon_invoiced(self):
        """Return those that stand on an invoice, as customer or as where it was delivered.

        Of those on a draft for a customer, too, nobody knows the name any more when it is posted.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
            SELECT DISTINCT id
              FROM (SELECT unnest(ARRAY[partner_id, partner_shipping_id, commercial_partner_id]) AS id
                      FROM account_move
                     WHERE state = 'posted'
                        OR state = 'draft' AND move_type IN ('out_invoice', 'out_refund', 'out_receipt')) customer
             WHERE id IN %(ids)s
            """,
                ids=tuple(self.ids),
            )
        )
        return self.browse(partner_id for (partner_id,) in rows)
