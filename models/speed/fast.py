"""Shorter ways to the rows that Odoo makes, for a batch of Amazon orders (see ``memo.py``).

Odoo confirms and reserves many orders one after the other, with some hundred queries each. What is asked for every one
of them is asked once a batch here, and what is made for every one is made in one call. Outside a batch nothing changes.

Between what begins a shorter way and what ends it lie Odoo's own methods: what they are to leave out can be said only
in the context. Nothing comes back that way; what there is to do afterwards is read from the records.
"""

from collections import defaultdict

from odoo import api, models
from odoo.tools import clean_context

from ... import memo
from ...memo import fast, once
from ...ours import OURS, These, is_ours, these


class AccountAnalyticDistributionModel(models.Model):
    _inherit = "account.analytic.distribution.model"

    @api.model
    def _get_distribution(self, vals):
        """Ask nothing per line in a company that distributes nothing."""
        if fast(self.env, "analytic") and not once(
            self.env, ("analytic", self.env.company.id), lambda: self.sudo().search_count([], limit=1)
        ):
            return {}
        return super()._get_distribution(vals)


class StockRule(models.Model):
    _inherit = "stock.rule"

    @api.model
    def _search_rule_for_warehouses(self, route_ids, packaging_uom_id, product_id, warehouse_ids, domain):
        """Look for the rules of a product once."""
        search = super()._search_rule_for_warehouses
        if not fast(self.env, "rules"):
            return search(route_ids, packaging_uom_id, product_id, warehouse_ids, domain)
        key = (
            "rules",
            self.env.companies.ids and tuple(self.env.companies.ids),
            route_ids and tuple(route_ids.ids),
            packaging_uom_id and packaging_uom_id.id,
            product_id.id,
            warehouse_ids and tuple(warehouse_ids.ids),
            repr(domain),
        )
        return once(self.env, key, lambda: search(route_ids, packaging_uom_id, product_id, warehouse_ids, domain))


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _action_launch_stock_rule(self, *, previous_product_uom_qty=False):
        """Make the references of all orders in one call, and confirm all deliveries in one."""
        if not fast(self.env, "references") or self.env.context.get("skip_procurement"):
            return super()._action_launch_stock_rule(previous_product_uom_qty=previous_product_uom_qty)
        self._amazon_create_references()
        orders = self.order_id
        lines = self.with_context(amazon_confirm_later=These(orders.ids))
        result = super(SaleOrderLine, lines)._action_launch_stock_rule(
            previous_product_uom_qty=previous_product_uom_qty
        )
        pickings = orders.picking_ids.filtered(lambda picking: picking.state not in ("cancel", "done"))
        if pickings.move_ids._amazon_without_orderpoints():
            pickings.action_confirm()
        else:
            # Orderpoints are served order by order.
            for picking in pickings:
                picking.action_confirm()
        return result

    def _amazon_create_references(self):
        """Make what :meth:`_action_launch_stock_rule` would make for one order after the other."""
        first = {}
        for line in self:
            order = line.order_id
            if order not in first and line._amazon_needs_procurement() and not order.stock_reference_ids:
                first[order] = line
        if first:
            self.env["stock.reference"].create([line._prepare_reference_vals() for line in first.values()])

    def _amazon_needs_procurement(self):
        """Tell whether a new line will be procured for sure."""
        return (
            self.state == "sale"
            and not self.order_id.locked
            and self.product_id.type == "consu"
            and not self.move_ids
            and self.product_uom_qty > 0
            and not self.amazon_qty_recorded
        )


