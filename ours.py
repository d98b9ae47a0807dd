"""What only this addon's own code can put into the context.

Whoever calls from outside gives a context, too, and superuser rights keep it: that a key is there proves nothing. These
values can be made by no call from outside.
"""


class These(frozenset):
    """Ids of the records that something is limited to."""


class Noted(dict):
    """What was so before something that changes it."""


OURS = object()


def is_ours(env, key):
    """Tell whether this addon itself has set a key of the context.

    :rtype: bool
    """
    return env.context.get(key) is OURS


def these(env, key):
    """Return the ids that this addon has put into the context under a key.

    :rtype: These
    """
    value = env.context.get(key)
    return value if isinstance(value, These) else These()


def noted(env, key):
    """Return what this addon has noted in the context under a key.

    :rtype: Noted
    """
    value = env.context.get(key)
    return value if isinstance(value, Noted) else Noted()
