"""What Amazon says of its SKUs, and how the table is filled from there."""

from dataclasses import replace

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...selling_partner import FBA, FBM, MOST_SKUS, NotFound, SearchListings
from ...times import aware, naive

_lt = LazyTranslate(__name__)

# Languages in which Amazon says what is wrong.
LOCALES = {"ja": "ja_JP", "en": "en_US", "de": "de_DE", "fr": "fr_FR", "it": "it_IT", "es": "es_ES"}


class AmazonOffer(models.Model):
    _inherit = "amazon.offer"

    channel = fields.Selection(
        [("fbm", "Own Shipping"), ("fba", "Amazon FBA")],
        "Shipped by",
        tracking=True,
        help="Nothing is ever told of what Amazon ships itself.",
    )
    both_channels = fields.Boolean("In Both Channels", readonly=True)
    product_type = fields.Char("Product Type on Amazon", readonly=True)
    image_url = fields.Char("Image", readonly=True)
    amazon_status = fields.Char("Status on Amazon", readonly=True)
    issues = fields.Text("Amazon's Issues", readonly=True)
    quantity_amazon = fields.Integer("On Amazon", readonly=True, help="What Amazon says that it can sell")
    handling_days_amazon = fields.Integer("Handling Days on Amazon", readonly=True)
    seen_at = fields.Datetime("Seen on Amazon", readonly=True, help="When Amazon last showed this SKU")
    gone = fields.Boolean("Not Listed Any More", readonly=True)

    # === BUSINESS METHODS: FROM AMAZON === #

    @api.model
    def _read_all(self, run):
        """Read the account's SKUs from Amazon.

        :param run: the :class:`..engine.run.Run`.
        """
        account, job = run.account, run.job
        searches = [self._search_of(account, marketplace) for marketplace in account.marketplace_ids]
        search = SearchListings.from_json(job.open_search) if job.open_search else None
        if not search or search.marketplace_id not in account.marketplace_ids.mapped("api_ref"):
            search, job.read_from = searches[0], fields.Datetime.now()

        def keep(search, page):
            offers = self._learn_listings(account, search.marketplace_id, page.listings)
            run.log.received += len(offers)
            newest = max(filter(None, (listing.created for listing in page.listings)), default=None)
            if newest:
                job.read_to = naive(newest)

        def then(search):
            reached = job.read_to and aware(job.read_to)
            if job.read_more and reached and reached != search.created_after:
                return replace(search, created_after=reached)
            if job.read_more:
                run.log._note(
                    _lt(
                        "More than 1,000 SKUs were made on Amazon at %s; it shows no more of them. The others come in"
                        " with their orders.",
                        job.read_to,
                    )
                )
            else:
                self._forget_unseen(account, search.marketplace_id, job.read_from)
            following = [each.marketplace_id for each in searches].index(search.marketplace_id) + 1
            return searches[following] if following < len(searches) else None

        def read(search, token):
            page = run.amazon.listings.search(search, token)
            job.read_more = page.is_cut
            return page

        with run.calling():
            job._read_pages(run, search, read, keep, then=then)

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
        """Return the language in which Amazon is to say what is wrong."""
        return LOCALES.get(account.company_id._amazon_lang()[:2], "")

    @api.model
    def _learn_listings(self, account, marketplace_ref, listings):
        """Write what Amazon shows of SKUs; those that are new are made, and matched with products.

        :param str marketplace_ref: Amazon's id of the marketplace.
        :param listings: ``selling_partner`` listings.
        :return: their ``amazon.offer``.
        """
        marketplace = account.marketplace_ids.filtered(lambda known: known.api_ref == marketplace_ref)
        shown = {listing.sku: listing for listing in listings}
        offers = self._find_or_make(account, marketplace, {sku: (one.asin, one.title) for sku, one in shown.items()})
        for sku, listing in shown.items():
            offers[sku]._learn_listing(listing)
        return self.browse().union(*offers.values())

    def _learn_listing(self, listing):
        """Write what Amazon shows of this.

        :param listing: the ``selling_partner`` listing.
        """
        values = {
            "asin": listing.asin or self.asin,
            "title": listing.title or self.title,
            "product_type": listing.product_type or self.product_type,
            "image_url": listing.image_url or False,
            "amazon_status": ", ".join(listing.status) or False,
            "issues": "\n".join(issue.message for issue in listing.issues) or False,
            "quantity_amazon": listing.quantity or 0,
            "handling_days_amazon": listing.handling_days or 0,
            "both_channels": {FBM, FBA} <= set(listing.channels),
            "gone": False,
        }
        if FBA in listing.channels or FBM in listing.channels:
            values["channel"] = "fba" if FBA in listing.channels else "fbm"
        changed = {name: value for name, value in values.items() if self[name] != value}
        self.write({**changed, "seen_at": fields.Datetime.now()})

    @api.model
    def _forget_unseen(self, account, marketplace_ref, since):
        """What Amazon did not show among all others is not listed there any more.

        :param datetime since: when reading began (UTC, naive).
        """
        unseen = self.search(
            Domain("account_id", "=", account.id)
            & Domain("marketplace_id.api_ref", "=", marketplace_ref)
            & Domain("seen_at", "<", since)
            & Domain("gone", "=", False)
        )
        unseen.gone = True

    def _look_up(self, amazon):
        """Ask Amazon for these SKUs, and write what it shows; what it does not show is not listed.

        :param amazon: the ``selling_partner`` client.
        :raise SellingPartnerError: Amazon's answer, or none.
        """
        account = self.account_id
        for marketplace, offers in self.grouped("marketplace_id").items():
            for listings, asked in offers._listings(amazon, account, marketplace):
                seen = self._learn_listings(account, marketplace.api_ref, listings)
                (asked - seen).write({"gone": True})
                self.env["ir.cron"]._commit_progress()

    def _listings(self, amazon, account, marketplace):
        """Yield what Amazon shows of these, and which of them were asked for.

        :param marketplace: of these, an ``amazon.marketplace``.
        """
        # A search names SKUs between commas.
        alone = self.filtered(lambda offer: "," in offer.sku)
        for offer in alone:
            try:
                listing = amazon.listings.get(
                    account.merchant_id, offer.sku, marketplace.api_ref, issue_locale=self._issue_locale(account)
                )
            except NotFound:
                listing = None
            yield [listing] if listing else [], offer
        others = self - alone
        for start in range(0, len(others), MOST_SKUS):
            part = others[start : start + MOST_SKUS]
            search = self._search_of(account, marketplace, sort_by="sku", skus=tuple(part.mapped("sku")))
            yield amazon.listings.search(search).listings, part
