from odoo import api, fields, models

from ...ours import OURS
from ...times import naive


class StockPicking(models.Model):
    """Deliveries that Amazon says are done: shipped in Seller Central, or by FBA."""

    _inherit = "stock.picking"

    # What is removed whole when the time of a buyer's data is over.
    _amazon_personal = ("note", "signature")

    amazon_fba_ref = fields.Char(
        "Multi-Channel Order",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="An FBA shipment of an order that was not placed on Amazon",
    )

    def _amazon_mark_shipped(self, packages):
        """Write Amazon's tracking numbers on what goes to the customer; Amazon knows of this delivery already.

        :param list packages: ``selling_partner`` packages that no other delivery is for.
        """
        numbers = dict.fromkeys(package.tracking_number for package in packages if package.tracking_number)
        for picking in self.filtered(
            lambda picking: picking.picking_type_id.code == "outgoing" and picking.amazon_channel != "fba"
        ):
            picking.with_context(amazon_has_left=OURS).carrier_tracking_ref = (
                ",".join(numbers) or picking.carrier_tracking_ref
            )

    def _amazon_after_shipped(self, moment, packages=()):
        """Write the time the goods left, after Odoo has written now.

        :param datetime moment: UTC, naive.
        :param packages: the ``selling_partner`` packages in which they left, where Amazon names them.
        """
        done = self.filtered(lambda picking: picking.state == "done")
        done.with_context(amazon_has_left=OURS).date_done = moment
        done.move_ids.filtered(lambda move: move.state == "done").date = moment

    @api.model
    def _amazon_fba_movement(self, account, value):
        """Record an FBA shipment of an order that was not placed on Amazon: goods leave the FBA
        warehouse, nothing is sold.

        :param account: the ``amazon.account``.
        :param value: the ``selling_partner`` order.
        :raise NeedsAttention: Amazon does not say that it was its to ship, or one of its SKUs is not known.
        """
        is_merchants = value.says_who_ships and not value.is_amazon_fulfilled
        if is_merchants or value.status != "SHIPPED":
            return
        if self.search_count([("amazon_fba_ref", "=", value.order_id)], limit=1):
            return
        Order = self.env["sale.order"]
        marketplace = Order._amazon_marketplace(account, value)
        local = Order.new({"amazon_marketplace_id": marketplace.id})._amazon_local_date(Order._amazon_ship_time(value))
        if local < account.start_date:
            return
        # Where Amazon does not say who has shipped it, somebody has to look.
        Order._amazon_channel(value)
        items = [item for item in value.items if item.wanted_quantity]
        offers = self.env["amazon.offer"]._resolve(account, marketplace, items)
        products = [Order._amazon_known_product(marketplace, offers, item)[0] for item in items]
        warehouse = account.fba_warehouse_id
        customers = self.env.ref("stock.stock_location_customers")
        picking = self.create(
            {
                "picking_type_id": warehouse.out_type_id.id,
                "location_id": warehouse.lot_stock_id.id,
                "location_dest_id": customers.id,
                "origin": value.order_id,
                "amazon_fba_ref": value.order_id,
                "move_ids": [
                    fields.Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": item.wanted_quantity,
                            "product_uom": product.uom_id.id,
                            "location_id": warehouse.lot_stock_id.id,
                            "location_dest_id": customers.id,
                        }
                    )
                    for item, product in zip(items, products, strict=True)
                ],
            }
        )
        picking.action_confirm()
        if any(move.has_tracking != "none" for move in picking.move_ids):
            picking.with_context(mail_activity_quick_update=True).activity_schedule(
                "sale_amazon_spapi.mail_activity_review",
                marketplace._today(),
                user_id=(account.user_id or self.env.user).id,
                summary=self.env._("Shipped by Amazon: enter the lot or serial numbers and validate the delivery"),
            )
            return
        for move in picking.move_ids:
            move.quantity = move.product_uom_qty
            move.picked = True
        picking._action_done()
        picking._amazon_after_shipped(naive(value.last_updated))
