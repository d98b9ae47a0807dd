from odoo import api, fields, models

from ...memo import once


class AccountTax(models.Model):
    _inherit = "account.tax"

    amazon_source_id = fields.Many2one(
        "account.tax",
        "Price-excluded Twin",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The tax this one was copied from to be used where Amazon's prices include tax",
    )

    # Two builders that both make the twin: one of them tries again and finds it.
    _amazon_source_uniq = models.UniqueIndex("(amazon_source_id) WHERE amazon_source_id IS NOT NULL")

    @api.model
    def _amazon_taxes(self, product, company, fiscal_position):
        """Return the taxes for a product on an Amazon order: the product's own through the fiscal
        position, as price-included ones; the company's default for the addon's own charges.

        Japan's chart has price-excluded taxes only; one such tax in a document, even of 0 %, would
        switch the rounding of all of it.
        """
        taxes = product.taxes_id._filter_taxes_by_company(company)
        if not taxes and product.amazon_charge:
            taxes = company.account_sale_tax_id
        return fiscal_position.map_tax(taxes).flatten_taxes_hierarchy()._amazon_included()

    def _amazon_included(self):
        """Return the price-included twin of each tax, made when there is none."""
        included = self.browse()
        for tax in self:
            included |= tax if tax.price_include else once(self.env, ("twin", tax.id), tax._amazon_twin)
        return included

    def _amazon_twin(self):
        self.ensure_one()
        # sudo: taxes are the accountant's; the twin only changes how the same tax is written
        tax = self.sudo()
        own = self.with_context(active_test=False).search([("amazon_source_id", "=", self.id)], limit=1)
        if own.active:
            return own
        alike = self.search(
            [
                ("company_id", "=", tax.company_id.id),
                ("type_tax_use", "=", "sale"),
                ("price_include", "=", True),
                ("amount_type", "=", tax.amount_type),
                ("amount", "=", tax.amount),
                ("tax_group_id", "=", tax.tax_group_id.id),
                ("country_id", "=", tax.country_id.id),
            ],
            limit=1,
        )
        if alike:
            return alike
        if own:
            # Archived, but without it the order cannot be written.
            own.sudo().active = True
            return own
        return tax.copy(
            {
                "name": self.env._("%s (Amazon, tax included)", tax.name),
                "price_include_override": "tax_included",
                "amazon_source_id": tax.id,
            }
        )
