"""What Amazon says of its SKUs, and how the table is filled from there."""

import re
from dataclasses import replace

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...said import say
from ...selling_partner import (
    FBA,
    FBM,
    MOST_SKUS,
    BadRequest,
    MalformedAnswer,
    NotFound,
    SearchListings,
    UnreadableListing,
    is_sku,
)
from ...times import aware, naive
from .amazon_job import NO_REPORT, NOTHING_READ

_lt = LazyTranslate(__name__)

# Where a search finds more than this, Amazon's report is read instead: a search shows 1,000, each 20 of them in a call.
MANY_SKUS = 5_000
# Amazon's words for how a SKU stands: those of the API, and of the report.
STATUSES = {
    "BUYABLE": _lt("On sale"),
    "DISCOVERABLE": _lt("Shown in searches"),
    "Active": _lt("On sale"),
    "Inactive": _lt("Not on sale"),
    "Incomplete": _lt("Incomplete listing"),
}
# Languages in which Amazon says what is wrong, where a company's may be another country's.
LOCALES = {"ja": "ja_JP", "en": "en_US", "de": "de_DE", "fr": "fr_FR", "it": "it_IT", "es": "es_ES"}


class AmazonOffer(models.Model):
    _inherit = "amazon.offer"

    channel = fields.Selection(
        [("fbm", "Own Shipping"), ("fba", "Amazon FBA")],
        "Shipped by",
        tracking=True,
        write_once=True,
        copy=False,
        help="Nothing is ever told of what Amazon ships itself. To be chosen only where Amazon does not say.",
    )
    both_channels = fields.Boolean("In Both Channels", readonly=True, copy=False)
    product_type = fields.Char("Product Type on Amazon", readonly=True, copy=False)
    image_url = fields.Char("Image", readonly=True, copy=False)
    amazon_status = fields.Char("Status in Amazon's Words", readonly=True, copy=False)
    status_text = fields.Char("Status on Amazon", compute="_compute_status_text")
    issues = fields.Text(
        "Amazon's Issues",
        readonly=True,
        copy=False,
        help="In Amazon's words, which it says in one language: the company's",
    )
    has_errors = fields.Boolean("Listing Error", readonly=True, copy=False, help="Amazon does not sell this as it is.")
    quantity_amazon = fields.Integer("On Amazon", readonly=True, copy=False, help="What Amazon says that it can sell")
    handling_days_amazon = fields.Integer("Handling Days on Amazon", readonly=True, copy=False)
    seen_at = fields.Datetime("Seen on Amazon", readonly=True, copy=False, help="When Amazon last showed this SKU")
    gone = fields.Boolean("Not Listed Any More", readonly=True, copy=False)

    _errors_idx = models.Index("(account_id) WHERE has_errors")

    # === COMPUTE METHODS === #

    @api.depends("amazon_status")
    @api.depends_context("lang")
    def _compute_status_text(self):
        for offer in self:
            words = (offer.amazon_status or "").split(", ")
            offer.status_text = ", ".join(say(self.env, STATUSES.get(word, word)) for word in words)

    # === BUSINESS METHODS: FROM AMAZON === #

    @api.model
    def _read_all(self, run):
        """Read the account's SKUs from Amazon: by searches, or from a report where there are too many for that.

        :param run: the :class:`..engine.run.Run`.
        :return: whether Amazon is still making a report; the job is woken to look again.
        """
        job = run.job
        self._begin_reading(run)
        with run.calling():
            while job.open_search or job.report_marketplace_id:
                if not job.report_marketplace_id:
                    self._read_searches(run)
                elif not self._read_report(run):
                    return True
        job.read_at = fields.Datetime.now()
        return False

    @api.model
    def _begin_reading(self, run):
        """Go on where an earlier run has ended, or begin anew."""
        account, job = run.account, run.job
        search = job.open_search and SearchListings.from_json(job.open_search)
        known = search and search.marketplace_id in account.marketplace_ids.mapped("api_ref")
        if not known and not job.report_marketplace_id & account.marketplace_ids:
            job.write({**NO_REPORT, "read_from": fields.Datetime.now(), **NOTHING_READ})
            job._start_search(self._search_of(account, account.marketplace_ids[0]))

    @api.model
    def _read_searches(self, run):
        """Read marketplace by marketplace from the open search on, until one has too many SKUs for searches."""
        job = run.job

        def keep(search, page):
            self._keep(run, search.marketplace_id, page.listings, page.unreadable)
            newest = max(filter(None, (listing.created for listing in page.listings)), default=None)
            if newest:
                job.read_to = naive(newest)
            if page.number_of_results > MANY_SKUS:
                self._want_report(run, search)
                return True
            return False

        def then(search):
            if job.report_marketplace_id:
                return None
            reached = job.read_to and aware(job.read_to)
            if job.read_more and reached and reached != search.created_after:
                return replace(search, created_after=reached)
            if job.read_more:
                # More were made in one second than a search shows.
                self._want_report(run, search)
                return None
            return self._end_of(run, search.marketplace_id, job.read_from)

        def read(search, token):
            page = run.amazon.listings.search(search, token)
            job.read_more = page.is_cut
            return page

        job._read_pages(run, SearchListings.from_json(job.open_search), read, keep, then=then)

    @api.model
    def _keep(self, run, marketplace_ref, listings, unreadable, report_at=None):
        """Keep what Amazon shows, and note what of it cannot be read.

        :param unreadable: ``selling_partner`` unreadable listings.
        :param datetime report_at: as in :meth:`_learn_listings`.
        """
        marketplace = run.account.marketplace_ids.filtered(lambda known: known.api_ref == marketplace_ref)
        offers = self._learn_listings(run.account, marketplace, listings, report_at)
        run.log.received += len(offers)
        if not unreadable:
            return
        run.log._unread(unreadable)
        known = self._find(run.account, marketplace, [entry.sku for entry in unreadable])
        known = self.browse().union(*known.values())
        # What cannot be read is listed all the same.
        if known._learn_channels(unreadable) or len(known) < len(unreadable):
            run.job.read_gaps = True

    @api.model
    def _end_of(self, run, marketplace_ref, since):
        """All of a marketplace was read.

        :param datetime since: what was seen then or later is listed (UTC, naive).
        :return: the search for the next marketplace's, or None.
        """
        if not run.job.read_gaps:
            self._forget_unseen(run, marketplace_ref, since)
        run.job.write(NOTHING_READ)
        return self._search_after(run.account, marketplace_ref)

    @api.model
    def _search_after(self, account, marketplace_ref):
        """Return the search for the SKUs of the marketplace after this one, or None."""
        following = account.marketplace_ids.mapped("api_ref").index(marketplace_ref) + 1
        marketplace = account.marketplace_ids[following : following + 1]
        return self._search_of(account, marketplace) if marketplace else None

    @api.model
    def _search_of(self, account, marketplace, **parameters):
        """Return the search for the SKUs of a marketplace.

        :rtype: SearchListings
        """
        return SearchListings(
            seller_id=account.merchant_id,
            marketplace_id=marketplace.api_ref,
            issue_locale=self._issue_locale(account),
            **{"sort_by": "createdDate", **parameters},
        )

    @api.model
    def _issue_locale(self, account):
        """Return the language in which Amazon is to say what is wrong: it says it in one, which is stored for whoever
        looks later, so it is the company's; English where Amazon has it not in that."""
        lang = account.company_id._amazon_lang()
        return LOCALES.get(lang[:2]) or (lang if re.fullmatch("[a-z]{2}_[A-Z]{2}", lang) else "")

    @api.model
    def _learn_listings(self, account, marketplace, listings, report_at=None):
        """Write what Amazon shows of SKUs; those that are new are made, and matched with products.

        :param marketplace: the ``amazon.marketplace``.
        :param listings: ``selling_partner`` listings.
        :param datetime report_at: when the report was made that they stand in (UTC, naive); None: they are as of now.
        :return: their ``amazon.offer``.
        """
        shown = {listing.sku: listing for listing in listings}
        offers = self._find_or_make(account, marketplace, {sku: (one.asin, one.title) for sku, one in shown.items()})
        seen = self.browse()
        for sku, listing in shown.items():
            offer = offers[sku]
            if report_at and offer.seen_at and offer.seen_at > report_at:
                continue
            values = offer._values_of(listing) if not report_at else offer._values_in_report(listing)
            offer._learn(values)
            seen |= offer
        seen._seen(report_at or fields.Datetime.now())
        return self.browse().union(*offers.values())

    def _learn(self, values):
        changed = {name: value for name, value in values.items() if self[name] != value}
        if changed:
            self.write(changed)

    def _seen(self, moment):
        """Amazon lists these. Of those of which that was not known, nothing was told until now.

        :param datetime moment: when it showed them (UTC, naive).
        """
        self.filtered(lambda offer: offer.product_id and not offer.seen_at)._note_change()
        self.seen_at = moment

    def _values_of(self, listing):
        """Return what is to be written of what Amazon shows of this.

        :param listing: the ``selling_partner`` listing.
        :rtype: dict
        """
        values = {
            "asin": listing.asin or self.asin,
            "title": listing.title or self.title,
            "product_type": listing.product_type or self.product_type,
            "image_url": listing.image_url or False,
            "amazon_status": ", ".join(listing.status) or False,
            "issues": "\n".join(issue.message for issue in listing.issues) or False,
            "has_errors": any(issue.is_error for issue in listing.issues),
            "quantity_amazon": listing.quantity or 0,
            "handling_days_amazon": listing.handling_days or 0,
        }
        return {**values, **self._values_of_channels(listing.channels)}

    @api.model
    def _values_of_channels(self, channels):
        values = {"both_channels": {FBM, FBA} <= set(channels), "gone": False}
        if FBA in channels or FBM in channels:
            values["channel"] = "fba" if FBA in channels else "fbm"
        return values

    def _learn_channels(self, entries):
        """Write who ships these, where that is all that can be read of what Amazon shows.

        :param entries: ``selling_partner`` unreadable listings, among others of these.
        :return: those of these of which not even that can be read.
        """
        channels, unread = {entry.sku: entry.channels for entry in entries}, self.browse()
        for offer in self:
            if channels[offer.sku]:
                offer._learn(self._values_of_channels(channels[offer.sku]))
                offer._seen(fields.Datetime.now())
            else:
                unread |= offer
        return unread

    @api.model
    def _forget_unseen(self, run, marketplace_ref, since):
        """What Amazon did not show among all others is not listed there any more, or was left out: it is asked once
        more.

        :param datetime since: when reading began (UTC, naive).
        """
        unseen = self.search(
            Domain("account_id", "=", run.account.id)
            & Domain("marketplace_id.api_ref", "=", marketplace_ref)
            & Domain("seen_at", "<", since)
            & Domain("gone", "=", False)
        )
        unseen._look_up(run)

    def _not_listed(self):
        """Amazon does not list these any more: where it had some of them to sell, a person is told."""
        self.gone = True
        why = _lt(
            "Amazon does not list this SKU any more. List it again in Seller Central, or take its product away here."
        )
        for offer in self.filtered(lambda offer: offer.quantity_sent and offer.product_id):
            if offer.sync_state != "sending":
                offer._cannot_be_told(say(self.env, why))

    def _look_up(self, run):
        """Ask Amazon for these SKUs of an account, and write what it shows; what it does not know is not listed.

        :param run: the :class:`..engine.run.Run`.
        :return: those of which its answer cannot be read.
        :raise SellingPartnerError: Amazon's answer, or none.
        """
        unread = self.browse()
        askable = self.filtered(lambda offer: offer._can_be_looked_up())
        for marketplace, offers in askable.grouped("marketplace_id").items():
            for listings, asked, unreadable in offers._listings(run.amazon, run.account, marketplace):
                seen = self._learn_listings(run.account, marketplace, listings)
                half_read = asked._with_skus(unreadable)
                unread |= half_read._learn_channels(unreadable)
                (asked - seen - half_read).exists()._not_listed()
                run.checkpoint()
        return unread

    def _can_be_looked_up(self):
        """Tell whether Amazon can be asked for this at all."""
        self.ensure_one()
        return is_sku(self.sku) and self.marketplace_id in self.account_id.marketplace_ids

    def _listings(self, amazon, account, marketplace):
        """Yield what Amazon shows of these, which of them were asked for, and what of the answer cannot be read, as
        ``selling_partner`` listings and unreadable listings. Of what was asked for and is in neither, Amazon says that
        it does not know it.

        :param marketplace: of these, an ``amazon.marketplace``.
        """
        # A search names SKUs between commas.
        alone = self.filtered(lambda offer: "," in offer.sku)
        yield from alone._each_listing(amazon, account, marketplace)
        others = self - alone
        for start in range(0, len(others), MOST_SKUS):
            part = others[start : start + MOST_SKUS].exists()
            if not part:
                continue
            search = self._search_of(account, marketplace, sort_by="sku", skus=tuple(part.mapped("sku")))
            try:
                page = amazon.listings.search(search)
            except BadRequest:
                # It may be one of them that Amazon does not want to be asked for.
                yield from part._each_listing(amazon, account, marketplace)
                continue
            answered = part._with_skus(page.listings) | part._with_skus(page.unreadable)
            yield page.listings, answered, page.unreadable
            # That one is left out of a page is no proof that it is not there.
            yield from (part - answered)._each_listing(amazon, account, marketplace)

    def _with_skus(self, entries):
        """Return those of these that ``selling_partner`` listings are of."""
        skus = {entry.sku for entry in entries}
        return self.filtered(lambda offer: offer.sku in skus)

    def _each_listing(self, amazon, account, marketplace):
        """Yield as :meth:`_listings`, each of these by itself."""
        for offer in self:
            listings, unreadable, locale = [], [], self._issue_locale(account)
            try:
                listings = [
                    amazon.listings.get(account.merchant_id, offer.sku, marketplace.api_ref, issue_locale=locale)
                ]
            except NotFound:
                listings = []
            except (BadRequest, MalformedAnswer) as error:
                unreadable = [UnreadableListing(offer.sku, error)]
            yield listings, offer, unreadable
