import base64
import csv
import io
import re
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..models.packing import carrier_file
from .common_confirmation import ConfirmationCase


class PackingCase(ConfirmationCase):
    """A packer with the programs of the Japanese carriers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.b2 = cls.env.ref("sale_amazon_spapi.carrier_layout_b2")
        cls.hiden = cls.env.ref("sale_amazon_spapi.carrier_layout_hiden3")

    def export(self, pickings, layout=None, user=None):
        """Return the dialog for these deliveries, as the packer has it."""
        model = self.env["amazon.carrier.export"].with_user(user or self.user).with_company(self.company)
        action = model.with_context(active_ids=pickings.ids, active_model="stock.picking").action_open()
        dialog = model.browse(action["res_id"])
        dialog.layout_id = layout or self.b2
        return dialog

    def refs(self, pickings):
        """Return what these deliveries are called there."""
        return [f"OUT{picking.id}" for picking in pickings]

    def rows(self, dialog):
        """Return the rows of the dialog's file, by heading."""
        text = base64.b64decode(dialog.file).decode(dialog.layout_id.encoding)
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def numbers(self, content=None, pasted=None, layout=None, user=None, **values):
        """Return the dialog that has read numbers."""
        dialog = (
            self.env["amazon.carrier.numbers"]
            .with_user(user or self.user)
            .with_company(self.company)
            .create(
                {
                    "layout_id": (layout or self.b2).id,
                    "document": content and base64.b64encode(content),
                    "document_name": "out.csv",
                    "pasted": pasted,
                    **values,
                }
            )
        )
        dialog.action_check()
        return dialog

    def printed(self, rows, encoding="cp932"):
        """Return the file that the program writes: what it has read, each with a number."""
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        return file.getvalue().encode(encoding)


