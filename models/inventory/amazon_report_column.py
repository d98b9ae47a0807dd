from odoo import api, fields, models

from ...selling_partner import LISTING_COLUMNS


class AmazonReportColumn(models.Model):
    """A column of Amazon's report on all listings that the addon does not know, and what a person says of it. Amazon's
    columns are the same for all companies."""

    _name = "amazon.report.column"
    _description = "Column of Amazon's Report on SKUs"
    _inherit = ["amazon.guard"]
    _order = "name, id"

    name = fields.Char("Column", required=True, help="As it stands in the report's first line")
    meaning = fields.Selection(
        "_meanings", help="What it holds. Empty: nobody has said, and reports that have it are not read."
    )

    _name_uniq = models.UniqueIndex("(lower(name))", "This column is in the list already.")

    @api.model
    def _meanings(self):
        labels = {
            "seller-sku": self.env._("SKU"),
            "quantity": self.env._("Quantity"),
            "fulfillment-channel": self.env._("Shipped by"),
            "status": self.env._("Status"),
            "asin1": self.env._("ASIN"),
            "product-id": self.env._("Product ID"),
            "product-id-type": self.env._("Kind of Product ID"),
            "item-name": self.env._("Title"),
            "image-url": self.env._("Image"),
            "open-date": self.env._("Listed on"),
        }
        return [("none", self.env._("Not Needed")), *((name, labels[name]) for name in LISTING_COLUMNS)]

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        columns = super().create(vals_list)
        columns._read_again()
        return columns

    def write(self, vals):
        result = super().write(vals)
        self._read_again()
        return result

    # === BUSINESS METHODS === #

    def _read_again(self):
        """Have reports read that were waiting for a word on these."""
        if any(self.mapped("meaning")):
            # sudo: jobs are the addon's own, whoever's report it is
            self.env["amazon.job"].sudo().search([("name", "=", "offers"), ("report_ref", "!=", False)])._trigger()

    @api.model
    def _said(self):
        """Return what is said of columns, as ``selling_partner`` takes it.

        :rtype: dict
        """
        said = self.search_fetch([("meaning", "!=", False)], ["name", "meaning"])
        return {column.name: column.meaning if column.meaning != "none" else "" for column in said}

    @api.model
    def _ask(self, name):
        """Put a column on the list of which something is to be said.

        :param str name: as Amazon writes it.
        """
        if not self.search_count([("name", "=ilike", name)], limit=1):
            self.create({"name": name})
