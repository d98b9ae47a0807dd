import json

from freezegun import freeze_time
from odoo.tests import new_test_user

from ..selling_partner.finances import ReceivedTransaction
from ..selling_partner.reader import loads
from .common import AmazonCase


class FinancesCase(AmazonCase):
    """A shop whose accountant compares what it sold with what Amazon says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keep_books()
        cls.accountant = new_test_user(
            cls.env,
            "amazon_accountant",
            "sale_amazon_spapi.group_amazon_accountant",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.job = cls.account._job("finances")

    def setUp(self):
        super().setUp()
        self.amazon.post(
            "settings",
            finance_delay=0,
            finance_page_size=500,
            finance_empty_pages=0,
            finance_repeat_page=0,
            finance_defer="none",
        )

    def sync(self, account=None):
        """Read Amazon's Finances, as the job does; return the log row."""
        # What has just been posted can be asked for.
        self.amazon.post("clock", advance=600)
        with freeze_time(self.amazon.get("clock")["now"]), self.committing(account or self.account) as account:
            logs = account._sync_finances().ids
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(logs)

    def sold(self, kind="jp_standard", **values):
        """Return an order that was imported and has left, as Amazon says."""
        return self.changed(self.imported(kind, **values), "ship")

    def settled(self, kind="jp_standard", **values):
        """Return an order that has left, and whose sale Amazon's Finances show."""
        order = self.sold(kind, **values)
        self.sync()
        return order

    def imports(self):
        """Have the orders come in, up to now, by the job that does so."""
        self.account.auto_import = True
        self.env.flush_all()
        with freeze_time(self.amazon.get("clock")["now"]):
            self.import_orders()

    def refund(self, order, **values):
        """Have Amazon refund an order, and read it; return what was refunded, to the buyer."""
        before = order.amazon_refunded
        self.amazon.post("refund", order_id=order.amazon_order_ref, **values)
        self.sync()
        return order.amazon_refunded - before

    def invoice(self, order):
        """Invoice an order and post it; return the invoice."""
        invoice = order._create_invoices()
        invoice.action_post()
        return invoice

    def post(self, transaction, **values):
        """Have Amazon post a transaction as it is written here."""
        return self.amazon.post(
            "transactions", merchant_id=self.seller["merchant_id"], transaction=transaction, **values
        )

    def transactions(self, order=None):
        """Return the transactions of an order; without one all of the account's."""
        domain = [("order_id", "=", order.id)] if order else [("account_id", "=", self.account.id)]
        return self.env["amazon.transaction"].search(domain, order="id")

    def tell(self, ref, amount, order=None, currency="JPY", name="OurPricePrincipal", **values):
        """Have Amazon post a refund, of one amount; ``related``: what else it names."""
        money = {"currencyCode": currency, "currencyAmount": amount}
        related = {**({"ORDER_ID": order.amazon_order_ref} if order else {}), **values.pop("related", {})}
        self.post(
            {
                "transactionId": ref,
                "transactionType": "Refund",
                "transactionStatus": "RELEASED",
                "totalAmount": money,
                "relatedIdentifiers": [
                    {"relatedIdentifierName": key, "relatedIdentifierValue": value} for key, value in related.items()
                ],
                "breakdowns": [{"breakdownType": name, "breakdownAmount": money}],
                **values,
            }
        )

    def explained(self, order):
        """Return the dialog that explains an order to the accountant."""
        explanation = self.env["amazon.explanation"].with_user(self.accountant)
        return explanation.with_context(active_model="sale.order", active_id=order.id).create({})

    def accepting(self, orders, reason):
        """Return the dialog in which the accountant accepts these orders' differences."""
        acceptance = self.env["amazon.acceptance"].with_user(self.accountant)
        return acceptance.with_context(active_model="sale.order", active_ids=orders.ids).create({"reason": reason})

    def received(self, *entries):
        """Keep transactions as if Amazon had shown them: whatever the simulator would not."""
        parsed = [ReceivedTransaction.of(loads(json.dumps(entry), literal=True)) for entry in entries]
        self.env["amazon.transaction"].sudo()._receive(self.account, parsed)