@tagged("post_install", "-at_install")
class TestCarrierExport(PackingCase):
    """The day's parcels go to the carrier's program."""

    def test_a_day(self):
        pickings = self.imported(count=3).picking_ids.sorted(lambda picking: (picking.date_deadline, picking.id))
        dialog = self.export(pickings)
        self.assertEqual((dialog.count, dialog.left_out, dialog.remarks), (3, False, False))
        rows = self.rows(dialog)
        self.assertEqual([row["お客様管理番号"] for row in rows], self.refs(pickings))
        for row, picking in zip(rows, pickings, strict=True):
            to = picking.partner_id
            self.assertEqual(row["お届け先名"], to.name)
            self.assertEqual(row["お届け先郵便番号"], to.zip)
            self.assertEqual(row["お届け先住所"], f"{to.state_id.name}{to.city or ''}{to.street}")
            self.assertEqual(row["お届け先アパートマンション名"], to.street2 or "")
            self.assertEqual(row["お届け先電話番号"], re.sub(r"\D", "", to.phone or ""))
            self.assertEqual((row["送り状種類"], row["ｺﾚｸﾄ代金引換額（税込)"], row["伝票番号"]), ("0", "", ""))
            self.assertRegex(row["出荷予定日"], r"^\d{4}/\d\d/\d\d$")
        self.assertFalse(pickings.filtered("amazon_label_at"), "nothing was downloaded")

        action = dialog.action_download()
        self.assertIn(f"/web/content/amazon.carrier.export/{dialog.id}/file", action["url"])
        self.assertTrue(all(pickings.mapped("amazon_label_at")))
        self.assertEqual(len(self.rows(dialog)), 3, "the browser reads it after that")
        again = self.export(pickings)
        self.assertEqual((again.count, again.before_count, again.left_out), (0, 3, False))
        with self.assertRaises(UserError):
            again.action_download()
        again.is_again = True
        self.assertEqual((again.count, again.left_out), (3, False))

    def test_all_that_is_ready(self):
        """Without a selection it is what is ready."""
        first, second = self.imported(count=2).picking_ids
        self.export(first).action_download()
        model = self.env["amazon.carrier.export"].with_user(self.user).with_company(self.company)
        dialog = model.browse(model.action_open()["res_id"])
        self.assertLessEqual(first | second, dialog.picking_ids)
        self.assertIn(self.refs(second)[0], [row["お客様管理番号"] for row in self.rows(dialog)])
        self.assertNotIn(self.refs(first)[0], [row["お客様管理番号"] for row in self.rows(dialog)])

    def test_what_is_left_out(self):
        """Each that cannot go is named with the reason; the others go."""
        good, held, sagawa, gone, called_off, unknown = self.imported(count=6).picking_ids
        held.sale_id.action_amazon_hold()
        sagawa.carrier_id = self.sagawa
        self.deliver(gone)
        called_off.action_cancel()
        unknown.partner_id.zip = False
        dialog = self.export(good | held | sagawa | gone | called_off | unknown)
        self.assertEqual([row["お客様管理番号"] for row in self.rows(dialog)], self.refs(good))
        named = dict(line.split(": ", 1) for line in dialog.left_out.splitlines())
        self.assertEqual(set(named), set((held | sagawa | gone | called_off | unknown).mapped("name")))
        self.assertIn(held.sale_id.name, named[held.name])
        self.assertIn(self.sagawa.name, named[sagawa.name])
        dialog.layout_id = self.hiden
        self.assertEqual([row["お客様管理番号"] for row in self.rows(dialog)], self.refs(sagawa))
        self.b2.carrier_code = False
        dialog.layout_id = self.b2
        self.assertEqual(dialog.count, 2)

    def test_named_once_for_a_reason(self):
        """What goes by another carrier does not hide what is held."""
        pickings = self.imported(count=12).picking_ids
        (pickings - pickings[0]).carrier_id = self.sagawa
        pickings[0].sale_id.action_amazon_hold()
        said = self.export(pickings).left_out.splitlines()
        self.assertEqual(len(said), 2)
        [others] = [line for line in said if self.sagawa.name in line]
        self.assertIn("(+1)", others)

    def test_paid_on_delivery(self):
        picking = self.imported("jp_cod").picking_ids
        picking.carrier_id = self.yamato
        picking.sale_id.action_amazon_reviewed()
        [row] = self.rows(self.export(picking))
        self.assertEqual(
            (row["送り状種類"], row["ｺﾚｸﾄ代金引換額（税込)"]), ("2", f"{picking.sale_id.amount_total:.0f}")
        )
        self.spare_part(picking.sale_id)
        dialog = self.export(picking)
        self.assertEqual(dialog.count, 0, "nobody knows what each parcel collects")
        self.assertIn(picking.sale_id.name, dialog.left_out)

    def test_kind_of_label(self):
        """ネコポス has another than 宅急便; one that is paid on delivery has its own whatever the method."""
        usual, small = self.imported(count=2).picking_ids.sorted(lambda one: (one.date_deadline, one.id))
        small.carrier_id = self.make_carrier("YAMATO", "ヤマト運輸", "ネコポス", label_kind="7")
        self.assertEqual([row["送り状種類"] for row in self.rows(self.export(usual | small))], ["0", "7"])

    def test_characters_and_widths(self):
        """Nothing is silently another character or cut; no cell is a formula of a spreadsheet."""
        picking = self.imported().picking_ids
        picking.partner_id.write(
            {
                "name": "=1+1 𠮷田〜太郎",
                "street": "丸の内" * 20,
                "street2": "メゾン−203\n右",
                "phone": "+81 90-1234-5678",
            }
        )
        dialog = self.export(picking)
        [row] = self.rows(dialog)
        self.assertEqual(row["お届け先名"], "＝1+1 〓田～太郎")
        self.assertEqual(row["お届け先アパートマンション名"], "メゾン－203 右")
        self.assertEqual(row["お届け先電話番号"], "09012345678")
        self.assertLessEqual(carrier_file.width(row["お届け先住所"]), 64)
        said = dialog.remarks.splitlines()
        self.assertEqual(len(said), 2)
        self.assertTrue(any("𠮷" in line for line in said))
        self.assertTrue(any("丸の内" in line for line in said), "what was cut off is said")
        self.b2.encoding = "utf-8-sig"
        dialog.invalidate_recordset()
        [row] = self.rows(dialog)
        self.assertEqual(row["お届け先名"], "＝1+1 𠮷田〜太郎")

    def test_numbers_are_not_cut(self):
        """A reference that does not fit would bring the number back to nothing."""
        self.b2.column_ids.filtered(lambda column: column.content == "short_reference").width = 3
        picking = self.imported().picking_ids
        dialog = self.export(picking)
        self.assertEqual(dialog.count, 0)
        self.assertIn(picking.name, dialog.left_out)

    def test_spread_over_columns(self):
        """Sagawa's address has three columns."""
        picking = self.imported().picking_ids
        picking.carrier_id = self.sagawa
        picking.partner_id.write(
            {"city": "千代田区", "street": "丸の内一丁目二番三号四五六", "street2": "メゾン丸の内二〇三号室"}
        )
        [row] = self.rows(self.export(picking, self.hiden))
        parts = [row[f"お届け先住所{number}"] for number in "１２３"]
        to = picking.partner_id
        self.assertEqual("".join(parts).replace(" ", ""), f"{to.state_id.name}{to.city}{to.street}{to.street2}")
        self.assertTrue(all(carrier_file.width(part) <= 32 for part in parts))

    def test_one_parcel(self):
        """Orders that were combined are one label."""
        together = self.imported(count=2).picking_ids
        together._amazon_combine(together[0].sale_id, self.yamato, False)
        dialog = self.export(together)
        self.assertEqual([row["お客様管理番号"] for row in self.rows(dialog)], self.refs(together[0]))
        self.assertIn(together[1].name, dialog.left_out)

    def test_whose(self):
        """Another company's deliveries are not exported, nor by who only reads."""
        picking = self.imported().picking_ids
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "sale_amazon_spapi.group_amazon_user",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        model = self.env["amazon.carrier.export"].with_user(stranger).with_context(allowed_company_ids=elsewhere.ids)
        with self.assertRaises(AccessError):
            model.create({"picking_ids": [Command.set(picking.ids)], "layout_id": self.b2.id})
        with self.assertRaises(UserError):
            model.with_context(active_ids=picking.ids).action_open()
        reader = new_test_user(self.env, "only_reads", "sale_amazon_spapi.group_amazon_readonly")
        with self.assertRaises(AccessError):
            self.env["amazon.carrier.export"].with_user(reader).with_context(active_ids=picking.ids).action_open()
        with self.assertRaises(AccessError):
            self.b2.with_user(self.user).name = "Mine"

    def test_layouts_are_copied_and_changed(self):
        copy = self.b2.with_user(self.manager).copy()
        self.assertNotEqual(copy.name, self.b2.name)
        self.assertEqual(copy.column_ids.mapped("heading"), self.b2.column_ids.mapped("heading"))
        copy.column_ids[0].heading = "管理番号"
        copy.has_headings = False
        [row] = [
            line for line in base64.b64decode(self.export(self.imported().picking_ids, copy).file).splitlines() if line
        ]
        self.assertNotIn("管理番号".encode("cp932"), row)

    def test_many_cost_few_queries(self):
        pickings = self.imported(count=12).picking_ids
        few, many = self.export(pickings[:2]), self.export(pickings)

        def cost(dialog):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertTrue(dialog.count)
            return self.env.cr.sql_log_count - before

        self.assertLessEqual(cost(many) - cost(few), 2, "ten deliveries more")


