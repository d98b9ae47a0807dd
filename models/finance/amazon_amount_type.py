from odoo import api, fields, models

from .amazon_type import UNCLASSIFIED

# What the buyer pays, and what is given back.
BUYERS = ("principal", "shipping", "gift_wrap", "cod", "tax", "promotion", "goodwill", "restocking")
# What Amazon gives as a sum only.
REST = "(not broken down)"
# What Amazon keeps for its services.
FEES = ("commission", "fba_fee", "fee", "storage", "advertising", "points")
# What the amounts of a transaction come to.
SUMS = ("buyers", "fees", "other", "unclassified")


class AmazonAmountType(models.Model):
    """What Amazon calls a part of a transaction, and what that is."""

    _name = "amazon.amount.type"
    _inherit = "amazon.type"
    _description = "Amazon Amount Type"
    _amazon_nameless = REST
    _amazon_counted_by = "finances"

    kind = fields.Selection(
        [
            ("principal", "Goods"),
            ("shipping", "Shipping"),
            ("gift_wrap", "Gift Wrap"),
            ("cod", "Cash on Delivery Fee"),
            ("tax", "Tax"),
            ("promotion", "Promotion"),
            ("goodwill", "Goodwill"),
            ("restocking", "Restocking Fee"),
            ("points", "Points"),
            ("commission", "Commission"),
            ("fba_fee", "FBA Fee"),
            ("fee", "Other Fee"),
            ("storage", "Storage"),
            ("advertising", "Advertising"),
            ("withheld_tax", "Tax Kept by Amazon"),
            ("reimbursement", "Reimbursement"),
            ("reserve", "Reserve"),
            ("transfer", "Payout"),
            ("other", "Other"),
            (UNCLASSIFIED, "Not Classified"),
        ],
        required=True,
        default=UNCLASSIFIED,
        index=True,
        tracking=True,
        help="Goods to restocking fee are the buyer's money; the rest is between Amazon and the seller.",
    )
    is_buyers = fields.Boolean("Buyer's Money", compute="_compute_is_buyers")
    is_guessed = fields.Boolean(
        "Guessed",
        readonly=True,
        help="Classified by its name alone; please check. Choosing a kind, or saying that it is right, settles it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("kind")
    def _compute_is_buyers(self):
        for amount_type in self:
            amount_type.is_buyers = amount_type.kind in BUYERS

    # === ACTION METHODS === #

    def action_guess_is_right(self):
        """Say that what was guessed is right: choosing the same kind again is no change that a screen would send."""
        self._amazon_check_group("accountant")
        self.check_access("write")
        for kind, types in self.filtered("is_guessed").grouped("kind").items():
            types.kind = kind

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "kind" in vals:
            self.sudo().is_guessed = False  # sudo: no person writes it
        return result

    # === BUSINESS METHODS === #

    def _of_these(self):
        return [("type_id", "in", self.ids)]

    def _recount(self, after):
        return self.env["amazon.transaction.line"]._recount(self, after)

    def _sum(self):
        """Return which of the :data:`SUMS` amounts of this type belong to."""
        if self.kind in BUYERS:
            return "buyers"
        if self.kind in FEES:
            return "fees"
        return "unclassified" if self.kind == UNCLASSIFIED else "other"

    @api.model
    def _said(self, name, kind, is_guessed):
        """Return the values of a type of which something is known."""
        return {"name": name, "kind": kind, "is_guessed": is_guessed}

    @api.model
    def _guessed(self, name):
        """Of points only the names of Finances v0 are known."""
        if "point" in name.lower():
            return self._said(name, "points", True)
        return super()._guessed(name)
