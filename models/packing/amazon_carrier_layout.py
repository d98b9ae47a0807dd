from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...order_numbers import half_width
from . import carrier_file
from .amazon_carrier_layout_column import NOT_SAID, SPREAD, WITH_TEXT

# How they write a day.
DATES = [("%Y/%m/%d", "2026/12/31"), ("%Y%m%d", "20261231"), ("%Y-%m-%d", "2026-12-31")]


class AmazonCarrierLayout(models.Model):
    """What a carrier's program (送り状発行ソフト) reads and writes. It is data: each shop has its version of the
    program, and its settings of that."""

    _name = "amazon.carrier.layout"
    _inherit = ["amazon.guard"]
    _description = "Carrier's Program"
    _order = "sequence, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    carrier_code = fields.Char(
        "Carrier",
        help="Amazon's code of the carrier, as the shipping methods have it, e.g. YAMATO: only deliveries that go by it"
        " are exported. Empty: all are.",
    )
    encoding = fields.Selection(
        [("cp932", "Shift_JIS (Windows)"), ("utf-8-sig", "UTF-8")], "Characters", required=True, default="cp932"
    )
    separator = fields.Selection([(",", "Comma"), ("\t", "Tab")], required=True, default=",")
    has_headings = fields.Boolean("First Line Has Headings", default=True, help="Of the file that the program reads")
    day_format = fields.Selection(DATES, "Days", required=True, default="%Y/%m/%d")
    column_ids = fields.One2many("amazon.carrier.layout.column", "layout_id", "Columns", copy=True)
    reference_column = fields.Char(
        "Delivery in Column",
        help="Where the program's own file has the number of the delivery that was given to it: a heading, or the"
        " column's number (1 is the first) where it has no headings",
    )
    number_column = fields.Char(
        "Tracking Number in Column", help="Where the program's own file has the tracking number, in the same way"
    )
    digits = fields.Integer(help="How many digits a tracking number of this carrier has; 0: any")

    # === CONSTRAINT METHODS === #

    @api.constrains("digits")
    def _check_digits(self):
        for layout in self:
            if not 0 <= layout.digits <= 40:
                raise ValidationError(self.env._("A tracking number has at most 40 digits."))

    # === CRUD METHODS === #

    def copy_data(self, default=None):
        copies = super().copy_data(default)
        for layout, vals in zip(self, copies, strict=True):
            vals["name"] = (default or {}).get("name") or self.env._("%s (copy)", layout.name)
        return copies

    # === BUSINESS METHODS: WHAT THE PROGRAM READS === #

    def _file(self, rows):
        """Return the file of some rows, with the headings where it has them.

        :param rows: lists of texts.
        :rtype: bytes
        """
        self.ensure_one()
        headings = [[column.heading or "" for column in self.column_ids]] if self.has_headings else []
        safe = [[carrier_file.fitting(text, self.encoding)[0] for text in row] for row in headings]
        return carrier_file.write([*safe, *rows], self.encoding, self.separator)

    def _row(self, facts):
        """Return the row of a parcel.

        :param dict facts: texts by content, see :meth:`stock.picking._amazon_label_facts`.
        :return: the texts of its columns; what of them is not as it should be, in words; whether nothing is cut off
            that is of no use in part: names and addresses may be, numbers may not.
        :rtype: tuple[list[str], list[str], bool]
        """
        row, left, lost, whole = [], {}, {}, True
        for column in self.column_ids:
            content = column.content
            given = column._usual_text(facts) if content in WITH_TEXT else facts.get(content) or ""
            given, missing = (left[content], "") if content in left else carrier_file.fitting(given, self.encoding)
            part, rest = carrier_file.cut(given, column.width)
            if content in SPREAD and column.width:
                left[content] = rest
            elif rest:
                left[f"{content} {column.id}"], whole = rest, False
            if missing:
                lost[content] = missing
            row.append(part)
        labels = dict(self.column_ids._fields["content"]._description_selection(self.env))
        remarks = [
            self.env._("%(what)s: “%(text)s” does not fit.", what=labels[key.split()[0]], text=rest)
            for key, rest in left.items()
            if rest and key not in NOT_SAID
        ]
        remarks += [
            self.env._(
                "%(what)s: the program has no “%(text)s”; %(sign)s stands for it.",
                what=labels[content],
                text=text,
                sign=carrier_file.MISSING,
            )
            for content, text in lost.items()
        ]
        return row, remarks, whole

    # === BUSINESS METHODS: WHAT THE PROGRAM WRITES === #

    def _numbers(self, content):
        """Return what a file of the program says of tracking numbers.

        :param bytes content: the file.
        :return: number of the line, the delivery's number and the tracking number, as they stand there.
        :rtype: list[tuple[int, str, str]]
        :raise UserError: why it cannot be read.
        """
        self.ensure_one()
        if not self.reference_column or not self.number_column:
            raise UserError(
                self.env._(
                    "Say on “%s” in which columns of its file the delivery and the tracking number stand.", self.name
                )
            )
        try:
            rows = carrier_file.read(content, self.separator)
        except carrier_file.NoTextFile as error:
            if str(error) == "spreadsheet":
                raise UserError(
                    self.env._("This is a spreadsheet. Save it as a CSV file, or paste its two columns.")
                ) from None
            raise UserError(self.env._("This is no CSV file, or it is damaged.")) from None
        if not rows:
            raise UserError(self.env._("The file is empty."))
        names = (self.reference_column, self.number_column)
        if all(half_width(name).strip().isdigit() for name in names):
            places = [max(0, int(half_width(name)) - 1) for name in names]
        else:
            places, rows = [self._place(name, rows[0][1]) for name in names], rows[1:]
        return [(line, *(row[place] if place < len(row) else "" for place in places)) for line, row in rows]

    def _place(self, name, headings):
        """Return which column is meant: by its heading, or by its number."""
        wanted = _same(name)
        for place, heading in enumerate(headings):
            if _same(heading) == wanted:
                return place
        if wanted.isdigit() and int(wanted) > 0:
            return int(wanted) - 1
        raise UserError(
            self.env._(
                "The file has no column “%(name)s”. It has: %(headings)s",
                name=name,
                headings=", ".join(headings)[:500],
            )
        )


def _same(heading):
    """Return a heading without what is written in one way or another."""
    return "".join(half_width(heading).split()).lower()
