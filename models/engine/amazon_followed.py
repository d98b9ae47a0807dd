from odoo import api, models


class AmazonFollowed(models.AbstractModel):
    """What screens follow: whoever looks at such records sees them change without loading the page again.

    The model has an ``account_id``, or is the account."""

    _name = "amazon.followed"
    _description = "Followed by Amazon's Screens"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._amazon_companies()._amazon_changed()
        return records

    def write(self, vals):
        result = super().write(vals)
        self._amazon_companies()._amazon_changed()
        return result

    def unlink(self):
        companies = self._amazon_companies()
        result = super().unlink()
        companies._amazon_changed()
        return result

    def _amazon_companies(self):
        # sudo: only whom to tell
        records = self.sudo()
        # The stored one: accounts are read anew after each commit.
        return records.company_id if "company_id" in self._fields else records.account_id.company_id
