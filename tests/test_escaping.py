"""Text from Amazon and from people stays text wherever it is shown as HTML; what Odoo says about it is in the reader's
language."""

from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import AmazonCase

HTML = '<b>kanaria</b><img src="x" onerror="alert(1)">'
EVERYWHERE = {
    "buyer": {
        "buyerName": HTML,
        "buyerEmail": "kanaria7@m.amazon.co.jp",
        "buyerCompanyName": f"{HTML} KK",
        "buyerPurchaseOrderNumber": HTML,
    },
    "recipient": {
        "deliveryAddress": {
            "name": HTML,
            "companyName": HTML,
            "addressLine1": HTML,
            "addressLine2": HTML,
            "addressLine3": HTML,
            "phone": HTML,
            "city": HTML,
            "stateOrRegion": HTML,
            "districtOrCounty": HTML,
            "municipality": HTML,
        },
        "deliveryPreference": {"addressInstruction": HTML, "dropOffLocation": HTML},
    },
    "fulfillment": {"fulfillmentServiceLevel": HTML},
    "programs": [HTML],
    "orderItems": {
        "0": {
            "product": {"title": HTML, "sellerSku": f"NEW{HTML}"},
            "fulfillment": {"packing": {"giftOption": {"giftMessage": HTML, "giftWrapLevel": HTML}}},
        }
    },
}


@tagged("post_install", "-at_install")
class TestEscaping(AmazonCase):
    def rendered(self):
        """Return where HTML fields hold the canary as elements: (table, column, value)."""
        self.env.flush_all()
        found = []
        for model in self.env.registry.values():
            for field in model._fields.values():
                if not (field.store and field.column_type and model._auto and not model._abstract):
                    continue
                if field.type == "html" or (model._name, field.name) == ("mail.mail", "body_html"):
                    rows = self.env.execute_query(
                        SQL(
                            "SELECT %(column)s::text FROM %(table)s WHERE %(column)s::text ~* %(element)s",
                            element="<b>kanaria|<img[^>]*src=.?.?x",
                            column=SQL.identifier(field.name),
                            table=SQL.identifier(model._table),
                        )
                    )
                    found += [(model._table, field.name, row) for [row] in rows]
        return found

    def test_an_order(self):
        """Every text field of an order, through review, changes, shipping and refusal."""
        order = self.imported(set=EVERYWHERE)
        self.assertIn("&lt;b&gt;kanaria", order.activity_ids.filtered("note").mapped("note")[0])
        self.assertEqual(self.rendered(), [])
        self.changed(order, "change-address")
        self.refetched(order, fulfillment={"fulfillmentStatus": f"NEW{HTML}"})
        self.assertEqual(order.amazon_status_raw, f"NEW{HTML}")
        self.refetched(order, fulfillment={"fulfillmentStatus": "UNSHIPPED"})
        order.order_line.amazon_offer_id.product_id = self.products["AMZ-CUP-001"]
        order.with_user(self.user).action_amazon_reviewed()
        carrier = self.env["delivery.carrier"].create({"name": HTML, "product_id": self.products["AMZ-PEN-001"].id})
        order.picking_ids.write({"carrier_id": carrier.id, "carrier_tracking_ref": "123456789012"})
        self.ship(order.picking_ids)
        self.amazon.post("faults", operation="confirmShipment", kind="400", message=HTML, times=None)
        self.account.auto_confirm = True
        with self.committing(self.account) as account:
            account._send_confirmations()
        self.env.invalidate_all()
        self.assertIn("kanaria", order.amazon_confirmation_ids.message)
        self.assertEqual(self.rendered(), [])

    def test_what_a_person_writes(self):
        """Names that people give: delivery methods, products, phases, users."""
        self.products["AMZ-CUP-001"].name = HTML
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        order.picking_ids.printed = True
        order.amazon_marketplace_id.name = HTML
        item = self.item_id(order)
        self.refetched(order, orderItems={"0": {"orderItemId": item, "quantityOrdered": 3}})
        carrier = self.env["delivery.carrier"].create({"name": HTML, "product_id": self.products["AMZ-PEN-001"].id})
        order.carrier_id = order.picking_ids.carrier_id = carrier
        order._amazon_assign("review", HTML, HTML)
        self.ship(order.picking_ids)
        self.assertEqual(self.rendered(), [])


@tagged("post_install", "-at_install")
class TestChatterLanguage(AmazonCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ja_JP")
        cls.company.partner_id.lang = "ja_JP"
        cls.japanese = new_test_user(
            cls.env,
            "japanese",
            "sale_amazon_spapi.group_amazon_manager",
            company_id=cls.company.id,
            lang="ja_JP",
            company_ids=cls.company.ids,
            email="japanese@example.com",
        )

    def test_created(self):
        """On the record stands the company's language, whoever made it."""
        account = self._connect(self.amazon.seller())
        self.assertIn("Amazonアカウント", account.message_ids[-1:].body)
        self.assertNotIn("created", account.message_ids[-1:].body)

    def test_what_people_do(self):
        """What a person maps, combines, separates or sets by hand stands in the company's language, too."""
        order, other = self.imported(count=2, items=[{"sku": "NEW-1"}])
        offer = order.order_line.amazon_offer_id.with_user(self.user)
        offer.product_id = self.products["AMZ-CUP-001"]
        self.check_japanese(offer.message_ids[:1].body)
        pickings = (order | other).picking_ids.filtered(lambda picking: picking.state != "cancel")
        pickings.with_user(self.user)._amazon_combine(order, self.env["delivery.carrier"], "")
        self.check_japanese(order.message_ids[:1].body, other.message_ids[:1].body, pickings.batch_id.description)
        pickings[0].with_user(self.user).action_amazon_separate()
        self.check_japanese(order.message_ids[:1].body, other.message_ids[:1].body)
        self.ship(pickings[0])
        offer.product_id = self.products["AMZ-PEN-001"]
        self.check_japanese(pickings[0].sale_id.activity_ids.summary)
        self.env["amazon.confirmation"].with_user(self.user)._set_status(pickings[0].sale_id, "done")
        self.assertEqual(pickings[0].sale_id.amazon_phase_role, "confirmed")
        self.check_japanese(*pickings[0].sale_id.message_ids[:2].mapped("body"))

    def check_japanese(self, *texts):
        for text in texts:
            self.assertRegex(text, "[ぁ-ん一-龠]")
            self.assertNotRegex(text, "Mapped|mapped|Combined|combined|Moved|by hand")

    def test_assigned(self):
        """Who is made responsible is told in the own language: of accounts and of orders."""
        order = self.imported()
        for record in (self.account, order):
            record.with_context(mail_auto_subscribe_no_notify=False).user_id = self.japanese
            self.env.flush_all()
            told = self.env["mail.message"].search(
                [
                    ("model", "=", record._name),
                    ("res_id", "=", record.id),
                    ("message_type", "=", "user_notification"),
                ],
                limit=1,
            )
            self.assertEqual(told.notified_partner_ids, self.japanese.partner_id)
            self.assertNotIn("assigned", f"{told.subject} {told.body}")
            self.assertIn("割り当て", told.subject)
            record.user_id = self.manager
            self.env.flush_all()
            told = self.env["mail.message"].search(
                [
                    ("model", "=", record._name),
                    ("res_id", "=", record.id),
                    ("message_type", "=", "user_notification"),
                ],
                limit=1,
            )
            self.assertIn("assigned", told.subject)
