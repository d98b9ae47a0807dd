"""Deliveries that travel in one parcel (同梱), and what a delivery shows of its confirmations."""

import re

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..customers.address import normalize
from .sale_order import COMBINED


class StockPicking(models.Model):
    _inherit = "stock.picking"

    amazon_confirmation_count = fields.Integer(compute="_compute_amazon_confirmation_count")
    amazon_needs_codes = fields.Boolean(compute="_compute_amazon_needs_codes")
    amazon_code_move_ids = fields.One2many(
        "stock.move",
        "picking_id",
        "Transparency",
        domain=[("amazon_needs_codes", "=", True)],
        write_groups="stock.group_stock_user",
    )
    amazon_combined = fields.Selection(COMBINED, "Combined", compute="_compute_amazon_combined")
    amazon_combined_with = fields.Char("In One Parcel with", compute="_compute_amazon_combined")
    amazon_parcel_open = fields.Char(
        "Not Validated Yet",
        compute="_compute_amazon_combined",
        help="The other deliveries of this parcel, which has left",
    )

    # === COMPUTE METHODS === #

    @api.depends("amazon_confirmation_ids")
    def _compute_amazon_confirmation_count(self):
        for picking in self:
            # sudo: a warehouse hand may have no access to Amazon's outbox
            picking.amazon_confirmation_count = len(picking.sudo().amazon_confirmation_ids)

    @api.depends("move_ids.amazon_needs_codes")
    def _compute_amazon_needs_codes(self):
        for picking in self:
            picking.amazon_needs_codes = any(picking.move_ids.mapped("amazon_needs_codes"))

    @api.depends(
        "state", "sale_id.amazon_merged_into_id", "sale_id.amazon_merged_child_ids", "move_line_ids.result_package_id"
    )
    def _compute_amazon_combined(self):
        orders = self.sudo().sale_id
        # Read for all of them at once.
        (orders | orders.amazon_merged_into_id).mapped("amazon_merged_child_ids")
        for picking in self:
            # sudo: see _compute_amazon_confirmation_count
            others = picking.sudo()._amazon_same_parcel()
            child = picking.sudo().sale_id.amazon_merged_into_id
            picking.amazon_combined = "child" if others and child else "parent" if others else False
            picking.amazon_combined_with = others._amazon_with_orders()
            left_behind = others.filtered(lambda other: other.state != "done")
            picking.amazon_parcel_open = picking.state == "done" and left_behind._amazon_with_orders()

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "carrier_tracking_ref" in vals:
            for picking in self:
                picking._amazon_number_parcel()
        return result

    # === ACTION METHODS === #

    def action_amazon_view_confirmations(self):
        """Open what Amazon was told, or is to be told, of these deliveries."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_confirmations")
        return {**action, "domain": [("picking_id", "in", self.ids)], "context": {}}

    def action_amazon_view_order(self):
        """Open the order that this delivery is for."""
        self.ensure_one()
        return self.sale_id._amazon_form()

    def action_amazon_separate(self):
        """Undo combining, as long as nothing has left.

        :raise UserError: when something has, or the delivery is not combined.
        """
        self.check_access("write")
        # Salesmen and bookkeepers may write deliveries, too; parcels are those people's who pack them.
        self.env["stock.package"].check_access("write")
        for picking in self:
            picking._amazon_separate()

    def action_amazon_validate_parcel(self):
        """Validate the other deliveries of this parcel, which has left."""
        self.ensure_one()
        self.check_access("write")
        self.env["stock.package"].check_access("write")  # see action_amazon_separate
        # sudo: only which they are; validating them goes by the user's own rights
        others = self.sudo()._amazon_same_parcel().filtered(lambda other: other.state != "done")
        return others.sudo(False).button_validate() if others and self.state == "done" else True

    # === BUSINESS METHODS === #

    def _amazon_with_orders(self):
        """Return the names of these deliveries and their orders, or False.

        :rtype: str | bool
        """
        return ", ".join(f"{picking.name} ({picking.sale_id.name})" for picking in self.sorted("id")) or False

    def _amazon_same_parcel(self):
        """Return the other deliveries that are in a parcel with this one because their orders were combined."""
        orders = self.sale_id
        family = orders | orders.amazon_merged_into_id
        family |= family.amazon_merged_child_ids
        packages = self.move_line_ids.result_package_id
        if not packages or len(family) < 2:
            return self.browse()
        return family.picking_ids.filtered(
            lambda picking: (
                picking != self
                and picking.state != "cancel"
                and picking.picking_type_code == "outgoing"
                and picking.move_line_ids.result_package_id & packages
            )
        )

    def _amazon_number_parcel(self):
        """The number that was entered on one of the deliveries in a parcel is the parcel's, which tells the others."""
        # sudo: the other orders may be somebody else's; the parcel is one
        others = self.sudo()._amazon_same_parcel()
        packages = self.sudo().move_line_ids.result_package_id & others.move_line_ids.result_package_id
        number = self._amazon_first_number()
        if packages and number not in [next(iter(package._amazon_numbers()), False) for package in packages]:
            packages.amazon_tracking_ref = number

    def _amazon_shows(self, numbers):
        """Tell whether this delivery shows all numbers of its parcel, the first of them first."""
        return self._amazon_first_number() in (numbers[:1] or [False]) and set(numbers) <= set(self._amazon_numbers())

    def _amazon_first_number(self):
        """Return the first of the tracking numbers that were entered on this delivery, or False."""
        return next(iter(self._amazon_numbers()), False)

    def _amazon_number_entered(self):
        """Return the tracking numbers of this delivery as a person would write them: its parcels' own, else its own."""
        # sudo: see _compute_amazon_confirmation_count
        packages = self.sudo().move_line_ids.result_package_id.filtered("amazon_tracking_ref").sorted("id")
        return ",".join(dict.fromkeys(packages.mapped("amazon_tracking_ref"))) or self.carrier_tracking_ref

    def _amazon_enter_number(self, number):
        """Write the tracking number of this delivery where it counts.

        :param number: clean; False takes it away.
        """
        package = self.move_line_ids.result_package_id.filtered("amazon_tracking_ref")
        if len(package) == 1:
            package.amazon_tracking_ref = number
        self.carrier_tracking_ref = number

    def _amazon_combine(self, parent, carrier, number):
        """Put these deliveries into one parcel: every order keeps its own delivery, lines and amounts.

        :param parent: the ``sale.order`` that the others are combined into.
        :param carrier: the ``delivery.carrier`` that takes the parcel.
        :param str number: the parcel's tracking number, may be empty.
        :return: the ``stock.package``.
        """
        orders = self.sale_id
        # What a packer has taken out of another parcel since.
        (orders | orders.amazon_merged_child_ids)._amazon_part()
        if carrier:
            self.filtered(lambda picking: picking.carrier_id != carrier).carrier_id = carrier
        if len(self.batch_id) != 1 or not all(picking.batch_id for picking in self):
            [here] = parent._amazon_in_company_language()
            batch = self.env["stock.picking.batch"].create(
                {
                    "company_id": self.company_id.id,
                    "picking_type_id": self.picking_type_id.id,
                    "description": here.env._("Combined into %s", parent.name),
                    "picking_ids": [fields.Command.set(self.ids)],
                }
            )
            batch.action_confirm()
        package = self.env["stock.package"].create({})
        self.move_line_ids.with_context(force_move_lines=True).action_put_in_pack(package_id=package.id)
        children = orders - parent
        children.sudo().amazon_merged_into_id = parent  # sudo: see above
        if number:
            self.filtered(lambda picking: picking.sale_id == parent)[:1].carrier_tracking_ref = number
        for order in orders._amazon_in_company_language():
            text = order.env._("Combined into one parcel: %s", ", ".join(orders.mapped("name")))
            order._message_log(body=Markup("%s") % text)
        return package

    def _amazon_why_not_combined(self):
        """Return everything that stands against sending these deliveries in one parcel.

        :rtype: list[str]
        """
        if len(self) < 2:
            return [self.env._("Choose at least two deliveries.")]
        reasons = [reason for picking in self for reason in picking._amazon_why_not_packed()]
        if len(self.company_id) > 1:
            reasons.append(self.env._("They are of different companies: %s", ", ".join(self.company_id.mapped("name"))))
        accounts = self.sale_id.amazon_account_id
        if len(accounts) > 1:
            reasons.append(self.env._("They are of different Amazon accounts: %s", ", ".join(accounts.mapped("name"))))
        if len(self.picking_type_id) > 1 or len(self.location_dest_id) > 1:
            reasons.append(
                self.env._(
                    "They do not leave in the same way: %s", ", ".join(self.picking_type_id.mapped("display_name"))
                )
            )
        first = self.sorted("id")[0]
        for picking in self - first:
            what = first._amazon_address_differs(picking)
            if what:
                reasons.append(
                    self.env._(
                        "%(delivery)s and %(first)s go to different places: %(what)s",
                        delivery=picking.name,
                        first=first.name,
                        what=", ".join(what),
                    )
                )
        return reasons

    def _amazon_why_not_packed(self):
        """Return what stands against packing this one delivery together with others."""
        self.ensure_one()
        env, name = self.env, self.name
        order = self.sale_id
        if self.picking_type_code != "outgoing" or not order._amazon_is_ours():
            return [env._("%s is no delivery of an Amazon order that the shop ships itself.", name)]
        if self.state in ("done", "cancel"):
            return [env._("%s has left already, or is cancelled.", name)]
        if blocked := self._amazon_why_blocked():
            return [blocked]
        family = self._amazon_same_parcel()
        if family or (order.amazon_merged_into_id and order._amazon_in_one_parcel()):
            return [env._("%s is combined already; separate it first.", name)]
        if self.state != "assigned" or any(
            move.state not in ("assigned", "cancel", "done") for move in self.move_ids if move.product_uom_qty
        ):
            return [env._("%s is not fully reserved.", name)]
        if self.move_line_ids.result_package_id:
            return [env._("%s is packed already; take it out of its package first.", name)]
        return []

    def _amazon_address_differs(self, other):
        """Return which parts of the address differ.

        :rtype: list[str]
        """
        mine, theirs = self.partner_id, other.partner_id
        if mine == theirs:
            return []
        parts = {
            self.env._("recipient"): lambda partner: normalize(partner.name),
            self.env._("company"): lambda partner: normalize(partner.company_name),
            self.env._("country"): lambda partner: partner.country_id.id,
            self.env._("postal code"): lambda partner: re.sub(r"[\W_]", "", normalize(partner.zip)),
            self.env._("state"): lambda partner: partner.state_id.id,
            self.env._("address"): lambda partner: normalize(
                " ".join(filter(None, (partner.city, partner.street, partner.street2)))
            ),
        }
        return [label for label, part in parts.items() if part(mine) != part(theirs)]

    def _amazon_separate(self):
        """Give each delivery of this parcel its own again."""
        others = self._amazon_same_parcel()
        if not others:
            raise UserError(self.env._("%s is not combined with other deliveries.", self.name))
        together = self | others
        if any(picking.state == "done" for picking in together):
            raise UserError(self.env._("The parcel has left: what is combined stays combined."))
        packages = self.move_line_ids.result_package_id & others.move_line_ids.result_package_id
        orders = together.sale_id
        children = orders.filtered(lambda order: order.amazon_merged_into_id in orders)
        together.move_line_ids.filtered(lambda line: line.result_package_id in packages).result_package_id = False
        # The number stays with the order that the others were combined into.
        (together & children.picking_ids).carrier_tracking_ref = False
        children.sudo().amazon_merged_into_id = False  # sudo: see _amazon_combine
        batches = together.batch_id
        together.batch_id = False
        batches.filtered(lambda batch: not batch.picking_ids and batch.state != "cancel").action_cancel()
        # sudo: an empty package is nobody's; the wizard made it
        packages.sudo().filtered(lambda package: not package.quant_ids).unlink()
        for order in orders._amazon_in_company_language():
            text = order.env._("Not combined any more: %s", ", ".join(orders.mapped("name")))
            order._message_log(body=Markup("%s") % text)
