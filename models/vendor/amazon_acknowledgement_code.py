from odoo import api, fields, models
from odoo.exceptions import UserError

# All others reject the order.
ACCEPTED = "00"


class AmazonAcknowledgementCode(models.Model):
    """What a vendor answers to an order. Amazon and each vendor agree upon the list; the text goes to Amazon, too."""

    _name = "amazon.acknowledgement.code"
    _description = "Acknowledgement Code"
    _inherit = ["amazon.guard"]
    _order = "sequence, code"
    _rec_names_search = ["code", "name"]

    code = fields.Char(required=True, help="Amazon's, of two digits")
    name = fields.Char("Meaning", required=True, translate=True, help="In English it is what Amazon is told.")
    sequence = fields.Integer(default=20)
    active = fields.Boolean(default=True)
    accepts = fields.Boolean(compute="_compute_accepts", help="All other codes reject the order.")

    _code_uniq = models.UniqueIndex("(code)", "This code is in the list already (it may be archived).")

    # === COMPUTE METHODS === #

    @api.depends("code")
    def _compute_accepts(self):
        for code in self:
            code.accepts = code.code == ACCEPTED

    @api.depends("code", "name")
    def _compute_display_name(self):
        for code in self:
            code.display_name = f"{code.code} {code.name}" if code.code else code.name

    # === BUSINESS METHODS === #

    @api.model
    def _accepting(self):
        """Return the code that accepts an order.

        :raise UserError: it was deleted.
        """
        # sudo: whoever accepts an order need not be able to read the list
        code = self.sudo().with_context(active_test=False).search([("code", "=", ACCEPTED)], limit=1)
        if not code:
            raise UserError(self.env._("The acknowledgement code %s is missing in the list.", ACCEPTED))
        return code
