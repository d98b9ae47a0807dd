"""Amounts: Decimal inside, Amazon's ``{"amount": "1980", "currencyCode": "JPY"}`` outside."""

from decimal import ROUND_HALF_UP, Decimal

WITHOUT_DECIMALS = {"JPY"}


def rounded(amount, currency):
    """Decimal rounded to the currency's smallest unit (half up)."""
    unit = Decimal(1) if currency in WITHOUT_DECIMALS else Decimal("0.01")
    return Decimal(amount).quantize(unit, ROUND_HALF_UP)


def money(amount, currency):
    return {"amount": str(rounded(amount, currency)), "currencyCode": currency}


def amount(value):
    """Amazon's Money -> Decimal; 0 when it is absent."""
    return Decimal(value["amount"]) if value else Decimal(0)
