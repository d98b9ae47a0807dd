from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..ours import OURS

# So many SKUs are looked at at once, and so many products are named of those that are equally good.
MOST, NAMED = 500, 3


class AmazonMapping(models.TransientModel):
    """Which products many SKUs of the table are: proposed with a reason, and mapped when a person says so."""

    _name = "amazon.mapping"
    _inherit = "amazon.guard"
    _description = "Suggested Products for SKUs"

    line_ids = fields.One2many("amazon.mapping.line", "wizard_id")
    selected_count = fields.Integer("To Map", compute="_compute_counts")
    sure_count = fields.Integer("Sure", compute="_compute_counts")
    guess_count = fields.Integer("Guessed", compute="_compute_counts")
    mapped_count = fields.Integer("Mapped", readonly=True)
    more_count = fields.Integer("Further SKUs", readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("line_ids.state", "line_ids.is_selected", "line_ids.product_id")
    def _compute_counts(self):
        for wizard in self:
            states = wizard.line_ids.mapped("state")
            wizard.selected_count = len(wizard._ticked())
            wizard.sure_count = states.count("sure")
            wizard.guess_count = states.count("guess")

    # === ACTION METHODS === #

    @api.model
    def action_open(self):
        """Open the dialog for the SKUs selected in a list, or else for the oldest of all that are to map.

        :raise UserError: when there is none.
        """
        self.check_access("create")
        domain = Domain("state", "=", "unmapped") & Domain("company_id", "in", self.env.companies.ids)
        if ids := self.env.context.get("active_ids"):
            domain &= Domain("id", "in", ids)
        elif kind := self.env.context.get("amazon_kind"):
            domain &= Domain("account_id.kind", "=", kind)
        offers = self.env["amazon.offer"].search(domain, order="id", limit=MOST)
        if not offers:
            raise UserError(self.env._("No SKU is to be mapped here."))
        more = self.env["amazon.offer"].search_count(domain) - len(offers) if len(offers) == MOST else 0
        lines = self.env["amazon.mapping.line"]._lines(offers._suggest())
        wizard = self.create({"line_ids": [fields.Command.create(line) for line in lines], "more_count": more})
        return wizard._shown()

    def action_apply(self):
        """Map what is ticked, as if it were entered in the table, and show what came of it.

        :raise UserError: when nothing is ticked.
        """
        self.ensure_one()
        lines = self._ticked()
        if not lines:
            raise UserError(self.env._("Tick the SKUs that are to be mapped, and choose the product of each."))
        offers = lines.offer_id
        offers.check_access("write")
        offers.lock_for_update()
        offers.invalidate_recordset(["product_id"])
        late = lines.filtered("offer_id.product_id")
        late.write({"state": "late", "is_selected": False, "message": self.env._("It was mapped meanwhile.")})
        lines -= late
        # Told once, here.
        for product, same in lines.with_context(amazon_tells_itself=OURS).grouped("product_id").items():
            same.offer_id.write({"product_id": product.id})
        lines.write({"state": "mapped", "is_selected": False})
        self.mapped_count += len(lines)
        return self._shown()

    # === BUSINESS METHODS === #

    def _ticked(self):
        """Return the lines that are going to be mapped."""
        return self.line_ids.filtered(
            lambda line: line.is_selected and line.product_id and line.state not in ("mapped", "late")
        )

    def _shown(self):
        """Return what shows this dialog as it is now: Odoo closes one whose button returns nothing."""
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Suggested Products"),
            "context": {"dialog_size": "extra-large"},
        }


class AmazonMappingLine(models.TransientModel):
    _name = "amazon.mapping.line"
    _inherit = "amazon.guard"
    _description = "Suggested Product for a SKU"
    _order = "id"

    wizard_id = fields.Many2one("amazon.mapping", required=True, ondelete="cascade", index=True)
    offer_id = fields.Many2one("amazon.offer", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="offer_id.company_id")
    account_id = fields.Many2one(related="offer_id.account_id")
    marketplace_id = fields.Many2one(related="offer_id.marketplace_id")
    sku = fields.Char(related="offer_id.sku")
    asin = fields.Char(related="offer_id.asin")
    title = fields.Char(related="offer_id.title")
    is_selected = fields.Boolean("Map")
    product_id = fields.Many2one(
        "product.product",
        ondelete="cascade",
        domain=lambda self: [
            *self.env["amazon.offer"]._goods(),
            ("company_id", "in", (False, *self.env.companies.ids)),
        ],
    )
    state = fields.Selection(
        [
            ("sure", "Sure"),
            ("guess", "Guessed"),
            ("several", "Several"),
            ("none", "None"),
            ("mapped", "Mapped"),
            ("late", "Mapped Meanwhile"),
        ],
        readonly=True,
    )
    message = fields.Char("Why", readonly=True)

    @api.onchange("product_id")
    def _onchange_product_id(self):
        """Who chooses a product means it."""
        self.is_selected = bool(self.product_id)

    @api.model
    def _lines(self, suggestions):
        """Return the values of the lines, the sure ones first, those without a product last.

        :param dict suggestions: of ``amazon.offer`` ``_suggest``.
        """
        lines = [self._line(offer, suggestion) for offer, suggestion in suggestions.items()]
        order = {"sure": 0, "guess": 1, "several": 2, "none": 3}
        return sorted(lines, key=lambda line: order[line["state"]])

    @api.model
    def _line(self, offer, suggestion):
        products, why = suggestion.products, self._why(suggestion.way)
        if not products:
            state, why = "none", self.env._("No product is like it.")
        elif len(products) > 1:
            names = products[:NAMED].mapped("display_name") + ["…"] * (len(products) > NAMED)
            state, why = "several", self.env._("%(why)s Several fit: %(names)s", why=why, names=" / ".join(names))
        else:
            state = "sure" if suggestion.sure else "guess"
        return {
            "offer_id": offer.id,
            "product_id": products.id if len(products) == 1 else False,
            "is_selected": state == "sure",
            "state": state,
            "message": why,
        }

    @api.model
    def _why(self, way):
        return {
            "sku": self.env._("The same SKU has this product elsewhere."),
            "asin": self.env._("Another SKU of the same ASIN has this product."),
            "code": self.env._("The SKU is its internal reference."),
            "barcode": self.env._("The SKU is its barcode."),
            "part": self.env._("The SKU without FBA or the like is its internal reference."),
            "title": self.env._("Its name is like the title."),
        }.get(way)
