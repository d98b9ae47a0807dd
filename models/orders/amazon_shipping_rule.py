import re
import unicodedata

from odoo import api, fields, models
from odoo.exceptions import ValidationError

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

    # === CONSTRAINT METHODS === #

    @api.constrains("weight_min", "weight_max", "amount_min", "amount_max")
    def _check_ranges(self):
        for rule in self:
            for low, high in (("weight_min", "weight_max"), ("amount_min", "amount_max")):
                least, most = rule[low], rule[high]
                if min(least, most) < 0 or (most and most < least):
                    raise ValidationError(
                        self.env._(
                            "“%(low)s” and “%(high)s”: no order lies between %(least)s and %(most)s.",
                            low=self._fields[low]._description_string(self.env),
                            high=self._fields[high]._description_string(self.env),
                            least=least,
                            most=most,
                        )
                    )

    @api.constrains("zip_prefixes")
    def _check_zip_prefixes(self):
        for rule in self:
            wrong = [code for code in rule._zip_prefixes() if not any(char.isdecimal() for char in code)]
            if wrong or (rule.zip_prefixes and not rule._zip_prefixes()):
                raise ValidationError(
                    self.env._(
                        "“%s” is not the beginning of a postal code. Enter them separated by commas, e.g. 90,100-0.",
                        ", ".join(wrong) or rule.zip_prefixes,
                    )
                )

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
        prefixes = self._zip_prefixes()
        return not prefixes or self._bare(code).startswith(prefixes)

    def _zip_prefixes(self):
        """Return them as they are compared; people write them full-width, with Japanese commas and dashes.

        :rtype: tuple
        """
        written = re.split("[,、]", unicodedata.normalize("NFKC", self.zip_prefixes or ""))
        return tuple(filter(None, map(self._bare, written)))

    @staticmethod
    def _bare(code):
        return re.sub(r"[\W_ー]", "", unicodedata.normalize("NFKC", code or "")).upper()

    def _fits_category(self, products):
        allowed = {str(category.id) for category in self.categ_ids}
        return any(allowed & set((product.categ_id.parent_path or "").split("/")) for product in products)
