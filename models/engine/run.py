"""What a job works with while it runs."""

import time

from odoo.tools.translate import LazyTranslate

from ...const import TROUBLES
from ...ours import is_ours
from ...selling_partner import RetryLater

_lt = LazyTranslate(__name__)


class RunOver(Exception):
    """The run has to end before its work is done: its time is up, or a person has stopped its job."""


class Run:
    """One run of a job of an account.

    :ivar job: the ``amazon.job``, under sudo, in the language in which it says what it has to say.
    :ivar account: its ``amazon.account``.
    :ivar log: its ``amazon.log`` row, under sudo.
    :ivar budget: what ``selling_partner`` asks for quota.
    :ivar amazon: the ``selling_partner`` client, within :meth:`calling`.
    :ivar given_up: Amazon's operations that this run tries no more.
    """

    amazon = None

    def __init__(self, job, log, budget):
        # sudo: jobs are the addon's own
        self.job, self.account, self.log, self.budget = job.sudo(), job.account_id, log, budget
        # Who runs it by hand is not stopped by a switch.
        self.by_cron = is_ours(job.env, "amazon_cron")
        self.started = time.monotonic()
        self.silent = 0
        self.lost = False
        self.given_up = set()

    @property
    def env(self):
        """The environment of the work."""
        return self.account.env

    @property
    def seconds(self):
        """How long it has taken so far."""
        return time.monotonic() - self.started

    def calling(self):
        """Return the client for Amazon, to be used as a context manager.

        :raise CredentialsError: when one is missing or cannot be decrypted.
        """
        self.amazon = self.account._selling_partner(self.budget)
        return self.amazon

    def commit(self, done=0):
        """Commit what was done so far.

        :param int done: how many pieces of work that was.
        :return: how many seconds there are left; 0: none.
        :rtype: float
        """
        return self.env["ir.cron"]._commit_progress(done)

    def checkpoint(self, done=0):
        """Commit, and go on only while there is time left and the job is not stopped.

        :param int done: as in :meth:`commit`.
        :raise RunOver: the run ends here; it is woken for the rest when only its time is up.
        """
        seconds_left = self.commit(done)
        if self.is_stopped():
            raise RunOver
        if not seconds_left:
            self.give_back()

    def give_back(self):
        """End the run and have the job woken for what is left.

        :raise RunOver: always.
        """
        self.job._trigger()
        self.commit()
        raise RunOver

    def is_stopped(self):
        """Tell whether a person has stopped the job meanwhile.

        :rtype: bool
        """
        self.job.invalidate_recordset()
        return self.by_cron and self.job._is_stopped()

    def count(self, answered, operation):
        """Count a call that was to be answered.

        :param bool answered: whether it was.
        :param str operation: Amazon's name of the operation.
        :raise RetryLater: after several calls in a row without an answer.
        """
        self.silent = 0 if answered else self.silent + 1
        if not (answered or self.lost):
            self.lost = True
            self.log._note(_lt("An answer was lost: Amazon is asked by itself, after some minutes, what it has."))
        if self.silent >= TROUBLES:
            raise RetryLater("no answers", operation=operation)