@tagged("post_install", "-at_install")
class TestCarrierNumbers(PackingCase):
    """The numbers come back."""

    def test_there_and_back(self):
        """What the program has printed is entered, delivered, and Amazon knows it."""
        pickings = self.imported(count=3).picking_ids.sorted(lambda picking: (picking.date_deadline, picking.id))
        rows = self.rows(self.export(pickings))
        for number, row in enumerate(rows):
            row["伝票番号"] = f"1234-5678-901{number}"
        dialog = self.numbers(self.printed(rows))
        self.assertEqual(dialog.line_ids.mapped("state"), ["ready"] * 3)
        self.assertFalse(any(pickings.mapped("carrier_tracking_ref")), "looked at, not written")
        action = dialog.action_enter()
        self.assertCountEqual(action["domain"][0][2], pickings.ids)
        self.assertEqual(pickings.mapped("carrier_tracking_ref"), [f"1234-5678-901{number}" for number in range(3)])
        self.ship(pickings)
        self.send()
        self.assertEqual(set(pickings.mapped("amazon_api_status")), {"done"})
        for picking in pickings:
            [package] = self.packages(picking.sale_id).values()
            self.assertEqual(package["trackingNumber"], picking.carrier_tracking_ref)
        self.assertEqual(set(self.numbers(self.printed(rows)).line_ids.mapped("state")), {"same"})

    def test_everything_wrong_is_named(self):
        """Before anything is written."""
        good, twice_a, twice_b, several, short, rounded, called_off, numbered = self.imported(count=8).picking_ids
        called_off.action_cancel()
        numbered.carrier_tracking_ref = "111122223333"
        fba = self.imported("jp_fba_shipped").picking_ids
        given = [
            (good.name, "123456789010"),
            (twice_a.name, "123456789011"),
            (twice_b.name, "123456789011"),
            (several.name, "123456789012"),
            (several.name, "123456789013"),
            (short.name, "12345"),
            (rounded.name, "1.23457E+11"),
            (called_off.name, "123456789014"),
            (numbered.name, "123456789015"),
            (fba[:1].name, "123456789016"),
            ("WH/OUT/99999", "123456789017"),
            ("", "123456789018"),
            (good.name, "123456789010"),
        ]
        rows = [{"お客様管理番号": ref, "伝票番号": number} for ref, number in given]
        dialog = self.numbers(self.printed(rows))
        by_ref = {line.reference or "": line for line in dialog.line_ids}
        self.assertEqual(len(dialog.line_ids), len(by_ref), "a delivery has one line")
        ready = by_ref.pop(good.name)
        self.assertEqual((ready.state, ready.is_selected, ready.number), ("ready", True, "123456789010"))
        other = by_ref.pop(numbered.name)
        self.assertEqual((other.state, other.is_selected), ("other", False))
        self.assertEqual(set(map(lambda line: line.state, by_ref.values())), {"problem"})
        self.assertTrue(all(line.message and not line.is_selected for line in by_ref.values()))
        self.assertEqual(len({line.message for line in by_ref.values()}), 9)
        self.assertEqual(dialog.problem_count, len(by_ref))

        # Who ticks a problem nevertheless, by RPC, gets nothing of it written.
        dialog.line_ids.is_selected = True
        dialog.action_enter()
        self.assertEqual((good.carrier_tracking_ref, numbered.carrier_tracking_ref), ("123456789010", "123456789015"))
        self.assertFalse(
            any((twice_a | twice_b | several | short | rounded | called_off).mapped("carrier_tracking_ref"))
        )

    def test_replaced_when_ticked(self):
        picking = self.delivered(number="111122223333")
        self.goes(picking)
        dialog = self.numbers(pasted=f"{picking.name}\t444455556666")
        self.assertEqual((dialog.line_ids.state, dialog.ready_count, dialog.other_count), ("other", 0, 1))
        with self.assertRaises(UserError):
            dialog.action_enter()
        dialog.action_replace()
        dialog.action_enter()
        self.goes(picking)
        [package] = self.packages(picking.sale_id).values()
        self.assertEqual(package["trackingNumber"], "444455556666")

    def test_pasted(self):
        """However people write them: Amazon's number or ours, full-width, with blanks, commas or tabs between."""
        first, second, third, fourth = self.imported(count=4).picking_ids
        pasted = (
            f"{first.amazon_order_ref} 1234 5678 9010\n\n{second.name.lower()}\t１２３４－５６７８－９０１１\n"
            f"{third.sale_id.name}, 123456789012\n{fourth.amazon_order_ref.replace('-', '')};123456789013"
        )
        dialog = self.numbers(pasted=pasted)
        self.assertEqual(dialog.line_ids.mapped("state"), ["ready"] * 4, dialog.line_ids.mapped("message"))
        dialog.action_enter()
        pickings = first | second | third | fourth
        self.assertEqual(
            pickings.mapped("carrier_tracking_ref"), ["123456789010", "1234-5678-9011", "123456789012", "123456789013"]
        )

    def test_names_in_small_letters(self):
        picking = self.imported().picking_ids
        picking.name = "Lager/out/00017"
        self.assertEqual(self.numbers(pasted=f"{picking.name} 123456789010").line_ids.picking_id, picking)

    def test_an_order_in_parts(self):
        """Its number means the part that has none yet; where two have none, it is asked for."""
        order = self.imported().with_context(active_test=False)
        first, rest = self.split(order, number="111")
        dialog = self.numbers(pasted=f"{order.name} 222")
        self.assertEqual((dialog.line_ids.picking_id, dialog.line_ids.state), (rest, "ready"))
        again = self.numbers(pasted=f"{order.name} 111")
        self.assertEqual((again.line_ids.picking_id, again.line_ids.state), (first, "same"), "the same file once more")
        first.carrier_tracking_ref = False
        dialog.action_back()
        self.assertFalse(dialog.line_ids)
        dialog.action_check()
        self.assertEqual(dialog.line_ids.state, "problem")
        self.assertIn(first.name, dialog.line_ids.message)
        self.assertIn(rest.name, dialog.line_ids.message)

    def test_number_of_another_delivery(self):
        """One that is not in the file has it: a carrier gives none twice within months."""
        taken = self.delivered(number="123456789010")
        picking = self.imported().picking_ids
        line = self.numbers(pasted=f"{picking.name} 1234 5678 9010").line_ids
        self.assertEqual(line.state, "problem")
        self.assertIn(taken.name, line.message)
        taken.date_done = fields.Datetime.now() - timedelta(days=400)
        self.assertEqual(self.numbers(pasted=f"{picking.name} 123456789010").line_ids.state, "ready")

    def test_parcels_with_numbers_of_their_own(self):
        """Theirs count; the delivery's would change nothing."""
        picking = self.imported(items=[{"sku": "AMZ-CUP-001"}, {"sku": "AMZ-TEA-001"}]).picking_ids
        for line, number in zip(picking.move_line_ids, ("1", "2"), strict=True):
            line.result_package_id = self.env["stock.package"].create({"amazon_tracking_ref": number})
        self.assertEqual(self.numbers(pasted=f"{picking.name} 123456789010").line_ids.state, "problem")

    def test_called_as_short_numbers_are(self):
        """A delivery may really be called OUT12; where two are meant, neither is."""
        named, other = self.imported(count=2).picking_ids
        named.name = "OUT00000001"
        self.assertEqual(self.numbers(pasted="OUT00000001 123456789010").line_ids.picking_id, named)
        named.name = f"OUT{other.id}"
        line = self.numbers(pasted=f"OUT{other.id} 123456789010").line_ids
        self.assertEqual((line.state, line.picking_id), ("problem", line.picking_id.browse()))

    def test_written_by_rpc(self):
        """What lines say counts as little as what stands in a file."""
        good, other = self.imported(count=2).picking_ids
        dialog = self.numbers(pasted=f"{good.name} 123456789010")
        dialog.line_ids.number = "not a number"
        with self.assertRaises(UserError):
            dialog.action_enter()
        other.action_cancel()
        dialog.line_ids.write({"number": "123456789010", "picking_id": other.id})
        with self.assertRaises(UserError):
            dialog.action_enter()
        self.assertFalse(any((good | other).mapped("carrier_tracking_ref")))

    def test_several_parcels(self):
        picking = self.imported().picking_ids
        pasted = f"{picking.name} 123456789010\n{picking.name} 123456789011"
        self.assertEqual(self.numbers(pasted=pasted).line_ids.state, "problem")
        dialog = self.numbers(pasted=pasted, are_parcels=True)
        self.assertEqual(dialog.line_ids.number, "123456789010,123456789011")
        dialog.action_enter()
        self.assertEqual(picking.carrier_tracking_ref, "123456789010,123456789011")

    def test_one_parcel(self):
        """The number of combined orders reaches all of them."""
        together = self.imported(count=2).picking_ids
        together._amazon_combine(together[0].sale_id, self.yamato, False)
        self.numbers(pasted=f"{together[0].name} 123456789010").action_enter()
        self.assertEqual(together.mapped("carrier_tracking_ref"), ["123456789010"] * 2)

    def test_changed_meanwhile(self):
        picking = self.imported().picking_ids
        dialog = self.numbers(pasted=f"{picking.name} 123456789010")
        picking.carrier_tracking_ref = "999"
        with self.assertRaises(UserError):
            dialog.action_enter()
        self.assertEqual(picking.carrier_tracking_ref, "999")

    def test_files_that_cannot_be_read(self):
        """Each says what to do."""
        self.imported()
        for content in (
            b"PK\x03\x04rest of a spreadsheet",
            b"\xd0\xcf\x11\xe0",
            bytes(range(256)),
            b"\0\0\0",
            "管理番号,番号\r\n1,2\r\n".encode("cp932"),
            b'"never closed',
            b"\r\n\r\n",
        ):
            with self.subTest(content=content), self.assertRaises(UserError):
                self.numbers(content)
        with self.assertRaises(UserError):
            self.numbers()
        with self.assertRaises(UserError):
            self.numbers(pasted="1 2\n" * 2001)
        self.b2.number_column = False
        with self.assertRaises(UserError):
            self.numbers("お客様管理番号,伝票番号\r\n1,2".encode("cp932"))

    def test_encodings_and_places(self):
        """The file may have been saved in another charset, with tabs, or have no headings."""
        picking = self.imported().picking_ids
        text = f"お客様管理番号,伝票番号\r\n{picking.name},123456789010\r\n"
        for content in (
            text.encode("utf-8-sig"),
            text.encode("utf-8"),
            text.encode("cp932"),
            text.replace(",", "\t").encode("utf-16"),
        ):
            with self.subTest(content=content[:10]):
                self.assertEqual(self.numbers(content).line_ids.state, "ready")
        self.b2.write({"reference_column": "3", "number_column": "1"})
        # A cell may be what a column is called.
        dialog = self.numbers(f"123456789010,3,{picking.name},1\r\n".encode("cp932"))
        self.assertEqual((dialog.line_ids.picking_id, dialog.line_ids.state), (picking, "ready"))

    def test_whose(self):
        """Another company's deliveries are not known, and who only reads enters nothing."""
        picking = self.imported().picking_ids
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "sale_amazon_spapi.group_amazon_user",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        model = self.env["amazon.carrier.numbers"].with_user(stranger).with_context(allowed_company_ids=elsewhere.ids)
        dialog = model.create({"pasted": f"{picking.name} 123456789010\n{picking.amazon_order_ref} 1"})
        dialog.action_check()
        self.assertEqual(set(dialog.line_ids.mapped("state")), {"problem"})
        self.assertFalse(dialog.line_ids.picking_id)
        with self.assertRaises(AccessError):
            dialog.line_ids[0].picking_id = picking
        reader = new_test_user(self.env, "only_reads", "sale_amazon_spapi.group_amazon_readonly")
        with self.assertRaises(AccessError):
            self.env["amazon.carrier.numbers"].with_user(reader).create({"pasted": "1 2"})


