"""A Japanese shop to try the addon with: company, products, delivery methods and an account connected to
the simulator. Used by ``bin/run``, the process tests and the benchmarks."""


def set_up(env, amazon, seller, started=False):
    """Make the shop and connect it.

    :param env: Odoo's environment, as the superuser.
    :param amazon: the running simulator (``simulator.process.Amazon``).
    :param dict seller: its record of the seller.
    :param bool started: start the import job too.
    :return: the ``amazon.account``.
    """
    japan(env)
    products(env, amazon.get("catalogue"))
    account = connect(env, amazon, seller)
    delivery_methods(env, account)
    account.auto_import = started
    return account


def japan(env):
    """Make the company Japanese: yen, 10 % and 8 % consumption tax, Tokyo."""
    yen = env.ref("base.JPY")
    yen.active = True
    company = env.company
    company.write(
        {
            "name": "株式会社サンプル商店",
            "country_id": env.ref("base.jp").id,
            "zip": "100-0001",
            "city": "千代田区",
            "street": "千代田1-1",
            # Without one the first thing that is printed asks for it.
            "external_report_layout_id": env.ref("web.external_layout_standard").id,
        }
    )
    company.partner_id.lang = "ja_JP"
    if not env["account.move"].search_count([], limit=1):
        company.currency_id = yen
        if company.chart_template != "jp" and env["ir.module.module"]._get("l10n_jp").state == "installed":
            env["account.chart.template"].try_loading("jp", company=company, install_demo=False)


def products(env, catalogue):
    """Make the products of the simulated shop, 1,000 of each in stock."""
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    known = set(env["product.product"].search([]).mapped("default_code"))
    made = env["product.product"].create(
        [
            {
                "name": item.get("title_ja") or item.get("title") or item["sku"],
                "default_code": item["sku"],
                "type": "consu",
                "is_storable": True,
                "list_price": float(item.get("price", 1000)),
                "weight": 0.5,
            }
            for item in catalogue
            if item["sku"] not in known
        ]
    )
    for product in made:
        env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 1000)


def connect(env, amazon, seller):
    """Make the account that reads from the simulator."""
    return env["amazon.account"].create(
        {
            "name": "Amazon.co.jp",
            "region": seller["region"],
            "environment": "custom",
            "endpoint_url": amazon.url,
            "lwa_url": f"{amazon.url}/auth/o2/token",
            "merchant_id": seller["merchant_id"],
            "application_id": seller.get("application_id"),
            "lwa_client_id": seller["client_id"],
            "lwa_client_secret": seller["client_secret"],
            "refresh_token": seller["refresh_token"],
            "marketplace_ids": [
                (6, 0, env["amazon.marketplace"].search([("api_ref", "in", seller["marketplaces"])]).ids)
            ],
            "user_id": env.ref("base.user_admin").id,
        }
    )


def delivery_methods(env, account):
    """Make three delivery methods, linked to what Amazon is told of them, and the rules that choose them."""
    service = env.ref("sale_amazon_spapi.product_shipping")
    yamato, cod, mail = env["delivery.carrier"].create(
        [
            {
                "name": name,
                "delivery_type": "fixed",
                "fixed_price": 0,
                "product_id": service.id,
                "tracking_url": "https://jizen.kuronekoyamato.co.jp/jizen/servlet/crjz.b.NQ0010?id=<shipmenttrackingnumber>",
                "amazon_shipping_method_id": env.ref(f"sale_amazon_spapi.shipping_method_ne_{code}").id,
            }
            for name, code in (
                ("ヤマト運輸 宅急便", 20),
                ("ヤマト運輸 宅急便コレクト", 21),
                ("ヤマト運輸 ネコポス", 28),
            )
        ]
    )
    env["amazon.shipping.rule"].create(
        [
            {"account_id": account.id, "sequence": 1, "carrier_id": cod.id, "cash_on_delivery": "yes"},
            {"account_id": account.id, "sequence": 2, "carrier_id": mail.id, "weight_max": 0.5, "amount_max": 1500},
            {"account_id": account.id, "sequence": 3, "carrier_id": yamato.id},
        ]
    )


def connect_vendor(env, amazon, vendor, party="SIMJP", own_carrier=True):
    """Have an account ship for Amazon as this vendor; return it.

    :param str party: its selling party, which tells the accounts apart.
    :param bool own_carrier: it has a carrier of its own, else the labels are Amazon's.
    """
    account = env["amazon.account"].search([("kind", "=", "vendor_df"), ("vendor_party", "=", party)], limit=1)
    credentials = {
        "lwa_client_id": vendor["client_id"],
        "lwa_client_secret": vendor["client_secret"],
        "refresh_token": vendor["refresh_token"],
    }
    if account:
        account.write(credentials)
        account.job_ids.write({"cursor": False, "open_read_at": False})
        return account
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    account = account.create(
        {
            "name": "Amazon ベンダー" if own_carrier else "Amazon ベンダー（Amazonの配送業者）",
            "kind": "vendor_df",
            "vendor_party": party,
            "vendor_own_carrier": own_carrier,
            "vendor_warehouse_ids": [
                (0, 0, {"party_ref": code, "warehouse_id": warehouse.id}) for code in ("SIMT", "SIMO")
            ],
            "region": vendor["region"],
            "environment": "custom",
            "endpoint_url": amazon.url,
            "lwa_url": f"{amazon.url}/auth/o2/token",
            "user_id": env.ref("base.user_admin").id,
            **credentials,
        }
    )
    if own_carrier:
        carrier = env["delivery.carrier"].search([("amazon_shipping_method_id", "!=", False)], limit=1)
        carrier.amazon_shipping_method_id.scac_code = "SIMC"
        env["amazon.shipping.rule"].create({"account_id": account.id, "carrier_id": carrier.id})
    env["product.product"].search([("type", "=", "consu"), ("weight", "=", 0)]).weight = 0.5
    return account
