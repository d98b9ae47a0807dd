"""Odoo's models that have fields of ours; loaded last, for the guard to stand before everything else."""

from odoo import models


class AccountJournal(models.Model):
    _name = "account.journal"
    _inherit = ["amazon.guard", "account.journal"]


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["amazon.guard", "account.move"]


class AccountTax(models.Model):
    _name = "account.tax"
    _inherit = ["amazon.guard", "account.tax"]


class DeliveryCarrier(models.Model):
    _name = "delivery.carrier"
    _inherit = ["amazon.guard", "delivery.carrier"]


class MailActivity(models.Model):
    _name = "mail.activity"
    _inherit = ["amazon.guard", "mail.activity"]


class ProductPricelist(models.Model):
    _name = "product.pricelist"
    _inherit = ["amazon.guard", "product.pricelist"]


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["amazon.guard", "product.product"]


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["amazon.guard", "product.template"]


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["amazon.guard", "res.partner"]


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["amazon.guard", "sale.order"]


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["amazon.guard", "sale.order.line"]


class StockMove(models.Model):
    _name = "stock.move"
    _inherit = ["amazon.guard", "stock.move"]


class StockPackage(models.Model):
    _name = "stock.package"
    _inherit = ["amazon.guard", "stock.package"]


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["amazon.guard", "stock.picking"]


class StockWarehouse(models.Model):
    _name = "stock.warehouse"
    _inherit = ["amazon.guard", "stock.warehouse"]
