from odoo import Command, fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import AmazonCase, InBrowser
from .common_confirmation import ConfirmationCase
from .common_finances import FinancesCase
from .common_stock import StockCase
from .test_deposits import DepositCase
from .test_vendor_labels import PapersCase


@tagged("post_install", "-at_install")
class TestTours(InBrowser, AmazonCase):
    """What a person does in the browser."""

    def test_set_up_an_account(self):
        self.amazon.seller(
            merchant_id="A2TOURMERCHANT",
            client_id="amzn1.application-oa2-client.tour",
            client_secret="amzn1.oa2-cs.v1.tour",
            refresh_token="Atzr|tour",
        )
        # The tour cannot know the simulator's port.
        default = self.env["ir.default"]
        default.set("amazon.account", "endpoint_url", self.amazon.url)
        default.set("amazon.account", "lwa_url", f"{self.amazon.url}/auth/o2/token")
        self.start_tour("/odoo", "amazon_set_up_account", login=self.manager.login)
        account = self.env["amazon.account"].search([("merchant_id", "=", "A2TOURMERCHANT")])
        self.assertEqual(account.connection_state, "ok")
        self.assertTrue(account.auto_import)
        self.assertEqual(account._credentials().refresh_token, "Atzr|tour")

    def test_screens_follow(self):
        """A list shows what somebody else changes, says that nothing comes in, and tells nothing there from nothing
        found."""
        order = self.imported()
        self.account._job("orders").last_success = fields.Datetime.now()
        self.account.auto_import = False
        self.start_tour("/odoo", "amazon_screens_follow", login=self.user.login)
        self.assertTrue(order.amazon_on_hold)

    def test_review_and_retry(self):
        self.account.unknown_sku = "hold"
        [ref] = self.place("jp_unknown_sku")
        order = self.imported("jp_gift")
        update = self.env["amazon.order.update"].search([("order_ref", "=", ref)])
        self.assertEqual(update.state, "failed")
        self.start_tour("/odoo", "amazon_review_and_retry", login=self.user.login)
        self.assertTrue(order.amazon_reviewed)
        self.assertEqual(order.amazon_phase_role, "ready")
        self.assertEqual((update.state, update.attempts), ("failed", 2))

    def test_fetch_by_number(self):
        ref = "250-9999999-0000002"
        self.place(set={"orderId": ref})
        # Odoo logs what is refused in words.
        with mute_logger("odoo.http"):
            self.start_tour("/odoo/amazon-orders?view_type=list", "amazon_fetch_by_number", login=self.user.login)
        self.assertTrue(self.orders(ref))


@tagged("post_install", "-at_install")
class TestTelephone(InBrowser, AmazonCase):
    browser_size = "375x667"
    touch_enabled = True

    def test_board(self):
        """The board opens with what is to be done."""
        self.imported("jp_fba")
        self.imported("jp_gift")
        self.start_tour("/odoo/amazon-orders", "amazon_board_on_a_telephone", login=self.user.login)


