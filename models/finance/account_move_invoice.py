from odoo import api, fields, models


class AccountMove(models.Model):
    """Invoices of Amazon orders: whose they are, and that no buyer gets them from here."""

    _inherit = "account.move"

    amazon_account_id = fields.Many2one(
        "amazon.account",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The account whose orders it was made of",
    )
    amazon_notice = fields.Char(compute="_compute_amazon_notice", compute_sudo=True)

    # === COMPUTE METHODS === #

    @api.depends("amazon_account_id")
    @api.depends_context("lang")
    def _compute_amazon_notice(self):
        for move in self:
            account = move.amazon_account_id
            in_japan = account.kind == "seller" and "JP" in account.marketplace_ids.mapped("code")
            move.amazon_notice = in_japan and self.env._(
                "For your books. Amazon issues the qualified invoice (適格請求書) of this sale to the buyer in your"
                " name: a second one from you would be one too many."
            )

    # === BUSINESS METHODS === #

    def _amazon_buyers_among(self, partners):
        """Return those of some partners who get nothing about this move from Odoo: Amazon's buyers, and who stands for
        them."""
        # sudo: whoever writes need not see buyers
        move, partners = self.sudo(), partners.sudo()
        accounts = self.env["amazon.account"].sudo().with_context(active_test=False)
        customers = accounts.search([("invoice_customer_id", "in", partners.ids)]).invoice_customer_id
        if move.amazon_account_id.kind == "seller":
            customers |= move.partner_id
        return partners.filtered(
            lambda partner: partner.amazon_account_id or partner.amazon_marketplace_id or partner in customers
        )

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        partners = self.env["res.partner"].browse(one["id"] for one in recipients if one["id"])
        buyers = self._amazon_buyers_among(partners)
        return [one for one in recipients if one["id"] not in buyers.ids]


class AccountMoveSend(models.AbstractModel):
    """What Odoo's “Send” would do with them: print, and mail nobody who bought on Amazon."""

    _inherit = "account.move.send"

    @api.model
    def _get_default_sending_methods(self, move):
        if move._amazon_buyers_among(move.partner_id):
            return {"manual"}
        return super()._get_default_sending_methods(move)

    @api.model
    def _get_default_mail_partner_ids(self, move, mail_template, mail_lang):
        partners = super()._get_default_mail_partner_ids(move, mail_template, mail_lang)
        return partners - move._amazon_buyers_among(partners).sudo(partners.env.su)

    @api.model
    def _get_alerts(self, moves, moves_data):
        alerts = super()._get_alerts(moves, moves_data)
        partners = self.env["res.partner"]
        for move in moves:
            data = moves_data[move]
            ids = data.get("mail_partner_ids") if "email" in data["sending_methods"] else None
            if ids and move._amazon_buyers_among(ids if hasattr(ids, "ids") else partners.browse(ids)):
                alerts["amazon_buyer"] = {
                    "level": "danger",
                    "message": self.env._(
                        "Amazon's buyers get no invoices by e-mail: remove them from the recipients."
                    ),
                }
        return alerts
