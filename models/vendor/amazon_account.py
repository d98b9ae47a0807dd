from odoo import api, fields, models
from odoo.exceptions import ValidationError

VENDOR = "vendor_df"


class AmazonAccount(models.Model):
    """What a vendor's account has that a seller's has not."""

    _inherit = "amazon.account"

    vendor_party = fields.Char(
        "Selling Party", tracking=True, copy=False, help="The vendor code that Amazon writes on orders, e.g. 999US"
    )
    vendor_warehouse_ids = fields.One2many(
        "amazon.vendor.warehouse",
        "account_id",
        "Warehouses on Amazon",
        help="Which warehouse each of Amazon's codes is",
    )
    vendor_own_carrier = fields.Boolean(
        "Own Carriers", tracking=True, help="You ship with carriers of your own, not with labels of Amazon's."
    )
    vendor_label_format = fields.Selection(
        [("PNG", "PNG"), ("ZPL", "ZPL")],
        "Label Format",
        default="PNG",
        help="As agreed with Amazon. It is only expected here: what Amazon's answer says counts.",
    )
    vendor_api_version = fields.Selection(
        [("2021-12-28", "2021-12-28"), ("v1", "v1")], "API Version", default="2021-12-28", tracking=True
    )
    vendor_customer_id = fields.Many2one(
        "res.partner",
        "Invoiced to",
        check_company=True,
        copy=False,
        index="btree_not_null",
        help="Who buys from you: Amazon. Made with the first order if none is chosen.",
    )

    _vendor_party_uniq = models.UniqueIndex(
        "(vendor_party, region) WHERE active AND kind = 'vendor_df' AND vendor_party IS NOT NULL",
        "There is an active account for this selling party and region already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("vendor_party")
    def _compute_setup_step(self):
        return super()._compute_setup_step()

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "vendor_label_format", "vendor_api_version")
    def _check_vendor(self):
        for account in self.filtered(lambda account: account.kind == VENDOR):
            if not (account.vendor_label_format and account.vendor_api_version):
                raise ValidationError(self.env._("%s: choose a label format and a version of the API.", account.name))

    # === CRUD METHODS === #

    @api.model
    def _without_blanks(self, vals):
        vals = super()._without_blanks(vals)
        if "vendor_party" in vals:
            vals["vendor_party"] = (vals["vendor_party"] or "").strip() or False
        return vals

    # === BUSINESS METHODS === #

    def _identity(self):
        if self.kind != VENDOR:
            return super()._identity()
        return [(self.env._("Selling party"), self.vendor_party)]

    def _merchant_ref(self):
        return self.vendor_party if self.kind == VENDOR else super()._merchant_ref()
