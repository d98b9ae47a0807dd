import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..notices import notice


class AmazonSettlementUpload(models.TransientModel):
    """A settlement report that a person has from Seller Central: Amazon shows programs those of 90 days only."""

    _name = "amazon.settlement.upload"
    _inherit = ["amazon.guard"]
    _description = "Upload of a Settlement Report"

    account_id = fields.Many2one(
        "amazon.account",
        required=True,
        domain=[("kind", "=", "seller")],
        context={"active_test": False},
        default=lambda self: self._only_account(),
    )
    document = fields.Binary("File", attachment=False)
    document_name = fields.Char()

    def _only_account(self):
        accounts = self.env["amazon.account"].search([("kind", "=", "seller")], limit=2)
        return accounts if len(accounts) == 1 else accounts.browse()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_name(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_name(vals)
        return super().write(vals)

    def _check_name(self, vals):
        """
        :raise UserError: the file's name is one that no database keeps.
        """
        if "\0" in (vals.get("document_name") or ""):
            raise UserError(self.env._("The name of the file has characters that cannot be kept. Rename the file."))

    # === ACTION METHODS === #

    def action_read(self):
        """Read the file.

        :return: what opens the settlements in it that are new.
        :raise UserError: why it cannot be read; nothing of it is kept.
        """
        self.ensure_one()
        self._amazon_check_group("accountant")
        self.account_id.check_access("read")
        try:
            content = base64.b64decode(self.document or b"")
        except ValueError:
            content = b""
        if not content:
            raise UserError(self.env._("Choose the file."))
        # sudo: settlements are the addon's own
        made = self.account_id.sudo()._read_settlement_file(self.document_name or "settlement.txt", content)
        if not made:
            return notice(self.env._("All settlements in this file were here already."))
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_settlements")
        if len(made) == 1:
            return {**action, "res_id": made.id, "views": [(False, "form")], "context": {"create": False}}
        return {**action, "domain": [("id", "in", made.ids)], "context": {"create": False}}
