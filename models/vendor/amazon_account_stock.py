"""What Amazon is told of a vendor's stock."""

from odoo import models
from odoo.fields import Domain

from .amazon_account import VENDOR


class AmazonAccount(models.Model):
    _inherit = "amazon.account"

    # === ACTION METHODS === #

    def action_full_stock(self):
        """Open the dialog that says what a full update of a vendor's stock does, before it is asked for."""
        self.ensure_one()
        self._amazon_check_group("manager")
        self.check_access("write")
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_vendor_full_stock")
        return {**action, "context": {"default_account_id": self.id}}

    # === BUSINESS METHODS === #

    def _want_full_stock(self, warehouses):
        """Have Amazon told soon of all SKUs of warehouses: what is not among them becomes unavailable there.

        :param warehouses: the ``amazon.vendor.warehouse``.
        """
        self._check_ready()
        warehouses.sudo().full_stock_requested = True  # sudo: what is to be told is the addon's own
        self.env["amazon.stock.change"].sudo()._note_all(self.sudo(), "person", again=True)
        self._wake_stock()

    def _view_of(self, action, domain):
        # Vendors' SKUs have a list of their own.
        own = self.kind == VENDOR and action == "action_amazon_offers"
        return super()._view_of("action_amazon_vendor_offers" if own else action, domain)

    def _stock_warehouses(self):
        if self.kind != VENDOR:
            return super()._stock_warehouses()
        return self.vendor_warehouse_ids.warehouse_id.filtered("active")

    def _orders_reach(self, moment):
        if self.kind != VENDOR:
            return super()._orders_reach(moment)
        reached = self._job("vendor_orders").cursor
        return not self.auto_vendor or bool(reached and reached >= moment)

    def _forget_stock(self):
        result = super()._forget_stock()
        mine = [("account_id", "in", self.ids)]
        self.env["amazon.vendor.quantity"].sudo().search(mine).unlink()  # sudo: see there
        self.env["amazon.vendor.submission"].sudo().search([*mine, ("kind", "=", "inventory")]).unlink()
        return result

    # === BUSINESS METHODS: JOBS === #

    def _sync_vendor(self):
        logs = super()._sync_vendor()
        return logs | self.filtered("auto_inventory")._sync_inventory()

    def _sync_inventory(self, full=False):
        vendors = self.filtered(lambda account: account.kind == VENDOR)
        logs = super(AmazonAccount, self - vendors)._sync_inventory(full)
        for account in vendors.sudo():  # sudo: what is to be looked at is the addon's own
            account._watch_stock(full)
            logs |= account._tell_stock("inventory", requested=False)
        return logs

    def _send_requested_stock(self):
        vendors = self.filtered(lambda account: account.kind == VENDOR)
        logs = super(AmazonAccount, self - vendors)._send_requested_stock()
        for account in vendors.sudo():  # sudo: see _sync_inventory
            logs |= account._tell_stock("inventory_by_hand", requested=True)
        return logs

    def _tell_stock(self, name, requested):
        """Look at what has changed of a vendor's stock, tell Amazon, and ask what became of that.

        :param str name: the job that looks.
        :param bool requested: only what a person asked for.
        :return: the ``amazon.log`` rows; none where there was nothing to do.
        """
        logs = self.env["amazon.log"]
        self.env["ir.cron"]._commit_progress()
        quantities = self.env["amazon.vendor.quantity"].sudo()  # sudo: the outbox is the addon's own
        if quantities._has_changes(self, requested):
            if not self._orders_are_here():
                logs |= self._fetch_vendor_orders()
            logs |= self._job(name)._run(lambda run: run.env["amazon.vendor.quantity"].sudo()._look(run, requested))
        else:
            self._job(name)._nothing_to_do()
        if self.auto_vendor and self._stock_is_open():
            return logs | self._tell_vendor()
        if self._stock_is_open():
            # Nothing but what was asked for goes while Direct Fulfillment is stopped.
            logs |= self._job("vendor")._run(
                lambda run: run.env["amazon.vendor.submission"].sudo()._send(run, requested=True)
            )
        self._tell_of_vendor_troubles()
        return logs

    def _stock_is_open(self):
        """Tell whether Amazon is to be told of stock now, or asked what became of that."""
        # sudo: see _tell_stock
        rows, transactions = self.env["amazon.vendor.submission"].sudo(), self.env["amazon.vendor.transaction"].sudo()
        stock = Domain("kind", "=", "inventory")
        return bool(
            rows.search_count((rows._due(self) | rows._unclear(self)) & stock, limit=1)
            or transactions.search_count(transactions._due(self) & stock, limit=1)
        )
