"""What the words of Amazon's settlement report mean. They are compared in small letters; which words there are Amazon
does not say."""

# amount-type of what the amount-description alone says what it is; of all others the amount-type does.
GENERAL = ("", "itemprice", "itemfees", "itemwithheldtax", "shipmentfees", "other-transaction")
# Names of kinds of amounts that are in settlements only: what each is.
KINDS = {
    "promotion": "promotion",
    "cost of advertising": "advertising",
    "refund for advertiser": "advertising",
    "fba inventory reimbursement": "reimbursement",
    "safe-t reimbursement": "reimbursement",
    "subscription fee": "fee",
    "storage fee": "storage",
    "storagerenewalbilling": "storage",
    "disposalcomplete": "fba_fee",
    "removalcomplete": "fba_fee",
    "inbound transportation fee": "fba_fee",
    "manual processing fee": "fba_fee",
    "item fee adjustment": "fee",
    "fee adjustment": "fee",
    "lightning deal fee": "fee",
    "vine enrollment fee": "fee",
    "grade and resell fees": "fee",
    "shipping label purchase": "fee",
    "income tax charged": "withheld_tax",
    "current reserve amount": "reserve",
    "previous reserve amount balance": "reserve",
    "liquidations": "other",
    "liquidations adjustments": "other",
}
# What a name that is not known is taken for, by what is in it, and then by its amount-type: a guess.
GUESSES = (
    ("reserve", "reserve"),
    ("reimbursement", "reimbursement"),
    ("disbursement", "transfer"),
    ("transfer of funds", "transfer"),
    ("advertis", "advertising"),
    ("point", "points"),
    ("storage", "storage"),
    ("facilitator", "withheld_tax"),
    ("tcs-", "withheld_tax"),
    ("commission", "commission"),
    ("fba", "fba_fee"),
    ("fee", "fee"),
)
GUESSES_BY_TYPE = {"itemfees": "fee", "shipmentfees": "fee", "itemwithheldtax": "withheld_tax"}


def name_of(amount_type, description):
    """Return the name by which the table of amount types says what an amount is: Finances have some of them, too."""
    general = amount_type.lower() in GENERAL
    return (description if general else amount_type) or amount_type or description


def kind_of(name, amount_type):
    """Return what a name is that is not in the table of amount types yet.

    :return: its kind, and whether that is a guess.
    """
    key = name.lower()
    if key in KINDS:
        return KINDS[key], False
    guess = next((kind for word, kind in GUESSES if word in key), GUESSES_BY_TYPE.get(amount_type.lower()))
    return guess or "unclassified", bool(guess)
