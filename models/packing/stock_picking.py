from zoneinfo import ZoneInfo

from odoo import api, fields, models

from ...times import local_date
from ..customers.address import normalize_phone

# What a delivery's id has before it where its number is too long, or not in plain letters as a Japanese warehouse's.
SHORT = "OUT"


class StockPicking(models.Model):
    """A delivery on its way through a carrier's program."""

    _inherit = "stock.picking"

    amazon_label_at = fields.Datetime(
        "Given to the Carrier's Program", readonly=True, copy=False, help="When it was last exported for a label"
    )

    # === BUSINESS METHODS === #

    def _amazon_why_no_label(self, layout):
        """Return why a carrier's program is not given this delivery, or False.

        :param layout: the ``amazon.carrier.layout``.
        :rtype: str | bool
        """
        self.ensure_one()
        if self.picking_type_code != "outgoing" or not self.amazon_account_id:
            return self.env._("It is no delivery of an Amazon order.")
        if why := self._amazon_why_not_fetched():
            return why
        if self.state != "assigned":
            return self.env._("Its goods are not all in stock yet.")
        code = self.carrier_id.sudo().amazon_shipping_method_id.carrier_code or ""
        if layout.carrier_code and code != layout.carrier_code:
            return self.env._("It goes by “%s”.", self.carrier_id.name or self.env._("no delivery method"))
        to = self.partner_id.sudo()
        if not (to.name and to.zip and (to.street or to.city)):
            return self.env._("The recipient's name, postal code or address is missing.")
        return self._amazon_why_not_collected()

    def _amazon_why_not_fetched(self):
        """Return why nothing is fetched from the shelves for this delivery now, or False."""
        self.ensure_one()
        if self.state in ("done", "cancel"):
            return self.env._("It has left already.") if self.state == "done" else self.env._("It is cancelled.")
        if self.amazon_blocked:
            return self.amazon_blocked
        return not self.move_line_ids and self.env._("Its goods are not all in stock yet.")

    def _amazon_why_not_collected(self):
        """Return why it is not known how much the carrier is to collect, or False."""
        for order in self._amazon_paid_on_delivery():
            parcels = order.picking_ids.filtered(
                lambda picking: picking.picking_type_code == "outgoing" and picking.state != "cancel"
            )
            if len(parcels) > 1:
                return self.env._(
                    "%s is paid on delivery and goes in several parcels: say by hand what each collects.", order.name
                )
        return False

    def _amazon_paid_on_delivery(self):
        """Return the orders in this parcel for which the carrier collects the money."""
        # sudo: the other orders in the parcel may be somebody else's
        parcel = self.sudo()
        orders = (parcel | parcel._amazon_same_parcel())._amazon_orders()
        return orders.filtered(lambda order: order.amazon_payment_method == "cod")

    def _amazon_label_facts(self, layout):
        """Return what a label needs to know of this parcel.

        :param layout: the ``amazon.carrier.layout``.
        :return: texts by the columns' contents; ``is_cod``: whether it is paid on delivery.
        :rtype: dict
        """
        self.ensure_one()
        # sudo: the buyer's address is on the slip, too
        parcel = self.sudo()
        # What is read of one is read of all that are exported.
        others = (parcel | parcel._amazon_same_parcel()).with_prefetch(self._prefetch_ids)
        order, collected = parcel.sale_id, parcel._amazon_paid_on_delivery()
        zone = ZoneInfo(order.amazon_marketplace_id.tz or "UTC")
        today = local_date(fields.Datetime.now(), zone)
        deliver_by, moves = order.amazon_deliver_by, others.move_ids.filtered(lambda move: move.state != "cancel")
        sender = parcel.picking_type_id.warehouse_id.partner_id or parcel.company_id.partner_id
        return {
            "reference": parcel.name,
            "short_reference": f"{SHORT}{parcel.id}",
            "order_ref": parcel.amazon_order_ref,
            "order_name": order.name,
            "ship_on": (parcel.amazon_ship_date or today).strftime(layout.day_format),
            "deliver_on": deliver_by and local_date(deliver_by, zone).strftime(layout.day_format),
            **_address(parcel.partner_id),
            **{f"sender_{name}": text for name, text in _address(sender).items()},
            "goods": ", ".join(filter(None, others.mapped("amazon_content"))),
            "units": f"{sum(moves.mapped('product_uom_qty')):g}",
            "instructions": parcel.amazon_instructions,
            "label_kind": parcel.carrier_id.amazon_shipping_method_id.label_kind,
            "is_cod": bool(collected),
            "cod_amount": self._amazon_collected(collected, "amount_total"),
            "cod_tax": self._amazon_collected(collected, "amount_tax"),
        }

    @api.model
    def _amazon_collected(self, orders, name):
        """Return what is collected for these orders, in their currency."""
        if not orders:
            return ""
        places = max(orders.currency_id.mapped("decimal_places"))
        return f"{sum(orders.mapped(name)):.{places}f}"


def _address(partner):
    """Return a contact's address by the names that columns have for its parts."""
    together = "" if partner.country_id.code in ("JP", False) else ", "
    address = together.join(filter(None, (partner.state_id.name, partner.city, partner.street)))
    return {
        "name": partner.name,
        "company": partner.company_name or partner.commercial_company_name or "",
        "phone": normalize_phone(partner.phone, partner.country_id.code or ""),
        "zip": partner.zip,
        "address": address,
        "building": partner.street2,
        "whole_address": " ".join(filter(None, (address, partner.street2))),
    }
