"""The daily mail of what waits for a person: orders to review, and received orders that no order could be made of."""

from datetime import timedelta

from odoo import api, fields, models

from ...times import naive

# By the marketplace's clock.
MORNING_HOUR = 8
# So many orders are named; the others are counted.
MOST_NAMED = 50


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

    review_mail = fields.Boolean(
        "Daily Mail of Orders to Review",
        help="Each morning, if there are any. Without it nobody is mailed of single orders.",
    )
    review_mailed_at = fields.Datetime("Last Mail of Orders to Review", readonly=True, copy=False)

    @api.model
    def _cron_mail_reviews(self):
        """Mail what waits for a person, once each morning where the account sells. Run by a cron of its own."""
        now = fields.Datetime.now()
        for account in self.search([("review_mail", "=", True)]):
            morning = account._last_morning(now)
            if not account.review_mailed_at or account.review_mailed_at < morning:
                account.sudo().review_mailed_at = now  # sudo: as every time of a mail, the addon's own
                account._mail_reviews()

    def _last_morning(self, now):
        """Return when it was morning last where the account sells (UTC, naive)."""
        zone = self.with_context(tz=self.marketplace_ids[:1].tz or "UTC")
        local = fields.Datetime.context_timestamp(zone, now)
        morning = local.replace(hour=MORNING_HOUR, minute=0, second=0, microsecond=0)
        morning -= timedelta(days=morning > local)
        return naive(morning)

    def _mail_reviews(self):
        """Queue the mail for everybody who is told, each in the own language; none when nothing waits."""
        to_review = [
            ("amazon_account_id", "=", self.id),
            ("amazon_phase_role", "=", "review"),
            ("amazon_reviewed", "=", False),
            ("amazon_on_hold", "=", False),
        ]
        # sudo: a mail tells of an account's orders, whoever runs the cron; what stands in it names no buyer
        Order, Update = self.env["sale.order"].sudo(), self.env["amazon.order.update"].sudo()
        count = Order.search_count(to_review)
        unbuilt = Update.search_count([("account_id", "=", self.id), ("state", "=", "failed")])
        if not count and not unbuilt:
            return
        orders = Order.search(to_review, order="amazon_ship_by, id", limit=MOST_NAMED)
        facts = {"base_url": self.get_base_url(), "unbuilt": unbuilt, "more": count - len(orders)}
        self._mail_everybody(lambda lang: self.with_context(lang=lang)._review_text(orders, facts))

    def _review_text(self, orders, facts):
        """Return subject and body of the mail, in the context's language.

        :param orders: those that are named.
        :param dict facts: ``base_url``, ``unbuilt`` and ``more``, as in the template.
        """
        body = self.env["ir.qweb"]._render(
            "sale_amazon_spapi.review_mail",
            {"account": self, "orders": orders.with_context(lang=self.env.lang), **facts},
            minimal_qcontext=True,
        )
        waiting = len(orders) + facts["more"] + facts["unbuilt"]
        return self.env._("Amazon orders to review: %s", waiting), body
