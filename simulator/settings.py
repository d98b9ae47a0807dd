"""How this Amazon behaves where the real one is not documented, or where a test wants it to behave otherwise."""

from .store import Store

DEFAULTS = {
    "packages_delay": 0,  # seconds until a parcel shows in the PACKAGES of an order
    "empty_tracking": "allow",  # confirmShipment with the tracking number "": allow or refuse
    "unknown_carriers": "refuse",  # carrier codes that are not in the marketplace's list: allow or refuse
    "transparency_codes": "require",  # for items of the TRANSPARENCY programme: require or ignore
    "feed_seconds": 30,  # from creating a feed to its end, a third of it in the queue; None: not by itself
    "feed_references": "kept",  # a parcel told in a feed: MerchantFulfillmentID is its reference, or given by Amazon
    "cancellation_delay": 0,  # seconds from reporting a cancellation as done to the order's being so; None: never
    "feed_compression": False,  # whether result documents are stored as GZIP
    "report_seconds": 30,  # from asking for a report to its end, a third of it in the queue; None: not by itself
    "report_compression": False,  # whether reports are stored as GZIP
    "listing_seconds": 0,  # from accepting a quantity to its being Amazon's; None: not by itself
    "default_on_fba": "both",  # DEFAULT sent for what Amazon ships: it has both channels then, or flips
    "cancelled_units": "lost",  # of orders: lost until the seller submits a quantity, or return
    "finance_delay": 0,  # seconds until a transaction shows, under the time it was posted at; at most 48 hours
    "finance_page_size": 500,  # transactions on a page
    "finance_empty_pages": 0,  # so many before each page
    "finance_repeat_page": 0,  # so many times more each page comes
    "finance_defer": "none",  # the policy by which payments of sales wait
    "finance_us_by_merchant": "hidden",  # what merchants ship in the US, when the marketplace is named: or shown
    "settlement_days": 0,  # a store's settlements close every so many days; 0: only by a transfer of the control API
    "settlement_repeat": 0,  # so many earlier settlements are in the document of each, too
    "vendor_seconds": 30,  # from submitting to the end of a vendor's transaction; None: not by itself
    "vendor_label_delay": 0,  # seconds from the success of a label's request until it can be had
    "vendor_label_bytes": 0,  # that each label has at least
    "vendor_same_sku": "empty",  # labels of orders with a SKU on two lines: the answer stays empty, or they are shown
    "vendor_batches": "each",  # of several entries all but the wrong ones are carried out, or the whole or nothing
}
CHOICES = {
    "empty_tracking": ("allow", "refuse"),
    "unknown_carriers": ("allow", "refuse"),
    "transparency_codes": ("require", "ignore"),
    "feed_references": ("kept", "given"),
    "feed_compression": (False, True),
    "report_compression": (False, True),
    "default_on_fba": ("both", "flip"),
    "cancelled_units": ("lost", "return"),
    "finance_defer": ("none", "DD7", "B2B"),
    "finance_us_by_merchant": ("hidden", "shown"),
    "vendor_batches": ("each", "whole"),
    "vendor_same_sku": ("empty", "shown"),
}
WHOLE = {  # name -> the least and the most
    "finance_page_size": (1, 500),
    "finance_empty_pages": (0, 1000),
    "finance_repeat_page": (0, 1000),
    "settlement_days": (0, 90),
    "settlement_repeat": (0, 100),
    "vendor_label_bytes": (0, 5_000_000),
}
MOST = {"finance_delay": 48 * 3600}
# These may be None: only the control API does it.
NEVER = ("feed_seconds", "cancellation_delay", "report_seconds", "listing_seconds", "vendor_seconds")


class Settings(Store):
    """The settings by name: ``world.settings["feed_seconds"]``."""

    def __init__(self, world):
        super().__init__(world)
        self.values = dict(DEFAULTS)

    def __getitem__(self, name):
        return self.values[name]

    def change(self, values):
        """Take over ``values`` (dict); ValueError for what makes no sense."""
        for name, value in values.items():
            if name not in DEFAULTS:
                raise ValueError(f"unknown setting {name}; there are {', '.join(DEFAULTS)}")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"{name} is one of {', '.join(map(str, CHOICES[name]))}")
            if name in WHOLE:
                check_whole(name, value, *WHOLE[name])
            elif name not in CHOICES and not (value is None and name in NEVER):
                if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                    raise ValueError(f"{name} is a number of seconds")
                if value > MOST.get(name, value):
                    raise ValueError(f"{name} is at most {MOST[name]} seconds")
        self.values.update(values)

    def dump(self):
        return self.values

    def load(self, data):
        self.values.update(data)


def check_whole(name, value, least, most):
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} is between {least} and {most}")
