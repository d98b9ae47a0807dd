from odoo import api, fields, models

LINKS = {"amazon_merged_into_id", "amazon_copied_from_id"}


class SaleOrder(models.Model):
    """Orders that were combined, split or duplicated belong together: their amounts are judged as one."""

    _inherit = "sale.order"

    amazon_family_id = fields.Many2one(
        "sale.order",
        "Belongs to",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The first of the orders that were combined, or duplicated, with this one",
    )
    amazon_family_member_ids = fields.One2many("sale.order", "amazon_family_id", "Related Orders", readonly=True)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        linked = [order.id for order, vals in zip(orders, vals_list, strict=True) if LINKS & vals.keys()]
        self.browse(linked)._amazon_set_family()
        return orders

    def write(self, vals):
        if not LINKS & vals.keys():
            return super().write(vals)
        # Before anything is read under sudo, which would stand in the cache.
        self.check_access("write")
        before = self._amazon_family()
        result = super().write(vals)
        (before | self)._amazon_set_family()
        return result

    def unlink(self):
        left = self.filtered("amazon_family_id")._amazon_family() - self
        result = super().unlink()
        left._amazon_set_family()
        return result

    # === BUSINESS METHODS === #

    def _amazon_family(self):
        """Return these orders with all that were combined or duplicated with them."""
        # sudo: the others may be somebody else's
        found, more = self.browse(), self.sudo()
        while more != found:
            found = more
            more |= found.amazon_merged_into_id | found.amazon_merged_child_ids
            more |= found.amazon_copied_from_id | found.amazon_copy_ids
        return found.sudo(self.env.su)

    def _amazon_set_family(self):
        """Write which orders belong together."""
        left = self
        while left:
            family = left[:1]._amazon_family().sorted("id").sudo()  # sudo: it follows from how they are linked
            family.amazon_family_id = family[:1] if len(family) > 1 else False
            left -= family
