"""Reasons that are known by name, too."""


class Why(str):
    """What stands against telling something: a text for people, and the ``hint`` by which it is known in any language.

    :param str hint: as the field of :class:`.amazon_outbox.AmazonOutbox`.
    :param str text: in the language of who is told.
    """

    def __new__(cls, hint, text):
        why = super().__new__(cls, text)
        why.hint = hint
        return why