class StockMove(models.Model):
    _inherit = "stock.move"

    # === CONFIRMING === #

    def _action_confirm(self, merge=True, merge_into=False, create_proc=True):
        """Make the deliveries of all orders in one call; whatever is not plain is left to Odoo."""
        if fast(self.env, "pickings"):
            self._amazon_create_pickings()
        return super()._action_confirm(merge=merge, merge_into=merge_into, create_proc=create_proc)

    def _amazon_create_pickings(self):
        """Put the moves of new orders into new deliveries, as :meth:`_assign_picking` would for each order."""
        moves = self.with_context(clean_context(self.env.context)).filtered(lambda move: move._amazon_is_plain())
        # What an order's other moves are delivered with already is for Odoo to find.
        known = self.search([("reference_ids", "in", moves.reference_ids.ids), ("picking_id", "!=", False)])
        groups = defaultdict(self.browse)
        for move in moves:
            if not move.reference_ids & known.reference_ids:
                groups[move._key_assign_picking()] += move
        if not groups:
            return
        pickings = moves.env["stock.picking"].create([group._get_new_picking_values() for group in groups.values()])
        for picking, group in zip(pickings, groups.values(), strict=True):
            group.write({"picking_id": picking.id})
            group.with_context(amazon_note_later=OURS)._assign_picking_post_process(new=True)
        pickings._amazon_log_origins()

    def _amazon_is_plain(self):
        """Tell whether nothing but :meth:`_assign_picking` decides about the delivery of a move."""
        return (
            self.state == "draft"
            and self._should_be_assigned()
            and self.reference_ids
            and self.procure_method == "make_to_stock"
            and self.rule_id.procure_method == "make_to_stock"
            and not self.move_orig_ids
            and self.product_uom.compare(self.product_uom_qty, 0) > 0
            and self._amazon_orders()
            # A kit is exploded into other moves first.
            and not ("is_kits" in self.product_id._fields and self.product_id.is_kits)
        )

    # === ORDERPOINTS === #

    def _amazon_without_orderpoints(self):
        """Tell whether no product of these moves has an orderpoint, not even an archived one."""
        if not fast(self.env, "orderpoints"):
            return False
        known = once(self.env, ("orderpoints",), dict)
        unknown = [product_id for product_id in self.product_id.ids if product_id not in known]
        if unknown:
            # sudo: as Odoo looks for them
            groups = (
                self.env["stock.warehouse.orderpoint"]
                .sudo()
                .with_context(active_test=False)
                ._read_group([("product_id", "in", unknown)], ["product_id"])
            )
            known.update(dict.fromkeys(unknown, False))
            known.update({product.id: True for [product] in groups})
        return not any(known[product_id] for product_id in self.product_id.ids)

    def _update_orderpoints(self):
        return None if self._amazon_without_orderpoints() else super()._update_orderpoints()

    def _trigger_scheduler(self):
        return None if self._amazon_without_orderpoints() else super()._trigger_scheduler()

    # === RESERVING === #

    def _action_assign(self, force_qty=False):
        """Make the move lines of all moves in one call; Odoo then finds these moves reserved."""
        if force_qty or not fast(self.env, "lines"):
            return super()._action_assign(force_qty=force_qty)
        lines = self._amazon_reserve_together()
        result = super()._action_assign(force_qty=force_qty)
        lines._apply_putaway_strategy()
        return result

    def _amazon_reserve_together(self):
        """Reserve for those of these moves that take what they need from stock, as far as it is there.

        :return: the lines, made in one call.
        :raise RuntimeError: Odoo has not made them as this way expects.
        """
        taking = self.filtered(lambda move: move._amazon_takes_from_stock())
        # What other moves here take of the same goods is for Odoo to share out.
        contested = (self - taking).product_id
        vals_list, expected = [], {}
        for move in taking.filtered(lambda move: move.product_id not in contested):
            move = move.with_company(move.company_id)
            had, need = move.quantity, move.product_uom_qty - move.quantity
            new, taken = move._update_reserved_quantity_vals(need, move.location_id, strict=False)
            # Reserved at once, as the next move must not find the goods.
            move._amazon_take(new)
            vals_list += new
            expected[move] = had + taken
        lines = self.env["stock.move.line"].with_context(amazon_reserved=OURS).create(vals_list)
        for move, quantity in expected.items():
            if move.product_uom.compare(move.quantity, quantity):
                raise RuntimeError("goods are reserved without lines: Odoo does not go the way of fast.py")
        return lines.with_env(self.env)

    def _amazon_takes_from_stock(self):
        """Tell whether Odoo would reserve what is missing for this move from the stock of its source location."""
        return (
            self.state in ("confirmed", "waiting", "partially_available")
            and not self.picked
            and not self.move_orig_ids
            and self.procure_method != "make_to_order"
            and self.product_uom == self.product_id.uom_id
            and self.product_id.tracking != "serial"
            and self.product_uom.compare(self.product_uom_qty, self.quantity) > 0
            and not self._should_bypass_reservation()
        )

    def _amazon_take(self, vals_list):
        """Reserve goods for which lines are made afterwards.

        :param list vals_list: the lines' values.
        """
        for vals in vals_list:
            self.env["stock.quant"]._update_reserved_quantity(
                self.product_id,
                self.env["stock.location"].browse(vals["location_id"]),
                vals["quantity"],
                lot_id=self.env["stock.lot"].browse(vals.get("lot_id") or []),
                package_id=self.env["stock.package"].browse(vals.get("package_id") or []),
                owner_id=self.env["res.partner"].browse(vals.get("owner_id") or []),
            )


