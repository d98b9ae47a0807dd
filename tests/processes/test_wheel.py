"""The addon as a wheel, as pip installs it: all that an Odoo needs is in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import database
import shops

CHECKOUT = Path(os.environ["CHECKOUT"])
WHERE = 'print("loaded from", __import__("odoo.addons.sale_amazon_spapi").addons.sale_amazon_spapi.__file__)'


def pip(*arguments):
    """Run pip, without reaching for anything."""
    command = [sys.executable, "-m", "pip", "-q", "--no-input", *arguments, "--no-deps", "--no-index"]
    subprocess.run(list(map(str, command)), check=True)


def test_installed_from_a_wheel(tmp_path):
    """A wheel is built and installed, and a database is upgraded with what it has brought."""
    source = tmp_path / "sale_amazon_spapi"
    shutil.copytree(CHECKOUT, source, ignore=shutil.ignore_patterns(".git", "__pycache__", ".*_cache", ".hypothesis"))
    pip("wheel", "--no-build-isolation", "-w", tmp_path, source)
    [wheel] = tmp_path.glob("odoo_addon_sale_amazon_spapi-19.0.*.whl")
    pip("install", "--no-compile", "--target", tmp_path / "site", wheel)
    addons = tmp_path / "site/odoo/addons"
    with shops.copied(os.environ["TEMPLATE_DATABASE"], "wheel") as shop:
        command = database.odoo_command("shell", "-d", shop.name, "-u", database.ADDON, "--log-level=warn", "--no-http")
        at = command.index(f"--addons-path={os.environ['ADDONS_PATH']}")
        command[at] = f"--addons-path={addons}"
        done = subprocess.run(command, input=WHERE, capture_output=True, text=True)
        shop.wait_until_alone()
    assert f"loaded from {addons}" in done.stdout, done.stdout + done.stderr
    assert not done.returncode and " ERROR " not in done.stderr, done.stderr
