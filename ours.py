"""What only this addon's own code can put into the context.

Whoever calls from outside gives a context, too, and superuser rights keep it: that a key is there proves nothing. These
values can be made by no call from outside.
"""


class Pending(list):
    """What is collected along the way, to be done for all at once."""


class Noted(dict):
    """What was so before something that changes it."""


OURS = object()


def is_ours(env, key):
    """Tell whether this addon itself has set a key of the context.

    :rtype: bool
    """
    return env.context.get(key) is OURS


def pending(env, key):
    """Return the collection that this addon has put into the context under a key, or None.

    :rtype: Pending | None
    """
    value = env.context.get(key)
    return value if isinstance(value, Pending) else None


def noted(env, key):
    """Return what this addon has noted in the context under a key.

    :rtype: Noted
    """
    value = env.context.get(key)
    return value if isinstance(value, Noted) else Noted()
