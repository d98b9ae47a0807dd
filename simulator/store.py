"""What survives a restart, part by part."""


class Store:
    """What one of Amazon's APIs, or another part of the simulator, remembers.

    :cvar kept: names of the attributes that survive a restart; each is JSON
    """

    kept = ()

    def __init__(self, world):
        self.world = world

    def dump(self):
        """What goes into the state file, as JSON."""
        return {name: getattr(self, name) for name in self.kept}

    def load(self, data):
        """Take over what ``dump()`` of this version or an older one gave; what is missing stays as it begins."""
        for name in self.kept:
            if name in data:
                setattr(self, name, data[name])
