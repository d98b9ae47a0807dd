import re
import time
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..wizards.amazon_order_search import numbers_of
from .common_confirmation import ConfirmationCase


@tagged("post_install", "-at_install")
class TestCompletion(ConfirmationCase):
    """N12: search, correct, tick, confirm, and see how it went."""

    def wizard(self, user=None, **values):
        """Return the wizard with its results, as the user sees it."""
        model = self.env["amazon.completion"].with_user(user or self.user).with_company(self.company)
        form = Form(model)
        for name, value in values.items():
            if name == "account_ids":
                form.account_ids.add(value)
            else:
                form[name] = value
        wizard = form.save()
        wizard.action_search()
        return wizard

    def line(self, wizard, order):
        return wizard.line_ids.filtered(lambda line: line.order_id == order)

    def look(self, wizard):
        """See the wizard as after a refresh."""
        wizard.invalidate_recordset()
        wizard.line_ids.invalidate_recordset()
        return wizard

    def test_numbers(self):
        """Pasted numbers are found however they are separated and written."""
        for text in (
            "S00012\n503-1234567-1234567\nS00013",
            "S00012, 503-1234567-1234567 ,S00013",
            "S00012、503-1234567-1234567、S00013",
            "s00012\t５０３－１２３４５６７－１２３４５６７\ts00013",
            "「S00012」・503−1234567−1234567；S00013。",
            "S00012　503ー1234567ー1234567　S00013 S00012",
            "伝票 S00012 / 注文番号:503-1234567-1234567 / S00013",
        ):
            with self.subTest(text=text):
                self.assertEqual(numbers_of(text), ["S00012", "503-1234567-1234567", "S00013"])
        for text in (
            "d01-1234567-1234567 50312345671234567",
            "注文Ｄ０１－１２３４５６７－１２３４５６７、503-1234567-1234567",
        ):
            with self.subTest(text=text):
                self.assertEqual(numbers_of(text), ["D01-1234567-1234567", "503-1234567-1234567"])
        self.assertEqual(numbers_of("SO/2026/001"), ["SO/2026/001"])
        self.assertEqual(numbers_of("order, 注文 …"), [])
        self.assertEqual(numbers_of(None), [])
        for letters in ("あ", "A-", "a./"):
            began = time.process_time()
            self.assertEqual(numbers_of(f"S00012 {letters * 20000} S00013"), ["S00012", "S00013"])
            self.assertLess(time.process_time() - began, 1, "time grows with the text, not with its square")

    def test_by_date(self):
        """What has left and is not confirmed is found and ticked; nothing else shows."""
        left, waiting = self.delivered(), self.delivered(number=False)
        open_order = self.imported()
        self.imported("jp_fba_shipped")
        wizard = self.wizard()
        self.assertEqual(wizard.line_ids.order_id, left.sale_id | waiting.sale_id)
        self.assertNotIn(open_order, wizard.line_ids.order_id)
        self.assertEqual(wizard.line_ids.filtered("is_selected").order_id, left.sale_id, "the other one lacks a number")
        line = self.line(wizard, waiting.sale_id)
        self.assertTrue(line.lacks_number and line.message)
        self.assertEqual((wizard.state, wizard.found_count, wizard.selected_count), ("choose", 2, 1))

    def test_being_sent_is_not_ticked(self):
        """Of what is being sent the answer is waited for; it says so, and is not ticked."""
        picking = self.delivered()
        self.fault("cut_after")
        self.send()
        line = self.line(self.wizard(), picking.sale_id)
        self.assertEqual((line.is_selected, line.can_send, line.api_status), (False, False, "sending"))
        self.assertTrue(line.message)

    def test_text_without_a_number(self):
        """Whoever enters a text means it: what is no number is not found, and the dates do not count instead."""
        self.delivered()
        for text, missing in (("xyz 日本", "xyz, 日本"), ("、", "、"), ("名前、" * 3, "名前")):
            with self.subTest(text=text):
                wizard = self.wizard(numbers=text)
                self.assertEqual((wizard.state, wizard.found_count, wizard.not_found), ("choose", 0, missing))
        self.assertEqual(self.wizard(numbers=" \n").found_count, 1, "blanks are nothing")
        self.assertLess(len(self.wizard(numbers="あ " * 5000 + "い" * 5000).not_found), 100)

    def test_days_are_the_marketplaces(self):
        """An order of 23:30 UTC belongs to the next day in Japan."""
        picking = self.delivered()
        picking.sale_id.date_order = "2026-11-20 23:30:00"
        for day, found in (("2026-11-20", 0), ("2026-11-21", 1), ("2026-11-22", 0)):
            with self.subTest(day=day):
                self.assertEqual(self.wizard(date_from=day, date_to=day).found_count, found)

    def test_confirms(self):
        """What is ticked goes out, with the corrected number; the page shows how it went."""
        self.account.auto_confirm = False
        first, second, third = self.delivered(), self.delivered(number=False), self.delivered()
        wizard = self.wizard()
        with Form(wizard) as form:
            for index in range(len(form.line_ids)):
                with form.line_ids.edit(index) as line:
                    if line.order_id == second.sale_id:
                        line.tracking_number = "７７７ ８８８"
                    line.is_selected = line.order_id != third.sale_id
        wizard.action_confirm()
        self.assertEqual((wizard.state, wizard.open_count, wizard.progress, wizard.is_running), ("running", 2, 0, True))
        self.assertEqual(
            (second.carrier_tracking_ref, self.line(wizard, second.sale_id).tracking_number), ("777888",) * 2
        )
        self.send(requested=True)
        self.look(wizard)
        self.assertEqual((wizard.done_count, wizard.open_count, wizard.progress), (2, 0, 100))
        self.assertFalse(wizard.is_running)
        self.assertEqual(
            [(first | second | third).mapped("amazon_api_status"), self.calls()], [["done", "done", "not_sent"], 2]
        )
        [package] = self.packages(second.sale_id).values()
        self.assertEqual(package["trackingNumber"], "777888")
        self.assertEqual(wizard.action_view_failed()["domain"][0][2], (first | second).amazon_confirmation_ids.ids)

    def test_changes_a_number_that_amazon_has(self):
        """Of an order that is complete only a changed number is sent, as an edit of the same parcel."""
        first, second = self.all_delivered(2)
        self.send()
        names = f"{first.sale_id.name} {second.sale_id.amazon_order_ref}"
        wizard = self.wizard(numbers=names)
        self.assertFalse(any(wizard.line_ids.mapped("is_selected")), "Amazon has them already")
        with Form(wizard) as form:
            index = next(i for i in range(len(form.line_ids)) if wizard.line_ids[i].order_id == first.sale_id)
            with form.line_ids.edit(index) as line:
                line.tracking_number = "999"
                self.assertTrue(line.is_selected, "who corrects a number wants it to be sent")
        self.line(wizard, second.sale_id).is_selected = True
        wizard.action_confirm()
        self.send(requested=True)
        self.send()
        self.assertEqual(self.calls(), 3, "the other one had nothing new")
        [package] = self.packages(first.sale_id).values()
        self.assertEqual(package["trackingNumber"], "999")
        self.assertEqual(self.look(wizard).done_count, 2)

    def test_typed_number_is_noticed(self):
        """A number typed into a row takes the reason away, before and after saving; *Select All* ticks the row then,
        and says how many it leaves out."""
        lacking, other = self.delivered(number=False), self.delivered(number=False)
        self.send()
        wizard = self.wizard()
        place = wizard.line_ids.order_id.ids.index(lacking.sale_id.id)
        answer = wizard.action_select_all()
        self.assertEqual((wizard.selected_count, answer["params"]["type"]), (0, "warning"))
        self.assertEqual(re.findall(r"\d+", answer["params"]["message"]), ["0", "2"])
        with Form(wizard) as form, form.line_ids.edit(place) as line:
            self.assertTrue(line.message)
            self.assertTrue(form.lacks_numbers, "what to do stands once above all")
            line.tracking_number = "なし"
            self.assertEqual(line.message, self.env["amazon.confirmation"]._why_number_wrong("なし"))
            line.tracking_number = "1234"
            self.assertFalse(line.message)
            self.assertTrue(line.is_selected)
            line.is_selected = False
        line = self.line(wizard, lacking.sale_id)
        self.assertFalse(line.message)
        answer = wizard.action_select_all()
        self.assertEqual((wizard.selected_count, line.is_selected), (1, True))
        self.assertEqual(re.findall(r"\d+", answer["params"]["message"]), ["1", "1"])
        self.line(wizard, other.sale_id).tracking_number = "5678"
        self.assertTrue(wizard.action_select_all() is True)
        wizard.action_confirm()
        self.send(requested=True)
        self.assertEqual((lacking | other).mapped("amazon_api_status"), ["done", "done"])

    def test_select_all_takes_corrected_ones(self):
        """*Select All* ticks what Amazon has when it gets another number."""
        picking = self.delivered()
        self.send()
        wizard = self.wizard(numbers=picking.sale_id.name)
        wizard.action_select_all()
        self.assertFalse(wizard.line_ids.is_selected)
        wizard.line_ids.tracking_number = "999"
        wizard.action_select_all()
        self.assertTrue(wizard.line_ids.is_selected)

    def test_whoever_cannot_go_says_why(self):
        """Asked for by number, each order that cannot be confirmed says why; what is not there is named."""
        fba = self.imported("jp_fba_shipped")
        not_left = self.imported()
        held = self.delivered()
        held.sale_id.amazon_on_hold = True
        shop = self.env["sale.order"].create({"partner_id": self.env["res.partner"].create({"name": "X"}).id})
        orders = fba | not_left | held.sale_id
        wizard = self.wizard(numbers="\n".join([*orders.mapped("name"), shop.name, "999-0000000-0000000"]))
        said = {self.line(wizard, order).message for order in orders}
        self.assertEqual((len(said), all(said)), (3, True), "each says why")
        self.assertFalse(any(wizard.line_ids.mapped("can_send")))
        self.assertEqual(wizard.not_found, f"{shop.name.upper()}, 999-0000000-0000000")
        wizard.action_select_all()
        self.assertEqual(wizard.selected_count, 0)
        with self.assertRaisesRegex(UserError, "Tick"):
            wizard.action_confirm()

    def test_failures_show(self):
        """What Amazon refuses shows with its words, beside what went well."""
        good, bad = self.all_delivered(2)
        self.amazon.post(f"orders/{bad.sale_id.amazon_order_ref}/cancel")
        wizard = self.wizard()
        wizard.action_confirm()
        self.send(requested=True)
        self.look(wizard)
        self.assertEqual((wizard.done_count, wizard.failed_count), (1, 1))
        line = self.line(wizard, bad.sale_id)
        self.assertEqual((line.outcome, line.message), ("failed", bad.amazon_confirmation_ids.message))
        self.assertEqual(self.line(wizard, good.sale_id).api_status, "done")

    def test_what_waits_shows(self):
        """A confirmation that waits for something ends the progress, too, and says for what."""
        picking = self.delivered(number=False)
        wizard = self.wizard()
        wizard.line_ids.is_selected = True
        wizard.action_confirm()
        self.send(requested=True)
        self.look(wizard)
        self.assertEqual((wizard.waiting_count, wizard.is_running, wizard.progress), (1, False, 100))
        self.assertEqual(picking.amazon_confirmation_ids.hint, "number")
        self.assertTrue(self.line(wizard, picking.sale_id).lacks_number)

    def test_select_and_back(self):
        self.delivered()
        wizard = self.wizard()
        wizard.action_select_none()
        self.assertEqual(wizard.selected_count, 0)
        wizard.action_select_all()
        self.assertEqual(wizard.selected_count, 1)
        wizard.action_back()
        self.assertEqual((wizard.state, wizard.found_count), ("search", 0))

    def test_no_question(self):
        with self.assertRaisesRegex(UserError, "Enter the days"):
            self.wizard(date_from=False, date_to=False)
        with self.assertRaisesRegex(UserError, "after the last"):
            self.wizard(date_from="2026-11-02", date_to="2026-11-01")

    def test_accounts_and_companies(self):
        """An account that was not asked for is left out; another company's orders never show."""
        mine = self.delivered()
        other = self._connect(self.amazon.seller(), name="Second")
        self.assertFalse(self.wizard(account_ids=other).found_count)
        self.assertEqual(self.wizard(account_ids=self.account).line_ids.order_id, mine.sale_id)
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "sale_amazon_spapi.group_amazon_user",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        model = self.env["amazon.completion"].with_user(stranger).with_company(elsewhere)
        wizard = model.with_context(allowed_company_ids=elsewhere.ids).create({"numbers": mine.sale_id.name})
        wizard.action_search()
        self.assertEqual((wizard.found_count, wizard.not_found), (0, mine.sale_id.name))

    def left_out(self, order, policy):
        """See that an order the account's policy excludes is not ticked, and says why; ticked by hand it goes."""
        wizard = self.wizard(numbers=order.name)
        line = self.line(wizard, order)
        self.assertIn(policy, line.message)
        for method in ("action_search", "action_select_all"):
            getattr(wizard, method)()
            self.assertFalse(any(self.line(wizard, order).mapped("is_selected")), method)
        self.line(wizard, order).is_selected = True
        wizard.action_confirm()
        self.send(requested=True)
        self.assertEqual((self.look(wizard).done_count, order.amazon_confirmation_ids.mapped("state")), (1, ["done"]))

    def test_combined_parent_only(self):
        """Children that the account does not confirm are left to a person."""
        self.account.merged_policy = "parent_only"
        parent, child = self.imported(count=2)
        child.amazon_merged_into_id = parent
        for order in (parent, child):
            self.deliver(order.picking_ids)
        self.assertEqual(self.wizard().line_ids.filtered("is_selected").order_id, parent)
        self.left_out(child, f"Combined into {parent.name}")

    def test_combined_and_cancelled_parent_only(self):
        """So are those that were cancelled here."""
        self.account.merged_policy = "parent_only"
        parent, child = self.imported(count=2)
        child._action_cancel()
        child.amazon_merged_into_id = parent
        self.deliver(parent.picking_ids)
        self.left_out(child, f"Combined into {parent.name}")

    def test_duplicated(self):
        """So are originals, where the account confirms none."""
        self.account.copied_policy = "none"
        order = self.delivered().sale_id
        order.copy()
        self.left_out(order, "duplicated")

    def test_split_waits(self):
        """So is a part, where the account waits for the whole order."""
        self.account.split_policy = "wait"
        order = self.imported(items=[{"sku": "AMZ-CUP-001", "quantity": 2}])
        picking, rest = self.split(order)
        self.left_out(order, rest.name)
        self.deliver(rest, "222")
        self.assertEqual(self.wizard().line_ids.filtered("is_selected").picking_id, rest)

    def test_all_of_the_days(self):
        """Asked for, what is confirmed and what has not left shows, too: of those days only, and FBA never."""
        confirmed, earlier = self.all_delivered(2)
        self.send()
        left, not_left = self.delivered(), self.imported()
        self.imported("jp_fba_shipped")
        earlier.sale_id.date_order = fields.Datetime.now() - timedelta(days=30)
        wizard = self.wizard(scope="all")
        self.assertEqual(wizard.line_ids.order_id, (confirmed | left).sale_id | not_left)
        self.assertEqual(wizard.line_ids.filtered("is_selected").order_id, left.sale_id)
        self.assertEqual(self.line(wizard, confirmed.sale_id).api_status, "done")
        line = self.line(wizard, not_left)
        self.assertEqual((line.can_send, line.api_status, bool(line.message)), (False, False, True))
        self.assertEqual(self.wizard().line_ids.order_id, left.sale_id, "only what is open, if not asked for more")

    def test_links(self):
        """Each line leads to its order, in Odoo and in Seller Central."""
        order = self.delivered().sale_id
        line = self.line(self.wizard(), order)
        here, there = line.action_open_order(), line.action_open_amazon()
        self.assertEqual(
            (here["type"], there["type"], here["target"], there["target"]), ("ir.actions.act_url",) * 2 + ("new",) * 2
        )
        path, _slash, number = here["url"].removeprefix("/odoo/").partition("/")
        action = self.env["ir.actions.act_window"].search([("path", "=", path)])
        self.assertEqual((action.res_model, int(number)), ("sale.order", order.id))
        self.assertEqual(there["url"], f"{self.amazon.url}/orders-v3/order/{order.amazon_order_ref}")

    def test_who_only_reads(self):
        reader = new_test_user(
            self.env,
            "just_reads",
            "sale_amazon_spapi.group_amazon_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.assertRaises(AccessError):
            self.env["amazon.completion"].with_user(reader).create({})
        wizard = self.wizard()
        for method in ("action_search", "action_confirm", "action_select_all", "action_back"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(wizard.with_user(reader), method)()

    def test_at_most_500(self):
        """More orders than a page can show are cut off, and it is said."""
        self.delivered()
        self.assertFalse(self.wizard().is_cut)
        self.delivered()
        with patch("odoo.addons.sale_amazon_spapi.wizards.amazon_completion.MOST", 1):
            wizard = self.wizard()
        self.assertEqual((wizard.is_cut, wizard.found_count), (True, 1))
