"""What quotes buyers is cleaned of them, and of nothing else."""

from datetime import timedelta
from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo import fields
from odoo.fields import Command
from odoo.tests import BaseCase, tagged

from ..models.customers.personal_data import REMOVED, Cleaner
from .common import AmazonCase

SHORT = ["Li", "Al", "Ito", "Amp", "Lt", "Div", "Style", "Sales", "花子", "A & B", "<b>", "O'\"Neill", "href"]
PIECES = [
    "<ul><li>",
    "</li></ul>",
    "<br/>",
    "<div class='al li'>",
    "</div>",
    '<b title="a > b">',
    "</b>",
    "&amp;",
    "&lt;",
    "<style>li, div > b { color: red }</style>",
    "<!-- Ito -->",
    '<img src="/web/image/1?li=1" style="Al">',
    " ",
    ",",
    "monitor",
    "sales@example.com",
    "Li",
    "ITO",
    "花子さん",
    "A &amp; B",
    "&lt;b&gt;",
    "O'&quot;Neill",
    "x < y",
]


class Tags(HTMLParser):
    """Everything of HTML but its text."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, attrs))

    def handle_endtag(self, tag):
        self.found.append(tag)


@tagged("post_install", "-at_install")
class TestCleaner(BaseCase):
    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(SHORT), min_size=1), st.lists(st.sampled_from(PIECES)))
    def test_tags_stay(self, words, pieces):
        """Whatever a buyer is called, the HTML around the name stays as it was."""
        html = "".join(pieces)
        cleaned = Cleaner(set(words)).html(html)
        self.assertEqual(Tags(cleaned).found, Tags(html).found)

    def test_html(self):
        cleaner = Cleaner({"Li", "花子", "Tom & Li", "kanaria@example.com", "カナリア町1-2-3", "Nbsp"})
        for html, cleaned in (
            ("<ul><li>Li, tell li</li></ul>", f"<ul><li>{REMOVED}, tell {REMOVED}</li></ul>"),
            ("<p>Lisa list&nbsp;Li's</p>", f"<p>Lisa list&nbsp;{REMOVED}'s</p>"),
            ("<p>ご注文の花子様、Liさん</p>", f"<p>ご注文の{REMOVED}様、{REMOVED}さん</p>"),
            ("<p>Tom &amp; Li, tom & li, R&amp;D</p>", f"<p>{REMOVED}, {REMOVED}, R&amp;D</p>"),
            (
                '<a class="li" href="mailto:kanaria@example.com">kanaria@example.com</a>',
                f'<a class="li" href="mailto:{REMOVED}">{REMOVED}</a>',
            ),
            (
                '<a href="https://maps.example/?q=%E3%82%AB%E3%83%8A%E3%83%AA%E3%82%A2%E7%94%BA1-2-3&amp;z=3">map</a>',
                f'<a href="https://maps.example/?q={REMOVED}&amp;z=3">map</a>',
            ),
        ):
            self.assertEqual(cleaner.html(html), cleaned)

    def test_text(self):
        cleaner = Cleaner({"Ito", "Zoë", "0901234987"})
        self.assertEqual(
            cleaner.text("Ito's monitor, zoës, ZOË: tel0901234987"),
            f"{REMOVED}'s monitor, zoës, {REMOVED}: tel{REMOVED}",
        )

    def test_addresses(self):
        """Addresses of others still lead to them; the buyer's is removed, in any case of letters."""
        cleaner = Cleaner({"Sales", "Al", "al@example.com"})
        self.assertEqual(
            cleaner.addresses('"Shop, Al" <sales@al.example>, AL@example.com, "Al" <big.al@example.com>'),
            f'"Shop, {REMOVED}" <sales@al.example>, {REMOVED}, "{REMOVED}" <big.al@example.com>',
        )


@tagged("post_install", "-at_install")
class TestShopsOwn(AmazonCase):
    def test_contact_above_a_buyer(self):
        """What is written on the shop's own contact stays, though a buyer was put below it."""
        order = self.imported()
        own = self.env["res.partner"].create({"name": "The shop's own", "is_company": True})
        order.partner_id.parent_id = own
        said = own.message_post(body=f"Related to {order.partner_id.name}")
        about = order.partner_id.message_post(body=f"Rang {order.partner_id.name}")
        before = said.body
        (order.partner_id | order.partner_shipping_id)._amazon_anonymize()
        self.assertEqual(said.body, before)
        self.assertIn(REMOVED, about.body)

    def test_address_made_from_an_order(self):
        """An address that is made from the order's form, by its name alone, is the buyer's."""
        buyer = self.imported().partner_id
        Partner = self.env["res.partner"].with_context(default_parent_id=buyer.id, default_type="delivery")
        made = Partner.browse(Partner.name_create("花子 の会社")[0])
        self.assertEqual((made.parent_id, made.amazon_account_id), (buyer, self.account))
        self.assertFalse(Partner.create({"name": "Nobody's", "parent_id": False}).amazon_account_id)

    def test_draft_invoice(self):
        """Whoever stands on an invoice that is posted later is on it by name; not so on a cancelled one."""
        self.keep_books()
        order, other = self.imported(count=2)
        buyers = order.partner_id | other.partner_id
        names = buyers.mapped("name")
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": buyer.id,
                    "invoice_date": fields.Date.today() - timedelta(days=1),
                    "invoice_line_ids": [Command.create({"name": "Tea", "price_unit": 500})],
                }
                for buyer in buyers
            ]
        )
        invoices[1].button_cancel()
        buyers._amazon_anonymize()
        self.assertEqual(buyers[0].name, names[0])
        self.assertNotEqual(buyers[1].name, names[1])
        self.assertFalse(any(buyers.mapped("email")))