@tagged("post_install", "-at_install")
class TestNotebook(InBrowser, ConfirmationCase):
    browser_size = "1440x900"
    # Opens each list in turn; says of which a heading is cut off, or which is wider than the screen.
    LOOK = """
        const {action} = odoo.__WOWL_DEBUG__.root.env.services;
        const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        const cut = (cell) => [cell, ...cell.querySelectorAll("*")].find(
            (part) => part.clientWidth && part.scrollWidth > part.clientWidth + 1);
        const wrong = [];
        for (const name of %s) {
            await action.doAction("sale_amazon_spapi." + name, {viewType: "list", clearBreadcrumbs: true});
            let list;
            for (let turn = 0; turn < 100 && !(list = document.querySelector(
                ".o_action_manager > .o_list_view .o_list_renderer")); turn++) await pause(50);
            if (!list) { wrong.push(name + " does not open"); continue; }
            await pause(300);
            if (list.scrollWidth > list.clientWidth + 1) wrong.push(
                `${name} is ${list.scrollWidth - list.clientWidth} wider than the screen`);
            for (const cell of list.querySelectorAll("th[data-name]"))
                if (cell.innerText.trim() && cut(cell)) wrong.push(
                    `${name}: ${cell.innerText.trim()} has ${cut(cell).clientWidth} of ${cut(cell).scrollWidth}`);
        }
        wrong.length ? console.error("cut off: " + wrong.join("; ")) : console.log("test successful");
    """
    LISTS = (
        "action_amazon_orders",
        "action_amazon_deliveries",
        "action_amazon_confirmations",
        "action_amazon_attention",
        "action_amazon_offers",
        "action_amazon_amounts",
        "action_amazon_transactions",
        "action_amazon_log",
        "action_amazon_vendor_orders",
        "action_amazon_vendor_deliveries",
        "action_amazon_vendor_papers",
        "action_amazon_vendor_statuses",
        "action_amazon_vendor_submissions",
        "action_amazon_vendor_transactions",
        "action_amazon_vendor_quantities",
        "action_amazon_settlements",
        "action_amazon_settlement_lines",
        "action_amazon_settlement_orders",
        "action_amazon_booking_rules",
        "action_amazon_transaction_types",
        "action_amazon_cancellations",
        "action_amazon_profit",
        "action_amazon_owed",
    )

    def test_nothing_is_cut_off(self):
        """At 1440 pixels each list shows all its columns with their headings, in English and Japanese."""
        self.send(self.delivered())
        self.imported("jp_unknown_sku")
        for lang in ("en_US", "ja_JP"):
            self.manager.lang = lang
            with self.subTest(lang=lang):
                self.browser_js(
                    "/odoo",
                    f"(async () => {{{self.LOOK % list(self.LISTS)}}})()",
                    "odoo.isReady",
                    login=self.manager.login,
                )


@tagged("post_install", "-at_install")
class TestConfirmationTours(InBrowser, ConfirmationCase):
    """Validate a delivery, see it confirmed, complete others, change the status."""

    def test_ship_complete_and_change(self):
        # Odoo's own: a delivery's form reads delivery zip prefixes, which need this group.
        self.user.group_ids |= self.env.ref("base.group_partner_manager")
        first = self.imported().picking_ids
        first.move_ids.picked = True
        self.start_tour("/odoo", "amazon_ship", login=self.user.login)
        self.assertEqual((first.state, first.carrier_tracking_ref), ("done", "12345678"))
        self.send()
        self.assertEqual(first.amazon_api_status, "done")

        second = self.delivered(number=False)
        self.start_tour("/odoo", "amazon_complete", login=self.user.login)
        self.send(requested=True)
        [package] = self.packages(second.sale_id).values()
        self.assertEqual((second.amazon_api_status, package["trackingNumber"]), ("done", "9999"))

        self.start_tour("/odoo", "amazon_change_status", login=self.user.login)
        self.assertEqual((first | second).mapped("amazon_api_status"), ["not_sent"] * 2)
        self.send()
        self.assertEqual((first | second).mapped("amazon_api_status"), ["done"] * 2)
        self.assertEqual(len(self.packages(first.sale_id)), 1)


