import re
from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..selling_partner import AccessDenied, QuotaExceeded, RetryLater
from .common import JAPAN, AmazonCase


class ChangesCase(AmazonCase):
    """What Amazon changes after an order was confirmed here."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["product.product"].union(*cls.products.values()).invoice_policy = "order"
        cls.keep_books()

    def messages(self, order):
        """Return the order's and its deliveries' messages; what is tracked is written before a commit."""
        self.env.cr.flush()
        return self.env["mail.message"].search(
            [
                "|",
                "&",
                ("model", "=", "sale.order"),
                ("res_id", "=", order.id),
                "&",
                ("model", "=", "stock.picking"),
                ("res_id", "in", order.picking_ids.ids),
            ]
        )

    def personal(self, *received):
        """Return every personal word of some orders as they stand on Amazon."""
        words = set()
        for order in received:
            address = order["recipient"].get("deliveryAddress", {})
            words |= {
                address.get(key)
                for key in ("name", "companyName", "addressLine1", "addressLine2", "phone", "postalCode")
            }
            words |= {order["buyer"].get("buyerName"), order["buyer"].get("buyerEmail")}
            for item in order["orderItems"]:
                words.add(item.get("fulfillment", {}).get("packing", {}).get("giftOption", {}).get("giftMessage"))
        return {word for word in words if word}

    def assert_nothing_personal(self, order, *received):
        """Check that no personal word stands in the chatter, in tracked values or in activities."""
        messages = self.messages(order)
        texts = [*messages.mapped("body"), *messages.mapped("subject")]
        for value in messages.sudo().tracking_value_ids:
            texts += [value.old_value_char, value.new_value_char, value.old_value_text, value.new_value_text]
        activities = order.activity_ids | order.picking_ids.activity_ids
        texts += [*activities.mapped("note"), *activities.mapped("summary")]
        for word in self.personal(*received):
            self.assertFalse([text for text in texts if text and word in text], word)

    def assert_no_core_warnings(self, order):
        """Check that the core left no exception activities; what is to be done is told once, by us."""
        warning = self.env.ref("mail.mail_activity_data_warning")
        self.assertFalse(
            (order.activity_ids | order.picking_ids.activity_ids).filtered(
                lambda activity: activity.activity_type_id == warning
            )
        )


@tagged("post_install", "-at_install")
class TestChangedAddresses(ChangesCase):
    """Where an order goes, changed after it was confirmed here."""

    def test_address(self):
        """Open deliveries go to the new address, done ones stay; the chatter names what changed, without values."""
        order = self.imported("jp_company", items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        before = self.amazon_order(order)
        old = order.partner_shipping_id
        first = order.picking_ids
        first.move_ids.write({"quantity": 1, "picked": True})
        first.with_user(self.user).with_context(skip_backorder=True, picking_ids_not_to_backorder=[]).button_validate()
        [second] = order.picking_ids - first
        known = self.messages(order)
        self.changed(order, "change-address")
        new = order.partner_shipping_id
        self.assertNotEqual(new, old)
        self.assertEqual(new.street, self.amazon_order(order)["recipient"]["deliveryAddress"]["addressLine1"])
        self.assertEqual(first.partner_id, old)
        self.assertEqual(second.partner_id, new)
        self.assertEqual(second.move_ids.partner_id, new)
        self.assertEqual(order.partner_id.name, before["buyer"]["buyerName"])
        self.assertEqual(order.amount_total, 3 * 3300)
        [message] = self.messages(order) - known
        self.assertIn(order._fields["partner_shipping_id"]._description_string(self.env), message.body)
        self.assert_nothing_personal(order, before, self.amazon_order(order))
        self.assert_no_core_warnings(order)
        self.assertFalse(order.activity_ids)

    def test_address_after_printing(self):
        """A delivery whose slip is printed gets the new address, and a person is told to print it again."""
        order = self.imported()
        before = self.amazon_order(order)
        order.picking_ids.printed = True
        self.changed(order, "change-address")
        self.assertEqual(order.picking_ids.partner_id, order.partner_shipping_id)
        self.assertEqual(order.activity_ids.mapped("amazon_reason"), ["print_again"])
        self.assert_nothing_personal(order, before, self.amazon_order(order))
        self.assert_no_core_warnings(order)

    def test_address_back_again(self):
        """The same address again is the same partner again."""
        order = self.imported()
        first = order.partner_shipping_id
        address = self.amazon_order(order)["recipient"]["deliveryAddress"]
        self.changed(order, "change-address")
        self.changed(order, "change-address", address=address)
        self.assertEqual(order.partner_shipping_id, first)

    def test_address_hidden_later(self):
        """When Amazon tells the address no more, the known one stays and nobody is asked."""
        order = self.imported()
        partner, address = order.partner_id, order.partner_shipping_id
        self.act(order.amazon_order_ref, "ship")
        self.refetched(order, recipient={"deliveryAddress": None}, buyer={"buyerEmail": None, "buyerName": None})
        self.assertEqual((order.partner_id, order.partner_shipping_id), (partner, address))
        self.assertFalse(order.activity_ids)

    def elsewhere(self, order):
        """Let a person choose another address for an order; return it."""
        chosen = self.env["res.partner"].create({"name": "Branch", "street": "1-2-3", "city": "Osaka"})
        order.with_user(self.user).partner_shipping_id = chosen
        order.picking_ids.activity_ids.unlink()
        return chosen

    def test_chosen_address_stays(self):
        """Where a person wants it sent is not changed because something else changes on Amazon."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        chosen = self.elsewhere(order)
        self.changed(order, "reprice", item_id=order.order_line.amazon_item_ref, unit_price=3001)
        self.assertEqual(order.amount_total, 6002)
        self.assertEqual(order.partner_shipping_id, chosen)
        self.assertFalse(order.activity_ids | order.picking_ids.activity_ids)

    def test_chosen_address_and_a_new_one(self):
        """When the address itself changes on Amazon a person decides between the two, once."""
        order = self.imported()
        chosen = self.elsewhere(order)
        before = self.amazon_order(order)
        self.changed(order, "change-address")
        self.assertEqual(order.partner_shipping_id, chosen)
        self.assertEqual(order.activity_ids.mapped("amazon_reason"), ["address"])
        self.assert_nothing_personal(order, before, self.amazon_order(order))
        self.assert_no_core_warnings(order)
        order.activity_ids.action_done()
        self.changed(order, "request-cancel")
        self.assertFalse(order.activity_ids.filtered(lambda activity: "address" in activity.summary))
        # Amazon's own address again: from here on it is followed.
        new = order.partner_id.child_ids.sorted("id")[-1]
        self.assertEqual(new.street, self.amazon_order(order)["recipient"]["deliveryAddress"]["addressLine1"])
        order.with_user(self.user).partner_shipping_id = new
        self.changed(order, "change-address")
        self.assertNotIn(order.partner_shipping_id, new | chosen)

    def test_address_entered_by_hand(self):
        """What a person enters where Amazon tells no address stays."""
        order = self.imported(set={"recipient": {"deliveryAddress": None}})
        self.assertEqual(order.amazon_phase_id.role, "review")
        chosen = self.elsewhere(order)
        self.changed(order, "reprice", item_id=order.order_line[0].amazon_item_ref, unit_price=100)
        self.assertEqual(order.partner_shipping_id, chosen)
        self.assertFalse(order.activity_ids.filtered(lambda activity: "address changed" in activity.summary))


