from odoo import models
from odoo.tools.translate import LazyTranslate

from ...refusals import unreadable

_lt = LazyTranslate(__name__)


class AmazonLog(models.Model):
    _inherit = "amazon.log"

    # === BUSINESS METHODS === #

    def _unread_transaction(self, entry, error):
        """Count a transaction that cannot be read, and say of the first why.

        :param entry: the ``selling_partner`` received transaction.
        :param error: why.
        """
        self._count_unreadable(
            _lt(
                "Not all transactions can be read; the others come in. The first is %(transaction)s (%(place)s):"
                " %(why)s",
                transaction=entry.transaction_id,
                place=error.path or "-",
                why=unreadable(error),
            )
        )
