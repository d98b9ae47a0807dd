import base64
import re
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..models.confirmations.amazon_confirmation import clean_number
from ..models.packing.stock_picking import SHORT
from ..order_numbers import half_width, whole_number

# So many numbers are entered at once, and so large is a file of them at most.
MOST, LARGEST = 2000, 5 * 2**20
# A carrier gives no number to another parcel before that.
NOT_AGAIN_DAYS = 90
BETWEEN = re.compile(r"[\t,;、]+|\s+")
SHORTENED = re.compile(rf"{SHORT}[0-9]{{1,9}}")
# What a spreadsheet makes of a long number.
ROUNDED = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)


class AmazonCarrierNumbers(models.TransientModel):
    """Tracking numbers of many deliveries at once: from the file of a carrier's program, or pasted.

    Everything that is wrong is named before anything is written.
    """

    _name = "amazon.carrier.numbers"
    _inherit = "amazon.guard"
    _description = "Tracking Numbers from a Carrier"

    state = fields.Selection([("enter", "Numbers"), ("check", "Check")], default="enter", readonly=True)
    layout_id = fields.Many2one("amazon.carrier.layout", "Program", default=lambda self: self._usual_layout())
    document = fields.Binary("File", attachment=False)
    document_name = fields.Char()
    pasted = fields.Text(help="One delivery a line: its number, or that of its order, and the tracking number")
    are_parcels = fields.Boolean(
        "A Delivery May Have Several Parcels", help="Several numbers of one delivery are those of its parcels."
    )
    line_ids = fields.One2many("amazon.carrier.numbers.line", "wizard_id")
    ready_count = fields.Integer("To Enter", compute="_compute_counts")
    problem_count = fields.Integer("Problems", compute="_compute_counts")
    other_count = fields.Integer("Would Replace Another", compute="_compute_counts")

    # === COMPUTE METHODS === #

    @api.depends("line_ids.state", "line_ids.is_selected")
    def _compute_counts(self):
        for wizard in self:
            states = wizard.line_ids.mapped("state")
            wizard.ready_count = len(wizard.line_ids.filtered("is_selected"))
            wizard.problem_count = states.count("problem")
            wizard.other_count = states.count("other")

    @api.model
    def _usual_layout(self):
        return self.env["amazon.carrier.layout"].search([], limit=1)

    # === ACTION METHODS === #

    def action_check(self):
        """Look which delivery each number is for, and what stands against it; nothing is written.

        :raise UserError: when there is nothing to read, or it cannot be read.
        """
        self.ensure_one()
        self.env["stock.picking"].check_access("write")
        found = self._read()
        if not found:
            raise UserError(self.env._("Choose the carrier's file, or paste the numbers."))
        if len(found) > MOST:
            raise UserError(
                self.env._("These are %(found)s lines. Take at most %(most)s at once.", found=len(found), most=MOST)
            )
        self.line_ids.unlink()
        self.env["amazon.carrier.numbers.line"].create(
            [{"wizard_id": self.id, **vals} for vals in self._checked(found)]
        )
        # Carriers' files have the buyers' addresses: none is kept that was read.
        self.write({"state": "check", "document": False})
        return self._shown()

    def action_back(self):
        """Choose another file, or paste other numbers."""
        self.ensure_one()
        self.check_access("write")
        self.line_ids.unlink()
        self.state = "enter"
        return self._shown()

    def action_replace(self):
        """Tick those that have another number already, too."""
        self.ensure_one()
        self.check_access("write")
        self.line_ids.filtered(lambda line: line.state == "other").is_selected = True
        return self._shown()

    def action_enter(self):
        """Write what is ticked on the deliveries, and show those.

        :raise UserError: when nothing is ticked, or something has changed since it was looked at.
        """
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: line.is_selected and line.state in ("ready", "other"))
        if self.state != "check" or not lines:
            raise UserError(self.env._("Tick the numbers that are to be entered."))
        pickings = lines.picking_id
        pickings.check_access("write")
        pickings.lock_for_update()
        pickings.invalidate_recordset(["carrier_tracking_ref", "state"])
        pickings.move_line_ids.result_package_id.invalidate_recordset(["amazon_tracking_ref"])
        for line in lines:
            if why := line._why_not_entered():
                raise UserError(": ".join((line.picking_id.name, why)))
            if (line.picking_id._amazon_number_entered() or "") != (line.old_number or ""):
                raise UserError(
                    self.env._("%s got another number meanwhile. Check the numbers again.", line.picking_id.name)
                )
            line.picking_id._amazon_enter_number(line.number)
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_deliveries")
        return {
            **action,
            "domain": [("id", "in", pickings.ids)],
            "context": {"create": False, "amazon_deliveries": True},
            "target": "main",
        }

    # === BUSINESS METHODS === #

    def _shown(self):
        """Return what shows this dialog as it is now: Odoo closes one whose button returns nothing."""
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Enter Tracking Numbers"),
            "context": {"dialog_size": "extra-large"},
        }

    # === BUSINESS METHODS: READING === #

    def _read(self):
        """Return what was given: number of the line, which delivery, which tracking number, as it stands there."""
        found = []
        if self.document:
            content = base64.b64decode(self.document)
            if len(content) > LARGEST:
                raise UserError(self.env._("The file is too large: these can hardly be tracking numbers."))
            if not self.layout_id:
                raise UserError(self.env._("Choose the carrier's program that wrote the file."))
            found += self.layout_id._numbers(content)
        for place, line in enumerate((self.pasted or "").splitlines(), 1):
            if words := [word for word in BETWEEN.split(half_width(line).strip()) if word]:
                found.append((place, words[0], " ".join(words[1:])))
        return found

    # === BUSINESS METHODS: CHECKING === #

    def _checked(self, found):
        """Return the values of the lines, those with problems first."""
        by_ref = self._deliveries({ref for _line, ref, _number in found})
        numbers = defaultdict(dict)  # by delivery, in their order: where each stands
        lines, taken = [], self._taken({clean_number(number) for _line, _ref, number in found})
        for place, ref, number in found:
            number = clean_number(number)
            picking, why = self._meant(by_ref[_plain(ref)], number)
            if not _plain(ref):
                why = self.env._("The number of the delivery is missing.")
            why = why or self._why_wrong(number)
            if not why:
                numbers[picking].setdefault(number, (place, ref))
                taken[number].add(picking)
                continue
            lines.append(self._line(place, ref, number, picking, "problem", why))
        for picking, mine in numbers.items():
            lines.append(self._line_of(picking, mine, taken))
        order = {"problem": 0, "other": 1, "ready": 2, "same": 3}
        return sorted(lines, key=lambda line: (order[line["state"]], line["line"]))

    def _line_of(self, picking, numbers, taken):
        """Return the values of the line of a delivery to which all these numbers belong."""
        (place, ref), number = min(numbers.values()), ",".join(numbers)
        old = picking._amazon_number_entered() or ""
        with_it = {other for one in numbers for other in taken[one]} - {picking}
        if len(numbers) > 1 and not self.are_parcels:
            state, why = "problem", self.env._("It has several numbers. Are they those of its parcels?")
        elif strange := [other for other in with_it if other not in picking._amazon_same_parcel()]:
            state, why = "problem", self.env._("%s has the same number.", ", ".join(other.name for other in strange))
        elif number == old:
            state, why = "same", self.env._("It is there already.")
        elif old:
            state, why = "other", self.env._("It has another number: %s", old)
        elif picking.state == "done":
            state, why = "ready", self.env._("It has left; Amazon is told of the number.")
        else:
            state, why = "ready", False
        return self._line(place, ref, number, picking, state, why)

    def _line(self, place, ref, number, picking, state, message):
        return {
            "line": place,
            "reference": ref,
            "number": number,
            "picking_id": picking.id,
            "old_number": picking and picking._amazon_number_entered(),
            "state": state,
            "is_selected": state == "ready",
            "message": message,
        }

    def _why_wrong(self, number):
        """Return why this can be no tracking number, or False."""
        if not number:
            return self.env._("The tracking number is missing.")
        if ROUNDED.fullmatch(number):
            return self.env._("A spreadsheet has rounded the number. Take the file as the carrier's program wrote it.")
        if "," in number:
            return self.env._("These are several numbers. Write each on a line of its own.")
        digits = re.sub(r"\D", "", number)
        if self.document and self.layout_id.digits and len(digits) != self.layout_id.digits:
            return self.env._(
                "A number of “%(program)s” has %(wanted)s digits, not %(has)s.",
                program=self.layout_id.name,
                wanted=self.layout_id.digits,
                has=len(digits),
            )
        why = self.env["amazon.confirmation"]._why_number_wrong(number)
        return why and str(why)

    @api.model
    def _mine(self):
        """Return the domain of the deliveries that may be given a number here."""
        return (
            Domain("picking_type_code", "=", "outgoing")
            & Domain("amazon_account_id", "!=", False)
            & Domain("company_id", "in", self.env.companies.ids)
        )

    @api.model
    def _deliveries(self, refs):
        """Return which deliveries each reference may mean.

        :param set refs: numbers of deliveries, or of orders here or on Amazon, however they are written.
        :return: the ``stock.picking`` by the plain reference.
        :rtype: dict
        """
        wanted = {_plain(ref) for ref in refs} - {""}
        # A warehouse's code may be in small letters.
        names = list(wanted | {ref.strip() for ref in refs})
        by_ref = defaultdict(self.env["stock.picking"].browse)
        short = {int(ref.removeprefix(SHORT)): ref for ref in wanted if SHORTENED.fullmatch(ref)}
        meant = Domain("name", "in", names) | Domain("id", "in", list(short))
        for picking in self.env["stock.picking"].search(self._mine() & meant):
            for ref in {_plain(picking.name), short.get(picking.id, "")} & wanted:
                by_ref[ref] |= picking
        orders = self.env["sale.order"].search(
            Domain("amazon_account_id", "!=", False)
            & (Domain("amazon_order_ref", "in", names) | Domain("name", "in", names))
        )
        for order in orders:
            for ref in {_plain(order.name), _plain(order.amazon_order_ref)} & wanted:
                by_ref[ref] |= order.picking_ids.filtered_domain(self._mine())
        return by_ref

    @api.model
    def _taken(self, numbers):
        """Return which deliveries have which of these numbers already: carriers give each again after a year or so.

        :param set numbers: clean ones.
        :return: sets of ``stock.picking`` by number.
        :rtype: dict
        """
        taken = defaultdict(set)
        since = fields.Datetime.now() - timedelta(days=NOT_AGAIN_DAYS)
        lately = Domain("state", "!=", "cancel") & (Domain("date_done", "=", False) | Domain("date_done", ">=", since))
        with_one = Domain("carrier_tracking_ref", "in", list(numbers - {""}))
        for picking in self.env["stock.picking"].search(self._mine() & lately & with_one):
            taken[picking.carrier_tracking_ref].add(picking)
        return taken

    @api.model
    def _meant(self, pickings, number):
        """Return the one of these deliveries that is meant, and why it cannot be given the number.

        :param str number: clean.
        :rtype: tuple
        """
        going = pickings.filtered(lambda picking: picking.state != "cancel")
        if pickings and not going:
            return pickings[:1], self.env._("It is cancelled.")
        if len(going) > 1:
            # Of an order that goes in several parts, the one that has the number, else the one that waits for its own.
            having = going.filtered(lambda picking: picking._amazon_number_entered() == number)
            waiting = going.filtered(lambda picking: not picking._amazon_number_entered())
            found = having[:1] or (waiting if len(waiting) == 1 else waiting.browse())
            if not found:
                names = ", ".join(going.mapped("name"))
                return found, self.env._("The order has several deliveries; say which: %s", names)
            going = found
        if not going:
            return going, self.env._("No delivery or order of Amazon's has this number.")
        if going.amazon_channel == "fba":
            return going, self.env._("Amazon ships it (FBA).")
        packages = going.move_line_ids.result_package_id.filtered("amazon_tracking_ref")
        if len(packages) > 1:
            return going, self.env._("It has several parcels with numbers of their own: enter them there.")
        return going, False


