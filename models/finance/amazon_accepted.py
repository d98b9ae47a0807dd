import re

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools.translate import LazyTranslate

from ...said import Said, kept, plain

_lt = LazyTranslate(__name__)

# What nobody has said is right as it is.
NOT_ACCEPTED = {"amazon_accepted_reason": False, "amazon_accepted_by_id": False, "amazon_accepted_at": False}


class AmazonAccepted(models.AbstractModel):
    """What does not add up, or is compared with nothing, and is right as it is: an accountant has said so, and why.
    Who had said so stays to be read when it is over.

    The heir says what can be accepted, what becomes of it besides, and where it is noted (the methods below "what an
    heir says"). The dialog is :class:`...wizards.amazon_acceptance.AmazonAcceptanceDialog`."""

    _name = "amazon.accepted"
    _description = "Accepted as It Is"

    amazon_accepted_reason = Said("Accepted because", readonly=True, copy=False)
    amazon_accepted_by_id = fields.Many2one(
        "res.users", "Accepted by", readonly=True, copy=False, help="Nobody: it is known by itself."
    )
    amazon_accepted_at = fields.Datetime("Date of Acceptance", readonly=True, copy=False)

    # === ACTION METHODS === #

    def action_amazon_take_back_acceptance(self):
        """Have what was accepted asked about again."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        # sudo: an accountant may accept what he may not change
        self.sudo()._amazon_ask_again(_lt("%(user)s has taken it back.", user=self.env.user.name), by_person=True)

    # === BUSINESS METHODS === #

    def _amazon_accept(self, reason):
        """Say that these records are right as they are.

        :param str reason: why.
        :raise UserError: when that says nothing.
        """
        self._amazon_check_group("accountant")
        self.check_access("read")
        if not re.search(r"\w", reason or ""):
            raise UserError(self.env._("Write why that is right as it is."))
        # sudo: an accountant may accept what he may not change
        for records in self.sudo()._amazon_acceptable()._amazon_judged_together():
            records._amazon_set_accepted(plain(reason), self.env.user)
            for one in records:
                one._amazon_note(one._amazon_accepted_text(reason))

    def _amazon_set_accepted(self, reason, user=None, **vals):
        """Write that it was accepted, by whom, when and why.

        :param reason: as :class:`...said.Said` takes it.
        :param user: the ``res.users``; None: it is known by itself.
        :param vals: what else is written.
        """
        said = {"amazon_accepted_reason": reason, "amazon_accepted_by_id": user.id if user else False}
        self.write({**said, "amazon_accepted_at": fields.Datetime.now(), **self._amazon_when_accepted(), **vals})

    def _amazon_ask_again(self, why, by_person=False):
        """Take back acceptances, and note of whom they were.

        :param why: as :class:`...said.Said` takes it.
        :param bool by_person: a person wants it so.
        """
        for records in self._amazon_judged_together():
            accepted = records.filtered("amazon_accepted_at")
            for one in accepted:
                # What was known by itself is nobody's word, unless a person says that it is not so.
                if one.amazon_accepted_by_id or by_person:
                    one._amazon_note(one._amazon_no_longer_text(why))
            accepted.write({**NOT_ACCEPTED, **self._amazon_when_not_accepted(by_person)})

    def _amazon_no_longer_text(self, why):
        """Return whose acceptance does not hold any more, and why."""
        words = {"time": self.amazon_accepted_at, "reason": kept(self, "amazon_accepted_reason"), "why": why}
        if not self.amazon_accepted_by_id:
            return _lt("Not accepted any more: %(why)s It was accepted by itself at %(time)s: %(reason)s", **words)
        user = self.amazon_accepted_by_id.name
        return _lt(
            "Not accepted any more: %(why)s %(user)s had accepted it at %(time)s: %(reason)s", user=user, **words
        )

    # === BUSINESS METHODS: WHAT AN HEIR SAYS === #

    def _amazon_acceptable(self):
        """Return those of these records that are asked about."""
        raise NotImplementedError

    def _amazon_seen(self):
        """Return what is accepted with these records, in a form that is compared."""
        raise NotImplementedError

    def _amazon_judged_together(self):
        """Yield these records, by what is accepted and taken back as one."""
        yield self

    def _amazon_when_accepted(self):
        """Return what else is written when these are accepted.

        :rtype: dict
        """
        raise NotImplementedError

    def _amazon_when_not_accepted(self, by_person):
        """Return what else is written when these are accepted no more.

        :param bool by_person: a person wants it so.
        :rtype: dict
        """
        raise NotImplementedError

    def _amazon_accepted_text(self, reason):
        """Return what is noted of an acceptance; as :class:`...said.Said` takes it."""
        raise NotImplementedError

    def _amazon_note(self, text):
        """Keep a text where people read what has become of this record.

        :param text: as :class:`...said.Said` takes it.
        """
        raise NotImplementedError
