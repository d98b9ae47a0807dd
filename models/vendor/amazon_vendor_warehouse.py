from odoo import api, fields, models


class AmazonVendorWarehouse(models.Model):
    """What Amazon calls a vendor's warehouse."""

    _name = "amazon.vendor.warehouse"
    _description = "Vendor's Warehouse on Amazon"
    _inherit = ["amazon.guard"]
    _check_company_auto = True
    _order = "account_id, party_ref"
    _rec_name = "party_ref"

    account_id = fields.Many2one("amazon.account", required=True, index=True, ondelete="cascade", write_once=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    party_ref = fields.Char(
        "Warehouse Code", required=True, help="The code that Amazon and you have agreed upon, as it stands on orders"
    )
    warehouse_id = fields.Many2one("stock.warehouse", required=True, check_company=True, ondelete="restrict")

    full_stock_requested = fields.Boolean(
        readonly=True, copy=False, help="A person wants Amazon to be told of all of it."
    )

    _party_uniq = models.UniqueIndex("(account_id, party_ref)", "This account has this warehouse code already.")
    _party_check = models.Constraint("CHECK (party_ref != '')", "“Warehouse Code” is empty.")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        warehouses = super().create([self._as_meant(vals) for vals in vals_list])
        warehouses._retry_orders()
        warehouses._note_stock()
        return warehouses

    def write(self, vals):
        vals = self._as_meant(vals)
        if "party_ref" in vals:
            self.check_access("write")
            self.filtered(lambda code: code.party_ref != vals["party_ref"])._tell_no_more()
        result = super().write(vals)
        if {"party_ref", "warehouse_id"} & set(vals):
            self._retry_orders()
            self._note_stock()
        return result

    def unlink(self):
        self.check_access("unlink")
        # Not by the database: what their SKUs show changes with them.
        self._tell_no_more().unlink()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _tell_no_more(self):
        """Amazon is told nothing more under these codes: what it has of them stays as it is, which is said once.

        :return: the ``amazon.vendor.quantity``.
        """
        # sudo: what is told is the addon's own
        rows = self.env["amazon.vendor.quantity"].sudo().search([("warehouse_id", "in", self.ids)])
        known = rows.filtered(lambda row: row.quantity_sent or row.is_sending)
        for code, some in known.grouped("warehouse_id").items():
            account = code.account_id
            env = account.with_context(lang=account.company_id._amazon_lang()).env
            account._message_log(
                body=env._(
                    "Amazon is told nothing more of the warehouse code “%(code)s”. It goes on selling what it was told"
                    " last (%(count)s SKUs) as long as it knows that code: have it closed in Vendor Central.",
                    code=code.party_ref,
                    count=len(some),
                )
            )
        known.write({"quantity_sent": 0, "accepted_at": False})
        return rows

    def _retry_orders(self):
        """Build what may have waited for these."""
        for account in self.account_id:
            self.env["amazon.order.update"]._retry_for_vendor(account)

    def _note_stock(self):
        """Have all SKUs looked at: they have other stock in these now, or it is told under another code. Until then
        nothing is told that was counted in another warehouse."""
        # sudo: what is told is the addon's own
        quantities = self.env["amazon.vendor.quantity"].sudo().search([("warehouse_id", "in", self.ids)])
        # Under another code Amazon may take what it has refused.
        quantities.write({"is_due": True, "together": 0})
        for account in self.account_id.filtered("stock_watched"):
            self.env["amazon.stock.change"].sudo()._note_all(account, "settings")

    @api.model
    def _as_meant(self, vals):
        """Return values with the code without the blanks that come along with what is pasted."""
        return {**vals, "party_ref": (vals["party_ref"] or "").strip()} if "party_ref" in vals else vals
