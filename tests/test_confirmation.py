from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestConfirmation(ConfirmationCase):
    """From validating a delivery to Amazon knowing of it."""

    def today(self):
        """Return the day it is in Japan."""
        return fields.Datetime.context_timestamp(
            self.account.with_context(tz="Asia/Tokyo"), fields.Datetime.now()
        ).date()

    # --- the ordinary way

    def test_delivery_is_confirmed(self):
        """Validated, sent, accepted: Amazon has carrier, number, date and units; the order is through."""
        picking = self.delivered(items=[{"sku": "AMZ-CUP-001", "quantity": 2}, {"sku": "AMZ-TEA-001", "quantity": 1}])
        order, row = picking.sale_id, picking.amazon_confirmation_ids
        self.assertEqual((row.state, picking.amazon_api_status, order.amazon_api_status), ("not_sent",) * 3)
        self.assertEqual(order.amazon_phase_id.role, "shipped")
        log = self.send()
        self.assertEqual((log.state, log.accepted, log.refused), ("done", 1, 0))
        self.assertEqual((row.state, row.channel), ("done", "direct"))
        self.assertEqual((picking.amazon_api_status, order.amazon_api_status), ("done", "done"))
        self.assertEqual(order.amazon_phase_id.role, "confirmed")
        [(reference, package)] = self.packages(order).items()
        self.assertEqual(reference, row.reference)
        self.assertGreaterEqual(int(reference), 100_000, "never a number that Seller Central gives")
        self.assertEqual(package["trackingNumber"], "1234-5678-9012")
        self.assertEqual(package["carrier"], "YAMATO")
        self.assertEqual(package["shippingService"], "宅急便")
        told = {item["orderItemId"]: item["quantity"] for item in package["packageItems"]}
        self.assertEqual(told, {self.item_id(order, 0): 2, self.item_id(order, 1): 1})
        self.assertEqual(self.amazon_order(order)["fulfillment"]["fulfillmentStatus"], "SHIPPED")
        texts = " ".join(order.message_ids.mapped("body"))
        for name in (order.picking_ids.name, row._in_words()):
            self.assertIn(name, texts)
        # The change comes back with the next import and changes nothing more.
        self.import_orders()
        self.send()
        self.assertEqual((self.calls(), order.amazon_phase_id.role), (1, "confirmed"))
        self.assertEqual(len(order.amazon_confirmation_ids), 1)

    def test_nothing_to_do(self):
        """A run that finds nothing asks Amazon nothing and leaves no log row."""
        self.amazon.control("DELETE", "requests")
        self.assertFalse(self.send())
        self.assertFalse(self.fetch())
        self.assertFalse(self.amazon.get("requests/count"))

    def test_the_cron_is_woken(self):
        """Validating wakes the job in the same transaction."""
        cron = self.account._job("confirm").sudo().cron_id
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        self.delivered()
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))
        self.assertEqual((cron.active, cron.priority), (True, 0))

    def test_number_is_cleaned(self):
        """Full-width digits, dashes and spaces are written as Amazon takes them."""
        picking = self.delivered(number="１２３４－５６７８ 9012")
        self.assertEqual(picking.carrier_tracking_ref, "1234-56789012")
        self.send()
        self.assertEqual(picking.amazon_confirmation_ids.tracking_number, "1234-56789012")

    def test_several_numbers(self):
        """Of several numbers for one parcel the first is sent, the others are kept and shown."""
        picking = self.delivered(number="111,222, 333")
        self.send()
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.tracking_number, row.further_numbers), ("111", "222, 333"))
        self.assertEqual(self.packages(picking.sale_id)[row.reference]["trackingNumber"], "111")

    def test_fba_and_copies_are_not_ours(self):
        """FBA orders and copies have nothing to confirm; a copy carries none of Amazon's ids."""
        order = self.imported("jp_fba")
        self.assertFalse(order.amazon_api_status)
        ours = self.imported()
        copy = ours.copy()
        self.assertFalse(copy.amazon_order_ref or copy.amazon_account_id or copy.amazon_api_status)
        self.assertFalse(copy.order_line.mapped("amazon_item_ref")[0])
        copy.action_confirm()
        self.ship(copy.picking_ids, self.env.user)
        self.assertFalse(copy.picking_ids.amazon_confirmation_ids)

    def test_cash_on_delivery(self):
        """Cash on delivery in Japan says DirectPayment, other orders do not."""
        picking = self.delivered("jp_cod")
        self.send()
        self.assertEqual(picking.amazon_confirmation_ids.cod_collection_method, "DirectPayment")
        [told] = self.amazon.get(f"orders/{picking.sale_id.amazon_order_ref}/confirmations")
        self.assertEqual(told["cod_collection_method"], "DirectPayment")
        prepaid, convenience = self.delivered(), self.imported("jp_cvs_pending")
        self.changed(convenience, "pay")
        self.assertEqual(convenience.amazon_payment_method, "convenience_store")
        self.deliver(convenience.picking_ids)
        self.send()
        orders = picking.sale_id | prepaid.sale_id | convenience
        requests = self.amazon.get("requests?operation=confirmShipment")
        told = {request["path"].split("/")[-2]: request["body"].get("codCollectionMethod") for request in requests}
        self.assertEqual([told[ref] for ref in orders.mapped("amazon_order_ref")], ["DirectPayment", None, None])
        self.assertEqual(set(orders.mapped("amazon_api_status")), {"done"})

    # --- what was not sold on Amazon

    def sold_elsewhere(self):
        """Return an order of another channel, confirmed, with a tracking number on its delivery."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "店頭のお客様"}).id,
                "company_id": self.company.id,
                "warehouse_id": self.warehouse.id,
                "order_line": [(0, 0, {"product_id": self.products["AMZ-CUP-001"].id, "product_uom_qty": 1})],
            }
        )
        order.action_confirm()
        order.picking_ids.write({"carrier_id": self.yamato.id, "carrier_tracking_ref": "ELSEWHERE"})
        return order

    def left_alone(self, order, phase):
        """See that nothing of Amazon's has come near an order and its delivery."""
        picking = order.picking_ids
        self.assertEqual(picking.state, "done")
        self.assertFalse(
            self.env["amazon.confirmation"].search(["|", ("order_id", "=", order.id), ("picking_id", "=", picking.id)])
        )
        for record in (order, picking):
            self.assertFalse(record.amazon_api_status or record.amazon_api_message)
            self.assertFalse(record.activity_ids)
            self.assertNotIn("Amazon", " ".join(record.message_ids.mapped("body")))
        self.assertFalse(picking.amazon_warning)
        self.assertEqual((order.amazon_phase_id, picking.carrier_tracking_ref), (phase, "ELSEWHERE"))

    def test_mixed_stores(self):
        """C13: an order of another channel in the same phase is left alone, whatever else leaves with it."""
        ours, elsewhere = self.imported(), self.sold_elsewhere()
        phase = elsewhere.amazon_phase_id = ours.amazon_phase_id
        self.assertTrue(phase)
        pickings = elsewhere.picking_ids | ours.picking_ids
        ours.picking_ids.carrier_tracking_ref = "OURS"
        batch = self.env["stock.picking.batch"].create(
            {
                "picking_ids": [(6, 0, pickings.ids)],
                "company_id": self.company.id,
            }
        )
        batch.action_confirm()
        pickings.move_ids.picked = True
        batch.with_user(self.user).action_done()
        log = self.send()
        self.assertEqual((log.state, log.accepted, log.refused, log.message), ("done", 1, 0, False))
        self.assertEqual((ours.amazon_api_status, self.calls()), ("done", 1))
        self.left_alone(elsewhere, phase)
        # Alone it gives a run nothing to do.
        alone = self.sold_elsewhere()
        alone.amazon_phase_id = phase
        self.ship(alone.picking_ids)
        self.assertFalse(self.send())
        self.left_alone(alone, phase)

    def test_mixed_selection(self):
        """C13: of a selection by hand only what was sold on Amazon is told."""
        self.account.auto_confirm = False
        elsewhere, alone = self.sold_elsewhere(), self.sold_elsewhere()
        for order in (elsewhere, alone):
            self.ship(order.picking_ids)
        first, second, third = self.all_delivered(3)
        phase = elsewhere.amazon_phase_id = first.sale_id.amazon_phase_id
        (elsewhere.picking_ids | first).with_user(self.user).action_amazon_confirm_now()
        (elsewhere | second.sale_id).with_user(self.user).action_amazon_confirm_now()
        wizard = (
            self.env["amazon.completion"]
            .with_user(self.user)
            .with_company(self.company)
            .create(
                {
                    "numbers": f"{elsewhere.name} {third.sale_id.name}",
                }
            )
        )
        wizard.action_search()
        self.assertEqual((wizard.line_ids.order_id, wizard.not_found), (third.sale_id, elsewhere.name))
        wizard.action_confirm()
        log = self.send(requested=True)
        self.assertEqual((log.accepted, log.refused, self.calls()), (3, 0, 3))
        self.assertEqual({p.amazon_api_status for p in (first, second, third)}, {"done"})
        wizard = self.env["amazon.completion"].with_user(self.user).with_company(self.company).create({"scope": "all"})
        wizard.action_search()
        self.assertEqual(wizard.line_ids.order_id, (first | second | third).sale_id)
        for records in (alone, alone.picking_ids):
            with self.assertRaisesRegex(UserError, "nothing here"):
                records.with_user(self.user).action_amazon_confirm_now()
        self.left_alone(elsewhere, phase)
        self.left_alone(alone, self.env["amazon.phase"])

    # --- waiting

    def waits(self, picking, hint, *named):
        """Run the job and see that the delivery waits and says for what.

        :param str hint: which reason it is.
        :param str named: what the reason names.
        """
        before = self.calls()
        self.send()
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.state, picking.amazon_api_status, row.hint), ("not_sent", "not_sent", hint))
        for name in (row.message, *named):
            self.assertIn(name, picking.with_user(self.user).amazon_api_message)
        self.assertEqual(self.calls(), before)
        return row

    def test_missing_number(self):
        """Without the number it needs a delivery waits; a person may decide to send it all the same."""
        picking = self.delivered(number=False)
        self.assertTrue(picking.amazon_warning)
        self.waits(picking, "number", picking.name)
        picking.with_user(self.user).amazon_send_untracked = True
        self.goes(picking)
        [package] = self.packages(picking.sale_id).values()
        self.assertEqual(package.get("trackingNumber", ""), "")

    def test_number_entered_later(self):
        """A number entered after validating sends the confirmation."""
        picking = self.delivered(number=False)
        self.waits(picking, "number", picking.name)
        picking.with_user(self.user).carrier_tracking_ref = "777"
        self.goes(picking)

    def test_method_without_numbers(self):
        """A delivery method that has no numbers is confirmed without one."""
        order = self.imported()
        order.picking_ids.carrier_id = self.mail
        self.goes(self.deliver(order.picking_ids, False))

    def test_send_without_number_by_setting(self):
        """The account may let them go without."""
        self.account.missing_tracking = "send"
        self.goes(self.delivered(number=False))

    def test_amazon_wants_a_number(self):
        """Where Amazon refuses the empty number, this order goes in the feed, which may leave it out."""
        self.amazon.post("settings", empty_tracking="refuse")
        order = self.imported()
        order.picking_ids.carrier_id = self.mail
        picking = self.deliver(order.picking_ids, False)
        self.send()
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.state, row.channel, row.feed_id.state), ("sending", "feed", "submitted"))
        self.amazon.post("clock", advance=120)
        self.fetch()
        self.assertEqual(row.state, "done")

    def test_hold(self):
        """An order on hold is not confirmed until it is released."""
        picking = self.delivered()
        picking.sale_id.with_user(self.user).action_amazon_hold()
        self.waits(picking, "on_hold")
        picking.sale_id.with_user(self.user).action_amazon_hold()
        self.goes(picking)

    def test_phases(self):
        """In a phase that does not confirm nothing is sent; moved into one that does, it is."""
        phase = self.env["amazon.phase"].create({"name": "検品", "company_id": self.company.id})
        picking = self.delivered()
        picking.sale_id.with_user(self.user).amazon_phase_id = phase
        self.waits(picking, "phase", "検品")
        self.account.phase_ids = [(0, 0, {"phase_id": phase.id, "auto_confirm": True})]
        picking.sale_id.with_user(self.user).amazon_phase_id = self.env.ref("sale_amazon_spapi.phase_shipped")
        self.goes(picking)

    def test_success_and_failure_phase(self):
        """The account says where orders move on success and on failure; they stay there."""
        good, bad = self.env["amazon.phase"].create([{"name": "請求済"}, {"name": "連携エラー"}])
        setting = self.account.phase_ids.filtered(lambda line: line.role == "shipped")
        setting.write({"success_phase_id": good.id, "failure_phase_id": bad.id})
        picking = self.delivered()
        self.goes(picking)
        self.assertEqual(picking.sale_id.amazon_phase_id, good)
        self.import_orders()
        self.assertEqual(picking.sale_id.amazon_phase_id, good)
        other = self.delivered(number="なし")
        self.send()
        self.assertEqual((other.amazon_api_status, other.sale_id.amazon_phase_id), ("error", bad))
        self.assertEqual(other.sale_id.activity_ids.user_id, self.manager)

    def own_phase(self, **setting):
        """Return a phase of the shop's own that confirms, and the account's setting for it."""
        phase = self.env["amazon.phase"].create({"name": "検品済", "company_id": self.company.id})
        return phase, self.env["amazon.account.phase"].create(
            {
                "account_id": self.account.id,
                "phase_id": phase.id,
                "auto_confirm": True,
                **setting,
            }
        )

    def delivered_in(self, phase, **values):
        """Import an order, put it into a phase and deliver it; return the delivery."""
        order = self.imported()
        order.with_user(self.user).amazon_phase_id = phase
        return self.deliver(order.picking_ids, **values)

    def test_own_phase_keeps_its_rules(self):
        """The phase in which the order stood when its delivery was validated decides, although it has moved on."""
        good, bad = self.env["amazon.phase"].create([{"name": "請求済"}, {"name": "連携エラー"}])
        phase, setting = self.own_phase(success_phase_id=good.id, failure_phase_id=bad.id)
        phase.require_ship_date = True
        picking, failed = self.delivered_in(phase), self.delivered_in(phase, number="なし")
        self.assertEqual(picking.sale_id.amazon_phase_id.role, "shipped")
        self.waits(picking, "ship_date", "“検品済”")
        self.assertEqual(failed.sale_id.amazon_phase_id, bad)
        picking.with_user(self.user).amazon_ship_date = self.today()
        self.goes(picking)
        self.assertEqual(picking.sale_id.amazon_phase_id, good)
        # Corrected, the other one is still judged by the phase it left in.
        failed.with_user(self.user).write({"carrier_tracking_ref": "1", "amazon_ship_date": self.today()})
        self.goes(failed)
        self.assertEqual(failed.sale_id.amazon_phase_id, good)
        # What does not confirm does not because the order has gone on to one that does.
        setting.auto_confirm = False
        self.waits(self.delivered_in(phase), "phase_then", "“検品済”")

    def test_phase_of_each_delivery(self):
        """Of one order's deliveries each is judged by the phase of its own; where a person puts the order decides
        anew."""
        phase, setting = self.own_phase()
        setting.auto_confirm = False
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        first, second = self.split(order)
        order.with_user(self.user).amazon_phase_id = phase
        self.deliver(second, "2")
        self.assertEqual(order.amazon_phase_id.role, "shipped")
        self.assertEqual((first | second).amazon_confirmation_ids.phase_id, phase)
        order.with_user(self.user).amazon_phase_id = self.env.ref("sale_amazon_spapi.phase_shipped")
        self.goes(first | second)
        other = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        first, second = self.split(other)
        other.sudo().amazon_phase_id = phase
        self.deliver(second, "2")
        self.send()
        self.assertEqual((first | second).sorted("id").mapped("amazon_api_status"), ["done", "not_sent"])

    def test_ship_date_required(self):
        """A phase may want a person to enter the ship date; it is that in which the order was when it left."""
        self.env.ref("sale_amazon_spapi.phase_ready").require_ship_date = True
        picking = self.delivered()
        self.waits(picking, "ship_date", self.env.ref("sale_amazon_spapi.phase_ready").name)
        picking.with_user(self.user).amazon_ship_date = self.today()
        self.goes(picking)

    def test_job_stopped(self):
        """A stopped job sends nothing; a person's request goes out all the same."""
        self.account.auto_confirm = False
        picking = self.delivered()
        self.waits(picking, "stopped", self.account.name)
        picking.sale_id.with_user(self.user).action_amazon_confirm_now()
        self.send(requested=True)
        self.assertEqual(picking.amazon_api_status, "done")

    def test_only_today(self):
        """By setting only what left today is confirmed by itself."""
        self.account.confirm_today_only = True
        picking = self.delivered(minutes_ago=60 * 24 * 3)
        picking.date_done = fields.Datetime.now() - timedelta(days=1)
        picking.amazon_ship_date = self.today() - timedelta(days=2)
        row = self.waits(picking, "today")
        today = self.delivered()
        self.goes(today)
        self.assertEqual((row.state, self.calls()), ("not_sent", 1))
        self.assertFalse(self.packages(picking.sale_id))
        # What left another day goes when somebody says that it left today.
        picking.amazon_ship_date = self.today()
        self.goes(picking)

    def test_split_waits(self):
        """Policy wait: nothing until the whole order has left with numbers; policy each: each as it leaves."""
        self.account.split_policy = "wait"
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        first, rest = self.split(order)
        self.waits(first, "rest", rest.name)
        self.deliver(rest, False)
        self.waits(first, "rest", rest.name)
        rest.carrier_tracking_ref = "222"
        self.goes(first)
        self.assertEqual(rest.amazon_api_status, "done")
        self.assertEqual(len(self.packages(order)), 2)

    def test_split_waits_for_steps(self):
        """What is only not picked yet is waited for as well, and nobody hears that no delivery brings it."""
        self.warehouse.delivery_steps = "pick_ship"
        self.account.split_policy = "wait"
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        pick, others = self.split(order)
        out = others.filtered(lambda picking: picking.picking_type_code == "outgoing")
        rest = others - out
        self.deliver(out)
        self.waits(out, "rest", rest.name)
        self.assertEqual(order.amazon_api_status, "not_sent")
        self.assertFalse(order.activity_ids)
        self.ship(rest)
        [last] = order.picking_ids - pick - others
        self.waits(out, "rest", last.name)
        self.deliver(last, "222")
        self.goes(out)
        self.assertFalse(order.activity_ids)

    def test_split_each(self):
        """Several deliveries are several parcels; none overwrites another, and the worst status shows."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        first, rest = self.split(order)
        self.goes(first)
        self.assertEqual((order.amazon_api_status, order.amazon_phase_id.role), ("not_sent", "ready"))
        self.assertEqual(self.amazon_order(order)["fulfillment"]["fulfillmentStatus"], "PARTIALLY_SHIPPED")
        self.import_orders()
        self.deliver(rest, "222")
        self.goes(rest)
        self.assertEqual(order.amazon_api_status, "done")
        self.assertEqual({p["trackingNumber"] for p in self.packages(order).values()}, {"111", "222"})

    # --- several parcels

    def pack(self, picking, *quantities):
        """Put units of the only move into packages; return them."""
        move = picking.move_ids
        move.move_line_ids.unlink()
        packages = self.env["stock.package"].create([{"name": f"P{n}-{picking.id}"} for n in range(len(quantities))])
        for package, quantity in zip(packages, quantities, strict=True):
            self.env["stock.move.line"].create(
                {
                    "move_id": move.id,
                    "picking_id": picking.id,
                    "product_id": move.product_id.id,
                    "quantity": quantity,
                    "result_package_id": package.id,
                    "picked": True,
                    "location_id": move.location_id.id,
                    "location_dest_id": move.location_dest_id.id,
                }
            )
        return packages

    def packed(self, number, *quantities):
        """Import an order, pack it into parcels and deliver it."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": sum(quantities)}])
        packages = self.pack(order.picking_ids, *quantities)
        order.picking_ids.carrier_tracking_ref = number
        order.picking_ids.with_user(self.user).button_validate()
        return order.picking_ids, packages

    def test_parcels_pair_with_numbers(self):
        """As many numbers as parcels: they pair in order, with exact quantities."""
        picking, packages = self.packed("111,222", 1, 2)
        self.send()
        rows = picking.amazon_confirmation_ids.sorted("id")
        self.assertEqual(rows.package_id, packages)
        told = self.packages(picking.sale_id)
        self.assertEqual([told[row.reference]["trackingNumber"] for row in rows], ["111", "222"])
        self.assertEqual([told[row.reference]["packageItems"][0]["quantity"] for row in rows], [1, 2])

    def test_parcels_share_the_first_number(self):
        """Otherwise the first number goes to every parcel, the rest is shown; a parcel's own number counts."""
        picking, packages = self.packed("111,222", 1, 1, 1)
        packages[2].with_user(self.user).amazon_tracking_ref = "９９９"
        self.send()
        rows = picking.amazon_confirmation_ids.sorted("id")
        self.assertEqual(rows.mapped("tracking_number"), ["111", "111", "999"])
        self.assertEqual(rows[0].further_numbers, "222")

    # --- sending again

    def test_number_changed_afterwards(self):
        """A changed number is sent again under the same reference: Amazon corrects the parcel."""
        picking = self.delivered()
        self.goes(picking)
        row = picking.amazon_confirmation_ids
        picking.with_user(self.user).carrier_tracking_ref = "999"
        self.assertEqual((row.state, row.edited), ("not_sent", True))
        self.assertEqual(picking.sale_id.amazon_phase_id.role, "shipped")
        self.goes(picking)
        self.assertEqual([p["trackingNumber"] for p in self.packages(picking.sale_id).values()], ["999"])
        picking.with_user(self.user).carrier_id = self.sagawa
        self.goes(picking)
        self.assertEqual([p["carrier"] for p in self.packages(picking.sale_id).values()], ["SAGAWA"])
        # What changes nothing is not sent.
        picking.with_user(self.user).carrier_tracking_ref = "999 "
        self.send()
        self.assertEqual(self.calls(), 3)

    def test_returned_and_sent_again(self):
        """A return reopens nothing; sent again, the parcel takes over its reference."""
        picking = self.delivered()
        self.goes(picking)
        [reference] = self.packages(picking.sale_id)
        back = self.return_of(picking)
        self.ship(back, self.env.user)
        self.send()
        self.assertEqual((self.calls(), picking.amazon_api_status), (1, "done"))
        again = self.return_of(back)
        again.carrier_id = self.yamato
        self.deliver(again, "555")
        self.goes(again)
        self.assertEqual(
            {ref: p["trackingNumber"] for ref, p in self.packages(picking.sale_id).items()}, {reference: "555"}
        )
        self.assertFalse(picking.amazon_confirmation_ids)
        # The first delivery's number says nothing any more.
        picking.carrier_tracking_ref = "000"
        self.send()
        self.assertEqual(self.calls(), 2)

    # --- bad input

    def refused_here(self, picking, hint, *named):
        """Run the job and see that nothing is sent and the delivery says what is wrong.

        :param str hint: which reason it is.
        :param str named: what the reason names.
        """
        self.send()
        self.assertEqual((picking.amazon_api_status, self.calls()), ("error", 0), picking.amazon_api_message)
        row = picking.amazon_confirmation_ids
        self.assertEqual(row.hint, hint)
        for name in (row.message, *named):
            self.assertIn(name, picking.with_user(self.user).amazon_api_message)
        self.assertTrue(picking.sale_id.activity_ids)

    def test_no_number_at_all(self):
        """Words are no tracking number; corrected, it goes."""
        picking = self.delivered(number="なし")
        self.refused_here(picking, "no_number", "なし")
        picking.carrier_tracking_ref = "123"
        self.goes(picking)
        self.assertFalse(picking.sale_id.activity_ids)

    def test_number_too_long(self):
        """Over-long numbers are refused before Amazon does."""
        self.refused_here(self.delivered(number="1" * 51), "number_too_long", "51", "50")

    def test_ship_date_in_the_future(self):
        """Ship dates in the future are refused."""
        picking = self.delivered()
        picking.amazon_ship_date = self.today() + timedelta(days=3)
        self.refused_here(picking, "future", str(picking.amazon_ship_date))

    def test_ship_date_before_order(self):
        """Ship dates before the order are refused."""
        picking = self.delivered()
        picking.amazon_ship_date = self.today() - timedelta(days=9)
        self.refused_here(picking, "before_order", str(picking.amazon_ship_date))

    def test_too_many_units(self):
        """More units than Amazon has open are not sent."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        picking = order.picking_ids
        picking.carrier_tracking_ref = "123"
        picking.move_ids.write({"quantity": 5, "picked": True})
        picking.with_user(self.user).with_context(skip_backorder=True).button_validate()
        self.refused_here(picking, "too_many", "AMZ-CUP-001", "5", "2")

    def test_refusals_here_count(self):
        """The API log counts what is refused here, also what is found wrong only when another parcel has gone."""
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        first, rest = self.split(order)
        rest.carrier_tracking_ref = "222"
        rest.move_ids.write({"quantity": 2, "picked": True})
        rest.with_user(self.user).with_context(skip_backorder=True).button_validate()
        long = self.delivered(number="1" * 51)
        log = self.send()
        self.assertEqual([p.amazon_api_status for p in (first, rest, long)], ["done", "error", "error"])
        self.assertEqual((log.state, log.accepted, log.refused, self.calls()), ("done", 1, 2, 1))
        rest.amazon_confirmation_ids.with_user(self.user).action_retry()
        log = self.send()
        self.assertEqual((log.accepted, log.refused), (0, 1))

    def test_no_delivery_method(self):
        """A delivery whose method was deleted says that one must be chosen."""
        order = self.imported()
        order.picking_ids.carrier_id = False
        picking = self.deliver(order.picking_ids)
        self.refused_here(picking, "no_carrier", picking.name)
        picking.with_user(self.user).carrier_id = self.sagawa
        self.goes(picking)

    def test_unlinked_method(self):
        """An unlinked method goes as Other with its name, or not at all, as the account says."""
        loose = self.env["delivery.carrier"].create(
            {
                "name": "赤帽",
                "product_id": self.env.ref("sale_amazon_spapi.product_shipping").id,
            }
        )
        self.account.unmapped_carrier = "error"
        order = self.imported()
        order.picking_ids.carrier_id = loose
        self.assertIn("赤帽", order.picking_ids.amazon_warning)
        picking = self.deliver(order.picking_ids)
        self.refused_here(picking, "unlinked", "赤帽")
        self.account.unmapped_carrier = "other"
        picking.amazon_confirmation_ids.with_user(self.user).action_retry()
        self.goes(picking)
        self.assertEqual([p["carrier"] for p in self.packages(order).values()], ["赤帽"])

    def test_delivery_without_order_lines(self):
        """Somebody's own delivery for an Amazon order holds nothing that Amazon could be told."""
        picking = self.spare_part(self.imported())
        self.refused_here(picking, "nothing")
        # What is entered on it later is no obstacle.
        picking.carrier_tracking_ref = "2"
        picking.with_user(self.user).action_amazon_confirm_now()
        self.send(requested=True)
        self.assertEqual((len(picking.amazon_confirmation_ids), picking.amazon_api_status), (1, "error"))

    def test_nothing_to_confirm_now(self):
        """Confirm Now says what is missing."""
        order = self.imported()
        with self.assertRaisesRegex(UserError, "nothing has left"):
            order.with_user(self.user).action_amazon_confirm_now()

    # --- what Amazon refuses

    def test_carrier_refused(self):
        """Amazon's words stand on the record, with plain advice."""
        self.yamato.amazon_shipping_method_id.carrier_code = "YAMATOO"
        picking = self.delivered()
        self.send()
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.state, row.hint), ("error", "carrier"))
        self.assertIn("YAMATOO", row.message)
        self.assertEqual(row.advice, row._hint_advice()["carrier"])
        self.yamato.amazon_shipping_method_id.carrier_code = "YAMATO"
        row.with_user(self.user).action_retry()
        self.goes(picking)

    def test_shipped_in_seller_central_first(self):
        """Shipped there before it is confirmed here: recorded as such with Amazon's number, nothing sent twice."""
        picking = self.delivered()
        self.amazon.post(f"orders/{picking.sale_id.amazon_order_ref}/ship", tracking="SC-1")
        self.send()
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.state, row.channel, row.tracking_number), ("done", "seller_central", "SC-1"))
        self.assertEqual(list(self.packages(picking.sale_id)), [row.reference])
        # Corrected here, that very parcel is corrected there.
        picking.with_user(self.user).carrier_tracking_ref = "NEW-1"
        self.goes(picking)
        self.assertEqual([p["trackingNumber"] for p in self.packages(picking.sale_id).values()], ["NEW-1"])

    def test_parcels_of_seller_central_corrected(self):
        """Two parcels entered there, one delivery here: numbers corrected here correct each of them, twice."""
        self.account.start_date = self.today() - timedelta(days=30)
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3}])
        item = order.order_line.amazon_item_ref
        self.amazon.post("clock", advance=600)
        for units, number in ((1, "SC-1"), (2, "SC-2")):
            self.amazon.post(f"orders/{order.amazon_order_ref}/ship", items={item: units}, tracking=number)
        self.amazon.post("clock", advance=600)
        self.import_orders()
        picking = order.picking_ids
        self.assertEqual((picking.state, len(picking.amazon_confirmation_ids)), ("done", 2))
        for numbers in ("A-1,A-2", "B-1,B-2"):
            picking.with_user(self.user).carrier_tracking_ref = numbers
            # Amazon's clock was put forward.
            with self.later(60):
                self.goes(picking)
            self.assertEqual(",".join(sorted(p["trackingNumber"] for p in self.packages(order).values())), numbers)
        self.assertEqual(len(picking.amazon_confirmation_ids), 2)

    def test_other_changes_keep_the_number_of_seller_central(self):
        """A parcel entered there keeps the number it has there, until another one is entered here."""
        picking = self.delivered(number=False)
        self.amazon.post(f"orders/{picking.sale_id.amazon_order_ref}/ship", tracking="SC-1")
        picking.amazon_send_untracked = True
        self.send()
        self.assertEqual(picking.amazon_confirmation_ids.channel, "seller_central")
        picking.with_user(self.user).amazon_send_untracked = False
        self.assertEqual(picking.amazon_api_status, "done")
        picking.with_user(self.user).carrier_id = self.sagawa
        self.send()
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.tracking_number, row.state), ("SC-1", "done"), row.message)
        self.assertEqual([p["trackingNumber"] for p in self.packages(picking.sale_id).values()], ["SC-1"])

    def test_carrier_corrected(self):
        """Amazon's advice followed, on the delivery method or on its shipping method: sent again by itself."""
        method = self.yamato.amazon_shipping_method_id
        for place in ("method", "link"):
            method.carrier_code = "YAMATOO"
            picking = self.delivered()
            self.send()
            self.assertEqual(picking.amazon_confirmation_ids.hint, "carrier")
            if place == "method":
                method.carrier_code = "YAMATO"
            else:
                self.yamato.amazon_shipping_method_id = self.sagawa.amazon_shipping_method_id
            self.goes(picking)

    def test_import_sees_it_shipped(self):
        """The import may be the first to see it: then nothing is sent at all."""
        picking = self.delivered()
        self.act(picking.sale_id.amazon_order_ref, "ship", tracking="SC-2")
        self.import_orders()
        self.assertEqual(picking.amazon_confirmation_ids.channel, "seller_central")
        self.assertEqual((picking.amazon_api_status, picking.sale_id.amazon_phase_id.role), ("done", "confirmed"))
        self.send()
        self.assertEqual(self.calls(), 0)

    def test_cancelled_meanwhile(self):
        """Cancelled on Amazon after it has left: refused, with the advice to stop the parcel."""
        picking = self.delivered()
        self.amazon.post(f"orders/{picking.sale_id.amazon_order_ref}/cancel")
        self.send()
        row = picking.amazon_confirmation_ids
        self.assertEqual((row.state, row.hint), ("error", "cancelled"))

    def test_import_sees_it_cancelled(self):
        """The import may be the first to see it: the advice is the same."""
        picking = self.delivered()
        self.act(picking.sale_id.amazon_order_ref, "cancel")
        self.import_orders()
        advice = picking.amazon_confirmation_ids.with_user(self.user)._hint_advice()["cancelled"]
        self.refused_here(picking, "cancelled", advice)
        self.assertEqual(picking.amazon_confirmation_ids.with_user(self.user).advice, advice)
