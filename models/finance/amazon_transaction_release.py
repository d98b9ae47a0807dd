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

    names_several = fields.Boolean(readonly=True, help="It says itself that it releases several transactions.")

    _differs_idx = models.Index("(posted_at DESC, id DESC) WHERE differs IS TRUE")
    _order_differs_idx = models.Index("(order_id) WHERE differs IS TRUE")
    _names_several_idx = models.Index("(account_id, order_ref) WHERE names_several IS TRUE")

    # === BUSINESS METHODS === #

    def _pair(self, before=None):
        """Find what says the same money twice: deferred transactions, and their releases.

        :param before: the transactions that these belonged together with before they were read again.
        :return: the transactions besides these that are concerned.
        """
        together = (self | (self.browse() if before is None else before))._together()
        originals = together._originals_of_releases()
        releases = self.browse().union(*originals)
        releases._set_released(originals)
        (together - releases)._count_again()
        (together - releases.union(*originals.values()))._leave_orders()
        return together - self

    def _together(self):
        """Return these with all that they name as what they release, or are released by, or are named so by, and so
        on: one may be paid out in several parts, and several at once."""
        found = more = self
        while more := more._named_with() - found:
            found |= more
        return found

    def _named_with(self):
        """Return the transactions that name these as what they release, or are released by, or are named so."""
        if not self:
            return self
        mine = Domain("account_id", "in", self.account_id._of_merchant().ids)
        refs = set(self.mapped("transaction_ref"))
        named = {ref for one in self for ref in one._deferred_refs()} | set(filter(None, self.mapped("release_ref")))
        of_order = Domain("order_ref", "in", list({*self.mapped("order_ref"), False}))
        found = self.search(
            mine
            & (
                Domain("deferred_ref", "in", list(refs))
                | Domain("transaction_ref", "in", list(named))
                | Domain("release_ref", "in", list(refs))
                | Domain("names_several", "=", True) & of_order
            )
        )
        return found.filtered(
            lambda one: (
                one.transaction_ref in named or one.release_ref in refs or not refs.isdisjoint(one._deferred_refs())
            )
        )

    def _deferred_refs(self):
        """Return the numbers of what this one releases, as it says itself."""
        return list(filter(None, (self.deferred_ref or "").split("\n")))

    def _originals_of_releases(self):
        """Return what these ones release, by release. Where they are each other's releases, one goes on counting.

        :rtype: dict
        """
        by_ref, originals = {one.transaction_ref: one for one in self}, defaultdict(self.browse)
        for one in self:
            pairs = [(one, by_ref.get(ref)) for ref in one._deferred_refs()]
            for release, original in (*pairs, (by_ref.get(one.release_ref), one)):
                if release and original and original._may_be_released_by(release):
                    originals[release] |= original
        for release in list(originals):
            while circle := self._circle(release, originals):
                originals[max(circle, key=lambda one: (one.counts, one.id))] -= circle
        return {release: found for release, found in originals.items() if found}

    @api.model
    def _circle(self, release, originals):
        """Return the transactions that are each other's release, a given one among them; none where it is in no circle.

        :param release: the ``amazon.transaction`` to look from.
        :param dict originals: what each of them releases.
        """
        beyond = self._released_by(release, originals)
        if release not in beyond:
            return self.browse()
        return beyond.filtered(lambda one: release in self._released_by(one, originals))

    @api.model
    def _released_by(self, release, originals):
        """Return all that is released by a transaction, by what that releases in turn, and so on."""
        found, more = self.browse(), originals.get(release, self.browse())
        while more:
            found |= more
            more = self.browse().union(*(originals.get(one, self.browse()) for one in more)) - found
        return found

    def _count_again(self):
        """Count what was a release and is none any more: what it was of is other money now."""
        for release in self.filtered(lambda one: not one.counts):
            value = parse_transaction(release.payload)
            total = float(value.total.amount)
            release.line_ids.unlink()
            release.write({"counts": True, "amount": total})
            self.env["amazon.transaction.line"]._make([(release, value.leaves)])

    def _leave_orders(self):
        """Take back the orders of others, which these had because they belonged together with them."""
        self.filtered(lambda one: one.order_id and not one.order_ref).order_id = False

    def _may_be_released_by(self, release):
        """Tell whether a transaction can be this one's money once more; whatever Amazon says, no money gets lost."""
        return (
            self != release
            and self._was_read()
            and release._was_read()
            and (self.kind == release.kind or not {self.kind, release.kind} & {"sale", "refund"})
            and self._is_in_currency_of(release)
            and (self.order_ref == release.order_ref or not (self.order_ref and release.order_ref))
        )

    def _is_in_currency_of(self, other):
        """Tell whether both are in the same currency, one that Odoo does not know, too."""
        if self.currency_id or other.currency_id:
            return self.currency_id == other.currency_id
        return parse_transaction(self.payload).currency == parse_transaction(other.payload).currency

    def _set_released(self, originals):
        """Count what these releases pay out beyond what they release, with the last one of those that belong together.

        :param dict originals: what each of them releases.
        """
        # All at once: taking away the lines of one has Odoo read those of all others again.
        self.line_ids.unlink()
        concerned = self.browse().union(self, *originals.values())
        concerned.fetch(["payload"])
        # One by one they would be read below, each with all that is written with it.
        concerned.mapped("state")
        values = {one: parse_transaction(one.payload) for one in concerned}
        waiting = self.browse().union(*originals.values()).filtered(lambda one: one.state == "deferred")
        waiting.state = "deferred_released"
        leaves_of = []
        for releases in self._released_together(originals):
            mine = self.browse().union(*(originals[release] for release in releases))
            last = releases.sorted(lambda one: (one.posted_at, one.id))[-1]
            leaves = released_beyond([values[one] for one in mine], [values[one] for one in releases])
            beyond = float(sum(leaf.amount.amount for leaf in leaves))
            leaves_of.append((last, leaves))
            for release in releases:
                release._set_release(float(values[release].total.amount), beyond if release == last else 0)
            (mine | releases)._share_order()
        self.env["amazon.transaction.line"]._make(leaves_of)

    def _released_together(self, originals):
        """Yield these releases by what they release: those that share one of the originals, or are one, together."""
        together = {}
        for release in self:
            members = {release.id, *originals[release].ids}
            members.update(*(together.get(one, ()) for one in members))
            together.update(dict.fromkeys(members, members))
        for members in {id(members): members for members in together.values()}.values():
            yield self.filtered(lambda release, members=members: release.id in members)

    def _set_release(self, total, beyond):
        """Write that this is a release.

        :param float total: what it pays out.
        :param float beyond: how much of that counts.
        """
        vals = {"counts": False, "amount": beyond, "released_amount": total}
        if any(self[name] != val for name, val in vals.items()):
            self.write(vals)

    def _share_order(self):
        """Give those of these that name no order the others': they belong together."""
        order = self.filtered("order_ref").order_id[:1]
        self.filtered(lambda one: not one.order_ref and one.order_id != order).order_id = order

    def _give_to_related(self):
        """Give the orders of these to what belongs together with them and names none.

        :return: what else belongs together with these.
        """
        together = self._together()
        originals = together._originals_of_releases()
        releases = self.browse().union(*originals)
        for some in releases._released_together(originals):
            some.union(*(originals[release] for release in some))._share_order()
        return together - self

    def _differs_for_buyer(self):
        """Tell whether another amount was released of what is the buyer's, or may be: of what is not classified."""
        return self.differs and (self.has_unclassified or self._is_money(self.buyer_amount))

    def _is_money(self, *amounts):
        """Tell whether one of these amounts is one that there are coins for."""
        currency = self.currency_id
        return any(not currency.is_zero(amount) if currency else abs(amount) > NOTHING for amount in amounts)
