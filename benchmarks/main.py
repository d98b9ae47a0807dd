"""What the speed figures in the README are measured with. Prints tables, writes nothing.

    bin/benchmark import [--orders 300] [--repetitions 2]   one builder and two against one order at a time
    bin/benchmark quota [--orders 2000]                     a new account under Amazon's published usage plan
    bin/benchmark memory [--orders 10000]                   peak memory with a full inbox
    bin/benchmark confirm [--orders 1000]                   how soon Amazon knows of 60 deliveries while orders come in
    bin/benchmark feed [--orders 5000]                      confirmations in one feed against one call each
    bin/benchmark stock [--orders 100000]                   a catalogue's quantities as feeds, and what has changed
    bin/benchmark finances [--orders 10000]                 a night's transactions against one call an order
    bin/benchmark settlement [--orders 100000]              a settlement's rows read and booked, orders' invoices paid
    bin/benchmark vendor [--orders 1000]                    a vendor's orders read, accepted, labelled and confirmed
    bin/benchmark lists [--orders 1000000]                  every filter, search, group and sort order of the menus

`lists` keeps its database of five gigabytes (--fresh makes it anew, --drop drops it); --only picks by words, --profile
shows the slowest statement of what is over its bound.

Everything runs against the simulator over HTTP and on copies of one database, each in a fresh process that has warmed
up with orders of another account. Times of one run are comparable with each other, not with those of other machines.
"""

import argparse
import sys

import confirmations
import database
import finances
import import_orders
import lists
import settlements
import stock
import vendor

KINDS = {
    "import": (import_orders.compare_imports, 300),
    "quota": (import_orders.within_the_usage_plan, 2000),
    "memory": (import_orders.with_a_full_inbox, 10000),
    "confirm": (confirmations.while_an_import_runs, 1000),
    "feed": (confirmations.in_one_feed, 5000),
    "stock": (stock.of_a_catalogue, 100_000),
    "finances": (finances.of_a_night, 10_000),
    "settlement": (settlements.of_many_orders, 100_000),
    "vendor": (vendor.from_order_to_confirmation, 1000),
    "lists": (lists.every_menu, 1_000_000),
}


def main():
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        prog="bin/benchmark", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(required=True)
    for name, (run, orders) in KINDS.items():
        kind = kinds.add_parser(name)
        kind.set_defaults(run=run)
        kind.add_argument("--orders", type=int, default=orders)
        kind.add_argument("--repetitions", type=int, default=2)
        kind.add_argument("--seconds", type=int, default=60, help="how long is built (memory)")
        kind.add_argument("--without", nargs="*", default=[], help="what of models/speed to do Odoo's way")
        kind.add_argument("--profile", action="store_true", help="also tell which code runs how many queries")
        kind.add_argument("--only", nargs="*", default=[], help="these ways besides the baseline")
        kind.add_argument("--deliveries", type=int, default=60, help="validated at once (confirm)")
        kind.add_argument("--fresh", action="store_true", help="make the database anew (lists)")
        kind.add_argument("--drop", action="store_true", help="drop the database afterwards (lists)")
        kind.add_argument(
            "--baseline",
            type=int,
            default=300,
            help="of these one call each (feed, stock, finances, vendor), or a line a row (settlement)",
        )
    options = parser.parse_args()
    try:
        return options.run(options)
    finally:
        database.stop_server()


if __name__ == "__main__":
    sys.exit(main())
