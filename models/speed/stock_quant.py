from odoo import api, models

from ... import memo
from ...memo import fast, once
from ...ours import is_ours


class StockQuant(models.Model):
    _inherit = "stock.quant"

    @api.model
    def _update_reserved_quantity(
        self, product_id, location_id, quantity, lot_id=None, package_id=None, owner_id=None, strict=True
    ):
        if is_ours(self.env, "amazon_reserved"):
            return None
        return super()._update_reserved_quantity(
            product_id, location_id, quantity, lot_id=lot_id, package_id=package_id, owner_id=owner_id, strict=strict
        )

    def _gather(self, product_id, location_id, lot_id=None, package_id=None, owner_id=None, strict=False, qty=0):
        """Look for a product's quants once. Nobody else's are seen within a transaction; what is changed here starts
        the search again."""
        gather = super()._gather
        arguments = {"lot_id": lot_id, "package_id": package_id, "owner_id": owner_id, "strict": strict, "qty": qty}
        if not fast(self.env, "quants") or self._get_removal_strategy(product_id, location_id) == "least_packages":
            return gather(product_id, location_id, **arguments)
        key = (
            product_id.id,
            location_id.id,
            lot_id and lot_id.id,
            package_id and package_id.id,
            owner_id and owner_id.id,
            strict,
            self.env.uid,
            self.env.su,
            self.env.context.get("with_expiration"),
        )
        memo = once(self.env, ("quants",), dict)
        if key not in memo:
            memo[key] = gather(product_id, location_id, **arguments).ids
        return self.browse(memo[key])

    def try_lock_for_update(self, *, allow_referencing=False, limit=None):
        if limit != 1 or not fast(self.env, "quants"):
            return super().try_lock_for_update(allow_referencing=allow_referencing, limit=limit)
        locked = once(self.env, ("locked quants", allow_referencing), set)
        if self[:1].id not in locked:
            found = super().try_lock_for_update(allow_referencing=allow_referencing, limit=limit)
            locked.update(found.ids)
            return found
        return self[:1]

    @api.model_create_multi
    def create(self, vals_list):
        self._amazon_forget()
        return super().create(vals_list)

    def write(self, vals):
        if any(
            vals[name] != self._fields[name].convert_to_write(quant[name], quant)
            for quant in self
            for name in ("in_date", "product_id", "location_id", "lot_id", "package_id", "owner_id")
            if name in vals
        ):
            self._amazon_forget()
        return super().write(vals)

    def unlink(self):
        self._amazon_forget()
        return super().unlink()

    def _amazon_forget(self):
        memo.drop(self.env, ("quants",))
