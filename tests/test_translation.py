from pathlib import Path

import polib
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..bin.lib.translate import problems
from .common import AmazonCase

FOLDER = Path(__file__).parents[1] / "i18n"


@tagged("post_install", "-at_install")
class TestTranslation(AmazonCase):
    """What a Japanese user reads."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ja_JP")
        cls.user.lang = "ja_JP"
        cls.japanese = cls.env(user=cls.user, context={**cls.env.context, "lang": "ja_JP"})

    def labels(self, model, field):
        """Return a selection's labels as the Japanese user sees them."""
        return dict(self.japanese[model]._fields[field]._description_selection(self.japanese))

    def test_complete(self):
        template = polib.pofile(str(FOLDER / "sale_amazon_spapi.pot"))
        self.assertGreater(len(template), 500)
        self.assertEqual(problems(template, polib.pofile(str(FOLDER / "ja.po"))), [])

    def test_no_foreign_texts(self):
        """The simulator and the tests lie in the addon's folder, but nobody sees their texts."""
        for entry in polib.pofile(str(FOLDER / "sale_amazon_spapi.pot")):
            for place, _line in entry.occurrences:
                self.assertNotRegex(place, r"/(simulator|bin|tests|benchmarks)/")

    def test_what_is_wrong_is_found(self):
        def file(*entries):
            texts = polib.POFile()
            texts.extend(polib.POEntry(msgid=msgid, **values) for msgid, values in entries)
            return texts

        right = {"msgstr": '<i title="金額"/>%(count)s件'}
        text = '<i title="Amounts"/>%(count)s orders'
        template = file((text, {}))
        self.assertEqual(problems(template, file((text, right))), [])
        for wrong in (
            file(),
            file((text, {"msgstr": ""})),
            file((text, {**right, "flags": ["fuzzy"]})),
            file((text, {"msgstr": '<i title="金額"/>%s件'})),
            file((text, {"msgstr": "%(count)s件"})),
            file((text, {"msgstr": '<b title="金額"/>%(count)s件'})),
            file((text, {**right, "occurrences": [("code:gone.py", "0")]})),
            file((text, right), (text, right)),
            file((text, right), ("Gone", {"msgstr": "なし"})),
        ):
            self.assertEqual(len(problems(template, wrong)), 1, wrong)

    def test_phases(self):
        names = {
            "review": "確認待ち",
            "awaiting_payment": "入金待ち",
            "awaiting_stock": "引当待ち",
            "ready": "印刷待ち",
            "shipped": "出荷済",
            "confirmed": "出荷通知済",
            "cancelled": "キャンセル",
        }
        for role, name in names.items():
            self.assertEqual(self.japanese.ref(f"sale_amazon_spapi.phase_{role}").name, name)
        self.assertEqual(self.labels("amazon.phase", "role"), names)

    def test_words_of_the_trade(self):
        words = {
            "not_sent": "未連携",
            "sending": "連携中",
            "rejected": "通知失敗",
            "unknown": "通知結果取得失敗",
            "done": "正常",
            "error": "エラー",
        }
        for model in ("sale.order", "stock.picking"):
            self.assertEqual(self.labels(model, "amazon_api_status"), words)
            fields = self.japanese[model].fields_get(["amazon_api_status", "amazon_phase_id"], ["string"])
            self.assertEqual(fields["amazon_api_status"]["string"], "出荷通知APIステータス")
            self.assertEqual(fields["amazon_phase_id"]["string"], "処理フェーズ")
        self.assertEqual(
            self.labels("sale.order", "amazon_payment_method"),
            {
                "provisional": "Amazon 仮支払方法",
                "cod": "代引き",
                "convenience_store": "コンビニ",
                "other": "その他発払い",
            },
        )
        status = self.labels("sale.order", "amazon_status")
        self.assertEqual((status["pending"], status["unshipped"]), ("保留中", "未出荷"))
        self.assertEqual(self.labels("sale.order", "amazon_channel")["fba"], "AmazonFBA配送")
        for name, word in {"provisional": "Amazon 仮配送方法", "fba": "AmazonFBA配送"}.items():
            self.assertEqual(self.japanese.ref(f"sale_amazon_spapi.carrier_{name}").name, word)
        self.assertEqual(self.env.ref("sale_amazon_spapi.partner_provisional").name, "Amazon 仮登録")

    def test_what_is_logged(self):
        """What stands in a SKU's history is in the company's language, whoever has caused it."""
        self.company.partner_id.lang = "ja_JP"
        offer = self.env["amazon.offer"].create(
            {"account_id": self.account.id, "marketplace_id": self.account.marketplace_ids[:1].id, "sku": "LOGGED-1"}
        )
        offer.channel = "fbm"
        self.env.flush_all()
        self.cr.precommit.run()
        before = offer.message_ids
        # As where the account is another seller's now.
        self.account.with_context(lang="en_US")._forget_stock()
        self.env.flush_all()
        self.cr.precommit.run()
        [value] = (offer.message_ids - before).sudo().tracking_value_ids
        self.assertEqual((value.field_id.name, value.old_value_char), ("channel", "自社配送"))

    def test_menus_and_rights(self):
        for name, word in {
            "orders": "注文",
            "attention": "要対応",
            "offers": "対応表",
            "amounts": "金額不整合確認",
            "log": "APIログ",
            "completion": "一括注文完了",
            "confirmations": "Amazon出荷通知連携履歴",
            "accounts": "アカウント",
            "phases": "処理フェーズ",
            "jobs": "自動処理",
        }.items():
            menu = self.env.ref(f"sale_amazon_spapi.menu_amazon_{name}").with_context(lang="ja_JP")
            self.assertEqual(menu.name, word)
        for name, word in {"readonly": "参照", "user": "更新"}.items():
            group = self.env.ref(f"sale_amazon_spapi.group_amazon_{name}").with_context(lang="ja_JP")
            self.assertEqual(group.name, word)

    def test_apps(self):
        """The Apps list names the addon in the reader's language."""
        module = self.env["ir.module.module"].search([("name", "=", "sale_amazon_spapi")])
        japanese = module.with_context(lang="ja_JP")
        self.assertEqual((module.shortdesc, japanese.shortdesc), ("Amazon Orders", "Amazon注文"))
        self.assertIn("受注", japanese.summary)

    def test_wizards(self):
        for name, word in {
            "status_change": "出荷通知APIステータス変更",
            "combine": "同梱",
            "completion": "一括注文完了",
        }.items():
            self.assertEqual(self.japanese.ref(f"sale_amazon_spapi.action_amazon_{name}").sudo().name, word)
        self.assertEqual(self.labels("sale.order", "amazon_combined")["child"], "同梱済み")

    def test_views(self):
        arch = self.japanese["sale.order"].get_view(
            self.japanese.ref("sale_amazon_spapi.sale_order_amazon_view_search").id, "search"
        )["arch"]
        for word in ("確認待ち", "金額不整合", "API:未連携"):
            self.assertIn(word, arch)
        accounts = self.env["amazon.account"].with_user(self.manager).with_context(lang="ja_JP")
        arch = accounts.get_view(view_type="form")["arch"]
        for word in ("どこで販売していますか", "アプリとサービス &gt; アプリの開発", "接続テスト"):
            self.assertIn(word, arch)

    def test_errors_say_what_to_do(self):
        self.account.auto_import = False
        with self.assertRaisesRegex(UserError, "受注取込は停止中です。先に開始するか、範囲指定で取り込んでください。"):
            self.account.with_env(self.japanese).action_import_now()
        self.account.auto_import = True
        wizard = self.japanese["amazon.import"].create({"account_id": self.account.id, "mode": "hours", "hours": 0})
        with self.assertRaisesRegex(UserError, "1〜168の間で時間数を入力してください。"):
            wizard.action_import()
