import base64
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..selling_partner import flat_fulfillment_file


class AmazonConfirmationFile(models.TransientModel):
    """C15: the confirmations of chosen orders as the file that Seller Central takes by hand."""

    _name = "amazon.confirmation.file"
    _inherit = "amazon.guard"
    _description = "Amazon Confirmation File"

    confirmation_ids = fields.Many2many("amazon.confirmation", readonly=True)
    part_ids = fields.One2many("amazon.confirmation.file.part", "wizard_id", readonly=True)
    left_out = fields.Text(readonly=True)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        for wizard in wizards:
            wizard._fill()
        return wizards

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if "confirmation_ids" in fields_list:
            values["confirmation_ids"] = [fields.Command.set(self._chosen().ids)]
        return values

    @api.model
    def _chosen(self):
        """Return the confirmations of what was selected, as far as the user may see it."""
        ids = self.env.context.get("active_ids", [])
        rows = self.env["amazon.confirmation"]
        model = self.env.context.get("active_model")
        if model == "sale.order":
            return self.env["sale.order"].search([("id", "in", ids)]).amazon_confirmation_ids
        return rows.search([("id", "in", ids)]) if model == rows._name else rows

    # === ACTION METHODS === #

    @api.model
    def action_open(self):
        """Make the file of what was selected in a list, and show it.

        :raise UserError: when none of it has left yet.
        """
        self.check_access("create")
        rows = self._chosen()
        if not rows:
            raise UserError(
                self.env._("There are no shipping confirmations here: nothing has left for an Amazon order yet.")
            )
        wizard = self.create({"confirmation_ids": [fields.Command.set(rows.ids)]})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("File for Seller Central"),
            "context": {"dialog_size": "large"},
        }

    def action_set_done(self):
        """Go on to the status wizard with the orders of the files, once they were uploaded.

        :raise UserError: when there is a file that was not even downloaded.
        """
        self.ensure_one()
        self.env["sale.order"].check_access("write")
        if not all(self.part_ids.mapped("downloaded")):
            raise UserError(self.env._("Download the file first, and upload it in Seller Central."))
        orders = self.part_ids.confirmation_ids.order_id
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_status_change")
        context = {
            "active_model": "sale.order",
            "active_ids": orders.ids,
            "default_status": "done",
            "dialog_size": "extra-large",
        }
        return {**action, "context": context}

    # === BUSINESS METHODS === #

    def _fill(self):
        """Make one file for each account and marketplace, and name what cannot be in one."""
        self.ensure_one()
        self.confirmation_ids.order_id.check_access("write")
        left_out, fitting = [], []
        # sudo: the outbox is the addon's own
        for row in self.confirmation_ids.sudo().sorted("id"):
            shipment, why = row._checked_shipment()
            why = row._why_not_in_file() or why
            if why:
                left_out.append(f"{row.order_id.name} ({row.order_ref}): {why}")
            else:
                fitting.append((row, shipment))
        parts = {}
        for row, shipment in fitting:
            parts.setdefault((row.account_id, row.marketplace_id), []).append((row, shipment))
        now = fields.Datetime.now()
        for (account, marketplace), pairs in parts.items():
            zone = ZoneInfo(marketplace.tz or "UTC")
            stamp = fields.Datetime.context_timestamp(self.with_context(tz=zone.key), now)
            content = flat_fulfillment_file([shipment for _row, shipment in pairs], zone)
            self.part_ids.create(
                {
                    "wizard_id": self.id,
                    "account_id": account.id,
                    "marketplace_id": marketplace.id,
                    "confirmation_ids": [fields.Command.set([row.id for row, _shipment in pairs])],
                    "file": base64.b64encode(content),
                    "file_name": f"shipping-confirmation-{marketplace.code}-{stamp:%Y%m%d-%H%M%S}.txt",
                }
            )
        self.left_out = "\n".join(left_out) or False


class AmazonConfirmationFilePart(models.TransientModel):
    _name = "amazon.confirmation.file.part"
    _inherit = "amazon.guard"
    _description = "File of Amazon Confirmations"

    wizard_id = fields.Many2one("amazon.confirmation.file", required=True, ondelete="cascade")
    account_id = fields.Many2one("amazon.account", required=True, ondelete="cascade", readonly=True)
    marketplace_id = fields.Many2one("amazon.marketplace", required=True, ondelete="cascade", readonly=True)
    confirmation_ids = fields.Many2many("amazon.confirmation", readonly=True)
    count = fields.Integer("Parcels", compute="_compute_count")
    file = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)
    downloaded = fields.Boolean(readonly=True)

    @api.depends("confirmation_ids")
    def _compute_count(self):
        for part in self:
            part.count = len(part.confirmation_ids)

    # === ACTION METHODS === #

    def action_download(self):
        """Have the browser keep the file."""
        self.ensure_one()
        self.check_access("read")
        self.downloaded = True
        return {
            "type": "ir.actions.act_url",
            "target": "download",
            "url": f"/web/content/{self._name}/{self.id}/file?download=true&filename_field=file_name",
        }
