"""Who may write what: one place for writing and making, import and copy, defaults, and commands that come by way of
another model.

What Amazon has said is Amazon's: without superuser rights nobody writes a field of ours that is ``readonly``. What
people decide has the groups who may in ``write_groups``; what says whose a record is has ``write_once``.
"""

from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.models import LOG_ACCESS_COLUMNS

GROUPS = "sale_amazon_spapi.group_amazon_%s"
# Odoo's own, which guards them itself.
AUTOMATIC = {"id", "display_name", *LOG_ACCESS_COLUMNS}


class AmazonGuard(models.AbstractModel):
    """To be inherited before the model that it guards, so that it sees what was asked for and not what was added."""

    _name = "amazon.guard"
    _description = "Guard of What Came from Amazon"

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields_list):
        """Neither a context nor a default that a user has set for himself says what is Amazon's."""
        denied = [name for name in fields_list if not self._amazon_may_write(name)]
        defaults = super().default_get([name for name in fields_list if name not in denied])
        # Also where Odoo asks with sudo: a related field of a new record looks there for what it is related to.
        self.sudo(False)._check_may_read([defaults])
        own = ((name, self._fields[name].default) for name in denied)
        return {**defaults, **{name: default(self) for name, default in own if default}}

    @api.model_create_multi
    def create(self, vals_list):
        self._amazon_check_fields({name for vals in vals_list for name in vals})
        self._check_may_read(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._amazon_check_fields(vals)
        self._amazon_check_once(vals)
        self._check_may_read([vals])
        return super().write(vals)

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Have the web client show what the user may not write as what it is."""
        described = super().fields_get(allfields, attributes)
        for name, description in described.items():
            if "readonly" in description and not self._amazon_may_write(name):
                description["readonly"] = True
        return described

    def onchange(self, values, field_names, fields_spec):
        context = self.env.context.items()
        defaults = {key.removeprefix("default_"): value for key, value in context if key.startswith("default_")}
        self._check_may_read([values, defaults])
        return super().onchange(values, field_names, fields_spec)

    # === BUSINESS METHODS === #

    def _amazon_in_users_language(self):
        """Return these records in the language in which their user is answered, where whoever calls names none."""
        return self if self.env.lang else self.with_context(lang=self.env.user.lang)

    def _valid_field_parameter(self, field, name):
        return name in ("write_groups", "write_once") or super()._valid_field_parameter(field, name)

    @api.model
    def _amazon_is_own(self):
        """Tell whether all of this model is the addon's."""
        return self._name.startswith("amazon.")

    @api.model
    def _amazon_may_write(self, name):
        """Tell whether the user may write a field, as far as that is the addon's to say.

        :param str name: the field's.
        :rtype: bool
        """
        field = self._fields.get(name)
        ours = name not in AUTOMATIC and (self._amazon_is_own() or name.startswith("amazon_"))
        if not (field and ours) or self._transient:
            return True
        groups = not field.related and getattr(field, "write_groups", None)
        return self.env.user.has_groups(groups) if groups else not field.readonly

    @api.model
    def _amazon_check_fields(self, names):
        """Refuse to write what is not the user's.

        :param names: of fields.
        :raise AccessError: naming them.
        """
        denied = [] if self.env.su else [name for name in names if not self._amazon_may_write(name)]
        if denied:
            labels = sorted(self._fields[name]._description_string(self.env) for name in denied)
            text = self.env._("You cannot change what comes from Amazon, or is for others: %s.", ", ".join(labels))
            # Odoo writes into its log what is refused: orders have numbers, buyers have names.
            named = self.browse() if self._name == "res.partner" else self.with_context(sale_show_partner_name=False)
            known = named._filtered_access("read")[:5].mapped("display_name")
            raise AccessError(": ".join(filter(None, (", ".join(map(str, known)), text))))

    def _amazon_changes(self, vals, names):
        """Tell whether `vals` changes any of these fields; the web client also sends what stayed the same."""
        self.ensure_one()
        return any(self._fields[name].convert_to_write(self[name], self) != vals[name] for name in names & set(vals))

    def _amazon_check_once(self, vals):
        """Refuse to give what is one account's to another."""
        if self.env.su:
            return
        for name in vals:
            field = self._fields.get(name)
            if field and getattr(field, "write_once", False):
                given = field.convert_to_cache(vals[name], self.browse())
                if any(record[name] and field.convert_to_cache(record[name], record) != given for record in self):
                    raise AccessError(self.env._("“%s” cannot be changed afterwards.", field.string))

    @api.model
    def _check_may_read(self, vals_list):
        """Refuse to link a record of ours with one that the user may not read: it would tell of it.

        :param list vals_list: as of :meth:`create`.
        :raise AccessError: which tells nothing about them.
        """
        if self.env.su or not self._amazon_is_own():
            return
        for model, ids in self._named(vals_list).items():
            records = self.env[model].browse(ids)
            if records - records._filtered_access("read"):
                raise self._no_access()

    @api.model
    def _no_access(self):
        return AccessError(self.env._("You have no access to some of these records."))

    @api.model
    def _named(self, vals_list):
        """Return which records the values name, those of the lines included.

        :rtype: dict[str, set[int]]
        :raise AccessError: when that cannot be told for sure.
        """
        named, lines = defaultdict(set), defaultdict(list)
        for vals in vals_list:
            if not isinstance(vals, dict):
                raise self._no_access()
            for name, value in vals.items():
                field = self._fields.get(name)
                if not (field and field.relational and value):
                    continue
                single = field.type == "many2one"
                if single == isinstance(value, list | tuple) and not isinstance(value, models.BaseModel):
                    raise self._no_access()
                for each in [value] if single else value:
                    ids, line = _read_command(each)
                    # What is not made yet may stand for what is.
                    ids = [getattr(record_id, "origin", record_id) or 0 for record_id in ids]
                    if any(type(record_id) is not int for record_id in ids) or not isinstance(line or {}, dict):
                        raise self._no_access()
                    named[field.comodel_name].update(filter(None, ids))
                    lines[field.comodel_name] += [line] if line else []
        for model, of_lines in lines.items():
            if hasattr(self.env[model], "_named"):
                for comodel, ids in self.env[model]._named(of_lines).items():
                    named[comodel] |= ids
        return named

    @api.model
    def _amazon_check_group(self, group="user"):
        """Refuse what only some work with Amazon entitles to.

        :param str group: ``user``, ``accountant`` or ``manager``.
        :raise AccessError: for others.
        """
        if not (self.env.su or self.env.user.has_group(GROUPS % group)):
            raise AccessError(self.env._("This is for users of Amazon Orders who may work on them."))


def _read_command(command):
    """Return (the ids that a many2one's value or a command of an x2many names, the values that it writes)."""
    if isinstance(command, models.BaseModel):
        return command.ids, None
    if isinstance(command, dict):
        return list(filter(None, [command.get("id")])), command
    if not isinstance(command, list | tuple):
        return [command], None
    code, record_id, value = (*command, None, None)[:3]
    if code == Command.SET:
        return value if isinstance(value, list | tuple) else [value], None
    ids = [record_id] if record_id and code in (Command.UPDATE, Command.LINK) else []
    return ids, value if code in (Command.CREATE, Command.UPDATE) else None
