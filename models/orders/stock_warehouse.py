import logging

from odoo import fields, models
from odoo.tools import SQL

from ...const import GIVE_WAY_SECONDS, STOCK_LOCK
from ...locks import MET, advisory_lock, share

_logger = logging.getLogger(__name__)

NOW = SQL("clock_timestamp() AT TIME ZONE 'UTC'")


class StockWarehouse(models.Model):
    """Who works on a warehouse's stock: builders one at a time, people before builders."""

    _inherit = "stock.warehouse"

    amazon_give_way_until = fields.Datetime("Builders Wait Until", readonly=True, copy=False)

    def _amazon_stock_lock(self):
        """Be the only builder that moves or reserves this stock; to be taken before a transaction reads anything."""
        self.ensure_one()
        return advisory_lock(self.env.registry, STOCK_LOCK, self.id)

    def _amazon_must_builders_wait(self):
        """Tell whether a person who has met with a builder is to go first: the request was rolled back and is tried
        again within seconds; what the builder wants to reserve can wait."""
        self.ensure_one()
        # On a cursor of its own: the caller has not read anything yet, and must not before it works.
        with self.env.registry.cursor() as cr:
            cr.execute(SQL("SELECT 1 FROM stock_warehouse WHERE id = %s AND amazon_give_way_until > %s", self.id, NOW))
            return bool(cr.fetchone())

    def _amazon_share_stock(self):
        """Keep builders from this stock until the transaction ends.

        While orders are built the same products are reserved again and again: a long validation would be rolled back
        for each of them. One that finds a builder at work has seen the stock as it was before, and will be tried
        again: then the way has to be free.
        """
        for warehouse in self.sorted("id"):
            if not share(self.env.cr, STOCK_LOCK, warehouse.id, seconds=0):
                warehouse._amazon_let_builders_wait()
                share(self.env.cr, STOCK_LOCK, warehouse.id)

    def _amazon_let_builders_wait(self):
        # On a cursor of its own: what this transaction writes may be rolled back.
        try:
            with self.env.registry.cursor() as cr:
                cr.execute(SQL("SET LOCAL lock_timeout = '1s'"))
                cr.execute(
                    SQL(
                        "UPDATE stock_warehouse SET amazon_give_way_until = %s + make_interval(secs => %s)"
                        " WHERE id = %s",
                        NOW,
                        GIVE_WAY_SECONDS,
                        self.id,
                    ),
                    log_exceptions=False,
                )
        except MET:
            _logger.debug("builders wait for somebody else already")
