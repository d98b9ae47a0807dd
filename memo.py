"""What a batch of orders finds out once, and which of Odoo's ways it shortens.

Both travel in the context, which :meth:`amazon.order.update._build_context` makes anew for each transaction: nothing
remembered here lives longer than that, and without the context everything is done as Odoo does it.
"""

MEMO = "amazon_memo"
FAST = "amazon_fast"
# Each is a shorter way to the very same rows (tests/test_speed.py); the system parameter sale_amazon_spapi.slow
# switches those off that it names, separated by commas, or with "all" every one.
WAYS = ("analytic", "rules", "references", "pickings", "orderpoints", "quants", "lines")
SWITCH = "sale_amazon_spapi.slow"


def fresh(env):
    """Return the context of a transaction that builds or reserves a batch."""
    # sudo: a system parameter
    slow = (env["ir.config_parameter"].sudo().get_param(SWITCH) or "").replace(" ", "").split(",")
    return {MEMO: {}, FAST: () if "all" in slow else tuple(way for way in WAYS if way not in slow)}


def forget(env):
    """Return the context of another try: what was remembered may have been rolled back to a savepoint."""
    return {MEMO: {}} if MEMO in env.context else {}


def fast(env, way):
    """Tell whether a batch is being built that goes this shorter way."""
    return way in env.context.get(FAST, ())


def once(env, key, find):
    """Return what `find` returns, asked once a batch.

    :param tuple key: what the answer depends on.
    """
    memo = env.context.get(MEMO)
    if memo is None:
        return find()
    if key not in memo:
        memo[key] = find()
    return memo[key]
