import re
from contextlib import suppress
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..order_numbers import AMONG_OTHERS, plain, whole_number
from ..times import naive

# So much is repeated of a text that is no list of numbers.
MOST_WORDS, LONGEST_WORD = 20, 40
# A person reads no more of what was not found.
MOST_LISTED = 50
# What else may be the number of an order, if there is a digit in it.
TOKEN = re.compile(r"[\w/.\-]+")
DIGIT = re.compile(r"\d")
BETWEEN_WORDS = re.compile(r"[\s,;、。]+")


def numbers_of(text):
    """Find the order numbers in what a person has pasted: one a line, or separated by anything.

    :param str text: full-width characters and dashes count as plain ones.
    :return: the numbers, each once, in their order.
    :rtype: list[str]
    """
    text = plain(text).upper()
    found = [(match.start(), match[0]) for match in AMONG_OTHERS.finditer(text)]
    rest = AMONG_OTHERS.sub(lambda match: " " * len(match[0]), text)
    tokens = (match for match in TOKEN.finditer(rest) if DIGIT.search(match[0]))
    others = ((match.start(), match[0].strip(".-/")) for match in tokens)
    found += [(place, whole_number(other) or other) for place, other in others]
    return list(dict.fromkeys(number for _place, number in sorted(found) if number))


def words_of(text):
    """Return the words of a text in which no number is: what is looked for when there is nothing else.

    :param str text: what a person has pasted.
    :rtype: list[str]
    """
    words = dict.fromkeys(filter(None, BETWEEN_WORDS.split(plain(text)))) or [text.strip()]
    return [word[:LONGEST_WORD] for word in words][:MOST_WORDS]


def listed(numbers, most=MOST_LISTED):
    """Name orders or deliveries for a person: the first ones, and how many more there are.

    :param list numbers: what they are called.
    :param int most: how many are named.
    :rtype: str
    """
    more = len(numbers) - most
    return ", ".join(numbers[:most]) + (f" … (+{more})" if more > 0 else "")


class AmazonOrderSearch(models.AbstractModel):
    """How a dialog asks which orders are meant: by account and day of the order, or by pasted numbers."""

    _name = "amazon.order.search"
    _description = "Search for Amazon Orders"

    account_ids = fields.Many2many(
        "amazon.account",
        string="Accounts",
        help="All accounts, if empty",
        domain="[('company_id', 'in', allowed_company_ids), ('kind', '=', 'seller')]",
    )
    date_from = fields.Date("Ordered from", default=lambda self: fields.Date.context_today(self) - timedelta(days=7))
    date_to = fields.Date("Ordered to")
    numbers = fields.Text("Order Numbers", help="Numbers of Odoo or of Amazon; with these, the dates do not count.")

    # === BUSINESS METHODS === #

    def _asked_numbers(self):
        """Return the order numbers that a person has pasted; none when it is asked by day.

        :rtype: list[str]
        :raise UserError: when nothing says which orders are meant.
        """
        self.ensure_one()
        if (self.numbers or "").strip():
            # A text is never left aside for the dates, which the person did not mean.
            return numbers_of(self.numbers) or words_of(self.numbers)
        if not (self.date_from or self.date_to):
            raise UserError(self.env._("Enter the days of the order, or order numbers."))
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise UserError(self.env._("The first day is after the last one."))
        return []

    def _domain(self, numbers):
        """Return which orders are meant; the user's own rights are applied by searching.

        :param list numbers: what :meth:`_asked_numbers` returned.
        """
        domain = Domain("amazon_account_id", "!=", False)
        if self.account_ids:
            domain &= Domain("amazon_account_id", "in", self.account_ids.ids)
        if numbers:
            # Names of orders may be written in any case; what looks like a wildcard is none.
            names = [name for number in numbers for name in (number, number.upper(), number.lower())]
            return domain & (Domain("amazon_order_ref", "in", numbers) | Domain("name", "in", names))
        return domain & Domain.OR(
            Domain("amazon_marketplace_id", "=", marketplace.id) & self._days(marketplace.tz)
            for marketplace in self.env["amazon.marketplace"].search([])
        )

    def _days(self, zone):
        """Return the domain of what was ordered on these days, in a time zone."""
        zone, domain = ZoneInfo(zone or "UTC"), Domain.TRUE
        for operator, day, more in ((">=", self.date_from, 0), ("<", self.date_to, 1)):
            # What is beyond the calendar bounds nothing.
            with suppress(OverflowError):
                if day:
                    moment = naive(datetime.combine(day + timedelta(days=more), time.min, zone))
                    domain &= Domain("date_order", operator, moment)
        return domain
