"""``bin/test``: lint and every test, or a part of them; ends with ``N passed, N failed``.

bin/test                     everything
bin/test lint                one of the parts: lint, selling_partner, simulator, odoo, extra, processes
bin/test TestSaleOrder       one Odoo test class (or Class.method) of tests/
bin/test extra:TestKits      the same in the database with kits and OCA's queue
bin/test tests/processes/test_kill.py
"""

import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from threading import Event

import database
from ports import free_ports

from simulator.process import Amazon

CHECKOUT = Path(os.environ["CHECKOUT"])
WORK = Path(os.environ["WORK"])
LOGS = WORK / "logs"
# Odoo's own, on this machine: not ours to mend.
NOT_OURS = re.compile(
    r"missing --http-interface|Running as user 'root'|wkhtmltopdf|Chrome executable|doesn't appear to be a valid PyPI"
    r"|does not appear o be a valid PyPI|unknown option 'sale_amazon|Two-Factor|py\.warnings"
)
TEST_CLASS = re.compile(r"^class (Test\w+)\((.*)\):\n((?:(?:[ \t].*)?\n)*)", re.MULTILINE)
RUNNING, ENDED = [], Event()
# Databases of tests are thrown away: nothing is proved by waiting for the disk at each commit.
os.environ["PGOPTIONS"] = "-c synchronous_commit=off -c jit=off"


class Part:
    """What one part of the tests came to."""

    def __init__(self, name, passed=0, failed=0, output=""):
        self.name, self.passed, self.failed, self.output = name, passed, failed, output
        self.seconds = 0.0


def run(command, log, **options):
    """Run a command, its output into a file below the logs; return (exit code, output)."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    with path.open("w") as file:
        if ENDED.is_set():
            sys.exit()
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=CHECKOUT, **options)
        RUNNING.append(process)
        code = process.wait()
        RUNNING.remove(process)
    return code, path.read_text(errors="replace")


def ended(*_):
    """Take along what runs, and begin nothing more: nobody waits for it."""
    ENDED.set()
    for process in RUNNING:
        process.terminate()
    sys.exit(128 + signal.SIGTERM)


# --- lint ------------------------------------------------------------------------------------
def lint():
    """Run each linter; each counts as one test."""
    tools = Path(sys.executable).parent
    addon = f"{WORK}/addons/{database.ADDON}"
    part = Part("lint")
    for name, command in {
        "ruff check": [tools / "ruff", "check", "."],
        "ruff format": [tools / "ruff", "format", "--check", "."],
        "pylint-odoo": [
            tools / "pylint",
            "--rcfile=.pylintrc",
            "-j2",
            *(
                str(CHECKOUT / folder)
                for folder in (
                    "models",
                    "wizards",
                    "controllers",
                    "hooks.py",
                    "crypto.py",
                    "const.py",
                    "locks.py",
                    "memo.py",
                    "notices.py",
                    "order_numbers.py",
                    "ours.py",
                    "quiet.py",
                    "refusals.py",
                    "said.py",
                    "times.py",
                    "__manifest__.py",
                    "tests",
                )
            ),
        ],
        "rooms": [sys.executable, str(CHECKOUT / "bin/lib/rooms.py")],
        "moves": [sys.executable, str(CHECKOUT / "bin/lib/moves.py")],
        "oca-checks-odoo-module": [tools / "oca-checks-odoo-module", addon],
    }.items():
        code, output = run([str(word) for word in command], f"lint-{name.replace(' ', '-')}")
        part.passed, part.failed = part.passed + (not code), part.failed + bool(code)
        if code:
            part.output += f"--- {name}\n{output}\n"
    return part


# --- pytest ----------------------------------------------------------------------------------
def pytest(name, *paths):
    """Run the tests of a folder with pytest, outside Odoo's test runner."""
    report = LOGS / f"{name}.xml"
    report.unlink(missing_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    code, output = run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--import-mode=importlib",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
            *map(str, paths),
        ],
        name,
    )
    suite = next(ET.parse(report).getroot().iter("testsuite")) if report.exists() else None
    if suite is None:
        return Part(name, failed=1, output=output)
    total, failed = int(suite.get("tests")), int(suite.get("failures")) + int(suite.get("errors"))
    skipped = int(suite.get("skipped"))
    if skipped and os.environ.get("CI"):
        output += f"\n{skipped} tests were skipped, which must not happen here\n"
        failed += skipped
        skipped = 0
    if not total:
        output += "\nno test ran\n"
    failed = failed or bool(code) or not total
    return Part(name, total - int(failed) - skipped, int(failed), output if failed else "")


