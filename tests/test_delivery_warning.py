from lxml import etree
from odoo.tests import new_test_user, tagged

from ..models.confirmations.amazon_shipping_method import UNNAMED
from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestDeliveryWarning(ConfirmationCase):
    """What a delivery and its order say before Amazon is told of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.packer = new_test_user(
            cls.env,
            "packer",
            "stock.group_stock_user,base.group_partner_manager",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )

    def warning(self, order, carrier=None):
        """Return the warning that a packer sees, after choosing a delivery method."""
        picking = order.picking_ids.with_user(self.packer)
        if carrier:
            picking.carrier_id = carrier
        picking.invalidate_recordset()
        return picking.amazon_warning or ""

    def message(self, record, user):
        """Return why Amazon does not know of it, as a user sees it."""
        record.invalidate_recordset()
        return record.with_user(user).amazon_api_message or ""

    # --- Transparency

    def test_transparency(self):
        """Codes are asked for while the units are packed, not only when Amazon is to be told of them."""
        marked = {"programs": ["TRANSPARENCY"]}
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 3, "set": marked}, {"sku": "AMZ-TEA-001"}])
        picking = order.picking_ids.with_user(self.packer)
        [move] = picking.move_ids.filtered("amazon_needs_codes")
        for codes, there in (("", 0), ("AZ:1", 1), ("AZ:1\nAZ:2, AZ:3 AZ:4", 4)):
            move.amazon_transparency_codes = codes
            with self.subTest(codes=codes):
                self.assertIn(
                    f"Transparency code for each unit of {move.product_id.name}: {there} of 3", self.warning(order)
                )
        move.amazon_transparency_codes = "AZ:1 AZ:2 AZ:3"
        self.assertNotIn("Transparency", self.warning(order))
        # Of a part, as many as are in it.
        move.quantity = 2
        self.assertIn("3 of 2", self.warning(order))
        move.amazon_transparency_codes = "AZ:1 AZ:2"
        self.assertNotIn("Transparency", self.warning(order))
        [arch] = [etree.fromstring(picking.get_views([(False, "form")])["views"]["form"]["arch"])]
        column = arch.find(".//field[@name='move_ids']/list/field[@name='amazon_transparency_codes']")
        self.assertIsNotNone(column, "there is a place to scan them")

    # --- the delivery method

    def test_label_missing(self):
        """C12: without a text to send as ship-method the delivery says so before it is sent, until there is one."""
        order = self.imported()
        self.assertNotIn(self.yamato.name, self.warning(order))
        self.yamato.amazon_shipping_method_id.ship_method = False
        self.assertIn(f"“{self.yamato.name}”", self.warning(order))
        picking = self.deliver(order.picking_ids)
        self.assertIn(f"“{self.yamato.name}”", self.warning(order))
        self.send()
        self.assertEqual((picking.amazon_api_status, self.warning(order)), ("done", ""))
        other = self.imported()
        self.yamato.amazon_ship_method = "宅急便"
        self.assertNotIn(self.yamato.name, self.warning(other))

    def test_cash_on_delivery(self):
        """Who has a method that collects the money is warned where it is not used, or used for what is paid."""
        cod, paid = self.imported("jp_cod"), self.imported()
        self.assertNotIn(cod.name, self.warning(cod), "there is nothing else to choose")
        collect = self.make_carrier("Other", "ヤマト運輸", "宅急便コレクト", cash_on_delivery=True)
        for order, carrier, warns in (
            (cod, self.yamato, True),
            (cod, collect, False),
            (paid, self.yamato, False),
            (paid, collect, True),
        ):
            with self.subTest(order=order.amazon_payment_method, carrier=carrier.name):
                warning = self.warning(order, carrier)
                self.assertEqual((order.name in warning, f"“{carrier.name}”" in warning), (warns, warns), warning)
        self.deliver(paid.picking_ids)
        self.assertIn(paid.name, self.warning(paid), "it may still be corrected before Amazon is told")
        self.send()
        self.assertFalse(self.warning(paid))

    def test_cash_on_delivery_elsewhere(self):
        """Another company's method is none to choose here; one for all companies is."""
        cod = self.imported("jp_cod")
        collect = self.make_carrier("Other", "ヤマト運輸", "宅急便コレクト", cash_on_delivery=True)
        collect.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertNotIn(cod.name, self.warning(cod))
        collect.company_id = False
        self.assertIn(cod.name, self.warning(cod))

    def test_cash_on_delivery_not_linked(self):
        """Whether a method that is not linked collects money is not known: that it is not linked is warning enough."""
        self.make_carrier("Other", "ヤマト運輸", "宅急便コレクト", cash_on_delivery=True)
        self.yamato.amazon_shipping_method_id = False
        order = self.imported("jp_cod")
        warning = self.warning(order)
        self.assertIn(f"“{self.yamato.name}”", warning)
        self.assertNotIn(order.name, warning)

    def test_cash_on_delivery_combined(self):
        """In one parcel with others, whoever has not paid decides: also an order that was cancelled for it."""
        collect = self.make_carrier("Other", "ヤマト運輸", "宅急便コレクト", cash_on_delivery=True)
        paid, cod = self.imported(), self.imported("jp_cod")
        cod.partner_shipping_id = cod.picking_ids.partner_id = paid.picking_ids.partner_id
        self.env["amazon.combine"].with_user(self.user).with_company(self.company).with_context(
            active_model="stock.picking", active_ids=(paid | cod).picking_ids.ids
        ).create({}).action_combine()
        for order in (paid, cod):
            self.assertIn(cod.name, self.warning(order))
        (paid | cod).picking_ids.carrier_id = collect
        for order in (paid, cod):
            self.assertFalse({name for name in (paid.name, cod.name) if name in self.warning(order)})
        parent, child = self.imported(), self.imported("jp_cod")
        child._action_cancel()
        child.with_user(self.user).amazon_merged_into_id = parent
        self.assertIn(child.name, self.warning(parent))
        self.assertNotIn(child.name, self.warning(parent, collect))

    def test_carrier_without_a_name(self):
        """“Please name the carrier” is never told to Amazon: the delivery says what to set, before and after."""
        other = self.env["amazon.shipping.method"].search([("carrier_name", "=", UNNAMED)], limit=1)
        linked = self.make_carrier("Other", "X", "その他")
        linked.amazon_shipping_method_id = other
        own_name = self.make_carrier("Other", "X", "その他")
        own_name.write({"name": UNNAMED, "amazon_shipping_method_id": False})
        label = self.make_carrier("YAMATO", "ヤマト運輸", f"{UNNAMED}。")
        orders = self.imported(count=3)
        for order, carrier in zip(orders, (linked, own_name, label), strict=True):
            with self.subTest(carrier=carrier.name):
                self.assertIn(f"“{UNNAMED}”", self.warning(order, carrier))
                self.deliver(order.picking_ids)
                self.send()
                self.assertEqual((order.amazon_api_status, self.calls()), ("error", 0))
                self.assertEqual(order.amazon_confirmation_ids.hint, "unnamed")
                why = carrier.with_user(self.packer)._amazon_why_unnamed()
                self.assertIn(why, self.message(order.picking_ids, self.packer))
        other.carrier_name = "赤帽"
        self.send()
        [package] = self.packages(orders[0]).values()
        self.assertEqual((package["carrier"], self.packages(orders[1])), ("赤帽", {}))

    # --- the number

    def test_warning_goes_with_the_save(self):
        """Saving the number takes away what said that it is missing, in the very answer to the save."""
        picking = self.delivered(number=False)
        self.send()
        mine = picking.with_user(self.packer)
        shown = {"amazon_warning": {}, "amazon_api_message": {}, "amazon_api_status": {}}
        why = picking.amazon_confirmation_ids._why_number_missing()
        self.assertEqual(mine.web_read(shown)[0]["amazon_api_message"], why)
        [saved] = mine.web_save({"carrier_tracking_ref": "1234"}, shown)
        self.assertEqual(
            (saved["amazon_warning"], saved["amazon_api_message"], saved["amazon_api_status"]),
            (False, False, "not_sent"),
        )
        [order] = picking.sale_id.with_user(self.user).web_read({"amazon_api_message": {}})
        self.assertFalse(order["amazon_api_message"])
        # Taken away again it is missing again; a wrong one says so.
        for number, text in (("", "No tracking number"), ("なし", False)):
            [saved] = mine.web_save({"carrier_tracking_ref": number}, shown)
            self.assertIn(text, saved["amazon_warning"]) if text else self.assertFalse(saved["amazon_warning"])

    def test_wrong_number(self):
        """What cannot be a tracking number is said while the parcel is still here."""
        order = self.imported()
        picking = order.picking_ids.with_user(self.packer)
        picking.carrier_tracking_ref = "1234,番号なし"
        wrong = self.env["amazon.confirmation"]._why_number_wrong("番号なし")
        self.assertIn("“番号なし”", wrong)
        self.assertIn(wrong, self.warning(order))
        picking.carrier_tracking_ref = "１２３４、5678"
        self.assertFalse(self.warning(order))

    # --- the job

    def test_job_stopped(self):
        """While nobody looks at it, delivery, order and history say so; also to who has no access to Amazon."""
        self.account.auto_confirm = False
        picking = self.delivered()
        order, row = picking.sale_id, picking.amazon_confirmation_ids
        text = "Amazon.co.jp"
        self.assertIn(text, row.with_user(self.packer).sudo()._stopped_advice())
        for record, user in ((picking, self.packer), (order, self.user)):
            self.assertIn(text, self.message(record, user))
        self.assertIn(text, row.with_user(self.user).advice)
        self.account.auto_confirm = True
        for record, user in ((picking, self.packer), (order, self.user)):
            self.assertFalse(self.message(record, user))
        self.assertNotIn(text, row.with_user(self.user).advice)
        self.account.auto_confirm = False
        order.with_user(self.user).action_amazon_confirm_now()
        self.assertFalse(self.message(order, self.user), "a person's request goes out all the same")
        self.assertNotIn(text, row.with_user(self.user).advice)
        self.send(requested=True)
        self.assertEqual((picking.amazon_api_status, self.message(order, self.user)), ("done", ""))

    def test_job_stopped_and_who_starts_it(self):
        """Each reads what is in the own power: the manager where to start it, a clerk how to send this one and whom to
        ask, a packer whom to ask."""
        self.account.auto_confirm = False
        picking = self.delivered()
        ask, start, now = "Ask your Amazon manager to start it", "Start it on the account", "Confirm Now"
        for user, texts in ((self.manager, {start, now}), (self.user, {ask, now}), (self.packer, {ask})):
            with self.subTest(user.login):
                said = self.message(picking, user)
                self.assertEqual({text for text in (ask, start, now) if text in said}, texts)
        row = picking.amazon_confirmation_ids
        self.assertIn(ask, row.with_user(self.user).advice)
        self.assertIn(start, row.with_user(self.manager).advice)

    def test_no_access_and_who_mends_it(self):
        """Without access only the manager is told to test the connection."""
        picking = self.delivered()
        self.fault("403", times=None)
        self.send()
        ask, test = "Ask your Amazon manager to test the connection", "Test the connection"
        for user, text, other in ((self.manager, test, ask), (self.user, ask, test), (self.packer, ask, test)):
            with self.subTest(user.login):
                self.assertIn(text, self.message(picking, user))
                self.assertNotIn(other, self.message(picking, user))

    def test_job_stopped_and_more(self):
        """What else is missing is said as it is now, not as it was when the job looked last."""
        picking = self.delivered(number=False)
        self.send()
        self.account.auto_confirm = False
        row = picking.amazon_confirmation_ids.with_user(self.packer).sudo()
        missing, stopped = row._why_number_missing(), row._stopped_advice()
        self.assertEqual(self.message(picking, self.packer), f"{missing}\n{stopped}")
        picking.with_user(self.packer).carrier_tracking_ref = "1"
        self.assertEqual(self.message(picking, self.packer), stopped)

    def test_job_stopped_hides_no_warning(self):
        """What was worth knowing before sending still is."""
        self.yamato.amazon_shipping_method_id.ship_method = False
        self.account.auto_confirm = False
        picking = self.delivered()
        self.assertIn(f"“{self.yamato.name}”", self.warning(picking.sale_id))
        arch = self.env["stock.picking"].with_user(self.packer).get_view(view_type="form")["arch"]
        [alert] = etree.fromstring(arch).xpath("//div[@name='amazon_warning']")
        self.assertNotIn("amazon_api_message", alert.get("invisible"), "both show")
        refused = self.delivered(number="なし")
        self.account.auto_confirm = True
        self.send()
        self.assertEqual(refused.amazon_api_status, "error")
        self.assertFalse(self.warning(refused.sale_id), "the message says what is to be done")
