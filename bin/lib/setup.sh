# Sourced by every command in bin/: finds or builds the environment the project runs in.
#
# What is heavy (Odoo, the Python environment, the PostgreSQL cluster) stands once per machine in
# $SALE_AMAZON_HOME (default ~/.cache/sale_amazon_spapi) and is shared by all checkouts; what must
# not be shared (addons link, database names, data directory) is named after the checkout's path.
#
# An Odoo 19 that is already installed is used: ODOO_BIN=/path/to/odoo, or `odoo` on the PATH.
set -euo pipefail

CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
ADDON=sale_amazon_spapi
PREFIX=${SALE_AMAZON_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/$ADDON}
CHECKOUT_ID=$(printf %s "$CHECKOUT" | sha256sum | cut -c1-8)
WORK=$PREFIX/checkouts/$CHECKOUT_ID
VENV=$PREFIX/python
ODOO_ROOT=$PREFIX/odoo

say() { printf '\033[1m%s\033[0m\n' "· $*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# --- Debian packages -------------------------------------------------------------------------
install_debian_packages() {
    local missing=() package
    for package in postgresql chromium fonts-noto-cjk python3-venv python3-dev gcc libpq-dev libmagic1 gettext; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || die "install PostgreSQL and Chromium first (no apt-get on this machine)"
    local sudo=
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || die "please run: sudo apt-get install ${missing[*]}"
        sudo=sudo
    fi
    say "installing ${missing[*]}"
    $sudo apt-get update -qq
    # Debian would start a cluster of its own on 5432; ours is private.
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >"$PREFIX/apt.log" 2>&1 || { tail -20 "$PREFIX/apt.log" >&2; die "apt-get failed"; }
}

# Slips as PDF. Debian has no wkhtmltopdf any more in its newer releases, and everything else works without it.
install_for_printing() {
    command -v wkhtmltopdf >/dev/null && return
    local sudo=
    [ "$(id -u)" -eq 0 ] || sudo="sudo -n"
    if command -v apt-get >/dev/null && [ -n "$(apt-cache search --names-only '^wkhtmltopdf$' 2>/dev/null)" ]; then
        say "installing wkhtmltopdf, which prints"
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wkhtmltopdf \
            >"$PREFIX/apt.log" 2>&1 && return
    fi
    say "wkhtmltopdf is not installed: what is printed shows as a page in the browser instead of a PDF"
}

# --- Odoo ------------------------------------------------------------------------------------
# Debian carries Odoo 19 in sid as one architecture-independent package. Installing it would pull
# sid's Python in, so it is only unpacked, with a private apt configuration that this machine's own
# does not see. The mirror is the one this machine is configured with.
fetch_odoo() {
    [ -e "$ODOO_ROOT/.complete" ] && return
    say "fetching Odoo 19 (123 MB, unpacks to 1.2 GB)"
    local apt=$PREFIX/apt mirror suite
    rm -rf "$ODOO_ROOT" "$apt"
    mkdir -p "$ODOO_ROOT" "$apt"/{lists/partial,archives/partial,stable}
    mirror=$(apt-get indextargets --format '$(SITE) $(ORIGIN) $(LABEL)' 2>/dev/null |
        awk '$2 == "Debian" && $3 == "Debian" {print $1; exit}')
    [ -n "$mirror" ] || mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 | tr -d ' ')
    [ -n "$mirror" ] || die "no Debian mirror is configured here; install Odoo 19 and set ODOO_BIN"
    (cd "$apt/stable" && apt-get download -qq fonts-font-awesome >/dev/null)
    for suite in sid forky trixie; do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
        local private=(-o Dir::State::Lists="$apt/lists" -o Dir::Etc::SourceList="$apt/sources.list"
            -o Dir::Etc::SourceParts=/dev/null -o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives"
            -o APT::Sandbox::User="" -o Acquire::Languages=none)
        apt-get "${private[@]}" update -qq || continue
        if (cd "$apt/archives" && apt-get "${private[@]}" download -qq odoo-19 libjs-jquery libjs-jquery-form \
            libjs-underscore fonts-roboto-unhinted fonts-montserrat fonts-inconsolata fonts-ocr-b); then
            break
        fi
    done
    local deb
    ls "$apt"/archives/odoo-19*.deb >/dev/null 2>&1 || die "the Debian mirror has no odoo-19; install Odoo 19 and set ODOO_BIN"
    for deb in "$apt"/archives/*.deb "$apt"/stable/*.deb; do dpkg-deb -x "$deb" "$ODOO_ROOT"; done
    # Stripped by Debian; without it every page logs a console error and no browser tour passes.
    local selfie=$ODOO_ROOT/usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation
    mkdir -p "$selfie" && touch "$selfie/selfie_segmentation.js"
    rm -rf "$apt"
    touch "$ODOO_ROOT/.complete"
}

# --- Python ----------------------------------------------------------------------------------
find_odoo() {
    ODOO_BIN=${ODOO_BIN:-$(command -v odoo || true)}
    [ -n "$ODOO_BIN" ] || return 1
    local interpreter
    interpreter=$(sed -n '1s/^#! *//p' "$ODOO_BIN" | sed 's#^/usr/bin/env *##')
    ODOO_PYTHON=$(command -v "${interpreter%% *}" || true)
    [ -n "$ODOO_PYTHON" ] || die "$ODOO_BIN names no Python interpreter in its first line"
    "$ODOO_PYTHON" "$ODOO_BIN" --version 2>/dev/null | grep -q ' 19\.' || die "$ODOO_BIN is not an Odoo 19"
}