class AmazonCarrierNumbersLine(models.TransientModel):
    _name = "amazon.carrier.numbers.line"
    _inherit = "amazon.guard"
    _description = "Tracking Number from a Carrier"
    _order = "id"

    wizard_id = fields.Many2one("amazon.carrier.numbers", required=True, ondelete="cascade", index=True)
    is_selected = fields.Boolean("Enter")
    line = fields.Integer(readonly=True, help="Which line of the file, or of what was pasted")
    reference = fields.Char("As Written There", readonly=True)
    picking_id = fields.Many2one("stock.picking", "Delivery", readonly=True, ondelete="cascade")
    partner_id = fields.Many2one(related="picking_id.partner_id")
    number = fields.Char("Tracking Number", readonly=True)
    old_number = fields.Char(readonly=True)
    state = fields.Selection(
        [("problem", "Problem"), ("other", "Replaces Another"), ("ready", "To Enter"), ("same", "Is There")],
        readonly=True,
    )
    message = fields.Char("Why", readonly=True)

    # === BUSINESS METHODS === #

    def _why_not_entered(self):
        """Return why this cannot be entered, whatever was written here, or False."""
        wizard = self.wizard_id
        if not self.picking_id.filtered_domain(wizard._mine()):
            return self.env._("No delivery or order of Amazon's has this number.")
        wrong = (wizard._why_wrong(number) for number in (self.number or "").split(","))
        return wizard._meant(self.picking_id, self.number)[1] or next(filter(None, wrong), False)


def _plain(ref):
    """Return a reference as deliveries and orders have it."""
    text = half_width(ref).strip().upper()
    return whole_number(text) or text
