"""Several processes at once on one database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import shops

KINDS = {"jp_standard": 45, "jp_shipped": 12, "jp_several_items": 6, "jp_cvs_pending": 6, "jp_same_sku_twice": 3}
REGULAR = {
    "buyer": {"buyerName": "常連 客", "buyerEmail": "regular@marketplace.amazon.co.jp"},
    "recipient": {
        "deliveryAddress": {
            "name": "常連 客",
            "companyName": None,
            "addressLine1": "神南1-2-3",
            "addressLine2": None,
            "addressLine3": None,
            "city": "渋谷区",
            "stateOrRegion": "東京都",
            "postalCode": "150-0041",
            "phone": "090-1234-5678",
        }
    },
}
WAYS = ("import", "import", "build", "build")


def test_importers_and_builders_at_once_while_orders_change(amazon, seller, shop):
    """Two whole imports and two builders, again and again, while buyers and the seller go on: all of it arrives,
    nothing is there twice, nothing fails."""
    orders = shops.place(amazon, seller, KINDS)
    amazon.post("page-limit", limit=10)
    with shops.importers(shop, len(WAYS)) as processes:
        over = Event()

        def work(process, way):
            results = []
            while not over.is_set():
                results.append(process.run(way))
            return results

        with ThreadPoolExecutor(len(WAYS)) as pool:
            working = [pool.submit(work, *pair) for pair in zip(processes, WAYS, strict=True)]
            try:
                change(amazon, seller, orders, shop)
            finally:
                over.set()
            results = [result for future in working for result in future.result()]
        errors = [error for result in results for error in result["errors"]]
        assert not errors, errors[0]
        assert all(result["exit"] == 0 for result in results)
        amazon.post("clock", advance=180)
        processes[0].good("import")
    shops.assert_complete(shop, shops.on_amazon(amazon, seller))
    shops.assert_cursor(shop, amazon)


def change(amazon, seller, orders, shop):
    """Let things happen on Amazon, some of them to orders that are here already and some to ones that are not."""
    by_status = {}
    for ref, order in orders.items():
        by_status.setdefault(order["fulfillment"]["fulfillmentStatus"], []).append(ref)
    unshipped, pending = by_status["UNSHIPPED"], by_status["PENDING"]
    for number in range(6):
        amazon.post(f"orders/{unshipped[4 * number]}/ship")
        amazon.post(f"orders/{unshipped[4 * number + 1]}/cancel")
        amazon.post(f"orders/{unshipped[4 * number + 2]}/change-address", address={"addressLine1": f"北{number}条"})
        amazon.post(f"orders/{pending[number]}/pay")
        amazon.place(seller, "jp_standard", 2)
        amazon.place(seller, "jp_shipped", 2)
        # Amazon shows a change after two minutes.
        amazon.post("clock", advance=150)
        here = sum(shop.refs().values())
        shops.wait_for(lambda here=here: sum(shop.refs().values()) > here, 60, "orders keep coming in")


def test_two_builders_meet_one_buyer(amazon, seller, shop):
    """A buyer and an address that nobody knows yet, in the batches of two builders at once, are made once each."""
    with shops.importers(shop, 2) as processes:
        for addresses, line in enumerate(("神南1-2-3", "神南9-9-9"), start=1):
            address = {**REGULAR["recipient"]["deliveryAddress"], "addressLine1": line}
            amazon.post("clock", advance=3600)
            placed = shops.moment_ago(amazon, 10)
            amazon.place(
                seller,
                "jp_standard",
                50,
                created=placed,
                updated=placed,
                set={**REGULAR, "recipient": {"deliveryAddress": address}},
            )
            processes[0].good("fetch")
            for process in processes:
                process.start("build")
            for process in processes:
                result = process.finish()
                assert (result["exit"], result["errors"]) == (0, [])
            shops.assert_complete(shop, shops.on_amazon(amazon, seller))
            email = REGULAR["buyer"]["buyerEmail"]
            buyers = shop.sql("SELECT id FROM res_partner WHERE email = %s AND parent_id IS NULL", email)
            assert len(buyers) == 1
            assert shop.value("SELECT count(*) FROM res_partner WHERE parent_id = %s", buyers[0][0]) == addresses