class StockQuant(models.Model):
    _inherit = "stock.quant"

    @api.model
    def _update_reserved_quantity(
        self, product_id, location_id, quantity, lot_id=None, package_id=None, owner_id=None, strict=True
    ):
        if is_ours(self.env, "amazon_reserved"):
            return None
        return super()._update_reserved_quantity(
            product_id, location_id, quantity, lot_id=lot_id, package_id=package_id, owner_id=owner_id, strict=strict
        )

    def _gather(self, product_id, location_id, lot_id=None, package_id=None, owner_id=None, strict=False, qty=0):
        """Look for a product's quants once. Nobody else's are seen within a transaction; what is changed here starts
        the search again."""
        gather = super()._gather
        arguments = {"lot_id": lot_id, "package_id": package_id, "owner_id": owner_id, "strict": strict, "qty": qty}
        if not fast(self.env, "quants") or self._get_removal_strategy(product_id, location_id) == "least_packages":
            return gather(product_id, location_id, **arguments)
        key = (
            product_id.id,
            location_id.id,
            lot_id and lot_id.id,
            package_id and package_id.id,
            owner_id and owner_id.id,
            strict,
            self.env.uid,
            self.env.su,
            self.env.context.get("with_expiration"),
        )
        memo = once(self.env, ("quants",), dict)
        if key not in memo:
            memo[key] = gather(product_id, location_id, **arguments).ids
        return self.browse(memo[key])

    def try_lock_for_update(self, *, allow_referencing=False, limit=None):
        if limit != 1 or not fast(self.env, "quants"):
            return super().try_lock_for_update(allow_referencing=allow_referencing, limit=limit)
        locked = once(self.env, ("locked quants", allow_referencing), set)
        if self[:1].id not in locked:
            found = super().try_lock_for_update(allow_referencing=allow_referencing, limit=limit)
            locked.update(found.ids)
            return found
        return self[:1]

    @api.model_create_multi
    def create(self, vals_list):
        self._amazon_forget()
        return super().create(vals_list)

    def write(self, vals):
        if any(
            vals[name] != self._fields[name].convert_to_write(quant[name], quant)
            for quant in self
            for name in ("in_date", "product_id", "location_id", "lot_id", "package_id", "owner_id")
            if name in vals
        ):
            self._amazon_forget()
        return super().write(vals)

    def unlink(self):
        self._amazon_forget()
        return super().unlink()

    def _amazon_forget(self):
        memo.drop(self.env, ("quants",))


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def action_confirm(self):
        """Leave deliveries that are confirmed together afterwards."""
        orders = these(self.env, "amazon_confirm_later")
        now = self.filtered(lambda picking: picking.sale_id.id not in orders) if orders else self
        return super(StockPicking, now).action_confirm()

    def message_post_with_source(self, source_ref, render_values=None, **kwargs):
        """Leave the notes that say where a delivery comes from for all deliveries together."""
        if source_ref == "mail.message_origin_link" and is_ours(self.env, "amazon_note_later"):
            return self.env["mail.message"]
        return super().message_post_with_source(source_ref, render_values=render_values, **kwargs)

    def _amazon_log_origins(self):
        """Write where these new deliveries come from, in the words that Odoo uses."""
        bodies = {}
        for picking in self:
            for order in picking.move_ids.sale_line_id.order_id:
                bodies.update(
                    self.env["mail.render.mixin"]._render_template_qweb_view(
                        "mail.message_origin_link",
                        picking._name,
                        picking.ids,
                        add_context={"self": picking, "origin": order},
                    )
                )
        if bodies:
            self.browse(bodies)._message_log_batch(bodies)
