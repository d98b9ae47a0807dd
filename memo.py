"""What a batch of orders finds out once, and which of Odoo's ways it shortens.

Both travel in the context, which :meth:`amazon.order.update._build_context` makes anew for each transaction: nothing
remembered here lives longer than that, and without the context everything is done as Odoo does it. No call from outside
can make them (see ``ours.py``).
"""

MEMO = "amazon_memo"
FAST = "amazon_fast"
# Each is a shorter way to the very same rows (tests/test_speed.py); the system parameter sale_amazon_spapi.slow
# switches those off that it names, separated by commas, or with "all" every one.
WAYS = ("analytic", "rules", "references", "pickings", "orderpoints", "quants", "lines")
SWITCH = "sale_amazon_spapi.slow"


class Memo(dict):
    """What a batch has found out."""


def fresh(env):
    """Return the context of a transaction that builds or reserves a batch."""
    # sudo: a system parameter
    slow = (env["ir.config_parameter"].sudo().get_param(SWITCH) or "").replace(" ", "").split(",")
    return {MEMO: Memo(), FAST: () if "all" in slow else tuple(way for way in WAYS if way not in slow)}


def forget(env):
    """Return the context of another try: what was remembered may have been rolled back to a savepoint."""
    return {MEMO: Memo()} if MEMO in env.context else {}


def fast(env, way):
    """Tell whether a batch is being built that goes this shorter way."""
    ways = env.context.get(FAST)
    return isinstance(ways, tuple) and way in ways


def once(env, key, find):
    """Return what `find` returns, asked once a batch.

    :param tuple key: what the answer depends on.
    """
    memo = env.context.get(MEMO)
    if not isinstance(memo, Memo):
        return find()
    if key not in memo:
        memo[key] = find()
    return memo[key]


def drop(env, key):
    """Forget what was found out once."""
    memo = env.context.get(MEMO)
    if isinstance(memo, Memo):
        memo.pop(key, None)