# --- Odoo ------------------------------------------------------------------------------------
def odoo(name, kind="plain", tags=None, upgrade=True):
    """Run Odoo's tests of the addon on a copy of a template. Where kits and OCA's queue are those run that need them
    (``extra``), and what other apps take part in (``both``); all but ``extra`` run where only the addon is.

    :param bool upgrade: upgrade the addon first: what that has to complain about stands in the log, too.
    """
    plain, extra = f"/{database.ADDON},-extra", f"extra/{database.ADDON},both/{database.ADDON}"
    tags = tags or (extra if kind == "extra" else plain)
    test_database = database.name(f"test_{name}")
    database.copy(database.template(kind), test_database)
    port, gevent = free_ports(2)
    amazon = Amazon.start("--quota", "off")
    try:
        code, output = run(
            database.odoo_command(
                "-d",
                test_database,
                *(("-u", database.ADDON) if upgrade else ()),
                "--stop-after-init",
                "--log-level=info",
                f"--test-tags={tags}",
                f"--http-port={port}",
                f"--gevent-port={gevent}",
                "--max-cron-threads=0",
            ),
            name,
            env={**os.environ, "AMAZON_SIMULATOR": amazon.url},
        )
    finally:
        amazon.stop()
    database.drop(test_database)
    results = re.findall(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", output)
    if not results:
        return Part(name, failed=1, output=output[-6000:])
    failed, errors, total = map(int, results[-1])
    problems = noise(output)
    skipped = re.findall(r".*odoo\.tests.* skipped .*|.*: skipped .*", output)
    bad = failed + errors
    text = "\n".join(problems + skipped)
    if (problems or skipped or code or not total) and not bad:
        bad = 1
        text = text or output[-3000:]
    return Part(name, max(total - bad, 0), bad, text)


def noise(output):
    """Return the log's WARNING and ERROR entries that are ours, with what follows them."""
    entries, keep = [], False
    for line in output.splitlines():
        head = re.match(r"\d{4}-\d\d-\d\d \S+ \d+ (\w+) ", line)
        if head:
            keep = head[1] in ("WARNING", "ERROR", "CRITICAL") and not NOT_OURS.search(line)
        if keep:
            entries.append(line)
    return entries


def pieces(count=3):
    """Divide Odoo's tests by their number; the last piece has all that is in no other, so that none is forgotten.

    :return: the arguments of :func:`odoo` for each piece.
    """
    tests = {}
    for path in sorted((CHECKOUT / "tests").glob("test_*.py")):
        for name, bases, body in TEST_CLASS.findall(path.read_text()):
            # Where one test needs a browser, Odoo makes all bundles first: that stands in one piece.
            if not {"InBrowser", "HttpCase"} & set(bases.split(", ")):
                tests[name] = body.count("\n    def test_")
    divided = [[] for _number in range(count)]
    for name in sorted(tests, key=tests.get, reverse=True):
        min(divided, key=lambda names: sum(map(tests.get, names))).append(name)
    tags = [[f"/{database.ADDON}:{name}" for name in names] for names in divided[:-1]]
    rest = [f"/{database.ADDON}", *(f"-{tag}" for names in tags for tag in names)]
    return [
        (f"odoo_{number}", "plain", ",".join([*own, "-extra"]), number == 1)
        for number, own in enumerate([*tags, rest], 1)
    ]


# --- all of it -------------------------------------------------------------------------------
def timed(part, *arguments):
    """Run one part and note how long it took."""
    started = time.monotonic()
    result = part(*arguments)
    result.seconds = time.monotonic() - started
    return result


def at_once(parts):
    """Run parts, two at a time: whoever is free takes the next."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda part: timed(*part), parts))


def processes(*paths):
    """Run the tests that need real processes and committed databases."""
    os.environ["TEMPLATE_DATABASE"] = database.template()
    return pytest("processes", *(paths or ["tests/processes"]))


# What each name runs, the longest first; but while that makes the database that all others copy, what needs none.
PARTS = {
    "processes": [(processes,)],
    "simulator": [(pytest, "simulator", "simulator/tests")],
    "odoo": [(odoo, *piece) for piece in pieces()],
    "extra": [(odoo, "extra", "extra")],
    "selling_partner": [(pytest, "selling_partner", "selling_partner/tests")],
    "lint": [(lint,)],
}


def chosen(name):
    """Return what a person named."""
    if name in PARTS:
        return PARTS[name]
    path = name.partition("::")[0]
    if "/" in name and (CHECKOUT / path).exists():
        return [(processes, name) if path.startswith("tests/processes") else (pytest, "chosen", name)]
    kind, name = name.split(":", 1) if name.startswith("extra:") else ("plain", name)
    return [(odoo, "chosen", kind, f"/{database.ADDON}:{name}")]


def main():
    """Run, print what failed, and the line that counts."""
    names = sys.argv[1:]
    if names and names[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    signal.signal(signal.SIGTERM, ended)
    try:
        runs = [at_once(chosen(name)) for name in names] or [at_once(chain(*PARTS.values()))]
        parts = list(chain(*runs))
    finally:
        database.stop_server()
    for part in parts:
        if part.output:
            print(part.output)
        print(f"{part.name}: {part.passed} passed, {part.failed} failed in {part.seconds:.0f} s")
    passed, failed = sum(part.passed for part in parts), sum(part.failed for part in parts)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
