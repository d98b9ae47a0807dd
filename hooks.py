"""What happens once, when the addon is installed or uninstalled."""


def post_init_hook(env):
    """Make what cannot be data: one price list per company and currency is made when first needed."""
    env["amazon.order.update"]._sync_builders()


def uninstall_hook(env):
    """Take along what was made at run time: the cron of every job, with its server action."""
    env["amazon.job"].with_context(active_test=False).search([])._unlink_crons()