@tagged("post_install", "-at_install")
class TestPackingTour(InBrowser, ConfirmationCase):
    """A packer with the least rights exports, pastes the numbers that come back, and enters them."""

    def test_export_and_enter(self):
        packer = new_test_user(
            self.env,
            "packer",
            "stock.group_stock_user,sale_amazon_spapi.group_amazon_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        pickings = self.imported(count=2).picking_ids
        self.start_tour("/odoo", "amazon_pack", login=packer.login)
        self.assertTrue(all(pickings.mapped("amazon_label_at")))
        self.assertEqual(set(pickings.mapped("carrier_tracking_ref")), {"1234-5678-9010", "1234-5678-9011"})


@tagged("post_install", "-at_install")
class TestStockTour(InBrowser, StockCase):
    """Map a SKU, send its stock, sell and ship one, see Amazon's number fall."""

    def test_map_ship_and_see(self):
        self.user.group_ids |= self.env.ref("base.group_partner_manager")
        self.list_on_amazon(
            {"sku": "TOUR-1", "quantity": 3, "image": f"{self.base_url()}/web/static/img/placeholder.png"}
        )
        self.sync_offers()
        self.start_tour("/odoo", "amazon_map_a_sku", login=self.user.login)
        self.run_job("_send_requested_stock")
        self.assertEqual(self.on_amazon("TOUR-1")["quantity"], 100)
        picking = self.imported(items=[{"sku": "TOUR-1"}]).picking_ids
        picking.move_ids.picked = True
        self.start_tour("/odoo", "amazon_ship", login=self.user.login)
        self.sync()
        self.assertEqual(self.on_amazon("TOUR-1")["quantity"], 99)
        self.start_tour("/odoo", "amazon_see_stock_sent", login=self.user.login)


@tagged("post_install", "-at_install")
class TestFinancesTour(InBrowser, FinancesCase):
    """Have a difference explained, credit it, see it gone."""

    def test_credit_a_refund(self):
        order = self.settled(items=[{"sku": "AMZ-CUP-001", "quantity": 1}])
        self.invoice(order)
        refunded = self.refund(order, full=True)
        self.assertTrue(order.amazon_mismatch)
        self.start_tour("/odoo", "amazon_credit_a_refund", login=self.accountant.login)
        note = order.invoice_ids.filtered(lambda move: move.move_type == "out_refund")
        self.assertEqual((note.state, note.amount_total), ("posted", refunded))
        self.assertFalse(order.amazon_mismatch)

    def test_accept_what_is_explained(self):
        order = self.settled(items=[{"sku": "AMZ-CUP-001", "quantity": 1}])
        self.refund(order, full=True)
        self.start_tour("/odoo", "amazon_accept_what_is_explained", login=self.accountant.login)
        self.assertFalse(order.amazon_mismatch)
        self.assertEqual(
            (order.amazon_accepted_by_id, order.amazon_accepted_reason), (self.accountant, "Goodwill of the shop")
        )


@tagged("post_install", "-at_install")
class TestSettlementTour(InBrowser, DepositCase):
    """From the fetched settlement to the posted entry, whose payout is the deposit on the bank's statement."""

    def test_book_and_match(self):
        fees = self.env["account.account"].create(
            {
                "name": "Marketplace Fees",
                "code": "630000",
                "account_type": "expense",
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        order = self.settled(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        invoice = self.invoice(order)
        self.pay()
        self.fetch()
        [settlement] = self.settlements()
        self.start_tour("/odoo", "amazon_book_a_settlement", login=self.accountant.login)
        self.env.invalidate_all()
        [entry] = settlement.entry_ids
        self.assertEqual((settlement.state, entry.state, invoice.amount_residual), ("posted", "posted", 0))
        charged = entry.line_ids.filtered(lambda line: line.account_id == fees)
        self.assertEqual(sum(charged.mapped("balance")), -settlement.fees)
        day = settlement.deposited_at.date()
        self.deposit(settlement.amount - 1, date=day)
        line = self.deposit(settlement.amount, date=day)
        self.start_tour("/odoo", "amazon_match_a_deposit", login=self.accountant.login)
        self.env.invalidate_all()
        self.assertEqual((settlement.deposit_state, line.is_reconciled), ("matched", True))
        self.assertEqual(self.clearing(), 0)


@tagged("post_install", "-at_install")
class TestVendorTours(InBrowser, PapersCase):
    """A vendor's warehouse clerk accepts an order, has its label made, prints it, and ships."""

    def test_from_order_to_confirmation(self):
        # Odoo's own: see TestConfirmationTours.
        self.user.group_ids |= self.env.ref("base.group_partner_manager")
        order = self.purchased()
        self.start_tour("/odoo", "amazon_vendor_accept", login=self.user.login)
        self.tell()
        self.tell(minutes=2)
        self.assertEqual(order.amazon_acknowledgement, "accepted")
        picking = order.picking_ids
        picking.move_ids.picked = True
        self.start_tour("/odoo", "amazon_vendor_label", login=self.user.login)
        self.tell()
        self.tell(minutes=2)
        self.fetch()
        self.assertEqual(picking.amazon_label_state, "here")
        self.start_tour("/odoo", "amazon_vendor_ship", login=self.user.login)
        self.assertEqual(picking.state, "done")
        self.tell()
        self.tell(minutes=2)
        self.assertEqual((picking.amazon_api_status, self.there(order)["status"]), ("done", "SHIPPED"))
        self.start_tour("/odoo", "amazon_vendor_confirmed", login=self.user.login)
