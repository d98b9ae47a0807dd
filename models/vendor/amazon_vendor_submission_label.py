"""That Amazon shall make the labels of an order: many in one call, or one at once."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...selling_partner import AccessDenied, BadRequest, LabelExists, LabelRequest, NotFound, ShippingLabel
from .amazon_vendor_submission import Kind

AT_ONCE = "createShippingLabels"


class AmazonVendorSubmission(models.Model):
    _inherit = "amazon.vendor.submission"

    kind = fields.Selection(selection_add=[("label", "Shipping Label")], ondelete={"label": "cascade"})

    _label_uniq = models.UniqueIndex("(order_id) WHERE kind IN ('label')")

    @api.model
    def _declared(self):
        return {
            **super()._declared(),
            "label": Kind(
                lambda vendor, contents: vendor.request_labels(contents), "submitShippingLabelRequest", minutes=30
            ),
        }

    # === MAKING ROWS === #

    @api.model
    def _make_labels(self, pickings):
        """Have Amazon asked for the labels of deliveries, each order's once.

        :param pickings: the ``stock.picking``.
        """
        rows = self.sudo()  # sudo: the outbox is the addon's own; callers have checked the right to the deliveries
        papers = self.env["amazon.vendor.paper"].sudo()
        for order, some in pickings.sudo().grouped("sale_id").items():
            row = order._amazon_submission("label")
            values = {"picking_id": some[:1].id, "decided_at": fields.Datetime.now(), "again": 0}
            if row:
                row._to_send(alone=False, transaction_id=False, **values)
            else:
                row = rows.create({**order._amazon_submission_vals("label"), **values})
            papers._of(order, "label")._want(at=False)
            for reason in ("label", "label_refused", "label_late"):
                order._amazon_assigned(reason).unlink()
            rows |= row
        rows._wake()

    # === WHAT IS TOLD === #

    def _label_content(self):
        order = self.order_id
        if why := order._amazon_why_no_label():
            raise UserError(why)
        return LabelRequest(
            number=self.order_ref,
            selling_party=order.amazon_selling_party or "",
            ship_from_party=order.amazon_ship_from or "",
            containers=order._amazon_label_containers(),
        )

    def _label_why_waiting(self):
        return False

    def _label_facts(self):
        return {"parcels": [container.identifier for container in self.order_id._amazon_label_containers()]}

    # === SENDING === #

    @api.model
    def _submit(self, run, ids, kind, troubles):
        rows = self.browse(ids)
        at_once = run.account.vendor_labels_at_once and run.account.vendor_api_version != "v1"
        if rows[:1].kind == "label" and len(rows) == 1 and at_once and rows._make_at_once(run):
            return None
        return super()._submit(run, ids, kind, troubles)

    def _make_at_once(self, run):
        """Have Amazon make the labels of one order at once.

        :param run: the :class:`...run.Run`, calling.
        :return: whether that is settled; otherwise the vendor may not, and they have to be asked for.
        """
        row, content = self._locked(self.id)
        if not row:
            return True
        try:
            answered = row._mark_and_send(run, content)
        except AccessDenied as error:
            if error.operation != AT_ONCE:
                raise
            row._record("_at_once_denied")
            return False
        row._count_in(run.log)
        run.count(answered, AT_ONCE)
        return True

    def _deliver(self, amazon, content):
        return self.account_id._vendor_api(amazon).create_labels(content)

    def _delivered(self, answer):
        result = super()._delivered(answer)
        self._label_paper()._take(answer)
        return result

    def _refusal(self, amazon, error):
        if isinstance(error, LabelExists):
            # Amazon made it before: it is read.
            return self._query(amazon)
        return super()._refusal(amazon, error)

    def _at_once_denied(self):
        """This vendor may not have labels made at once; a manager may switch it on again."""
        self.account_id.vendor_labels_at_once = False
        self._to_send()

    # === WHAT BECAME OF IT === #

    def _label_paper(self):
        return self.env["amazon.vendor.paper"]._of(self.order_id, "label")

    def _label_shown_by(self, amazon):
        """Return the order's label as Amazon shows it, an empty one where it is not ready, None where there is none.

        :rtype: ShippingLabel
        """
        try:
            label = self.account_id._vendor_api(amazon).get_label(self.order_ref)
        except NotFound:
            return None
        except BadRequest:
            # It does not give an old one; asked for anew it says why.
            return None
        return label or ShippingLabel(self.order_ref, "", ())

    def _label_learned(self, shown):
        if shown is None:
            self._not_shown()
        else:
            self._accepted()
            self._label_paper()._take(shown)

    def _label_accepted(self):
        paper = self._label_paper()
        if paper.state != "here":
            paper._want()

    def _label_refused(self):
        paper = self._label_paper()
        if paper.state != "here":
            paper._end(self.message)
        if self.state != "rejected":
            self.order_id._amazon_assign(
                "label_refused", self.env._("Amazon does not make the shipping label"), self.message
            )

    # === WHAT THERE IS TO DO === #

    @api.model
    def _has_work(self, account, requested=False):
        pickings = self.env["stock.picking"]
        return super()._has_work(account, requested) or bool(
            pickings.search_count(pickings._amazon_labels_due(account), limit=1)
        )
