{
    "name": "Amazon Orders",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "summary": "Orders, deliveries, stock and amounts of your Amazon shops, through the Selling Partner API",
    "author": "sale_amazon_spapi maintainers",
    "license": "LGPL-3",
    "depends": [
        "sale_management",
        "sale_stock",
        "stock_delivery",
        "stock_picking_batch",
        "mail",
    ],
    # Odoo Enterprise's own connector uses the same model names.
    "excludes": ["sale_amazon"],
    "external_dependencies": {
        "python": ["python-amazon-sp-api", "cryptography", "httpx"],
    },
    "data": [
        "security/amazon_groups.xml",
        "security/ir.model.access.csv",
        "security/amazon_rules.xml",
        "security/res_partner_rules.xml",
        "data/amazon_marketplace_data.xml",
        "data/amazon_phase_data.xml",
        "data/amazon_placeholder_data.xml",
        "data/mail_activity_type_data.xml",
        "data/ir_cron_data.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "application": True,
}
