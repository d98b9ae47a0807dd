"""What Amazon prints for a vendor's order, and how it comes to the delivery: labels, packing slips, invoices."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.misc import format_date

from ...notices import notice
from ...selling_partner import SearchInvoices, SearchLabels, SearchPackingSlips
from ..engine.trigram import trigram

OPEN = ("waiting", "late")
# What is asked for and not there is looked for again after so many minutes, later after the last of them.
AGAIN_MINUTES = (2, 3, 5, 10, 10, 30)
LATER_MINUTES = 60
# After so many minutes a person is told, after so many days Amazon is not asked any more.
LATE_MINUTES = 30
GIVEN_UP_DAYS = 7
# What papers are, by their first bytes, whatever Amazon calls them.
ANYTHING = "application/octet-stream"
STARTS = {
    b"\x89PNG\r\n\x1a\n": ("png", "image/png"),
    b"%PDF": ("pdf", "application/pdf"),
    b"^XA": ("zpl", ANYTHING),
}


class Paper(NamedTuple):
    """How Amazon gives one kind of paper.

    :param job: the account's job that fetches it.
    :param search: what is searched for many; :param read: Amazon's, for a page; :param get: for one order.
    :param days: for so long Amazon gives it.
    :param parts: called with what Amazon gives of an order; returns the contents, none: not ready.
    """

    job: str
    search: type
    read: str
    get: str
    days: int
    parts: Callable


PAPERS = {
    "label": Paper(
        "vendor_labels",
        SearchLabels,
        "search_labels",
        "get_label",
        90,
        lambda shown: [label.content for label in shown.labels],
    ),
    "slip": Paper(
        "vendor_slips",
        SearchPackingSlips,
        "search_packing_slips",
        "get_packing_slip",
        180,
        lambda shown: [shown.content],
    ),
    "invoice": Paper(
        "vendor_invoices", SearchInvoices, "search_invoices", "get_invoice", 180, lambda shown: [shown.content]
    ),
}


def kind_of(content):
    """Return what a paper is: the ending of its name, and its type.

    :param bytes content: as Amazon gives it.
    """
    start = content[:100].lstrip()
    return next((what for begin, what in STARTS.items() if start.startswith(begin)), ("bin", ANYTHING))


class AmazonVendorPaper(models.Model):
    """One kind of paper of one order. What it consists of is attached to the delivery: who may see that, sees the
    paper, and with the buyer's other data it goes."""

    _name = "amazon.vendor.paper"
    _description = "Printed by Amazon for a Vendor"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.search"]
    _order = "id desc"
    _rec_name = "order_ref"
    # What may quote the order's buyer.
    _amazon_quotes = ("order_id", ("message",))

    account_id = fields.Many2one("amazon.account", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [("label", "Shipping Label"), ("slip", "Packing Slip"), ("invoice", "Customer Invoice")],
        required=True,
        readonly=True,
    )
    order_id = fields.Many2one("sale.order", required=True, readonly=True, ondelete="cascade")
    order_ref = fields.Char("Purchase Order", readonly=True)
    picking_id = fields.Many2one(
        "stock.picking", "Delivery", readonly=True, index="btree_not_null", ondelete="set null"
    )
    state = fields.Selection(
        [("waiting", "Requested"), ("late", "Late"), ("here", "Here"), ("none", "None"), ("error", "Error")],
        "Status",
        required=True,
        default="waiting",
        readonly=True,
    )
    label_format = fields.Char("Format", readonly=True, help="As Amazon's answer names it")
    wanted_at = fields.Datetime("Asked for on", readonly=True)
    fetched_at = fields.Datetime("Here since", readonly=True)
    retry_at = fields.Datetime("Looked for Again", readonly=True)
    asked = fields.Integer("Times Looked For", readonly=True)
    message = fields.Text(readonly=True)
    attachment_ids = fields.Many2many(
        "ir.attachment", "amazon_vendor_paper_attachment_rel", string="Files", readonly=True
    )

    _kind_uniq = models.UniqueIndex("(order_id, kind)")
    _open_idx = models.Index("(account_id, kind, retry_at) WHERE state IN ('waiting', 'late')")
    _order_ref_idx = models.Index(trigram("order_ref"))

    # === ACTION METHODS === #

    def action_fetch(self):
        """Look for these at Amazon soon."""
        self._amazon_check_group()
        self.order_id.check_access("write")
        # sudo: papers are the addon's own
        self.sudo()._fetch_again()
        return notice(self.env._("%s papers are fetched within a minute.", len(self)))

    # === WHAT IS WANTED === #

    @api.model
    def _of(self, order, kind):
        """Return the paper of an order, made if there is none.

        :param order: the ``sale.order``.
        :param str kind: of :data:`PAPERS`.
        """
        found = order.amazon_paper_ids.filtered(lambda paper: paper.kind == kind)
        return found or self.create(
            {
                "account_id": order.amazon_account_id.id,
                "kind": kind,
                "order_id": order.id,
                "order_ref": order.amazon_order_ref,
                "picking_id": order._amazon_vendor_deliveries()[:1].id,
                "wanted_at": fields.Datetime.now(),
            }
        )

    def _want(self, at=None):
        """Look for these from now on.

        :param at: not before, False: not before Amazon has been told that they are wanted.
        """
        now = fields.Datetime.now()
        self.write(
            {
                "state": "waiting",
                "wanted_at": now,
                "retry_at": now if at is None else at,
                "asked": 0,
                "message": False,
            }
        )
        if at is None:
            self._wake()

    def _wake(self, seconds=0):
        for account, papers in self.grouped("account_id").items():
            for kind in set(papers.mapped("kind")):
                account._job(PAPERS[kind].job)._trigger(seconds)

    def _fetch_again(self):
        """Have these read anew; what is here stays until then.

        :raise UserError: Amazon does not give one of them any more.
        """
        for paper in self:
            paper._check_age()
        looked_for = self.filtered(lambda paper: paper.state in OPEN and paper.retry_at)
        looked_for.retry_at = fields.Datetime.now()
        # A label that is not looked for yet Amazon is still being asked to make.
        (self - looked_for).filtered(lambda paper: paper.state not in OPEN or paper.kind != "label")._want()
        self._wake()

    def _check_age(self):
        """Refuse what Amazon does not give any more.

        :raise UserError: saying why.
        """
        self.ensure_one()
        days = PAPERS[self.kind].days
        # A label is as old as it is; the others are there from when the order is.
        label = self.kind == "label" and (self.fetched_at or self.wanted_at)
        since = label or self.order_id.amazon_purchase_date
        if since and since < fields.Datetime.now() - timedelta(days=days):
            raise UserError(
                self.env._(
                    "%(order)s: %(paper)s of %(date)s. Amazon gives it for %(days)s days only.",
                    order=self.order_id.name,
                    paper=self._kind_name(),
                    date=format_date(self.env, since),
                    days=days,
                )
            )

    @api.model
    def _open_for(self, account, kind):
        """Return the domain of what is to be fetched, now or later."""
        return (
            Domain("account_id", "=", account.id)
            & Domain("kind", "=", kind)
            & Domain("state", "in", OPEN)
            & Domain("retry_at", "!=", False)
        )

    @api.model
    def _due(self, account, kind):
        return self._open_for(account, kind) & Domain("retry_at", "<=", fields.Datetime.now())

    # === WHAT AMAZON GIVES === #

    def _take(self, shown):
        """Attach to the delivery what Amazon gives.

        :param shown: a value of ``selling_partner``.
        :return: whether there is anything.
        """
        self.ensure_one()
        parts = PAPERS[self.kind].parts(shown) if shown else []
        if not parts:
            return False
        if not self.picking_id:
            self.picking_id = self.order_id._amazon_vendor_deliveries()[:1]
        old = self.attachment_ids
        # As Odoo sums up its files.
        known = set(old.mapped("checksum")) == {hashlib.sha1(part).hexdigest() for part in parts}
        if known and self.state == "here":
            return True
        if not known:
            self._attach(parts)
            if old:
                self._replaced(old)
            if self.kind == "label":
                self.picking_id._amazon_take_numbers(shown.labels)
        self.write(
            {
                "state": "here",
                "label_format": getattr(shown, "format", False) or False,
                "fetched_at": self.fetched_at if known else fields.Datetime.now(),
                "retry_at": False,
                "asked": 0,
                "message": False,
            }
        )
        self._said_late().unlink()
        return True

    def _attach(self, parts):
        vals = []
        for number, part in enumerate(parts, 1):
            ending, kind = kind_of(part)
            place = f"_{number}" if len(parts) > 1 else ""
            vals.append(
                {
                    "name": f"{self.kind}_{self.order_ref}{place}.{ending}",
                    "raw": part,
                    "mimetype": kind,
                    "res_model": "stock.picking",
                    "res_id": self.picking_id.id,
                }
            )
        # Whatever is in it, no browser takes it for a page of ours.
        attachments = self.env["ir.attachment"].with_context(attachments_mime_plainxml=True)
        self.attachment_ids = attachments.create(vals).with_env(self.env)

    def _replaced(self, old):
        """Amazon gives another paper than before: the old one may be on the parcel already."""
        old.unlink()
        self.order_id._amazon_assign(
            f"{self.kind}_replaced",
            self.env._("Print it again: Amazon has made another one (%s)", self._kind_name()),
            self.env._("Delivery %s", self.picking_id.name),
        )

    def _not_there(self, message=False, knows=True):
        """Amazon does not give it yet: it is looked for again after a pause that grows; after a while a person is told.

        :param message: what Amazon says instead.
        :param bool knows: Amazon knows of it; else it says that there is none. Until it is late that says nothing.
        """
        now = fields.Datetime.now()
        for paper in self:
            waited = now - (paper.wanted_at or now)
            if paper.order_id.state == "cancel" or waited > timedelta(days=GIVEN_UP_DAYS):
                paper._given_up()
                continue
            minutes = AGAIN_MINUTES[paper.asked] if paper.asked < len(AGAIN_MINUTES) else LATER_MINUTES
            late = waited >= timedelta(minutes=LATE_MINUTES)
            paper.write(
                {
                    "asked": paper.asked + 1,
                    "retry_at": now + timedelta(minutes=minutes),
                    "state": "late" if late else "waiting",
                    "message": message or (late and paper._why_late(knows)),
                }
            )
            if late:
                paper._tell_late()

    def _why_late(self, knows):
        """Say what Amazon answers on what should be there.

        :param bool knows: as in :meth:`_not_there`.
        """
        if knows:
            return self.env._("Amazon's answer is empty: it is not ready.")
        if self.kind == "label":
            return self.env._("It was requested, but Amazon does not have it yet.")
        return self.env._("Amazon knows of none.")

    def _given_up(self):
        """Amazon is asked for this no more: the order is cancelled, or it has taken too long."""
        if self.order_id.state == "cancel":
            self.write({"state": "none", "retry_at": False, "message": False})
            self._said_late().unlink()
        else:
            self._end(self.env._("Amazon has not given it within %s days.", GIVEN_UP_DAYS))
            # What stood there said that it is still looked for.
            self._said_late().unlink()
            self._tell_late()

    def _end(self, message):
        """Amazon is not asked for these any more.

        :param str message: why.
        """
        self.write({"state": "error", "retry_at": False, "message": message})

    def _refused(self, message):
        """Amazon will not give it.

        :param str message: why.
        """
        self._end(message)
        self._tell_late()

    def _tell_late(self):
        where = self.env._("Delivery %s: look at the order in Vendor Central.", self.picking_id.name or "–")
        goes_on = (
            self.env._("It is looked for again by itself every hour.")
            if self.retry_at
            else self.env._("It is not looked for any more: press “Fetch Papers” when the reason is gone.")
        )
        self.order_id._amazon_assign(
            f"{self.kind}_late",
            self.env._("Amazon does not give the paper: %s", self._kind_name()),
            f"{where} {goes_on}" if self.retry_at else f"{where} {self.message} {goes_on}",
        )

    def _said_late(self):
        return self.order_id._amazon_assigned(f"{self.kind}_late")

    def _kind_name(self):
        return dict(self._fields["kind"]._description_selection(self.env))[self.kind]
