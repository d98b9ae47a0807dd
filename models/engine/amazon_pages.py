import hashlib
from datetime import timedelta

from odoo import fields, models

from ...const import EMPTY_PAGES, MOST_EMPTY_PAGES, TOKEN_HOURS
from ...refusals import find
from ...selling_partner import AccessDenied, BadRequest, MalformedAnswer, QuotaExceeded, TokenRefused

CLOSED = {"open_search": False, "token": False, "token_at": False, "pages": False, "restarted_at": False}
# A search that was begun anew because of a token is not begun anew because of another one for so many hours.
RESTART_HOURS = 3


class RepeatedPage(MalformedAnswer):
    """Amazon shows the same entries again instead of the next page, or no end of pages without an entry."""


def _raise(_search, error):
    raise error


class AmazonPages(models.AbstractModel):
    """What reads a search of Amazon's page by page, and remembers how far it is (rule 1)."""

    _name = "amazon.pages"
    _description = "Reader of Amazon's Pages"

    open_search = fields.Text(readonly=True, help="The open search's parameters, frozen while its pages are read.")
    token = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    token_at = fields.Datetime(readonly=True)
    pages = fields.Json(readonly=True, help="What the open search's pages were, to notice one that comes again.")
    restarted_at = fields.Datetime(readonly=True, help="When the open search was begun anew.")

    def _start_search(self, search):
        """Freeze the parameters of a search until its last page.

        :param search: with ``to_json()``; False: there is none any more.
        """
        # sudo: how far a search is, is the addon's own
        self.sudo().write({**CLOSED, "open_search": search and search.to_json()})

    def _read_pages(self, run, search, read, keep, refused=_raise, then=None):
        """Read a search to its last page. Each page is committed with the place reached: the next run goes on there,
        however this one ends.

        :param run: the :class:`.run.Run`.
        :param search: its parameters, with ``to_json()`` and ``from_json()``: the open one, or a new one.
        :param read: called with the search and a token, None for the first page; returns a page: its ``next_token``,
            and ``marks``, which tell its entries from all others.
        :param keep: called with the search and a page; keeps what is on it, and returns True when it has enough.
        :param refused: called with the search and an error that is no matter of its token; opens another search and
            returns it, or raises.
        :param then: called with the search when it is over; returns the one to make after it, or None.
        :raise SellingPartnerError: the search stays open where it was.
        :raise RunOver: likewise.
        """
        self.ensure_one()
        if self.open_search != search.to_json() or self._token_is_old():
            self._start_search(search)
        restarted = False
        while True:
            try:
                page = read(search, self.token or None)
                marks = self._marks_with(page)
            except (AccessDenied, BadRequest, RepeatedPage) as error:
                if self._may_start_over(error, restarted):
                    restarted = True
                    self._start_over(run, search, error)
                    # With quota for one call at a time, the next run must not come with the same token again.
                    run.commit()
                else:
                    # A token that was given just now is good: it is something on that page that Amazon refuses.
                    search = refused(search, error)
                continue
            except QuotaExceeded:
                # The next run must not come with the search that was refused, either.
                run.commit()
                raise
            enough = keep(search, page)
            following = then(search) if then and not page.next_token else None
            if following:
                self._start_search(following)
            else:
                self.write({"pages": marks, **(CLOSED if enough else self._place(search, page))})
            opened = self.open_search
            if not opened:
                run.commit(len(page.marks))
                return
            run.checkpoint(len(page.marks))
            if self.open_search != opened:
                # Somebody has given this search up, such as by adding a marketplace: the next run makes another.
                run.give_back()
            search = search.from_json(opened)

    def _place(self, search, page):
        """Return what says how far the search is after this page.

        :rtype: dict
        """
        return {"token": page.next_token, "token_at": fields.Datetime.now()} if page.next_token else {**CLOSED}

    def _token_is_old(self):
        """Tell whether Amazon would refuse the token for its age."""
        return bool(self.token_at) and self.token_at < fields.Datetime.now() - timedelta(hours=TOKEN_HOURS)

    def _may_start_over(self, error, restarted):
        """Tell whether an error may be a matter of the page's token.

        :param bool restarted: this run has begun anew before.
        """
        if isinstance(error, TokenRefused):
            # With quota for one call at a time, it was another run that has.
            recent = fields.Datetime.now() - timedelta(hours=RESTART_HOURS)
            restarted = restarted or (self.restarted_at and self.restarted_at > recent)
        return isinstance(error, TokenRefused | RepeatedPage) and not restarted

    def _start_over(self, run, search, error):
        """Read the same window from its first page; what comes twice is known."""
        self._start_search(search)
        self.restarted_at = fields.Datetime.now()
        if isinstance(error, RepeatedPage):
            run.log._note(find(error).text)
        if error.code == "empty_pages":
            # The empty pages go on counting: starting over does not mean that it gets on.
            self.pages = [""] * EMPTY_PAGES

    def _marks_with(self, page):
        """Notice that Amazon shows a page again instead of the next one.

        :return: the marks of the search's pages, this one's included; an empty page's is empty.
        :rtype: list[str]
        :raise RepeatedPage: it was among this search's pages already, or there is no end of empty ones.
        """
        seen = self.pages or []
        if not page.marks:
            if page.next_token and self._has_empty_pages(MOST_EMPTY_PAGES):
                raise RepeatedPage("only empty pages", code="empty_pages", sent=True)
            return [*seen, ""]
        mark = hashlib.sha256(" ".join(sorted(page.marks)).encode()).hexdigest()[:16]
        if mark in seen:
            raise RepeatedPage("the same page again", code="same_page", sent=True)
        return [*seen, mark]

    def _has_empty_pages(self, count):
        """Tell whether there was no entry on the last so many pages of the open search.

        :param int count: of pages.
        :rtype: bool
        """
        return (self.pages or [])[-count:] == [""] * count
