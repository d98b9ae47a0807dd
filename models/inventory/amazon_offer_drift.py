"""Whether Amazon has what it should have: by how much each SKU is off, and why."""

from collections import Counter

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ..engine.amazon_outbox import FAILED
from .amazon_quantity import LOOK

_lt = LazyTranslate(__name__)

# The import reaches up to some minutes ago.
WAIT_SECONDS = 180
DRIFT_REASONS = [
    ("unsent", "Not Told Yet"),
    ("unshown", "Accepted, Not Shown"),
    ("changed", "Changed on Amazon"),
    ("gone", "Not Listed Any More"),
    ("refused", "Refused"),
]
# What is put right by telling Amazon again. What it has accepted is read back anyway, what it refuses needs a person.
REPAIRED = ("unsent", "changed")


class AmazonOffer(models.Model):
    _inherit = "amazon.offer"

    drift = fields.Integer(
        "Stock Difference",
        readonly=True,
        copy=False,
        index=True,
        help="What Amazon shows minus what it should have, as of the last comparison",
    )
    drift_reason = fields.Selection(DRIFT_REASONS, "Why It Differs", readonly=True, copy=False, index="btree_not_null")

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if {"channel", "both_channels", "gone", "product_id"} & set(vals):
            # Of what nothing is told any more nothing differs; what is listed again is compared next time.
            # sudo: whoever maps a SKU says nothing of how it differs
            self.sudo().filtered(
                lambda offer: offer.drift_reason and (offer._why_not_sent() or offer.drift_reason == "gone")
            )._settle_drift()
        return result

    # === BUSINESS METHODS: COMPARING === #

    @api.model
    def _compare_all(self, run):
        """Compare what Amazon shows of the account's SKUs with what it should have, and put right what differs.

        :param run: the :class:`..engine.run.Run`.
        :return: whether that has to wait.
        """
        job, account, read_at = run.job, run.account, run.account._job("offers").read_at
        if not read_at or read_at < job.read_from:
            return self._compare_later(run, _lt("Comparing waits until all SKUs are read from Amazon."))
        if not account._orders_reach(read_at):
            return self._compare_later(run, _lt("Comparing waits for the orders that Amazon has taken off already."))
        while offers := self.search(
            Domain("account_id", "=", account.id) & Domain("id", ">", job.reached), limit=LOOK, order="id"
        ):
            offers._write_drift()
            if account.repair_drift and account.auto_inventory:
                offers._repair_drift()
            job.reached = offers[-1].id
            run.log.received += len(offers)
            run.checkpoint(len(offers))
        job.write({"read_from": False, "reached": 0})
        self._say_drift(run)
        return False

    @api.model
    def _compare_later(self, run, why):
        run.log._note(why)
        run.job._trigger(WAIT_SECONDS)
        return True

    def _write_drift(self):
        """Write of each of these by how much Amazon is off, and why, where that is something new."""
        # What was ordered after it was seen is taken here, and by now on Amazon.
        more_there = self.filtered(lambda offer: offer.seen_at and offer.quantity_amazon > offer.quantity_here)
        ordered = self._units_ordered_since({offer: offer.seen_at for offer in more_there})
        for offer in self:
            drift, reason = offer._drift(ordered[offer])
            if (drift, reason) != (offer.drift, offer.drift_reason):
                offer.write({"drift": drift, "drift_reason": reason})

    def _drift(self, ordered):
        """Return by how much Amazon is off, and why.

        :param float ordered: units of it that were ordered after it was seen.
        :rtype: tuple[int, str | bool]
        """
        told = self.quantity_id
        if self.gone and self.product_id and self.quantity_sent:
            return -self.quantity_sent, "gone"
        if self.why_not_sent:
            return 0, False
        if told.accepted_at and told.accepted_at > self.seen_at:
            # What was seen says nothing of what was told later; that is read back.
            return self.drift, self.drift_reason
        drift = self.quantity_amazon - self.quantity_here
        if drift > 0:
            drift = max(0, drift - int(ordered))
        return drift, drift and self._drift_reason()

    def _drift_reason(self):
        told = self.quantity_id
        if told.state in FAILED:
            return "unshown" if told.sent_again else "refused"
        if told.state != "done" or self.quantity_sent != self.quantity_here:
            return "unsent"
        return "changed" if told.applied else "unshown"

    def _repair_drift(self):
        """Have Amazon told again what it should have."""
        drifted = self.filtered(lambda offer: offer.drift_reason in REPAIRED)
        self.env["amazon.stock.change"]._note_offers(drifted, "compared", changed_there=True)

    def _drift_told(self):
        """What Amazon had not been told, or somebody has changed there, it is told now; whether it shows it is read
        back."""
        self.filtered(lambda offer: offer.drift_reason in REPAIRED)._settle_drift()

    def _settle_drift(self):
        """Amazon shows what it should."""
        self.filtered("drift_reason").write({"drift": 0, "drift_reason": False})

    @api.model
    def _say_drift(self, run):
        """Say what came of comparing, and have sent what is to be told again."""
        counts = Counter(
            dict(
                self._read_group(
                    [("account_id", "=", run.account.id), ("drift_reason", "!=", False)], ["drift_reason"], ["__count"]
                )
            )
        )
        if not counts:
            return
        run.log._note(_lt("Amazon's quantity differs of %s SKUs.", counts.total()))
        if not (run.account.repair_drift and run.account.auto_inventory):
            run.log._note(_lt("Nothing is told by itself: press “Send Stock Now” in the SKU table."))
        elif repaired := sum(counts[reason] for reason in REPAIRED):
            run.log._note(_lt("%s of them are told again.", repaired))
            run.account._job("inventory")._trigger()
