"""Shorter ways to the rows that Odoo makes, for a batch of Amazon orders (see ``memo.py``).

Odoo confirms and reserves many orders one after the other, with some hundred queries each. What is asked for every one
of them is asked once a batch here, and what is made for every one is made in one call. Outside a batch nothing changes.

Between what begins a shorter way and what ends it lie Odoo's own methods: what they are to leave out can be said only
in the context. Nothing comes back that way; what there is to do afterwards is read from the records.
"""

from . import (
    account_analytic_distribution_model,
    sale_order_line,
    stock_move,
    stock_picking,
    stock_quant,
    stock_rule,
)
