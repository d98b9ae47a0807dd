from odoo import fields, models

# So many journals of an account are looked through for the one of a currency.
MOST_JOURNALS = 100
# So many codes are tried for a new one.
MOST_CODES = 1000


class AmazonAccount(models.Model):
    """What an account has in the books: a journal for each currency in which Amazon pays, and rules."""

    _inherit = "amazon.account"

    booking_rule_ids = fields.One2many("amazon.booking.rule", "account_id", "Booking Rules", readonly=True)

    # === BUSINESS METHODS === #

    def _set_up_booking(self, currencies=None):
        """Make what booking needs, as far as it is missing.

        :param currencies: the ``res.currency`` to book in; None: the marketplaces' and those of what was paid.
        """
        self.ensure_one()
        account = self.sudo()  # sudo: accounts and journals are made by those who keep the chart; here each once
        if currencies is None:
            paid = self.env["amazon.settlement"].sudo()._read_group([("account_id", "=", self.id)], ["currency_id"])
            currencies = account.marketplace_ids.currency_id.filtered("active").union(*(one for [one] in paid))
        account.env["amazon.booking.rule"]._make_missing(account)
        for currency in currencies:
            if not account._booking_journal(currency):
                account._make_booking_journal(currency)

    def _booking_journal(self, currency):
        """Return the journal in which settlements in a currency are booked; none before it is made."""
        domain = [("amazon_account_id", "=", self.id), ("company_id", "=", self.company_id.id)]
        journals = self.env["account.journal"].search(domain, order="sequence, id", limit=MOST_JOURNALS)
        return journals.filtered(lambda journal: (journal.currency_id or journal.company_id.currency_id) == currency)[
            :1
        ]

    def _make_booking_journal(self, currency):
        company = self.company_id
        journals = self.env["account.journal"].with_company(company).with_context(active_test=False)
        codes = set(journals.search([("company_id", "=", company.id)], limit=MOST_CODES).mapped("code"))
        translated = self.with_context(lang=company._amazon_lang()).env
        journal = journals.create(
            {
                "name": translated._(
                    "Amazon payments: %(account)s (%(currency)s)", account=self.name, currency=currency.name
                ),
                "code": next(code for number in range(1, MOST_CODES + 1) if (code := f"AM{number}") not in codes),
                "type": "bank",
                "company_id": company.id,
                "currency_id": False if currency == company.currency_id else currency.id,
                "amazon_account_id": self.id,
            }
        )
        if not journal.suspense_account_id:
            # A company without a chart: what its bank journals have otherwise.
            journal.suspense_account_id = self.env["amazon.booking.rule"]._default_account(self, "unmatched")
        return journal
