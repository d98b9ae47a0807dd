from odoo import api, fields, models

# What the buyer pays, and what is given back.
BUYERS = ("principal", "shipping", "gift_wrap", "cod", "tax", "promotion", "goodwill", "restocking")
# What Amazon gives as a sum only.
REST = "(not broken down)"
# What Amazon keeps for its services.
FEES = ("commission", "fba_fee", "fee", "storage", "advertising", "points")
# What the amounts of a transaction come to.
SUMS = ("buyers", "fees", "other", "unclassified")


class AmazonAmountType(models.Model):
    """What Amazon calls a part of a transaction, and what that is. Names that are new come in by themselves, as not
    classified."""

    _name = "amazon.amount.type"
    _inherit = ["amazon.guard", "mail.thread"]
    _description = "Amazon Amount Type"
    _order = "is_classified, kind desc, name"
    _amazon_looked_up_first = True

    name = fields.Char("Amazon's Name", required=True, write_once=True)
    key = fields.Char(compute="_compute_key", store=True, help="The name, however Amazon writes it")
    kind = fields.Selection(
        [
            ("principal", "Goods"),
            ("shipping", "Shipping"),
            ("gift_wrap", "Gift Wrap"),
            ("cod", "Cash on Delivery Fee"),
            ("tax", "Tax"),
            ("promotion", "Promotion"),
            ("goodwill", "Goodwill"),
            ("restocking", "Restocking Fee"),
            ("points", "Points"),
            ("commission", "Commission"),
            ("fba_fee", "FBA Fee"),
            ("fee", "Other Fee"),
            ("storage", "Storage"),
            ("advertising", "Advertising"),
            ("withheld_tax", "Tax Kept by Amazon"),
            ("reimbursement", "Reimbursement"),
            ("reserve", "Reserve"),
            ("transfer", "Payout"),
            ("other", "Other"),
            ("unclassified", "Not Classified"),
        ],
        required=True,
        default="unclassified",
        index=True,
        tracking=True,
        help="Goods to restocking fee are the buyer's money; the rest is between Amazon and the seller.",
    )
    is_buyers = fields.Boolean("Buyer's Money", compute="_compute_is_buyers")
    recounted = fields.Integer(
        default=-1, readonly=True, help="What was classified anew is counted anew up to this transaction; -1: all."
    )
    is_classified = fields.Boolean(compute="_compute_is_classified", store=True, help="Those that are not stand first.")
    is_guessed = fields.Boolean(
        "Guessed",
        readonly=True,
        help="Classified by its name alone; please check. Choosing a kind, or saying that it is right, settles it.",
    )

    _recounted_idx = models.Index("(id) WHERE recounted >= 0")
    _key_uniq = models.UniqueIndex("(key)", "This name is in the table already.")

    # === COMPUTE METHODS === #

    @api.depends("name")
    def _compute_key(self):
        for amount_type in self:
            amount_type.key = amount_type.name and amount_type.name.lower()

    @api.depends("kind")
    def _compute_is_buyers(self):
        for amount_type in self:
            amount_type.is_buyers = amount_type.kind in BUYERS

    @api.depends("kind")
    def _compute_is_classified(self):
        for amount_type in self:
            amount_type.is_classified = amount_type.kind != "unclassified"

    # === ACTION METHODS === #

    def action_guess_is_right(self):
        """Say that what was guessed is right: choosing the same kind again is no change that a screen would send."""
        self._amazon_check_group("accountant")
        self.check_access("write")
        for kind, types in self.filtered("is_guessed").grouped("kind").items():
            types.kind = kind

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # That a name came in is nobody's decision, and nobody has to hear of what becomes of it.
        quietly = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        return super(AmazonAmountType, quietly).create(vals_list).with_env(self.env)

    def write(self, vals):
        changed = self.filtered(lambda amount_type: "kind" in vals and amount_type.kind != vals["kind"])
        result = super().write(vals)
        if "kind" in vals:
            # sudo: what follows from it is the addon's own, in every company
            self.sudo().is_guessed = False
            changed.sudo().recounted = 0
            changed.sudo()._recount_next()
            changed.sudo()._recount_settlements()
            jobs = self.env["amazon.job"].sudo().search([("name", "=", "finances")])
            if started := jobs.filtered(lambda job: job._is_started()):
                # The rest is the job's.
                started._trigger()
            while not started and (pending := changed.sudo().filtered(lambda amount_type: amount_type.recounted >= 0)):
                pending._recount_next()
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _by_name(self, names, known_as=None):
        """Return the types of these names, made where they are new.

        :param names: as Amazon writes them; ``""`` is what is not broken down.
        :param known_as: called with a new name; returns what it is, and whether that is a guess.
        :return: the types, by the names as given.
        :rtype: dict
        """
        names = {name: (name or REST) for name in names}
        keys = {name.lower(): name for name in names.values()}
        known = {found.key: found for found in self.search([("key", "in", list(keys))])}
        new = [name for key, name in keys.items() if key not in known]
        made = self.create([self._said(name, *known_as(name)) if known_as else self._guessed(name) for name in new])
        known |= {amount_type.key: amount_type for amount_type in made}
        return {given: known[name.lower()] for given, name in names.items()}

    def _recount_next(self):
        """Count anew the next part of what follows from another kind."""
        for amount_type in self:
            last = self.env["amazon.transaction.line"]._recount(amount_type, amount_type.recounted)
            amount_type.recounted = last or -1

    def _recount_settlements(self):
        """Add up anew what settlements with amounts of these types come to: of each there are few sums."""
        settlements = self.env["amazon.settlement.sum"].search([("type_id", "in", self.ids)]).settlement_id
        settlements._add_up()
        settlements._count_again()

    @api.model
    def _recount_all(self, run):
        """Count anew what is left of what follows from other kinds.

        :param run: the :class:`.run.Run`.
        """
        while pending := self.search([("recounted", ">=", 0)], limit=1):
            pending._recount_next()
            run.checkpoint()

    def _sum(self):
        """Return which of the :data:`SUMS` amounts of this type belong to."""
        if self.kind in BUYERS:
            return "buyers"
        if self.kind in FEES:
            return "fees"
        return "unclassified" if self.kind == "unclassified" else "other"

    @api.model
    def _said(self, name, kind, is_guessed):
        """Return the values of a type of which something is known."""
        return {"name": name, "kind": kind, "is_guessed": is_guessed}

    @api.model
    def _guessed(self, name):
        """Return the values of a type that is new. Of points only the names of Finances v0 are known."""
        if "point" in name.lower():
            return {"name": name, "kind": "points", "is_guessed": True}
        return {"name": name}
