import base64

from freezegun import freeze_time

from .common_finances import FinancesCase

HEADER = (
    "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\ttransaction-type"
    "\torder-id\tmarketplace-name\tamount-type\tamount-description\tamount\tposted-date\tposted-date-time"
    "\torder-item-code\tsku\tquantity-purchased"
)
DATES = "2026-11-01 00:00:00 UTC\t2026-11-15 00:00:00 UTC\t2026-11-17 00:00:00 UTC"


def settlement_text(*rows, ref="11000000001", total="90", currency="JPY"):
    """Return a file: (transaction-type, order, marketplace, amount-type, description, amount, day, item, SKU)."""
    lines = [HEADER, f"{ref}\t{DATES}\t{total}\t{currency}" + "\t" * 11]
    for kind, order, place, group, description, amount, day, item, sku in rows:
        cells = (ref, "", "", "", "", "", kind, order, place, group, description, amount)
        lines.append("\t".join((*cells, day[:10], day, item, sku, "1")))
    return "\n".join([*lines, ""])


class SettlementsCase(FinancesCase):
    """A shop whose accountant reads what Amazon has paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.job = cls.account._job("settlements")

    def setUp(self):
        super().setUp()
        self.amazon.post("settings", settlement_days=0, settlement_repeat=0)

    def pay(self, **values):
        """Have Amazon pay out, and make its report."""
        return self.amazon.post("transfer", merchant_id=self.seller["merchant_id"], **values)

    def fetch(self, account=None):
        """Fetch and read the reports, as the job does; return the log row."""
        with freeze_time(self.amazon.get("clock")["now"]), self.committing(account or self.account) as account:
            logs = account._sync_settlements().ids
        self.env.invalidate_all()
        return self.env["amazon.log"].browse(logs)

    def settlements(self):
        return self.env["amazon.settlement"].search([("account_id", "=", self.account.id)], order="id")

    def files(self):
        return self.env["amazon.settlement.file"].search([("account_id", "=", self.account.id)], order="id")

    def put(self, content, **values):
        """Have Amazon list a report with these contents."""
        return self.amazon.post("reports", merchant_id=self.seller["merchant_id"], content=content, **values)

    def text(self, *rows, **values):
        return settlement_text(*rows, **values)

    def simple(self, amount="90", order="", day="2026-11-03 10:00:00 UTC", sku="", item="", **values):
        row = ("Order", order, "Amazon.co.jp", "ItemPrice", "Principal", amount, day, item, sku)
        return self.text(row, **values)

    def upload(self, content, name="flat.txt", user=None):
        """Upload a file by hand."""
        dialog = self.env["amazon.settlement.upload"].with_user(user or self.accountant)
        content = content if isinstance(content, bytes) else content.encode()
        values = {"document": base64.b64encode(content), "document_name": name, "account_id": self.account.id}
        return dialog.create(values).action_read()

    def activity(self):
        return self.account.activity_search(["sale_amazon_spapi.mail_activity_settlements"])
