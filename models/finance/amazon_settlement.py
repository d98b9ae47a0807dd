from itertools import islice

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...selling_partner import MalformedAnswer, read_settlements
from ...times import naive
from .amazon_settlement_line import LINES_AT_ONCE
from .amazon_transaction_type import CLAIMS
from .exact import NOTHING, Exact

# What the sums of a settlement come to, each in a field of its own; together they are its lines.
TOTALS = ("opening_reserve", "sales", "refunds", "fees", "other_amount", "kept_reserve")
# What has come with other contents than it had: more than this is not told.
LONGEST_NAMES = 200


class AmazonSettlement(models.Model):
    """What Amazon paid out at a time, and of what that consists. It stays as it was read first: what comes again is the
    same, or a person is told."""

    _name = "amazon.settlement"
    _inherit = ["amazon.guard", "amazon.followed", "amazon.search"]
    _description = "Amazon Settlement"
    _order = "end_at desc, id desc"
    _rec_name = "settlement_ref"

    account_id = fields.Many2one("amazon.account", required=True, ondelete="restrict", readonly=True, index=True)
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    settlement_ref = fields.Char("Settlement", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    start_at = fields.Datetime("Start", required=True, readonly=True)
    end_at = fields.Datetime("End", required=True, readonly=True)
    deposited_at = fields.Datetime("Deposit", readonly=True, index=True, help="When Amazon sends the money to the bank")
    amount = Exact("Payout", readonly=True, help="What Amazon says it pays; negative: what the seller owes")
    lines_amount = Exact("Lines Come to", readonly=True)
    difference = Exact(
        compute="_compute_difference", store=True, help="What the lines come to, less what Amazon says it pays"
    )
    agrees = fields.Boolean(readonly=True, help="Its lines come to what Amazon says it pays.")
    agreement = fields.Selection(
        [("agrees", "Agrees"), ("differs", "Does Not Agree"), ("other", "Came with Other Contents")],
        compute="_compute_agreement",
    )
    line_count = fields.Integer(readonly=True)
    opening_reserve = Exact(readonly=True, help="What Amazon kept of the settlement before, and pays with this one")
    sales = Exact(readonly=True, help="The buyers' money")
    refunds = Exact(readonly=True, help="What buyers got back, chargebacks and A-to-z claims included")
    fees = Exact(readonly=True, help="What Amazon keeps for its services")
    other_amount = Exact("Other", readonly=True, help="Taxes kept, reimbursements, and whatever else there is")
    kept_reserve = Exact("Reserve Kept", readonly=True, help="What Amazon keeps for the next one")
    has_unclassified = fields.Boolean("Something Not Classified", readonly=True)
    marketplace_ids = fields.Many2many("amazon.marketplace", string="Marketplaces", readonly=True)
    marketplace_names = fields.Char("Amazon's Marketplaces", readonly=True)
    state = fields.Selection(
        [
            ("open", "To Book"),
            ("drafting", "Being Drafted"),
            ("draft", "Draft"),
            ("posting", "Being Posted"),
            ("posted", "In the Books"),
            ("reversed", "Reversed"),
        ],
        compute="_compute_state",
        store=True,
        help="Of its entries in the books",
    )
    digest = fields.Char(readonly=True, help="Of what was read, to see whether it is the same when it comes again")
    other_digest = fields.Char(readonly=True)
    is_seen = fields.Boolean("Seen by a Person", readonly=True, help="A person knows what is wrong with it.")
    has_other = fields.Boolean("Came with Other Contents", readonly=True)
    file_id = fields.Many2one("amazon.settlement.file", required=True, readonly=True, ondelete="restrict")
    other_file_id = fields.Many2one(
        "amazon.settlement.file", readonly=True, ondelete="restrict", help="Where it stands otherwise"
    )
    log_id = fields.Many2one("amazon.log", "Read by", readonly=True, index="btree_not_null", ondelete="set null")
    sum_ids = fields.One2many("amazon.settlement.sum", "settlement_id", "Sums", readonly=True)
    line_ids = fields.One2many("amazon.settlement.line", "settlement_id", "Lines", readonly=True)

    _settlement_uniq = models.UniqueIndex("(account_id, settlement_ref)")
    _end_idx = models.Index("(end_at DESC, id DESC)")

    # === COMPUTE METHODS === #

    @api.depends("amount", "lines_amount", "agrees")
    def _compute_difference(self):
        for settlement in self:
            settlement.difference = 0 if settlement.agrees else settlement.lines_amount - settlement.amount

    @api.depends("agrees", "has_other")
    def _compute_agreement(self):
        for settlement in self:
            differs = "other" if settlement.has_other else "differs"
            settlement.agreement = "agrees" if settlement.agrees and not settlement.has_other else differs

    # === ACTION METHODS === #

    def action_seen(self):
        """Nobody has to be reminded of what is wrong with these any more."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        self.sudo().is_seen = True  # sudo: settlements are the addon's own
        self.sudo().account_id._see_to_settlements()

    def action_take_other(self):
        """Take over what came later with the same number, instead of what was read first."""
        self._amazon_check_group("accountant")
        self.check_access("read")
        for settlement in self.sudo():  # sudo: settlements are the addon's own
            if not settlement.has_other:
                raise UserError(self.env._("%s came with these contents only.", settlement.settlement_ref))
            if settlement.state not in ("open", "reversed"):
                raise UserError(self.env._("%s is booked. Take that back first.", settlement.settlement_ref))
            settlement.account_id._take_other_settlement(settlement)

    def action_view_lines(self):
        """Open the lines of these settlements."""
        return self._action_view("lines", [("settlement_id", "in", self.ids)])

    def action_view_unclassified(self):
        """Open the lines of which it is not known what they are."""
        unclassified = ["|", ("kind", "=", "unclassified"), ("transaction_kind", "=", "unclassified")]
        return self._action_view("lines", [("settlement_id", "in", self.ids), *unclassified])

    def action_view_orders(self):
        """Open the orders that these settlements have amounts of."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_amounts")
        domain = [("amazon_settlement_line_ids.settlement_id", "in", self.ids)]
        return {**action, "domain": domain, "context": {"create": False}}

    def action_view_transactions(self):
        """Open what Amazon's Finances show of these settlements."""
        action = self.env["ir.actions.act_window"]._for_xml_id("sale_amazon_spapi.action_amazon_transactions")
        refs = self.mapped("settlement_ref")
        return {**action, "domain": [("settlement_ref", "in", refs)], "context": {"create": False}}

    def _action_view(self, what, domain):
        action = self.env["ir.actions.act_window"]._for_xml_id(f"sale_amazon_spapi.action_amazon_settlement_{what}")
        return {**action, "domain": domain, "context": {"create": False}}

    # === BUSINESS METHODS: READING === #

    @api.model
    def _keep(self, file, settlement, lines, log):
        """Keep a settlement with all its lines, to be committed by the caller as a whole; or see whether it is as it
        was.

        :param file: the ``amazon.settlement.file`` in which it stands.
        :param settlement: the ``selling_partner`` settlement.
        :param lines: iterator of its ``selling_partner`` lines.
        :param log: the ``amazon.log`` row of the run, if it is one.
        :return: the ``amazon.settlement`` if it is new, else none.
        """
        mine = Domain("account_id", "in", file.account_id._of_merchant().ids)
        known = self.search(mine & Domain("settlement_ref", "=", settlement.settlement_id), limit=1)
        if known:
            known._compare(file, settlement)
            return self.browse()
        made = self.create({"account_id": file.account_id.id, "log_id": log[:1].id, **self._values(file, settlement)})
        made._fill(lines)
        return made

    def _fill(self, lines):
        """Make the lines and sums.

        :param lines: as in :meth:`_keep`.
        """
        self.ensure_one()
        make = self.env["amazon.settlement.line"]._make
        names = set()
        while batch := list(islice(lines, LINES_AT_ONCE)):
            make(self, batch)
            names.update(line.marketplace for line in batch)
        self.invalidate_recordset(["line_ids"])
        self.env["amazon.settlement.sum"]._make(self)
        self._name_marketplaces(names - {""})
        self._add_up()
        self._claimed()._amazon_note_claims()

    def _claimed(self):
        """Return the orders of which it says that there was a chargeback or an A-to-z claim."""
        mine = [("settlement_id", "=", self.id), ("transaction_kind", "in", CLAIMS), ("order_id", "!=", False)]
        return self.env["amazon.settlement.line"].search(mine).order_id

    @api.model
    def _values(self, file, settlement):
        currencies = self.env["res.currency"].with_context(active_test=False)
        currency = currencies.search([("name", "=", settlement.currency)], limit=1)
        if not currency:
            place = f"line {settlement.line}, currency"
            raise MalformedAnswer("the currency is not known", reason="wrong_type", path=place)
        return {
            "file_id": file.id,
            "settlement_ref": settlement.settlement_id,
            "currency_id": currency.id,
            "start_at": naive(settlement.start),
            "end_at": naive(settlement.end),
            "deposited_at": naive(settlement.deposited),
            "amount": float(settlement.total),
            "lines_amount": float(settlement.amount),
            "agrees": settlement.agrees,
            "line_count": settlement.count,
            "digest": settlement.digest,
        }

    def _compare(self, file, settlement):
        """See whether this is what stands in another file, too; what was read first stays.

        :param file: the ``amazon.settlement.file``.
        :param settlement: the ``selling_partner`` settlement in it.
        """
        self.ensure_one()
        if settlement.digest not in (self.digest, self.other_digest):
            other = {"has_other": True, "other_digest": settlement.digest, "other_file_id": file.id}
            self.write({**other, "is_seen": False})

    def _take_other(self):
        """Be what stands in the other file, instead of what was read first.

        :raise MalformedAnswer: it cannot be read.
        """
        self.ensure_one()
        for settlement, lines in read_settlements(self.other_file_id._kept()):
            if (settlement.settlement_id, settlement.digest) == (self.settlement_ref, self.other_digest):
                claimed = self._claimed()
                self.sum_ids.unlink()
                self.line_ids.unlink()
                first = {"has_other": False, "other_digest": self.digest, "other_file_id": self.file_id.id}
                self.write({**self._values(self.other_file_id, settlement), **first, "is_seen": False})
                self._fill(lines)
                claimed._amazon_note_claims()
                return

    def _name_marketplaces(self, names):
        found = self._marketplaces_by_name(names).values()
        self.write(
            {
                "marketplace_ids": [(6, 0, {marketplace.id for marketplace in found if marketplace})],
                "marketplace_names": ", ".join(sorted(names))[:LONGEST_NAMES] or False,
            }
        )

    def _marketplaces_by_name(self, names):
        """Return the marketplaces that the report means; none where it has no name, or another one.

        :param names: as the report has them, such as ``Amazon.co.jp``.
        :rtype: dict
        """
        marketplaces = self.env["amazon.marketplace"].search([], limit=1000)
        by_domain = {marketplace.domain.lower(): marketplace for marketplace in marketplaces}
        return {name: by_domain.get(name.lower(), marketplaces.browse()) for name in names}

    def _zone(self):
        """Return the time zone by which amounts are of a day where the report names no marketplace."""
        marketplaces = self.account_id.marketplace_ids
        return (marketplaces.filtered(lambda one: one.currency_id == self.currency_id) or marketplaces)._zone()

    # === BUSINESS METHODS: WHAT IT COMES TO === #

    def _add_up(self):
        """Write what the sums come to."""
        for settlement in self:
            totals = dict.fromkeys(TOTALS, 0.0)
            for each in settlement.sum_ids:
                totals[each._total()] += each.amount
            unclassified = any(
                each.kind == "unclassified" and abs(each.amount) > NOTHING for each in settlement.sum_ids
            )
            unclear = unclassified or bool(settlement._unclear_transaction_types())
            settlement.write({**totals, "has_unclassified": unclear})

    def _unclear_transaction_types(self):
        """Return the transactions' types of which a person has to say what they are, where there are amounts of them:
        those of two orders may come to nothing."""
        types = self.sum_ids.transaction_type_id.filtered(lambda one: one.kind == "unclassified")
        if not types:
            return types
        lines = self.env["amazon.settlement.line"]
        mine = [("settlement_id", "in", self.ids), ("transaction_type_id", "in", types.ids), ("amount", "!=", 0)]
        return types.browse(found.id for [found] in lines._read_group(mine, ["transaction_type_id"]))

    @api.model
    def _to_see_to(self, account):
        """Return the domain of an account's settlements that a person has to look at."""
        # What is in the books already may be wrong by now, too.
        wrong = Domain("agrees", "=", False) | Domain("has_other", "=", True)
        return Domain("account_id", "=", account.id) & Domain("is_seen", "=", False) & wrong

    def _trouble(self):
        """Say what is wrong with it.

        :rtype: str
        """
        self.ensure_one()
        facts = {"settlement": self.settlement_ref, "difference": self.currency_id.format(self.difference)}
        lines = []
        if not self.agrees:
            lines.append(
                self.env._(
                    "Settlement %(settlement)s: its lines differ from what Amazon paid by %(difference)s.", **facts
                )
            )
        if self.has_other:
            lines.append(
                self.env._(
                    "Settlement %(settlement)s came again with other contents (%(file)s). What was read first stays.",
                    file=self.other_file_id.name,
                    **facts,
                )
            )
        return "\n".join(lines)