@tagged("post_install", "-at_install")
class TestPickingList(PackingCase):
    """What is fetched from the shelves: each product once, with its total."""

    def html(self, pickings):
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.user)
            ._render_qweb_html("sale_amazon_spapi.picking_list", pickings.ids)
        )
        return html.decode()

    def test_totals(self):
        pickings = self.imported(count=3).picking_ids
        held = self.imported().picking_ids
        held.sale_id.action_amazon_hold()
        report = self.env["report.sale_amazon_spapi.picking_list"].with_user(self.user)
        values = report._get_report_values((pickings | held).ids)
        wanted = {}
        for line in pickings.move_line_ids:
            wanted[line.product_id] = wanted.get(line.product_id, 0) + line.quantity
        self.assertEqual({row["product"]: row["quantity"] for row in values["rows"]}, wanted)
        self.assertEqual(values["total"], sum(wanted.values()))
        self.assertEqual([picking for picking, _why in values["left_out"]], [held])
        html = self.html(pickings | held)
        for picking in pickings | held:
            self.assertIn(picking.name, html)
        for product in wanted:
            self.assertIn(product.name, html)

    def test_nothing_of_buyers(self):
        """Who fetches goods need not know for whom."""
        picking = self.imported().picking_ids
        self.assertNotIn(picking.partner_id.name, self.html(picking))


