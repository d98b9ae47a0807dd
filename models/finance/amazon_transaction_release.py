from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain

from ...selling_partner import parse_transaction, released_beyond
from .exact import NOTHING


class AmazonTransaction(models.Model):
    """What says the same money twice: a deferred transaction, and its release. The first one counts; what is released
    beyond it, mostly nothing, counts with the release, so that both together are what was paid out."""

    _inherit = "amazon.transaction"

    differs = fields.Boolean(
        "Released with Another Amount",
        readonly=True,
        help="What is paid out is not what Amazon had shown before, in all or of the buyer's money.",
    )

    _differs_idx = models.Index("(posted_at DESC, id DESC) WHERE differs IS TRUE")
    _order_differs_idx = models.Index("(order_id) WHERE differs IS TRUE")

    # === BUSINESS METHODS === #

    def _pair(self):
        """Find what says the same money twice: a deferred transaction, and its release.

        :return: the transactions besides these that are concerned.
        """
        others = self._named_with()
        originals = (self | others)._originals_of_releases()
        if originals:
            # An original may be paid out in several parts.
            others |= self.browse().union(*originals.values())._named_with() - self
            originals = (self | others)._originals_of_releases()
        releases = self.browse().union(*originals)
        releases._set_released(originals)
        (others - releases)._count_again()
        return others

    def _named_with(self):
        """Return the transactions that name these as what they release, or are released by, or are named so."""
        mine = Domain("account_id", "in", self.account_id._of_merchant().ids)
        refs = self.mapped("transaction_ref")
        named = [*self.filtered("deferred_ref").mapped("deferred_ref"), *filter(None, self.mapped("release_ref"))]
        return self.search(
            mine
            & (
                Domain("deferred_ref", "in", refs)
                | Domain("transaction_ref", "in", named)
                | Domain("release_ref", "in", refs)
            )
        )

    def _originals_of_releases(self):
        """Return what these ones release, by release, where they are each other's but for one.

        :rtype: dict
        """
        by_ref, originals = {one.transaction_ref: one for one in self}, {}
        for one in self:
            for release, original in ((one, by_ref.get(one.deferred_ref)), (by_ref.get(one.release_ref), one)):
                if release and original and original._may_be_released_by(release):
                    originals.setdefault(release, original)
        return {
            release: original
            for release, original in originals.items()
            if release != self._last_of_circle(release, originals)
        }

    def _count_again(self):
        """Count what was a release and is none any more: what it was of is other money now."""
        for release in self.filtered(lambda one: not one.counts and not one._originals()):
            value = parse_transaction(release.payload)
            total = float(value.total.amount)
            release.line_ids.unlink()
            release.write({"counts": True, "amount": total})
            self.env["amazon.transaction.line"]._make([(release, value.leaves)])

    def _originals(self):
        """Return the transactions whose money this one may be once more."""
        mine = Domain("account_id", "in", self.account_id._of_merchant().ids)
        named = Domain("transaction_ref", "=", self.deferred_ref) | Domain("release_ref", "=", self.transaction_ref)
        return self.search(mine & named).filtered(lambda original: original._may_be_released_by(self))

    def _may_be_released_by(self, release):
        """Tell whether a transaction can be this one's money once more; whatever Amazon says, no money gets lost."""
        return (
            self != release
            and self._was_read()
            and (self.kind == release.kind or not {self.kind, release.kind} & {"sale", "refund"})
            and self.currency_id == release.currency_id
            and (self.order_ref == release.order_ref or not (self.order_ref and release.order_ref))
        )

    @api.model
    def _last_of_circle(self, release, originals):
        """Return which one goes on counting where transactions are each other's release; None where they are not.

        :param release: the ``amazon.transaction`` to begin with.
        :param dict originals: whose release each one is.
        """
        circle = [release]
        while (original := originals.get(circle[-1])) and original not in circle:
            circle.append(original)
        return max(circle, key=lambda one: (one.counts, one.id)) if original == release else None

    def _set_released(self, originals):
        """Count what these releases pay out beyond what they release, with the last one of each.

        :param dict originals: what each of them releases.
        """
        of_originals = defaultdict(self.browse)
        for release, original in originals.items():
            of_originals[original] |= release
        concerned = self | self.browse().union(*of_originals)
        concerned.fetch(["payload"])
        values = {one: parse_transaction(one.payload) for one in concerned}
        # All at once: taking away the lines of one has Odoo read those of all others again.
        self.line_ids.unlink()
        leaves_of = []
        for original, releases in of_originals.items():
            if original.state == "deferred":
                original.state = "deferred_released"
            last = releases.sorted(lambda one: (one.posted_at, one.id))[-1]
            leaves = released_beyond(values[original], [values[release] for release in releases])
            beyond = float(sum(leaf.amount.amount for leaf in leaves))
            leaves_of.append((last, leaves))
            for release in releases:
                release._set_release(original, float(values[release].total.amount), beyond if release == last else 0)
        self.env["amazon.transaction.line"]._make(leaves_of)

    def _set_release(self, original, total, beyond):
        """Write that this is a release.

        :param original: the ``amazon.transaction`` that it releases.
        :param float total: what it pays out.
        :param float beyond: how much of that counts.
        """
        vals = {"counts": False, "amount": beyond, "released_amount": total}
        if any(self[name] != val for name, val in vals.items()):
            self.write(vals)
        if not self.order_ref and self.order_id != original.order_id:
            self.order_id = original.order_id
        elif not original.order_ref and self.order_id != original.order_id:
            original.order_id = self.order_id

    def _give_to_releases(self):
        """Give the orders of these to their releases that name none.

        :return: those releases.
        """
        if not self:
            return self
        orders = {one.transaction_ref: one.order_id for one in self}
        mine = Domain("account_id", "in", self.account_id._of_merchant().ids)
        named = Domain("deferred_ref", "in", list(orders)) & Domain("counts", "=", False)
        releases = self.search(mine & named & Domain("order_ref", "=", False) & Domain("order_id", "=", False))
        for release in releases:
            release.order_id = orders[release.deferred_ref]
        return releases

    def _is_money(self, *amounts):
        """Tell whether one of these amounts is one that there are coins for."""
        currency = self.currency_id
        return any(not currency.is_zero(amount) if currency else abs(amount) > NOTHING for amount in amounts)
