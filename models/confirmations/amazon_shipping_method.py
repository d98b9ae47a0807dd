from itertools import count

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...selling_partner.shipments import OTHER

ORIGINS = [
    ("next_engine", "NEXT ENGINE"),
    ("makeshop", "makeshop"),
    ("own", "The Shop's Own"),
]
# What NEXT ENGINE sends as the carrier's name for その他: “please name the carrier”. Buyers would read it.
UNNAMED = "配送業者を指定してください"


def names_no_carrier(*texts):
    """Tell whether one of the texts is what stands for a carrier that nobody has named."""
    return any(UNNAMED in (text or "") for text in texts)


class AmazonShippingMethod(models.Model):
    """N8, M1: how a parcel goes, as Amazon is told. The rows of the tables that Japanese shop systems send come with
    the addon; a shop adds its own. Delivery methods are linked to them."""

    _name = "amazon.shipping.method"
    _inherit = "amazon.guard"
    _description = "Amazon Shipping Method"
    _order = "sequence, id"
    _rec_names_search = ["name", "code", "carrier_name"]

    code = fields.Char(required=True, help="Short and the shop's own, e.g. NE-20 for NEXT ENGINE's shipping method 20")
    name = fields.Char(required=True)
    origin = fields.Selection(ORIGINS, required=True, default="own", copy=False)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    carrier_code = fields.Char(
        required=True,
        default=OTHER,
        help="Amazon's code of the carrier, e.g. YAMATO; Other when Amazon has none for it",
    )
    carrier_name = fields.Char(help="Sent beside the carrier code Other: what buyers read as carrier")
    ship_method = fields.Char(help="Text sent as ship-method; empty: the delivery method's name is sent")
    tracking_required = fields.Boolean(
        "Tracking Number Needed",
        default=True,
        help="Off for what has no tracking number: such deliveries are confirmed to Amazon without one.",
    )
    cash_on_delivery = fields.Boolean(help="The carrier collects the money.")
    delivery_method_ids = fields.One2many("delivery.carrier", "amazon_shipping_method_id", "Delivery Methods")
    delivery_method_count = fields.Integer("Number of Delivery Methods", compute="_compute_delivery_method_count")

    _code_uniq = models.UniqueIndex("(code)", "A shipping method with this code exists already (it may be archived).")

    # === COMPUTE METHODS === #

    @api.depends("code", "name")
    def _compute_display_name(self):
        for method in self:
            method.display_name = f"[{method.code}] {method.name}" if method.code else method.name

    @api.depends("delivery_method_ids")
    def _compute_delivery_method_count(self):
        counts = dict(
            self.env["delivery.carrier"]._read_group(
                [("amazon_shipping_method_id", "in", self.ids)], ["amazon_shipping_method_id"], ["__count"]
            )
        )
        for method in self:
            method.delivery_method_count = counts.get(method, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("carrier_code", "carrier_name")
    def _check_carrier_name(self):
        for method in self:
            other = (method.carrier_code or "").strip().lower() == OTHER.lower()
            if other and not (method.carrier_name or "").strip():
                raise ValidationError(
                    self.env._(
                        "%s: with the carrier code “Other” Amazon wants the carrier's name. Please enter it.",
                        method.display_name,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if {"carrier_code", "carrier_name", "ship_method", "tracking_required"} & set(vals):
            # sudo: delivery methods of companies the user does not see count too
            carriers = (
                self.env["delivery.carrier"]
                .sudo()
                .with_context(active_test=False)
                .search([("amazon_shipping_method_id", "in", self.ids)])
            )
            self.env["amazon.confirmation"]._look_again([("picking_id.carrier_id", "in", carriers.ids)], hint="carrier")
        return result

    def copy_data(self, default=None):
        """A copy gets a code that is free."""
        vals_list = super().copy_data(default=default)
        if "code" not in (default or {}):
            for method, vals in zip(self, vals_list, strict=True):
                vals["code"] = method._free_code()
        return vals_list

    def _free_code(self):
        like = self.with_context(active_test=False).search([("code", "=like", f"{self.code}-%")])
        taken = set(like.mapped("code"))
        return next(code for number in count(2) if (code := f"{self.code}-{number}") not in taken)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_linked(self):
        # sudo: archived ones and those of other companies, too
        linked = (
            self.env["delivery.carrier"]
            .sudo()
            .with_context(active_test=False)
            .search([("amazon_shipping_method_id", "in", self.ids)], limit=1)
        )
        if linked:
            raise UserError(
                self.env._(
                    "%s is linked to delivery methods. Link them to another one first, or archive it instead.",
                    linked.amazon_shipping_method_id.display_name,
                )
            )

    # === ACTION METHODS === #

    def action_view_delivery_methods(self):
        """Open the delivery methods linked to this one."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "delivery.carrier",
            "view_mode": "list,form",
            "domain": [("amazon_shipping_method_id", "=", self.id)],
            "context": {"default_amazon_shipping_method_id": self.id},
            # Last: Odoo's export of texts takes a string in parentheses after it for one more text.
            "name": self.env._("Delivery Methods"),
        }
