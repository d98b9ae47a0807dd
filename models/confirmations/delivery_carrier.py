from odoo import api, fields, models

from ...selling_partner.shipments import OTHER
from .amazon_shipping_method import UNNAMED, names_no_carrier


class DeliveryCarrier(models.Model):
    _inherit = "delivery.carrier"
    _amazon_looked_up_first = True

    amazon_shipping_method_id = fields.Many2one(
        "amazon.shipping.method",
        "Linked Shipping Method",
        ondelete="restrict",
        index="btree_not_null",
        help="What Amazon is told about parcels sent with this delivery method: the carrier, how it is sent, "
        "and whether there is a tracking number",
    )
    amazon_ship_method = fields.Char(
        "Text Sent as Ship Method",
        help="Instead of the linked shipping method's. When both are empty, the delivery method's name is sent and "
        "a warning given before.",
    )
    amazon_no_tracking = fields.Boolean(
        "No Tracking Number Needed",
        compute="_compute_amazon_no_tracking",
        store=True,
        readonly=False,
        help="Deliveries are confirmed to Amazon without a tracking number. Follows the linked shipping method "
        "whenever that changes.",
    )

    amazon_carrier_warning = fields.Char(compute="_compute_amazon_carrier_warning")

    # === COMPUTE METHODS === #

    @api.depends(
        "amazon_shipping_method_id.carrier_name", "amazon_shipping_method_id.ship_method", "amazon_ship_method", "name"
    )
    @api.depends_context("lang")
    def _compute_amazon_carrier_warning(self):
        for carrier in self:
            facts = carrier._amazon_shipment_facts()
            unnamed = names_no_carrier(facts["carrier_name"], facts["ship_method"])
            carrier.amazon_carrier_warning = unnamed and carrier._amazon_why_unnamed()

    @api.depends("amazon_shipping_method_id.tracking_required")
    def _compute_amazon_no_tracking(self):
        for carrier in self:
            method = carrier.amazon_shipping_method_id
            carrier.amazon_no_tracking = bool(method) and not method.tracking_required

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if {"amazon_shipping_method_id", "amazon_ship_method", "amazon_no_tracking"} & set(vals):
            self.env["amazon.confirmation"]._look_again([("picking_id.carrier_id", "in", self.ids)], hint="carrier")
        return result

    def unlink(self):
        """A deleted method leaves the rules that chose it."""
        # sudo: rules are the Amazon manager's, delivery methods are not
        self.env["amazon.shipping.rule"].sudo().with_context(active_test=False).search(
            [("carrier_id", "in", self.ids)]
        ).unlink()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _amazon_collects(self, company):
        """Tell whether the carrier collects the money of cash on delivery.

        :param company: the ``res.company`` that ships.
        :return: None where that is not known: this is not linked, or the shop has no method that says that it collects.
        :rtype: bool | None
        """
        # sudo: who packs need not have access to Amazon
        carrier = self.sudo()
        method = carrier.amazon_shipping_method_id
        if not method or method.cash_on_delivery:
            return method.cash_on_delivery if method else None
        collecting = [("amazon_shipping_method_id.cash_on_delivery", "=", True)]
        known = carrier.search_count([*carrier._check_company_domain(company), *collecting], limit=1)
        return False if known else None

    def _amazon_why_unnamed(self):
        """Return what to set so that buyers read the name of a carrier."""
        method = self.sudo().amazon_shipping_method_id  # sudo: who packs need not have access to Amazon
        return self.env._(
            "Buyers would read “%(text)s” as the carrier: enter its name on %(method)s, or choose another one.",
            text=UNNAMED,
            method=method.display_name or self.name,
        )

    def _amazon_shipment_facts(self):
        """Tell what Amazon is told about parcels sent with this delivery method, which may be none.

        Names are in the language of the context.

        :return: ``carrier_code`` and ``carrier_name``; ``ship_method``: the method's own text, else the linked
            shipping method's, else the delivery method's name (R8); ``tracking_required`` (bool); ``mapped`` (bool):
            a shipping method is linked; ``label_missing`` (bool): the ship-method is only the delivery method's
            name (C12).
        :rtype: dict
        """
        # sudo: who packs need not have access to Amazon
        method = self.sudo().amazon_shipping_method_id
        name = self.name or ""
        label = (self.amazon_ship_method or "").strip() or (method.ship_method or "").strip()
        return {
            "carrier_code": method.carrier_code or OTHER,
            "carrier_name": (method.carrier_name or "") if method else name,
            "ship_method": label or name,
            "tracking_required": not self.amazon_no_tracking,
            "mapped": bool(method),
            "label_missing": not label,
        }
