"""Labels, packing slips and invoices of vendors' deliveries: asking for them, and printing them."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...notices import notice
from .amazon_vendor_paper import kind_of
from .printing import one_pdf
from .sale_order import CHANNEL, LOOK

# So many deliveries are printed at once.
MOST_PRINTED = 200
PICTURED = {"png", "pdf"}


class StockPicking(models.Model):
    _inherit = "stock.picking"

    amazon_paper_ids = fields.One2many("amazon.vendor.paper", "picking_id", "Printed by Amazon", readonly=True)
    amazon_label_state = fields.Selection(
        [("requested", "Requested"), ("here", "Here"), ("late", "Late"), ("error", "Error")],
        "Shipping Label",
        compute="_compute_amazon_label_state",
        store=True,
        index="btree_not_null",
    )
    amazon_needs_slip = fields.Boolean(related="sale_id.amazon_needs_slip")
    amazon_has_slip = fields.Boolean("Packing Slip Here", compute="_compute_amazon_papers")
    amazon_has_invoice = fields.Boolean("Customer Invoice Here", compute="_compute_amazon_papers")
    amazon_paper_message = fields.Text("Shipping Papers", compute="_compute_amazon_papers")

    # === COMPUTE METHODS === #

    @api.depends("amazon_paper_ids.state", "amazon_paper_ids.kind")
    def _compute_amazon_label_state(self):
        states = {"waiting": "requested", "none": False}
        for picking in self:
            # sudo: a warehouse hand may have no access to Amazon
            label = picking.sudo().amazon_paper_ids.filtered(lambda paper: paper.kind == "label")
            picking.amazon_label_state = states.get(label.state, label.state)

    @api.depends("amazon_paper_ids.state", "amazon_paper_ids.message")
    @api.depends_context("lang")
    def _compute_amazon_papers(self):
        for picking in self:
            papers = picking.sudo().amazon_paper_ids  # sudo: see _compute_amazon_label_state
            here = set(papers.filtered("attachment_ids").mapped("kind"))
            picking.amazon_has_slip = "slip" in here
            picking.amazon_has_invoice = "invoice" in here
            picking.amazon_paper_message = (
                "\n".join(f"{paper._kind_name()}: {paper.message}" for paper in papers if paper.message) or False
            )

    # === ACTION METHODS === #

    def action_amazon_request_label(self):
        """Ask Amazon for the shipping labels of these deliveries soon, also before the day on which they leave.

        :raise UserError: saying of each why it cannot be asked for, when it can be for none.
        """
        self._amazon_check_group()
        self.check_access("write")
        refused = {picking: picking._amazon_why_not_requested() for picking in self}
        wanted = self.filtered(lambda picking: not refused[picking])
        reasons = "\n".join(dict.fromkeys(filter(None, refused.values())))
        if not wanted:
            raise UserError(reasons or self.env._("Choose Direct Fulfillment deliveries."))
        self.env["amazon.vendor.submission"]._make_labels(wanted)
        said = self.env._("%s labels are requested within a minute.", len(wanted.sale_id))
        if not reasons:
            return notice(said)
        return notice(f"{said}\n{self.env._('Not these:')}\n{reasons}", "warning", sticky=True)

    def action_amazon_fetch_papers(self):
        """Look for the labels, packing slips and invoices of these deliveries at Amazon soon.

        :raise UserError: there is nothing to look for, or Amazon does not give it any more.
        """
        self._amazon_check_group()
        self.check_access("write")
        papers = self.env["amazon.vendor.paper"].sudo()  # sudo: papers are the addon's own
        for order in self.sudo().sale_id.filtered(lambda order: order.amazon_channel == CHANNEL):
            if order.amazon_purged:
                continue
            label = order.amazon_paper_ids.filtered(lambda paper: paper.kind == "label")
            told = order._amazon_submission("label").state == "done"
            papers |= label if told or label.attachment_ids else papers
            if order.amazon_needs_slip:
                papers |= papers._of(order, "slip")
            if order.amazon_account_id.vendor_invoices:
                papers |= papers._of(order, "invoice")
        if not papers:
            raise UserError(
                self.env._("There is nothing to fetch: no label was requested, and no packing slip is required.")
            )
        papers._fetch_again()
        return notice(self.env._("%s papers are fetched within a minute.", len(papers)))

    def action_amazon_print_labels(self):
        """Open the labels of these deliveries, all in one."""
        return self._amazon_open_print("label")

    def action_amazon_print_slips(self):
        """Open the packing slips of these deliveries, all in one."""
        return self._amazon_open_print("slip")

    def action_amazon_print_invoices(self):
        """Open the customers' invoices of these deliveries, all in one."""
        return self._amazon_open_print("invoice")

    def _amazon_open_print(self, kind):
        """Return the action that opens what is printed; where some have nothing, it says so.

        :param str kind: of :data:`PAPERS`.
        :raise UserError: none of them has anything, or they cannot be printed together.
        """
        lacking = self.filtered(lambda picking: not picking._amazon_files(kind))
        if self == lacking:
            raise UserError(self.env._("Nothing to print yet: %s", ", ".join(self.mapped("name")) or "–"))
        some = self - lacking
        some._amazon_check_printable(kind)
        url = f"/amazon/papers/{kind}?deliveries={','.join(map(str, some.ids))}"
        opening = {"type": "ir.actions.act_url", "url": url, "target": "new"}
        if not lacking:
            return opening
        return notice(
            self.env._("Nothing to print yet: %s", ", ".join(lacking.mapped("name"))),
            "warning",
            then=opening,
            sticky=True,
        )

    # === BUSINESS METHODS: PRINTING === #

    def _amazon_files(self, kind):
        """Return the attachments of these deliveries that are of a kind of paper, in the order of the deliveries.

        :param str kind: of :data:`PAPERS`.
        :raise AccessError: the user may not see one of the deliveries.
        """
        self.check_access("read")
        # sudo: a warehouse hand may have no access to Amazon; who may see the delivery sees what is attached to it
        files = self.env["ir.attachment"]
        for picking in self.sudo():
            files |= picking.amazon_paper_ids.filtered(lambda paper: paper.kind == kind).attachment_ids.sorted("id")
        files = files.with_env(self.env)
        files.check_access("read")
        return files

    def _amazon_check_printable(self, kind):
        """Refuse what cannot be one print.

        :raise UserError: saying why.
        """
        if len(self) > MOST_PRINTED:
            raise UserError(self.env._("Print at most %s deliveries at once.", MOST_PRINTED))
        endings = {name.rpartition(".")[2] for name in self._amazon_files(kind).mapped("name")}
        if len(endings) > 1 and not endings <= PICTURED:
            raise UserError(
                self.env._("These are for different printers (%s): print them apart.", ", ".join(sorted(endings)))
            )

    def _amazon_printed(self, kind):
        """Return what is printed of these deliveries.

        :param str kind: of :data:`PAPERS`.
        :return: (file name, type, bytes).
        :raise UserError: there is nothing, or it cannot be printed.
        """
        self._amazon_check_printable(kind)
        contents = [file.raw for file in self._amazon_files(kind)]
        if not contents:
            raise UserError(self.env._("Nothing to print yet: %s", ", ".join(self.mapped("name")) or "–"))
        ending, mimetype = kind_of(contents[0])
        if ending not in PICTURED:
            return f"{kind}.{ending}", mimetype, b"\n".join(contents)
        try:
            return f"{kind}.pdf", "application/pdf", one_pdf(contents)
        except Exception:  # noqa: BLE001 - whatever the libraries raise of a broken file
            raise UserError(
                self.env._("One of the files is broken. Fetch the papers again, or print the attachments one by one.")
            ) from None

    # === BUSINESS METHODS: LABELS === #

    def _amazon_why_not_requested(self):
        """Return why Amazon is not to be asked for this delivery's label, or False."""
        self.ensure_one()
        # sudo: who packs may not see all of the order
        order = self.sudo().sale_id
        if not order or self.picking_type_code != "outgoing":
            return self.env._("%s is no delivery of a Direct Fulfillment order.", self.name)
        order = order.with_context(lang=self.env.lang)
        label = order.amazon_paper_ids.filtered(lambda paper: paper.kind == "label")
        if label.state == "here":
            return self.env._("%s has its label already.", order.name)
        if order._amazon_submission("label").state in ("not_sent", "sending") or label.state == "waiting":
            return self.env._("%s: the label is requested already.", order.name)
        return order._amazon_why_no_label()

    @api.model
    def _amazon_labels_due(self, account):
        """Return the domain of the deliveries whose labels are requested by themselves: on the day on which they are to
        leave, when they are ready.

        :param account: the ``amazon.account``.
        """
        if not account.vendor_auto_labels or account.vendor_own_carrier:
            return Domain.FALSE
        return (
            Domain("amazon_account_id", "=", account.id)
            & Domain("state", "=", "assigned")
            & Domain("picking_type_code", "=", "outgoing")
            & Domain("amazon_label_state", "=", False)
            & Domain("sale_id.amazon_acknowledgement", "=", "accepted")
            & Domain("sale_id.amazon_vendor_status", "=", "ACCEPTED")
            & Domain("sale_id.amazon_ship_by", "<", account._vendor_midnight())
        )

    @api.model
    def _amazon_request_labels_due(self, run):
        """Ask for the labels that are due; where something stands against it, a person is told.

        :param run: the :class:`...run.Run`.
        """
        last = 0
        while pickings := self.search(
            self._amazon_labels_due(run.account) & Domain("id", ">", last), order="id", limit=LOOK
        ):
            last = pickings[-1].id
            # What is blocked somebody has to look at already.
            reasons = {
                picking: picking._amazon_why_not_requested()
                for picking in pickings
                if not picking._amazon_why_blocked()
            }
            ready = pickings.browse(picking.id for picking, reason in reasons.items() if not reason)
            self.env["amazon.vendor.submission"]._make_labels(ready)
            for picking, reason in reasons.items():
                if reason:
                    picking.sale_id._amazon_assign("label", self.env._("Request the shipping label"), reason)
            run.checkpoint()

    def _amazon_take_numbers(self, labels):
        """Write the tracking numbers of labels on the parcels that they are for, and on the deliveries.

        :param labels: ``LabelData`` of the order, as Amazon gives them.
        """
        deliveries = self.sale_id._amazon_vendor_deliveries()
        every = list(dict.fromkeys(label.tracking_number for label in labels if label.tracking_number))
        numbers = {label.package: label.tracking_number for label in labels if label.tracking_number}
        packages = deliveries.move_line_ids.result_package_id.sorted("id")
        if len(packages) == len(every) and not set(packages.mapped("name")) & set(numbers):
            # Amazon has names of its own for them, or none.
            numbers = dict(zip(packages.mapped("name"), every, strict=True))
        for package in packages.filtered(lambda package: package.name in numbers):
            package.amazon_tracking_ref = numbers[package.name]
        for picking in deliveries:
            names = [picking.name, *picking.move_line_ids.result_package_id.sorted("id").mapped("name")]
            own = [numbers[name] for name in names if name in numbers] or every
            if own:
                picking.carrier_tracking_ref = ",".join(own)
