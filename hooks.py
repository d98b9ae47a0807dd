"""What happens once, when the addon is installed or uninstalled."""


def post_init_hook(env):
    """Make what cannot be data: one price list per company and currency is made when first needed."""
    env["amazon.order.update"]._sync_builders()


def uninstall_hook(env):
    """Take along what was made at run time: the cron of every job, with its server action. Let delivery methods go
    of the presets, which could not be deleted otherwise."""
    env["amazon.job"].with_context(active_test=False).search([])._unlink_crons()
    carriers = env["delivery.carrier"].with_context(active_test=False)
    carriers.search([("amazon_shipping_method_id", "!=", False)]).amazon_shipping_method_id = False
