from odoo import api, fields, models
from odoo.exceptions import UserError

from ..notices import CLOSE, notice


class AmazonVendorFullStock(models.TransientModel):
    """A full update of a vendor's stock, by which Amazon forgets what is not in it."""

    _name = "amazon.vendor.full.stock"
    _inherit = "amazon.guard"
    _description = "Full Update of a Vendor's Stock"

    account_id = fields.Many2one("amazon.account", readonly=True)
    warehouse_ids = fields.Many2many(
        "amazon.vendor.warehouse",
        string="Warehouse Codes",
        compute="_compute_warehouse_ids",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('account_id', '=', account_id)]",
    )
    sku_count = fields.Integer("SKUs That Are Named", compute="_compute_sku_count")
    understood = fields.Boolean("I want Amazon to make everything else unavailable in these warehouses")

    # === COMPUTE METHODS === #

    @api.depends("account_id")
    def _compute_warehouse_ids(self):
        for dialog in self:
            dialog.warehouse_ids = dialog.account_id.vendor_warehouse_ids

    @api.depends("account_id", "warehouse_ids")
    def _compute_sku_count(self):
        quantities = self.env["amazon.vendor.quantity"]
        for dialog in self:
            codes = dialog.warehouse_ids._origin & dialog.account_id.vendor_warehouse_ids
            dialog.sku_count = len(quantities._named_by_full(dialog.account_id, codes))

    # === ACTION METHODS === #

    def action_send(self):
        """Have Amazon told of all SKUs soon, and that there are no others.

        :raise UserError: the person has not said so, or has chosen no warehouse.
        """
        self.ensure_one()
        account = self.account_id
        account._amazon_check_group("manager")
        account.check_access("write")
        warehouses = self.warehouse_ids & account.vendor_warehouse_ids
        if not (self.understood and warehouses):
            raise UserError(
                self.env._("Choose the warehouses, and say that you want everything else unavailable there.")
            )
        if not self.sku_count:
            raise UserError(self.env._("There is no SKU to name. Map the SKUs that you sell first."))
        account._want_full_stock(warehouses)
        return notice(self.env._("All stock goes out within a minute."), then=CLOSE)
