"""Money as Amazon gives it, which may be in fractions of what there are coins for."""

from odoo import fields

# Amazon's amounts are read with so many decimals at most.
DECIMALS = 10
# Less than this is no money: a float of a thousand million has no more decimals.
NOTHING = 1e-6


class Exact(fields.Monetary):
    """An amount that is shown like any other of its currency and kept as it is: rounded one by one, the amounts of a
    transaction would not add up to its total any more."""

    def convert_to_column_insert(self, value, record, values=None, validate=True):
        return self._exactly(value)

    def convert_to_cache(self, value, record, validate=True):
        return self._exactly(value)

    def _filter_not_equal(self, records, cache_value):
        return fields.Field._filter_not_equal(self, records, cache_value)

    def _exactly(self, value):
        # Sums of floats have a rest that is nobody's money.
        return round(float(value or 0.0), DECIMALS)