@tagged("post_install", "-at_install", "both")
class TestChangedQuantities(ChangesCase):
    """What was ordered and what it costs, changed after it was confirmed here."""

    def test_quantity_reduced(self):
        """Fewer units: order, delivery and amount follow; told old → new, without the core's warnings."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 5}, {"sku": "AMZ-TEA-001", "quantity": 1}])
        line = order.order_line[0]
        self.changed(order, "reduce", item_id=line.amazon_item_ref, quantity=2)
        self.assertEqual((line.product_uom_qty, line.price_unit), (2, 3300))
        self.assertEqual(order.amount_total, 2 * 3300 + 1980)
        self.assertEqual(
            sum(
                order.picking_ids.move_ids.filtered(
                    lambda move: move.product_id == line.product_id and move.state != "cancel"
                ).mapped("product_uom_qty")
            ),
            2,
        )
        self.assertEqual(self.products["AMZ-CUP-001"].with_context(warehouse_id=self.warehouse.id).free_qty, 98)
        self.assertIn("5 → 2", "".join(self.messages(order).mapped("body")))
        self.assert_no_core_warnings(order)
        self.assertFalse(order.activity_ids)
        self.assertEqual(order.amazon_phase_id.role, "ready")

    def test_quantity_reduced_in_work(self):
        """Fewer units of what is printed, picked or invoiced: an activity, nothing changed; the total is exact again
        unless it was invoiced."""
        for work in ("printed", "picked", "invoiced"):
            with self.subTest(work=work):
                order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 5}])
                line = order.order_line[0]
                if work == "printed":
                    order.picking_ids.printed = True
                elif work == "picked":
                    order.picking_ids.move_ids.picked = True
                else:
                    order._create_invoices()
                self.changed(order, "reduce", item_id=line.amazon_item_ref, quantity=2)
                self.assertEqual(line.product_uom_qty, 5)
                self.assertEqual(sum(order.picking_ids.move_ids.mapped("product_uom_qty")), 5)
                self.assertIn("5 → 2", order.activity_ids.summary)
                self.assertEqual(bool(order.amazon_difference), work == "invoiced")
                self.assertEqual(order.amount_total, 16500 if work == "invoiced" else 6600)
                self.assert_no_core_warnings(order)

    def test_quantity_reduced_between_steps(self):
        """Fewer units than were brought to the packing table: nothing changes by itself, a person puts goods back."""
        self.warehouse.delivery_steps = "pick_ship"
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        line = order.order_line
        self.ship(order.picking_ids.filtered(lambda picking: picking.state == "assigned"))
        self.changed(order, "reduce", item_id=line.amazon_item_ref, quantity=2)
        self.assertEqual(line.product_uom_qty, 3)
        [waiting] = order.picking_ids.filtered(lambda picking: picking.state != "done")
        self.assertEqual(waiting.move_ids.product_uom_qty, 3)
        self.assertIn("3 → 2", order.activity_ids.summary)
        self.assertFalse(order.amazon_difference)
        self.assert_no_core_warnings(order)

    def test_quantity_reduced_before_the_first_step(self):
        """As long as nothing has been brought anywhere both steps follow."""
        self.warehouse.delivery_steps = "pick_ship"
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        self.changed(order, "reduce", item_id=order.order_line.amazon_item_ref, quantity=2)
        self.assertFalse(order.activity_ids)
        for _step in range(2):
            [step] = order.picking_ids.filtered(lambda picking: picking.state == "assigned")
            self.assertEqual(step.move_ids.filtered(lambda move: move.state != "cancel").product_uom_qty, 2)
            self.ship(step)
        self.assertEqual(order.order_line.qty_delivered, 2)

    def raise_quantity(self, order, after):
        """Let Amazon want more units of the order's one item."""
        total = {"amount": str(3300 * after)}
        self.refetched(
            order,
            orderItems={
                "0": {
                    "quantityOrdered": after,
                    "fulfillment": {"quantityUnfulfilled": after},
                    "proceeds": {"proceedsTotal": total, "breakdowns": {"0": {"subtotal": total}}},
                }
            },
            proceeds={"grandTotal": total},
        )

    def test_quantity_raised_in_work(self):
        """More units of what is printed, picked, delivered or invoiced: an activity, nothing changed."""
        for work in ("printed", "picked", "delivered", "invoiced"):
            with self.subTest(work=work):
                order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
                if work == "printed":
                    order.picking_ids.printed = True
                elif work == "picked":
                    order.picking_ids.move_ids.picked = True
                elif work == "delivered":
                    self.ship(order.picking_ids)
                else:
                    order._create_invoices()
                self.raise_quantity(order, 3)
                self.assertEqual(order.order_line.product_uom_qty, 2)
                self.assertEqual(sum(order.picking_ids.move_ids.mapped("product_uom_qty")), 2)
                self.assertIn("2 → 3", order.activity_ids.summary)
                self.assertEqual(bool(order.amazon_difference), work in ("delivered", "invoiced"))
                self.assert_no_core_warnings(order)

    def test_quantity_raised(self):
        """More units (Amazon does not do that, but says it could): they are delivered too."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        self.raise_quantity(order, 3)
        self.assertEqual(sum(order.picking_ids.move_ids.mapped("product_uom_qty")), 3)
        self.assertEqual((order.amount_total, order.order_line[0].price_unit), (9900, 3300))

    def test_item_cancelled(self):
        """One of two items cancelled: its move goes, its line stays with 0, the rest stays reserved."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}, {"sku": "AMZ-TEA-001", "quantity": 1}])
        cup, tea = order.order_line
        self.changed(order, "cancel", items={tea.amazon_item_ref: 1})
        self.assertEqual((cup.product_uom_qty, tea.product_uom_qty), (2, 0))
        self.assertEqual(
            order.picking_ids.move_ids.filtered(lambda move: move.state == "assigned").product_id, cup.product_id
        )
        self.assertEqual(order.amount_total, 6600)
        self.assert_no_core_warnings(order)
        self.assertFalse(order.activity_ids)
        self.ship(order.picking_ids)
        self.assertEqual(order.picking_ids.state, "done")

    def test_item_gone(self):
        """An item that Amazon no longer lists is not delivered any more."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}, {"sku": "AMZ-TEA-001", "quantity": 1}])
        received = self.amazon_order(order)
        self.refetched(order, orderItems=received["orderItems"][:1], proceeds={"grandTotal": {"amount": "6600"}})
        self.assertEqual(order.order_line.filtered("amazon_item_ref").mapped("product_uom_qty"), [2, 0])
        self.assertEqual(order.amount_total, 6600)

    def test_amounts(self):
        """New amounts are applied until everything is delivered or anything is invoiced; then they are a finding."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        line = order.order_line
        self.changed(order, "reprice", item_id=line.amazon_item_ref, unit_price=3001)
        self.assertEqual((order.amount_total, line.price_unit), (9003, 3001))
        self.assertIn("→", "".join(self.messages(order).mapped("body")))
        # Partly delivered: still applied.
        order.picking_ids.move_ids.write({"quantity": 1, "picked": True})
        order.picking_ids.with_user(self.user).with_context(
            skip_backorder=True, picking_ids_not_to_backorder=[]
        ).button_validate()
        self.changed(order, "reprice", item_id=line.amazon_item_ref, unit_price=2000)
        self.assertEqual(order.amount_total, 6000)
        self.assertFalse(order.amazon_difference)
        self.ship(order.picking_ids.filtered(lambda picking: picking.state != "done"))
        self.changed(order, "reprice", item_id=line.amazon_item_ref, unit_price=1000)
        self.assertEqual((order.amount_total, order.amazon_total, order.amazon_difference), (6000, 3000, 3000))
        self.assertTrue(order.amazon_difference)

    def test_amounts_after_invoicing(self):
        """What is invoiced is not changed."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        order._create_invoices()
        self.changed(order, "reprice", item_id=order.order_line.amazon_item_ref, unit_price=1000)
        self.assertEqual((order.amount_total, bool(order.amazon_difference)), (9900, True))

    def test_charges_come_and_go(self):
        """A charge that is new gets a line, one that is gone costs nothing any more."""
        order = self.imported("jp_shipping_charge", items=[{"sku": "AMZ-CUP-001", "quantity": 1}])
        self.assertEqual(order.amount_total, 3850)
        money = {"amount": "3300", "currencyCode": "JPY"}
        item = {"type": "ITEM", "subtotal": money}
        self.refetched(
            order,
            orderItems={"0": {"proceeds": {"proceedsTotal": money, "breakdowns": [item]}}},
            proceeds={"grandTotal": money, "breakdowns": [item]},
        )
        self.assertEqual(order.amount_total, 3300)
        fee = {"type": "COD_FEE", "subtotal": {"amount": "330", "currencyCode": "JPY"}}
        total = {"amount": "3630", "currencyCode": "JPY"}
        self.refetched(
            order,
            orderItems={"0": {"proceeds": {"proceedsTotal": total, "breakdowns": [item, fee]}}},
            proceeds={"grandTotal": total, "breakdowns": [item, fee]},
        )
        self.assertEqual(order.amount_total, 3630)
        self.assertEqual(order.order_line.filtered(lambda line: line.amazon_line_key == "cod_fee").tax_ids.amount, 10)
        self.assertFalse(order.amazon_difference)


@tagged("post_install", "-at_install")
class TestChanges(ChangesCase):
    """Everything else that Amazon changes, and what comes again."""

    # --- dates, statuses, requests

    def test_ship_by(self):
        """A new ship-by date reaches order and open deliveries, not the done ones."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        first = order.picking_ids
        first.move_ids.write({"quantity": 1, "picked": True})
        first.with_user(self.user).with_context(skip_backorder=True, picking_ids_not_to_backorder=[]).button_validate()
        [second] = order.picking_ids - first
        done = first.scheduled_date
        later = fields.Datetime.now().replace(microsecond=0) + timedelta(days=9)
        self.refetched(order, fulfillment={"shipByWindow": {"latestDateTime": later.isoformat() + "Z"}})
        self.assertEqual((order.amazon_ship_by, order.commitment_date), (later, later))
        self.assertEqual(second.scheduled_date, later)
        self.assertEqual(second.move_ids.date_deadline, later)
        self.assertEqual(first.scheduled_date, done)
        label = order._fields["amazon_ship_by"]._description_string(self.env)
        self.assertIn(label, "".join(self.messages(order).mapped("body")))

    def test_dates_as_the_language_has_them(self):
        """A changed date is told as the company's language writes dates, in the marketplace's time zone."""
        order = self.imported()
        order.amazon_ship_by = datetime(2026, 12, 1, 14, 59, 59)
        lang = self.env["res.lang"]._lang_get(self.company._amazon_lang())
        lang.date_format = "%d.%m.%Y"
        self.refetched(order, fulfillment={"shipByWindow": {"latestDateTime": "2026-12-04T14:59:59Z"}})
        text = "".join(self.messages(order).mapped("body"))
        self.assertRegex(text, r"01\.12\.2026 (23:59|11:59\sPM) → 04\.12\.2026 (23:59|11:59\sPM)")
        self.assertNotIn("2026-12", text)

    def test_unknown_status(self):
        """A status nobody knows keeps the last, is stored as it came and goes to review."""
        order = self.imported()
        self.refetched(order, fulfillment={"fulfillmentStatus": "ON_THE_MOON"})
        self.assertEqual((order.amazon_status, order.amazon_status_raw), ("unshipped", "ON_THE_MOON"))
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.amazon_phase_id.role, "review")
        self.assertIn("ON_THE_MOON", order.amazon_review_reasons)
        self.refetched(order, fulfillment={"fulfillmentStatus": "UNSHIPPED"})
        self.assertFalse(order.amazon_status_raw)
        self.assertFalse(order.amazon_review_reasons)
        self.assertEqual(order.amazon_phase_id.role, "ready")

    def test_unknown_status_at_first(self):
        """First seen with a status nobody knows: a quotation to review, not confirmed by looking at it."""
        order = self.imported(set={"fulfillment": {"fulfillmentStatus": "ON_THE_MOON"}})
        self.assertEqual((order.state, order.amazon_phase_id.role), ("draft", "review"))
        order.with_user(self.user).action_amazon_reviewed()
        self.assertEqual((order.state, order.amazon_phase_id.role), ("draft", "review"))
        self.refetched(order, fulfillment={"fulfillmentStatus": "UNSHIPPED"})
        self.assertEqual((order.state, order.amazon_phase_id.role), ("sale", "ready"))

    def test_buyer_asks_to_cancel(self):
        """The buyer asks to cancel: to review, with an activity; the delivery cannot be validated until reviewed."""
        order = self.imported()
        self.assertEqual(order.amazon_phase_id.role, "ready")
        self.changed(order, "request-cancel")
        self.assertTrue(order.amazon_cancel_requested)
        self.assertEqual(order.amazon_phase_id.role, "review")
        self.assertEqual(order.picking_ids.state, "assigned")
        self.assertEqual(len(order.activity_ids), 1)
        self.assertEqual(order.activity_ids.user_id, self.manager)
        self.changed(order, "reprice", item_id=order.order_line[0].amazon_item_ref, unit_price=100)
        self.assertEqual(len(order.activity_ids), 1, "asked once")

    def test_asked_again_after_review(self):
        """What is new after a review is to be reviewed again."""
        order = self.imported("jp_gift")
        self.assertEqual(order.amazon_phase_id.role, "review")
        order.with_user(self.user).action_amazon_reviewed()
        self.assertFalse(order.activity_ids)
        self.assertEqual(order.amazon_phase_id.role, "ready")
        self.changed(order, "change-address")
        self.assertEqual(order.amazon_phase_id.role, "ready", "the gift has been seen")
        self.changed(order, "request-cancel")
        self.assertEqual(order.amazon_phase_id.role, "review")
        self.assertEqual(len(order.activity_ids), 1)

    def test_gift_message(self):
        """A gift message that changes is named, not quoted."""
        order = self.imported("jp_gift")
        before = self.amazon_order(order)
        self.refetched(
            order, orderItems={"0": {"fulfillment": {"packing": {"giftOption": {"giftMessage": "おげんきで"}}}}}
        )
        self.assertIn("おげんきで", order.amazon_gift_note)
        label = order._fields["amazon_gift_note"]._description_string(self.env)
        self.assertIn(label, "".join(self.messages(order).mapped("body")))
        self.assert_nothing_personal(order, before, self.amazon_order(order))

    def test_purged_stays_purged(self):
        """An order whose personal data were removed does not get them back with a later version."""
        order = self.imported("jp_gift")
        order.write({"amazon_purged": True, "amazon_gift_note": False})
        partner = order.partner_shipping_id
        self.changed(order, "change-address")
        self.assertFalse(order.amazon_gift_note)
        self.assertEqual(order.partner_shipping_id, partner)

    # --- versions

    def test_nothing_changed(self):
        """Nothing is posted and nothing written when nothing changed, however often Amazon touches the order."""
        order = self.imported("jp_gift", items=[{"sku": "AMZ-CUP-001", "quantity": 3, "total": 1000}])
        known, lines = self.messages(order), order.order_line.read(["price_unit", "product_uom_qty", "tax_ids"])
        state = order.picking_ids.read(["state", "scheduled_date", "partner_id"])
        moves = order.picking_ids.move_ids
        self.refetched(order)
        self.refetched(order, orderItems={"0": {"product": {"title": "Another title"}}})
        self.assertEqual(self.messages(order), known)
        self.assertEqual(order.order_line.read(["price_unit", "product_uom_qty", "tax_ids"]), lines)
        self.assertEqual(order.picking_ids.read(["state", "scheduled_date", "partner_id"]), state)
        self.assertEqual(order.picking_ids.move_ids, moves)
        self.assertEqual(self.last_update(order).result, "unchanged")

    def test_same_version_again(self):
        """The same version fetched again is known and not built again."""
        order = self.imported()
        row = self.last_update(order)
        stamp = order.write_date
        self.account.job_ids.cursor = False
        self.import_orders()
        self.assertEqual(self.last_update(order), row)
        self.assertEqual(self.env["amazon.order.update"].search_count([("order_ref", "=", order.amazon_order_ref)]), 1)
        self.assertEqual(order.write_date, stamp)

    def test_older_version_later(self):
        """An older version that arrives later is not applied."""
        order = self.imported()
        address = order.partner_shipping_id
        newer = self.amazon_order(order)
        old = datetime.fromisoformat(newer["lastUpdatedTime"]) - timedelta(minutes=5)
        self.amazon.post(f"orders/{order.amazon_order_ref}/change-address")
        self.amazon.control(
            "PATCH", f"orders/{order.amazon_order_ref}", touch=False, set={"lastUpdatedTime": old.isoformat()}
        )
        self.account.job_ids.cursor = False
        self.import_orders()
        row = self.env["amazon.order.update"].search(
            [("order_ref", "=", order.amazon_order_ref)], order="id desc", limit=1
        )
        self.assertEqual(row.state, "superseded")
        self.assertEqual(order.partner_shipping_id, address)

    def test_version_from_the_future(self):
        """A time that cannot be does not make all that comes after it old."""
        order = self.imported()
        self.change(order.amazon_order_ref, lastUpdatedTime="2099-01-01T00:00:00Z", programs=["PRIME"])
        order.with_user(self.user).action_amazon_refresh()
        self.assertEqual(order.amazon_programs, "PRIME")
        self.changed(order, "cancel")
        self.assertEqual((order.amazon_status, order.state), ("cancelled", "cancel"))

    def test_unreadable_version_from_the_future(self):
        """Nor does one that cannot be applied stand before all that comes after it."""
        order = self.imported()
        ref = order.amazon_order_ref
        self.change(ref, lastUpdatedTime="2099-01-01T00:00:00Z", orderItems={"0": {"quantityOrdered": "many"}})
        self.account._refresh_orders([ref])
        self.assertTrue(order.picking_ids.amazon_blocked)
        self.change(ref, orderItems={"0": {"quantityOrdered": 1}})
        self.changed(order, "cancel")
        self.assertEqual((order.amazon_status, order.state), ("cancelled", "cancel"))
        self.assertFalse(order.amazon_unapplied)

    def test_refresh(self):
        """Refresh reads the order again and builds it whatever the version."""
        order = self.imported()
        order.order_line[0].sudo().price_unit = 1
        self.assertTrue(order.amazon_difference)
        with self.committing(order) as mine:
            told = mine.with_user(self.user).action_amazon_refresh()["params"]
        self.assertEqual((told["type"], told["message"]), ("success", "1 orders were read again from Amazon."))
        self.assertFalse(order.amazon_difference)
        self.assertEqual(order.amount_total, order.amazon_total)

    def test_refresh_tells_why_not(self):
        """Refresh of an order that cannot be built says why."""
        order = self.imported()
        self.amazon.control(
            "PATCH", f"orders/{order.amazon_order_ref}", set={"salesChannel": {"marketplaceId": "NOWHERE"}}
        )
        with self.committing(order) as mine:
            told = mine.with_user(self.user).action_amazon_refresh()
        self.assertIn("NOWHERE", told["params"]["message"])
        self.assertEqual(self.last_update(order).state, "failed")

    def refresh(self, orders):
        """Press Refresh for orders; return what the user reads."""
        try:
            with self.committing(orders) as mine:
                mine.with_user(self.user).action_amazon_refresh()
        except UserError as error:
            return str(error)
        finally:
            self.env.invalidate_all()

    def test_refresh_names_what_amazon_does_not_know(self):
        """One order Amazon does not know stops no other: those are applied, it is named."""
        orders = self.imported(count=3)
        orders.order_line.sudo().price_unit = 1
        gone = orders[1]
        self.amazon.post(
            "faults", operation="getOrder", kind="not_found_yet", times=None, match={"orderId": gone.amazon_order_ref}
        )
        message = self.refresh(orders)
        self.assertIn(gone.amazon_order_ref, message)
        self.assertNotIn(orders[0].amazon_order_ref, message)
        self.assertEqual(orders.filtered("amazon_difference"), gone)

    def test_refresh_names_what_amazon_denies(self):
        """Nor does one that Amazon denies; three in a row may be all of them."""
        orders = self.imported(count=6)
        orders.order_line.sudo().price_unit = 1
        for order in orders[:1] + orders[2:5]:
            self.amazon.post(
                "faults", operation="getOrder", kind="403", times=None, match={"orderId": order.amazon_order_ref}
            )
        message = self.refresh(orders)
        self.assertEqual(orders - orders.filtered("amazon_difference"), orders[1])
        for order in orders - orders[1]:
            self.assertIn(order.amazon_order_ref, message)
        self.assertNotIn(orders[1].amazon_order_ref, message)
        self.assertIn(self.meaning(AccessDenied(operation="getOrder"), by_hand=True), message)

    def test_refresh_beyond_the_quota(self):
        """What was read before the quota was used up is applied; the rest is named, and when to press again."""
        orders = self.imported(count=3)
        orders.order_line.sudo().price_unit = 1
        self.amazon.post("faults", operation="getOrder", kind="429", after=1, times=None)
        message = self.refresh(orders)
        read = orders.filtered(lambda order: not order.amazon_difference)
        self.assertEqual(len(read), 1)
        for order in orders - read:
            self.assertIn(order.amazon_order_ref, message)
        self.assertNotIn(read.amazon_order_ref, message)
        self.assertRegex(message, r"\d\d:\d\d:\d\d")
        hour = re.sub(
            r"\d\d:\d\d:\d\d.*", "", self.meaning(QuotaExceeded(operation="getOrder"), by_hand=True), flags=re.S
        )
        self.assertIn(hour, message)

    def test_refresh_in_trouble(self):
        """What stands against one order stands against all: Amazon is not asked for each."""
        orders = self.imported(count=3)
        self.amazon.control("DELETE", "requests")
        self.amazon.post("faults", operation="getOrder", kind="503_empty", times=None)
        message = self.refresh(orders)
        self.assertEqual(len(self.amazon.get("requests?operation=getOrder")), 1)
        for order in orders:
            self.assertIn(order.amazon_order_ref, message)
        self.assertIn(self.meaning(RetryLater(operation="getOrder"), by_hand=True), message)

    def test_refresh_of_many(self):
        """More than the quota has at once are refused before anything is asked."""
        orders = self.imported(count=31)
        self.amazon.control("DELETE", "requests")
        self.assertIn("30", self.refresh(orders))
        self.assertFalse(self.amazon.get("requests?operation=getOrder"))

    def test_retry_beyond_the_quota(self):
        """Retry of what is not stored any more: what was read is done with, the rest stays with its reason."""
        refs = self.place(set={"salesChannel": {"marketplaceId": "NOWHERE"}}, count=2)
        rows = self.receive(refs[0]) | self.receive(refs[1])
        rows.payload = False
        for ref in refs:
            self.amazon.control("PATCH", f"orders/{ref}", set={"salesChannel": {"marketplaceId": JAPAN}})
        self.amazon.post("faults", operation="getOrder", kind="429", after=1, times=None)
        with self.assertRaisesRegex(UserError, r"\d\d:\d\d:\d\d"), self.committing(rows) as mine:
            mine.with_user(self.user).action_retry()
        self.env.invalidate_all()
        [done] = self.orders(*refs)
        self.assertEqual(
            {row.order_ref: row.state for row in rows},
            {ref: "superseded" if ref == done.amazon_order_ref else "failed" for ref in refs},
        )

    def test_reason_in_the_readers_language(self):
        """Why an order cannot be read is said to each reader in the own language, whoever the builder runs as."""
        self.env["res.lang"]._activate_lang("ja_JP")
        self.company.partner_id.lang = "ja_JP"
        [ref] = self.place()
        self.amazon.post("faults", operation="searchOrders", kind="malformed_order", order_id=ref)
        self.import_orders()
        received = self.env["amazon.order.update"].search([("order_ref", "=", ref)])
        self.assertRegex(received.with_context(lang="ja_JP").error, "[ぁ-ん]")
        self.assertNotRegex(received.with_context(lang="en_US").error, "[ぁ-ん]")

    def test_retry_and_ignore(self):
        """An order that cannot be built stays with its reason; Retry builds it, Ignore leaves it out, a newer version
        comes in again."""
        [ref] = self.place(set={"salesChannel": {"marketplaceId": "NOWHERE"}})
        # Amazon does not return it for our marketplace, so it is asked for by number.
        received = self.receive(ref)
        self.assertEqual(received.state, "failed")
        self.assertIn("NOWHERE", received.error)
        self.assertTrue(received.retry_at)
        self.assertFalse(self.orders(ref))
        self.env["amazon.marketplace"].create(
            {
                "name": "Nowhere",
                "code": "NW",
                "api_ref": "NOWHERE",
                "region": "fe",
                "domain": "amazon.nowhere",
                "currency_id": self.env.ref("base.JPY").id,
                "country_id": self.env.ref("base.jp").id,
                "tz": "Asia/Tokyo",
                "seller_central_url": "https://sellercentral.amazon.nowhere",
                "tax_included": True,
            }
        )
        with self.committing(received) as mine:
            mine.with_user(self.user).action_retry()
        self.build()
        self.assertEqual(received.state, "done")
        self.assertTrue(self.orders(ref))

        [ref] = self.place(set={"salesChannel": {"marketplaceId": "ELSEWHERE"}})
        received = self.receive(ref)
        received.with_user(self.user).action_ignore()
        self.assertEqual((received.state, received.payload), ("ignored", False))
        self.build()
        self.assertFalse(self.orders(ref))
        self.amazon.control("PATCH", f"orders/{ref}", set={"salesChannel": {"marketplaceId": "NOWHERE"}})
        self.assertEqual(self.receive(ref).state, "done")
        self.assertTrue(self.orders(ref))

    def test_retry_of_an_older_version(self):
        """Retrying an older version while a newer one waits builds the newer one."""
        [ref] = self.place(set={"salesChannel": {"marketplaceId": "NOWHERE"}})
        older = self.receive(ref)
        self.amazon.control("PATCH", f"orders/{ref}", set={"salesChannel": {"marketplaceId": "A1VC38T7YXB528"}})
        newer = self.receive(ref, build=False)
        with self.committing(older) as mine:
            mine.with_user(self.user).action_retry()
        self.build()
        self.assertEqual((older.state, newer.state), ("superseded", "done"))
        self.assertTrue(self.orders(ref))

    def test_retry_without_payload(self):
        """What was ignored, or has been kept too long, is not stored any more: Retry reads it again from Amazon."""
        for lose in ("ignore", "purge", "key"):
            with self.subTest(lose):
                [ref] = self.place(set={"salesChannel": {"marketplaceId": "NOWHERE"}})
                row = self.receive(ref)
                if lose == "ignore":
                    row.with_user(self.user).action_ignore()
                elif lose == "purge":
                    row.payload = False
                else:
                    row.payload = "another-key:AAAA"
                self.amazon.control("PATCH", f"orders/{ref}", set={"salesChannel": {"marketplaceId": "A1VC38T7YXB528"}})
                with self.committing(row) as mine:
                    mine.with_user(self.user).action_retry()
                self.build()
                self.assertTrue(self.orders(ref))
                self.assertFalse(row.search([("order_ref", "=", ref), ("state", "in", ("pending", "failed"))]))

    def test_retry_of_two_versions(self):
        """Two versions of an order that are not stored any more: it is read again once."""
        [ref] = self.place(set={"salesChannel": {"marketplaceId": "NOWHERE"}})
        rows = self.receive(ref)
        rows.with_user(self.user).action_ignore()
        self.amazon.control("PATCH", f"orders/{ref}", set={"salesChannel": {"channelName": "AMAZON"}})
        rows |= self.receive(ref)
        rows.payload = False
        self.amazon.control("PATCH", f"orders/{ref}", set={"salesChannel": {"marketplaceId": "A1VC38T7YXB528"}})
        self.amazon.control("DELETE", "requests")
        with self.committing(rows) as mine:
            mine.with_user(self.user).action_retry()
        self.build()
        self.assertEqual(self.amazon.get("requests/count")["getOrder"], 1)
        self.assertTrue(self.orders(ref))
        self.assertEqual(set(rows.mapped("state")), {"superseded"})

    def test_deleted_order_comes_back(self):
        """An order that was deleted here is not forgotten for good: the next import of its range makes it again."""
        order = self.imported("jp_cancelled")
        ref = order.amazon_order_ref
        order.unlink()
        self.assertFalse(self.orders(ref))
        self.import_orders(since=fields.Datetime.now() - timedelta(days=2))
        self.assertTrue(self.orders(ref))

    def test_no_prices(self):
        """Released without any price: it comes in, but a person looks before it is shipped for nothing."""
        [ref] = self.place("jp_standard")
        items = self.amazon.get(f"orders/{ref}")["orderItems"]
        self.amazon.control(
            "PATCH",
            f"orders/{ref}",
            set={
                "proceeds": None,
                "orderItems": {
                    str(number): {"proceeds": None, "product": {"price": None}} for number in range(len(items))
                },
            },
        )
        self.amazon.post("clock", advance=600)
        self.import_orders()
        order = self.orders(ref)
        self.assertEqual((order.state, order.amazon_phase_id.role), ("sale", "review"))
        self.assertEqual(len(order.amazon_review_reasons.splitlines()), 1)
        # The first prices there are count, whichever they are.
        price = {"unitPrice": {"amount": "1000", "currencyCode": "JPY"}}
        self.refetched(order, orderItems={"0": {"product": {"price": price}}})
        self.assertTrue(order.amazon_total)
        self.assertEqual((order.amount_total, order.amazon_item_ids[:1].total > 0), (order.amazon_total, True))

    def test_known_prices_stay(self):
        """Amazon gives no amounts any more, or no items: what is known stays."""
        order = self.imported("jp_gift")
        total, item = order.amazon_total, order.amazon_item_ids.total
        self.refetched(order, proceeds=None, programs=["PRIME"], orderItems={"0": {"proceeds": None}})
        self.assertEqual((order.amazon_programs, order.amazon_total, order.amount_total), ("PRIME", total, total))
        self.assertEqual(order.amazon_item_ids.total, item)
        self.refetched(order, salesChannel={"channelName": "NON_AMAZON"}, programs=["AMAZON_BUSINESS"])
        self.assertEqual(order.amazon_programs, "AMAZON_BUSINESS", "an order that is here stays one")
        self.refetched(order, orderItems=[])
        self.assertEqual((order.amount_total, self.last_update(order).state), (total, "failed"))
        self.assertTrue(order.picking_ids.amazon_blocked)

    def left_out(self, order, **changes):
        """Have a version without something imported; return whether it could be applied."""
        before = self.last_update(order)
        self.refetched(order, **changes)
        self.assertNotEqual(self.last_update(order), before, "it has come in")
        return self.last_update(order).state

    def test_what_is_left_out_stays(self):
        """By when an order has to leave, what is sold, and how many were cancelled, is known when Amazon leaves it out
        of a newer version."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3, "total": 3000}])
        facts = (
            "amazon_ship_by",
            "amazon_deliver_by",
            "commitment_date",
            "amazon_service_level",
            "amount_tax",
            "amazon_review_reasons",
            "amazon_phase_id",
            "amazon_marketplace_id",
        )
        before = order.read(facts)
        picking = order.picking_ids
        scheduled = picking.scheduled_date
        for changes in (
            {"fulfillment": {"shipByWindow": None}},
            {"fulfillment": {"deliverByWindow": None}},
            {"fulfillment": {"fulfillmentServiceLevel": None, "fulfilledBy": None}},
            {"salesChannel": None},
            {"orderItems": {"0": {"product": {"sellerSku": None}}}},
            {"orderItems": {"0": {"product": None}}},
        ):
            with self.subTest(changes=changes):
                self.assertEqual(self.left_out(order, **changes), "done")
                self.assertEqual(order.read(facts), before)
                self.assertEqual(picking.scheduled_date, scheduled)
        self.assertEqual(order.amazon_item_ids.mapped("sku"), ["AMZ-CUP-001"])
        self.assertTrue(order.amazon_item_ids.title)

    def test_gift_stays_gift(self):
        """Where Amazon says nothing of how an item is packed, a gift remains one; where it does, it counts."""
        order = self.imported("jp_gift")
        note = order.amazon_gift_note
        reasons = order.amazon_review_reasons
        self.assertTrue(note and reasons)
        self.refetched(order, orderItems={"0": {"fulfillment": None}})
        self.assertEqual((order.amazon_gift_note, order.amazon_phase_id.role), (note, "review"))
        self.assertEqual(order.amazon_review_reasons, reasons)
        self.refetched(order, orderItems={"0": {"fulfillment": {"packing": {"giftOption": None}}}})
        self.assertFalse(order.amazon_gift_note or order.amazon_review_reasons)

    def test_cancelled_units_stay_cancelled(self):
        """Where Amazon does not say how many of an item are open, those that were cancelled are not wanted again."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3, "total": 3000}])
        two = {"0": {"fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 2}}}
        self.refetched(order, orderItems=two)
        line = order.order_line.filtered("amazon_item_ref")
        for quantities in ({"quantityUnfulfilled": None}, {"quantityFulfilled": None}, {"quantityFulfilled": None}):
            self.refetched(order, orderItems={"0": {"fulfillment": quantities}})
            self.assertEqual((line.product_uom_qty, order.amazon_item_ids.quantity_cancelled), (2, 1))
        self.change(order.amazon_order_ref, fulfillment={"fulfillmentStatus": "SHIPPED"})
        self.import_orders()
        self.assertEqual(line.qty_delivered, 2)

    def test_fba_stays_fba(self):
        """Where Amazon does not say who ships it, an order that Amazon ships does not become ours to ship."""
        order = self.imported("jp_fba", fulfillmentStatus="UNSHIPPED")
        channel, partner = order.amazon_channel, order.partner_id
        self.assertEqual(channel, "fba")
        self.refetched(order, fulfillment={"fulfilledBy": None})
        self.assertEqual((order.amazon_channel, order.partner_id), (channel, partner))

    def test_who_ships_is_not_known(self):
        """An order of which Amazon has never said who ships it, or says something that is not known here, is not taken
        for one of ours to ship: a person is told, and it comes in when Amazon says it."""
        for said in (None, "A_NEW_WAY"):
            for kind, channel in (("jp_standard", "fbm"), ("jp_fba", "fba")):
                with self.subTest(said=said, kind=kind):
                    order = self.imported(kind, set={"fulfillment": {"fulfilledBy": said}})
                    self.assertFalse(order)
                    row = self.env["amazon.order.update"].search([], limit=1)
                    self.assertEqual(row.state, "failed")
                    self.assertIn("who ships", row.error)
                    fulfilled_by = "AMAZON" if channel == "fba" else "MERCHANT"
                    self.change(row.order_ref, fulfillment={"fulfilledBy": fulfilled_by})
                    row.with_user(self.user).action_retry()
                    self.assertEqual(self.orders(row.order_ref).amazon_channel, channel)

    def test_who_ships_stays_known(self):
        """A word for who ships that is not known here changes nothing."""
        order = self.imported("jp_fba", fulfillmentStatus="UNSHIPPED")
        self.refetched(order, fulfillment={"fulfilledBy": "A_NEW_WAY"})
        self.assertEqual(order.amazon_channel, "fba")

    def test_other_currency(self):
        """The amounts come in another currency: they are not taken for yen, and a person is told; the rest is
        applied."""
        order = self.imported()
        total = order.amazon_total
        money = {"amount": "12.34", "currencyCode": "USD"}
        self.refetched(
            order,
            proceeds={"grandTotal": money, "breakdowns": None},
            orderItems={
                "0": {"proceeds": {"proceedsTotal": money, "breakdowns": None}, "product": {"price": None}},
            },
            fulfillment={"fulfillmentStatus": "CANCELLED"},
        )
        self.assertEqual((order.amazon_total, order.amazon_item_ids.total), (total, total))
        self.assertEqual((order.state, order.currency_id.name), ("cancel", "JPY"))
        self.assertIn("USD", self.last_update(order).error)

    def test_service_level(self):
        """The service level is shown in words; one not known yet as it came."""
        order = self.imported("jp_prime")
        self.assertEqual(order.amazon_service_level_name, "Next Day")
        self.refetched(order, fulfillment={"fulfillmentServiceLevel": "BY_DRONE"})
        self.assertEqual(order.amazon_service_level_name, "BY_DRONE")

    def test_title_stays_when_a_pending_sku_is_known(self):
        """A pending order's line gets its product when it is known, and keeps Amazon's title."""
        order = self.imported("jp_pending_with_prices", items=[{"sku": "LATE-1", "title": "遅い商品"}])
        title = order.order_line.filtered("amazon_item_ref").name
        product = self.env["product.product"].create({"name": "Known", "default_code": "LATE-1"})
        self.changed(order, "pay")
        line = order.order_line.filtered("amazon_item_ref")
        self.assertEqual((line.product_id, line.name), (product, title))
        self.assertEqual(order.amount_total, order.amazon_total)

    def receive(self, ref, build=True):
        """Put an order into the inbox as Amazon has it, and build it; return the row."""
        with self.account._selling_partner() as amazon, self.enter_registry_test_mode():
            received = [amazon.orders.get(ref)]
        row = self.env["amazon.order.update"]._receive(self.account, received)
        if build:
            self.build()
        return row

    def build(self):
        """Let the builders do their work."""
        with self.committing(self.account) as account:
            account.env["amazon.order.update"]._drain(account)