class TestCarrierFile(TransactionCase):
    """Texts in columns, whatever buyers write."""

    @settings(max_examples=200, deadline=None)
    @given(st.text(), st.lists(st.integers(1, 40), min_size=1, max_size=4), st.sampled_from(["cp932", "utf-8-sig"]))
    def test_nothing_is_lost(self, text, widths, encoding):
        fitting, lost = carrier_file.fitting(text, encoding)
        self.assertEqual(bool(lost), carrier_file.MISSING in fitting and carrier_file.MISSING not in text)
        parts, rest = [], fitting
        for width in widths:
            part, rest = carrier_file.cut(rest, width)
            self.assertLessEqual(carrier_file.width(part), width)
            parts.append(part)
            self.assertNotIn(part[:1], tuple("=+-@"))
        plain = str.maketrans({" ": None, "＝": "=", "＋": "+", "－": "-", "＠": "@"})
        self.assertEqual("".join([*parts, rest]).translate(plain), fitting.translate(plain))
        content = carrier_file.write([["head"], [fitting]], encoding, ",")
        read = carrier_file.read(content, ",")
        self.assertEqual([row for _line, row in read], [["head"], *([[fitting]] if fitting else [])])

    def test_no_formula(self):
        for text in ("=1", "+1", "-1", "@x", " =1", "\t=1"):
            fitting, _lost = carrier_file.fitting(text, "cp932")
            self.assertNotIn(carrier_file.cut(fitting, 0)[0][0], "=+-@")
        self.assertEqual(carrier_file.cut("=12", 3), ("＝1", "2"), "it is wider than it was")
        self.assertEqual(carrier_file.fitting("¥100", "cp932"), ("￥100", ""))
