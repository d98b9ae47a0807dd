"""What a person is told at the edge of the screen after pressing a button."""

#: What shows the records as they are now.
RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}
CLOSE = {"type": "ir.actions.act_window_close"}


def notice(message, kind="info", then=RELOAD, **parameters):
    """Return the action that tells it.

    :param str message: in the user's language.
    :param str kind: ``info``, ``success``, ``warning`` or ``danger``.
    :param dict then: the action that follows; None: none.
    :param parameters: what else Odoo's ``display_notification`` takes: ``sticky``, ``links`` …
    :rtype: dict
    """
    params = {"type": kind, "message": message, **parameters, **({"next": then} if then else {})}
    return {"type": "ir.actions.client", "tag": "display_notification", "params": params}
