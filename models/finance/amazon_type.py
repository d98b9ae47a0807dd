from odoo import api, fields, models
from odoo.exceptions import UserError

UNCLASSIFIED = "unclassified"
# Longer ones are no names, and an index of PostgreSQL does not hold them.
LONGEST = 200


class AmazonType(models.AbstractModel):
    """Names that Amazon uses, and of what ``kind`` each is, in all companies: known ones, and those that come in by
    themselves, as not classified, until a person says what they are."""

    _name = "amazon.type"
    _inherit = ["amazon.guard", "mail.thread"]
    _description = "Amazon Type"
    _order = "is_classified, kind desc, name"
    _amazon_looked_up_first = True
    # What stands for no name.
    _amazon_nameless = ""
    # The job that counts anew what is left of what follows from another kind.
    _amazon_counted_by = ""

    name = fields.Char("Amazon's Name", required=True, write_once=True)
    key = fields.Char(compute="_compute_key", store=True, help="The name, however Amazon writes it")
    recounted = fields.Integer(
        default=-1, readonly=True, help="Up to what it is counted anew that was classified anew; -1: all."
    )
    is_classified = fields.Boolean(compute="_compute_is_classified", store=True, help="Those that are not stand first.")

    _recounted_idx = models.Index("(id) WHERE recounted >= 0")
    _key_uniq = models.UniqueIndex("(key)", "This name is in the table already.")

    # === COMPUTE METHODS === #

    @api.depends("name")
    def _compute_key(self):
        for one in self:
            one.key = one.name and one.name.lower()

    @api.depends("kind")
    def _compute_is_classified(self):
        for one in self:
            one.is_classified = one.kind != UNCLASSIFIED

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_name(vals.get("name") or "")
        # That a name came in is nobody's decision, and nobody has to hear of what becomes of it.
        quietly = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        return super(AmazonType, quietly).create(vals_list).with_env(self.env)

    @api.model
    def _check_name(self, name):
        """
        :raise UserError: a person has entered what can be no name of Amazon's, and would never be found.
        """
        if not self.env.su and (name != name.strip() or not name.isprintable() or not 0 < len(name) <= LONGEST):
            raise UserError(
                self.env._("This is no name that Amazon could have: it is too long, or has spaces or signs around it.")
            )

    def write(self, vals):
        changed = self.filtered(lambda one: "kind" in vals and one.kind != vals["kind"])
        result = super().write(vals)
        if changed:
            changed.sudo()._count_anew()  # sudo: what follows from it is the addon's own, in every company
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _by_name(self, names, known_as=None):
        """Return the types of these names, made where they are new.

        :param names: as Amazon writes them; ``""`` is what has none.
        :param known_as: called with a new name instead of :meth:`_guessed`.
        :return: the types, by the names as given.
        :rtype: dict
        """
        names = {name: (name or self._amazon_nameless) for name in names}
        keys = {name.lower(): name for name in names.values()}
        known = {found.key: found for found in self.search([("key", "in", list(keys))])}
        new = [name for key, name in keys.items() if key not in known]
        made = self.create([(known_as or self._guessed)(name) for name in new])
        known |= {one.key: one for one in made}
        return {given: known[name.lower()] for given, name in names.items()}

    @api.model
    def _guessed(self, name):
        """Return the values of a type that is new."""
        return {"name": name}

    def _count_anew(self):
        """Have all follow that follows from another kind: what settlements come to at once, of the rest a part, and
        the job what is left."""
        self.recounted = 0
        self._recount_next()
        self._recount_settlements()
        jobs = self.env["amazon.job"].search([("name", "=", self._amazon_counted_by)])
        if started := jobs.filtered(lambda job: job._is_started()):
            started._trigger()
        while not started and (pending := self.filtered(lambda one: one.recounted >= 0)):
            pending._recount_next()

    def _recount_next(self):
        """Count anew the next part of what follows from another kind."""
        for one in self:
            one.recounted = one._recount(one.recounted) or -1

    def _recount(self, after):
        """Count anew the next part.

        :param int after: the id up to which that was done.
        :return: the id up to which it is done now; False: there is no more.
        """
        raise NotImplementedError

    def _recount_settlements(self):
        """Add up anew what settlements with amounts of these types come to: of each there are few sums."""
        settlements = self.env["amazon.settlement.sum"].search(self._of_these()).settlement_id
        settlements._add_up()
        settlements._count_again()

    def _of_these(self):
        """Return the domain of settlements' sums of these types."""
        raise NotImplementedError

    @api.model
    def _recount_all(self, run):
        """Count anew what is left of what follows from other kinds.

        :param run: the :class:`.run.Run`.
        """
        while pending := self.search([("recounted", ">=", 0)], limit=1):
            pending._recount_next()
            run.checkpoint()
