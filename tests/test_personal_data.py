"""Personal data: nobody sees them without need, and none is left anywhere in the database when their time is over."""

from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import AmazonCase
from .common_personal import CANARIES, Canaries

PERSONAL = {
    "buyer": {
        "buyerName": "カナリア 花子",
        "buyerEmail": "kanaria7@marketplace.amazon.co.jp",
        "buyerCompanyName": "Kanaria & Söhne",
        "buyerPurchaseOrderNumber": "PO-KANARIA-77",
    },
    "recipient": {
        "deliveryAddress": {
            "name": "カナリア 太郎",
            "companyName": "カナリア商会",
            "addressLine1": "カナリア町1-2-3",
            "addressLine2": "Kanaria Heights 301",
            "postalCode": "987-6543",
            "phone": "0901234987",
        },
        "deliveryPreference": {"addressInstruction": "カナリア寺の裏\nring at <Kanaria>"},
    },
    "orderItems": {
        "0": {
            "fulfillment": {
                "packing": {
                    "giftOption": {
                        "giftMessage": "Dear Kanaria,\nおめでとう、カナリアより",
                        "giftWrapLevel": "Classic",
                    }
                }
            }
        }
    },
}


@tagged("post_install", "-at_install")
class TestPersonalData(Canaries, AmazonCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env,
            "clerk",
            "sale_amazon_spapi.group_amazon_manager,base.group_partner_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def purge(self, days):
        with freeze_time(fields.Datetime.now() + timedelta(days=days)), self.committing(self.account) as account:
            account._purge_personal_data()
        self.env.invalidate_all()

    def personal(self, **values):
        return self.imported(set=PERSONAL, **values)

    def send(self, order):
        """Review and ship, as the clerk."""
        order.with_user(self.clerk).action_amazon_reviewed()
        self.ship(order.picking_ids, self.clerk)

    # === AN ORDER'S LIFE === #

    def test_simple_order(self):
        """What Amazon sent is gone without a trace."""
        order = self.personal()
        self.assertEqual(
            set(self.left()),
            {"res_partner", "sale_order"},
            "only the buyer, the address and the order have what is personal",
        )
        self.send(order)
        self.purge(60)
        self.assertEqual(self.left(), {})

    def test_import_stopped_after_shipping(self):
        """What is shipped here has its time, though Amazon was never heard again."""
        order = self.personal()
        self.send(order)
        self.assertEqual(order.amazon_status, "unshipped")
        self.purge(60)
        self.assertTrue(order.amazon_purged)
        self.assertEqual(self.left(), {})
        self.refetched(order)
        self.assertEqual(self.left(), {}, "what was removed does not come back")
        with self.committing(self.account) as account:
            account._refresh_orders([order.amazon_order_ref])
        self.env.invalidate_all()
        self.assertEqual(self.left(), {})
        self.refetched(order, recipient={"deliveryAddress": {"addressLine1": "カナリア坂9"}})
        self.assertEqual(self.left(), {})

    def test_buyer_removed_before_the_order(self):
        """What was removed of a buyer does not come back through an order that is still open."""
        order = self.personal()
        (order.partner_id | order.partner_shipping_id)._amazon_anonymize()
        self.refetched(order, recipient={"deliveryAddress": {"addressLine1": "カナリア坂9"}})
        self.assertEqual(set(self.left()), {"sale_order"})

    def test_open_order_keeps_its_data(self):
        """What is still to be delivered keeps what is needed, however old it is; not so what Amazon calls done."""
        order = self.personal()
        before = self.left()
        self.purge(400)
        self.assertEqual(self.left().keys(), before.keys())
        self.assertEqual(order.partner_shipping_id.name, "カナリア 太郎")
        order.amazon_status = "cancelled"
        self.purge(400)
        self.assertEqual(self.left(), {}, "a delivery forgotten here holds nothing back")

    def test_left_lately(self):
        """The time runs from when the last parcel left where Amazon has not said that it arrived."""
        order = self.personal()
        with freeze_time(fields.Datetime.now() + timedelta(days=50)):
            self.send(order)
        self.purge(70)
        self.assertFalse(order.amazon_purged)
        self.assertEqual(order.partner_shipping_id.name, "カナリア 太郎")
        self.purge(90)
        self.assertEqual(self.left(), {})

    # === WHAT PEOPLE AND ODOO MAKE OF IT === #

    def test_automatic_batch(self):
        """An automatic batch is called after its order, not after who gets it."""
        self.warehouse.out_type_id.write({"auto_batch": True, "batch_group_by_partner": True})
        order = self.personal(count=2)[:1]
        batch = order.picking_ids.batch_id
        self.assertTrue(batch)
        self.assertIn(order.name, batch.description)
        self.assertNotIn("stock_picking_batch", self.left())

    def test_changed_delivery_address(self):
        """Odoo asks to look at the delivery, without quoting the old or the new address."""
        order = self.personal()
        other = (
            self.env["res.partner"]
            .with_user(self.clerk)
            .create(
                {
                    "name": "カナリア 次郎",
                    "street": "カナリア通り5",
                    "parent_id": order.partner_id.id,
                    "type": "delivery",
                }
            )
        )
        order.with_user(self.clerk).partner_shipping_id = other
        activity = order.picking_ids.activity_ids
        self.assertIn("delivery address", activity.note)
        activity.with_user(self.clerk).action_feedback("seen")
        self.assertEqual(set(self.left()), {"res_partner", "sale_order"})

    def test_changed_customer(self):
        """The chatter says that the customer changed, and names nobody."""
        order = self.personal()
        copy = order.partner_id.with_user(self.clerk).copy()
        order.with_user(self.clerk).with_context(tracking_disable=False).partner_id = copy
        self.assertEqual(set(self.left()), {"res_partner", "sale_order"})
        self.assertTrue(
            order.message_ids.tracking_value_ids.filtered(lambda value: value.field_id.name == "partner_id")
        )

    def test_shops_own_orders_are_told_as_ever(self):
        """What is not Amazon's is quoted as Odoo does."""
        first, second = self.env["res.partner"].create([{"name": "Shop customer"}, {"name": "Other customer"}])
        order = self.env["sale.order"].create(
            {
                "partner_id": first.id,
                "order_line": [Command.create({"product_id": self.products["AMZ-PEN-001"].id})],
            }
        )
        order.action_confirm()
        self.env.flush_all()
        self.cr.precommit.run()
        order.partner_shipping_id = second
        order.partner_id = second
        self.env.flush_all()
        self.cr.precommit.run()
        self.assertIn("Other customer", order.picking_ids.activity_ids.note)
        self.assertIn("Other customer", order.message_ids.tracking_value_ids.mapped("new_value_char"))

    def test_every_way(self):
        """Whatever people wrote down, attached, copied and added is gone after the purge."""
        order = self.personal()
        buyer, address = order.partner_id, order.partner_shipping_id
        self.write_everywhere(order)
        self.assertTrue(
            {"mail_message", "mail_activity", "ir_attachment", "mail_tracking_value", "stock_picking"}
            <= set(self.left())
        )
        self.send(order)
        self.purge(60)
        self.assertEqual(self.left(), {})
        self.assertTrue(order.message_ids.filtered(lambda message: "Refund of 500" in message.body))
        self.assertEqual((buyer | address).mapped("country_id.code"), ["JP"])

    def write_everywhere(self, order):
        """Quote, as a clerk, in every place there is."""
        picking, buyer, address = order.picking_ids, order.partner_id, order.partner_shipping_id
        order, picking, buyer = order.with_user(self.clerk), picking.with_user(self.clerk), buyer.with_user(self.clerk)
        said = f"{buyer.name} / {address.street} / {address.company_name} / {buyer.company_name} / {address.phone}"
        for record in (order, picking, buyer):
            record.message_post(body=f"Refund of 500 for {said}", subject=buyer.name, email_from=buyer.email)
            record.activity_schedule("mail.mail_activity_data_todo", summary=address.name, note=said)
            record.activity_schedule("mail.mail_activity_data_todo", note=said).action_feedback(f"Rang {buyer.name}")
            self.env["ir.attachment"].create(
                {
                    "name": f"label {address.name}.txt",
                    "raw": said.encode(),
                    "res_model": record._name,
                    "res_id": record.id,
                    "mimetype": "text/plain",
                    "index_content": said,
                }
            )
        order.note = f"<p>{order.amazon_purchase_order} 太郎</p>"
        order.sudo().signed_by = address.name
        picking.note = f"<p>{said}</p>"
        message = order.message_post(body=order.amazon_instructions, message_type="comment")
        self.env["mail.tracking.value"].sudo().create(
            {
                "mail_message_id": message.id,
                "field_id": self.env["ir.model.fields"]._get("sale.order", "partner_id").id,
                "old_value_char": address.name,
                "new_value_char": buyer.display_name,
            }
        )
        self.env["mail.mail"].sudo().create(
            {
                "mail_message_id": message.id,
                "body_html": f"<p>{said}</p>",
                "email_to": buyer.email,
                "state": "exception",
            }
        )
        order.sudo().amazon_confirmation_ids.message = said
        buyer.write(
            {"comment": f"<p>{said}</p>", "website": "https://kanaria.example", "function": "Kanaria", "ref": "KANARIA"}
        )
        Partner = self.env["res.partner"].with_user(self.clerk)
        added = Partner.create(
            {"name": "カナリア 三郎", "parent_id": buyer.id, "street": "カナリア台1", "type": "delivery"}
        )
        buyer.write({"child_ids": [Command.create({"name": "Kanaria Junior", "email": "junior@kanaria.example"})]})
        Partner.create({"name": "Kanaria below", "parent_id": added.id})
        for copied in (buyer, address.with_user(self.clerk), added):
            copied.copy({"name": "Kanaria copied"})

    # === WHO SEES IT === #

    def test_hidden_like_the_buyer(self):
        """What a person adds below a buyer or copies of one is seen by those only who see the buyer."""
        order = self.personal()
        self.write_everywhere(order)
        plain, packer = (
            new_test_user(
                self.env, groups, groups, company_id=self.company.id, company_ids=[Command.set(self.company.ids)]
            )
            for groups in ("base.group_user,base.group_partner_manager", "stock.group_stock_user")
        )
        domain = ["|", ("name", "ilike", "kanaria"), ("name", "like", "カナリア")]
        Partner = self.env["res.partner"].with_context(active_test=False)
        everybody = Partner.search(domain)
        self.assertGreaterEqual(len(everybody), 8)
        self.assertFalse(Partner.with_user(plain).search(domain))
        self.assertEqual(Partner.with_user(packer).search(domain), everybody)
        for partner in everybody:
            with self.assertRaises(AccessError):
                partner.with_user(plain).read(["name"])

    def test_refusals_name_nobody(self):
        """What is refused is written into Odoo's log: it names orders, not buyers."""
        order = self.personal()
        for record in (order.with_context(sale_show_partner_name=True), order.partner_id, order.partner_shipping_id):
            with self.assertRaises(AccessError) as refusal:
                record.with_user(self.clerk).amazon_account_id = False
            self.assertNotRegex(str(refusal.exception), CANARIES)
            self.assertEqual(order.name in str(refusal.exception), record._name == "sale.order")

    def test_kept_with_the_buyer(self):
        """What a person added stays as long as the buyer is needed; a copy on no order goes."""
        order = self.personal()
        added = self.env["res.partner"].create({"name": "カナリア 三郎", "parent_id": order.partner_id.id})
        copied = order.partner_id.copy()
        own = self.env["res.partner"].create({"name": "The shop's own"})
        own.parent_id = order.partner_id
        self.purge(20)
        self.assertEqual((added.amazon_purged, copied.amazon_purged), (False, True))
        self.send(order)
        self.purge(60)
        self.assertTrue(added.amazon_purged)
        self.assertEqual(own.name, "The shop's own", "who was the shop's before is not Amazon's")