build_venv() {
    local own=("$CHECKOUT/requirements.txt" "$CHECKOUT/bin/lib/requirements-test.txt") wanted base=${ODOO_PYTHON:-}
    [ -n "$base" ] || own+=("$CHECKOUT/bin/lib/requirements-odoo.txt")
    wanted=$(cat "${own[@]}" | sha256sum | cut -c1-16)-${base:-own}
    [ "$(cat "$VENV/.wanted" 2>/dev/null)" = "$wanted" ] && return
    say "installing Python packages"
    if [ ! -x "$VENV/bin/python" ]; then
        # Debian's Python is built for speed, unlike what a version manager compiles and puts first on the PATH.
        "${base:-$(PATH=/usr/bin:$PATH command -v python3)}" -m venv "$VENV"
    fi
    if [ -n "$base" ]; then
        "$base" -c 'import site; print("\n".join(site.getsitepackages()))' \
            >"$("$VENV/bin/python" -c 'import site; print(site.getsitepackages()[0])')/existing-odoo.pth"
    fi
    local arguments=() file
    for file in "${own[@]}"; do arguments+=(-r "$file"); done
    "$VENV/bin/pip" install -q "${arguments[@]}" >"$PREFIX/pip.log" 2>&1 ||
        { tail -20 "$PREFIX/pip.log" >&2; die "pip failed, see $PREFIX/pip.log"; }
    # OCA's queue_job declares Odoo itself as a dependency, which no index has.
    "$VENV/bin/pip" install -q --no-deps -r "$CHECKOUT/bin/lib/requirements-oca.txt" >>"$PREFIX/pip.log" 2>&1 ||
        { tail -20 "$PREFIX/pip.log" >&2; die "pip failed, see $PREFIX/pip.log"; }
    echo "$wanted" >"$VENV/.wanted"
}

# --- PostgreSQL ------------------------------------------------------------------------------
# A private cluster; PostgreSQL refuses to run as root, so root runs it as `postgres`.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

start_postgres() {
    local data=$PREFIX/postgres bin
    bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
    [ -n "$bin" ] || bin=$(dirname "$(command -v pg_ctl || echo /nowhere/pg_ctl)")
    [ -x "$bin/initdb" ] || die "PostgreSQL's server programs are missing"
    if [ ! -e "$data/PG_VERSION" ]; then
        say "making a private PostgreSQL cluster"
        mkdir -p "$data"
        [ "$(id -u)" -eq 0 ] && chown postgres "$data"
        if [ "$(id -u)" -eq 0 ]; then open_path "$data"; fi
        as_postgres "$bin/initdb" -D "$data" -U odoo --auth=trust -E UTF8 --locale=C.UTF-8 >"$PREFIX/initdb.log"
        cat <<CONF | as_postgres tee -a "$data/postgresql.conf" >/dev/null
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 512MB
CONF
        "$VENV/bin/python" "$CHECKOUT/bin/lib/ports.py" 1 >"$PREFIX/pgport"
    fi
    PGPORT=$(cat "$PREFIX/pgport")
    if ! as_postgres "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; then
        # Someone else may have taken the port since the last start.
        if ! "$VENV/bin/python" "$CHECKOUT/bin/lib/ports.py" --is-free "$PGPORT"; then
            PGPORT=$("$VENV/bin/python" "$CHECKOUT/bin/lib/ports.py" 1)
            echo "$PGPORT" >"$PREFIX/pgport"
        fi
        as_postgres "$bin/pg_ctl" -D "$data" -w -t 60 -o "-p $PGPORT" -l "$data/server.log" start >/dev/null 9>&- ||
            die "PostgreSQL does not start, see $data/server.log"
        # Whoever started it stops it, see database.stop_server().
        export POSTGRES_STARTED_HERE=1
    fi
    POSTGRES_STOP="$bin/pg_ctl -D $data -m fast stop"
    [ "$(id -u)" -eq 0 ] && POSTGRES_STOP="runuser -u postgres -- $POSTGRES_STOP"
    export POSTGRES_STOP
    export PGHOST=127.0.0.1 PGPORT PGUSER=odoo PGDATABASE=postgres
    PATH=$bin:$PATH
}

# `postgres` must be able to walk to the cluster when the prefix lies in root's home.
open_path() {
    local path=$1
    while [ "$path" != / ]; do
        path=$(dirname "$path")
        runuser -u postgres -- test -x "$path" || chmod o+x "$path"
    done
}

# --- all of it -------------------------------------------------------------------------------
setup() {
    mkdir -p "$PREFIX" "$WORK/addons" "$WORK/data"
    exec 9>"$PREFIX/.lock"
    flock 9
    install_debian_packages
    if find_odoo; then
        ODOO=("$VENV/bin/python" "$ODOO_BIN")
    else
        fetch_odoo
        ODOO=("$VENV/bin/python" -m odoo)
        export PYTHONPATH=$ODOO_ROOT/usr/lib/python3/dist-packages${PYTHONPATH:+:$PYTHONPATH}
    fi
    build_venv
    start_postgres
    flock -u 9
    exec 9>&-
    # The link stays outside the checkout: Odoo's translation export follows links.
    ln -sfn "$CHECKOUT" "$WORK/addons/$ADDON"
    ADDONS_PATH=$WORK/addons
    local oca
    oca=$("$VENV/bin/python" -c 'import site; print(site.getsitepackages()[0])')/odoo/addons
    [ -d "$oca" ] && ADDONS_PATH+=,$oca
    export CHECKOUT CHECKOUT_ID WORK ADDONS_PATH PREFIX
    export ODOO_COMMAND="${ODOO[*]}"
    export PYTHON=$VENV/bin/python
    # Odoo's 70 addons take seconds to compile, at each start; the checkout stays free of what is compiled.
    export PYTHONPYCACHEPREFIX=$PREFIX/compiled
    # Where this is set, Python looks for what is compiled in that folder only, and puts nothing there.
    unset PYTHONDONTWRITEBYTECODE
}
