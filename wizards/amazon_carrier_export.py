import base64
from collections import defaultdict
from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .amazon_order_search import listed

# So many labels are printed at once at most, and so many deliveries are named for one reason.
MOST, MOST_NAMED = 1000, 10


class AmazonCarrierExport(models.TransientModel):
    """The parcels of the day, as the file that a carrier's program prints their labels from.

    The file is never stored: it has the buyers' addresses.
    """

    _name = "amazon.carrier.export"
    _inherit = "amazon.guard"
    _description = "Export to a Carrier's Program"

    picking_ids = fields.Many2many("stock.picking", readonly=True)
    layout_id = fields.Many2one(
        "amazon.carrier.layout", "Program", required=True, default=lambda self: self._usual_layout()
    )
    is_again = fields.Boolean("Also What Was Exported Before")
    before_count = fields.Integer("Exported Before", compute="_compute_before_count")
    exported_ids = fields.Many2many("stock.picking", "amazon_carrier_export_exported_rel", readonly=True)
    count = fields.Integer("Parcels", compute="_compute_file")
    left_out = fields.Text(compute="_compute_file")
    remarks = fields.Text(compute="_compute_file")
    file = fields.Binary(compute="_compute_file")
    file_name = fields.Char(compute="_compute_file_name")

    # === COMPUTE METHODS === #

    @api.depends("picking_ids.amazon_label_at")
    def _compute_before_count(self):
        for export in self:
            export.before_count = len(export.picking_ids.filtered("amazon_label_at"))

    @api.depends("picking_ids", "layout_id", "is_again", "exported_ids")
    def _compute_file(self):
        for export in self:
            rows, left_out, remarks = [], defaultdict(list), []
            for parcel, row, said, why in export._parcels():
                if why:
                    left_out[why].append(parcel.name)
                else:
                    rows.append(row)
                    remarks += [f"{parcel.name}: {text}" for text in said]
            export.count = len(rows)
            # Once for all that go by another carrier: what else is in the way is not to be overlooked.
            export.left_out = (
                "\n".join(f"{listed(names, MOST_NAMED)}: {why}" for why, names in left_out.items()) or False
            )
            export.remarks = "\n".join(remarks) or False
            export.file = base64.b64encode(export.layout_id._file(rows)) if rows else False

    @api.depends("layout_id")
    def _compute_file_name(self):
        for export in self:
            now = fields.Datetime.context_timestamp(export, fields.Datetime.now())
            export.file_name = f"{export.layout_id.name or ''}-{now:%Y%m%d-%H%M}.csv"

    # === ACTION METHODS === #

    @api.model
    def action_open(self):
        """Open the dialog for what was selected in a list, or else for all that is ready.

        :raise UserError: when there is nothing.
        """
        self.check_access("create")
        pickings = self.env["stock.picking"]
        if ids := self.env.context.get("active_ids"):
            pickings = pickings.search([("id", "in", ids)])
        else:
            pickings = pickings.search(self._ready(), order="amazon_label_at DESC, date_deadline, id", limit=MOST)
        if not pickings:
            raise UserError(self.env._("No delivery is ready."))
        if len(pickings) > MOST:
            raise UserError(self.env._("Choose at most %s deliveries at once.", MOST))
        export = self.create({"picking_ids": [fields.Command.set(pickings.ids)]})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": export.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Export to a Carrier's Program"),
            "context": {"dialog_size": "large"},
        }

    def action_download(self):
        """Have the browser keep the file, and note on its deliveries that they were exported.

        :raise UserError: when nothing can be in it.
        """
        self.ensure_one()
        self.check_access("write")
        self.picking_ids.check_access("write")
        going = [parcel.id for parcel, _row, _said, why in self._parcels() if not why]
        if not going:
            raise UserError(self.env._("There is nothing to export."))
        self.exported_ids = [fields.Command.set(going)]
        # sudo: when it was is noted by itself
        self.exported_ids.sudo().amazon_label_at = fields.Datetime.now()
        # Not with the target "download": the dialog would not be read again and say nothing of what comes next.
        return {
            "type": "ir.actions.act_url",
            "target": "new",
            "url": f"/web/content/{self._name}/{self.id}/file?download=true&filename_field=file_name",
        }

    # === BUSINESS METHODS === #

    @api.model
    def _ready(self):
        """Return the domain of what is ready."""
        return (
            Domain("state", "=", "assigned")
            & Domain("picking_type_code", "=", "outgoing")
            & Domain("amazon_account_id", "!=", False)
            & Domain("sale_id.amazon_channel", "!=", "fba")
            & Domain("company_id", "in", self.env.companies.ids)
        )

    @api.model
    def _usual_layout(self):
        return self.env["amazon.carrier.layout"].search([], limit=1)

    def _parcels(self):
        """Return the row of each parcel, or why it gets none.

        :return: for each delivery: itself, its row, what is to be said of that, why it is left out.
        :rtype: list[tuple]
        """
        self.ensure_one()
        layout, parcels, along = self.layout_id, [], {}
        # As the list of deliveries has them; what was combined into others after those.
        chosen = self.exported_ids or self.picking_ids.filtered(lambda one: self.is_again or not one.amazon_label_at)
        chosen = chosen.sorted(
            lambda one: (bool(one.sale_id.amazon_merged_into_id), one.date_deadline or datetime.max, one.id)
        )
        for picking in chosen:
            if not layout or picking in along:
                continue
            along |= dict.fromkeys((chosen & picking._amazon_same_parcel()), picking)
            why = picking._amazon_why_no_label(layout)
            row, said, whole = ([], [], True) if why else layout._row(picking._amazon_label_facts(layout))
            parcels.append((picking, row, said, why or (not whole and " ".join(said))))
        with_others = self.env._("It goes in one parcel with %s.")
        return parcels + [(picking, [], [], with_others % first.name) for picking, first in along.items()]
