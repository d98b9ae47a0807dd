import re
import unicodedata

from odoo import fields, models

SERVICE_LEVELS = [
    ("STANDARD", "Standard"),
    ("EXPEDITED", "Expedited"),
    ("PRIORITY", "Priority"),
    ("SECOND_DAY", "Second Day"),
    ("NEXT_DAY", "Next Day"),
    ("SAME_DAY", "Same Day"),
    ("SCHEDULED", "Scheduled"),
    ("FREE_ECONOMY", "Free Economy"),
]


class AmazonShippingRule(models.Model):
    """R12: chooses the delivery method of an imported order; the first rule that fits decides."""

    _name = "amazon.shipping.rule"
    _inherit = "amazon.guard"
    _description = "Amazon Shipping Method Rule"
    _check_company_auto = True
    _order = "sequence, id"
    _rec_name = "carrier_id"

    account_id = fields.Many2one("amazon.account", required=True, index=True, ondelete="cascade", write_once=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    carrier_id = fields.Many2one("delivery.carrier", "Delivery Method", required=True, check_company=True)
    service_level = fields.Selection(SERVICE_LEVELS, help="Empty: any")
    cash_on_delivery = fields.Selection([("yes", "Only cash on delivery"), ("no", "Not cash on delivery")])
    country_ids = fields.Many2many("res.country", string="Countries")
    state_ids = fields.Many2many("res.country.state", string="Prefectures")
    zip_prefixes = fields.Char("Postal Codes Starting With", help="Separated by commas, e.g. 90,100-0")
    weight_max = fields.Float("Weight up to (kg)", digits="Stock Weight", help="0: any")
    weight_min = fields.Float("Weight from (kg)", digits="Stock Weight")
    amount_min = fields.Float("Amount from", help="The order's total in its currency")
    amount_max = fields.Float("Amount up to", help="0: any")
    product_ids = fields.Many2many("product.product", string="Products", help="Any of them is in the order")
    categ_ids = fields.Many2many("product.category", string="Product Categories", help="Any of them is in the order")

    # === BUSINESS METHODS === #

    def _choose(self, facts):
        """Return the delivery method of the first rule that fits, or none.

        :param dict facts: ``service_level``, ``cash_on_delivery`` (bool), ``partner`` (delivery address),
            ``weight`` (kg), ``amount`` (order's currency), ``products``.
        """
        return next((rule.carrier_id for rule in self if rule._fits(facts)), self.env["delivery.carrier"])

    def _fits(self, facts):
        self.ensure_one()
        partner, products = facts["partner"], facts["products"]
        return (
            self.carrier_id.active
            and (not self.service_level or self.service_level == facts["service_level"])
            and (not self.cash_on_delivery or (self.cash_on_delivery == "yes") == facts["cash_on_delivery"])
            and (not self.country_ids or partner.country_id in self.country_ids)
            and (not self.state_ids or partner.state_id in self.state_ids)
            and self._fits_zip(partner.zip)
            and facts["weight"] >= self.weight_min
            and (not self.weight_max or facts["weight"] <= self.weight_max)
            and facts["amount"] >= self.amount_min
            and (not self.amount_max or facts["amount"] <= self.amount_max)
            and (not self.product_ids or bool(self.product_ids & products))
            and (not self.categ_ids or self._fits_category(products))
        )

    def _fits_zip(self, code):
        # As people write them: full-width, with Japanese commas and dashes.
        written = re.split("[,、]", unicodedata.normalize("NFKC", self.zip_prefixes or ""))
        prefixes = tuple(filter(None, map(self._bare, written)))
        return not prefixes or self._bare(code).startswith(prefixes)

    @staticmethod
    def _bare(code):
        return re.sub(r"[\W_ー]", "", unicodedata.normalize("NFKC", code or "")).upper()

    def _fits_category(self, products):
        allowed = {str(category.id) for category in self.categ_ids}
        return any(allowed & set((product.categ_id.parent_path or "").split("/")) for product in products)
