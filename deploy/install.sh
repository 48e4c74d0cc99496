#!/bin/sh
# Bring this clone to where `make run` works: system libraries, .venv, compiled catalogues.
# With the argument "test" also what the suite needs. Run again, it does only what is missing.
set -eu
cd "$(dirname "$0")/.."
. deploy/packages.sh

PYTHON=${PYTHON:-python3}
VENV=.venv/bin/python
PURPOSE=${1:-run}

stop() {
    printf '\n' >&2
    printf '%s\n' "$@" >&2
    exit 1
}

check_python() {
    command -v "$PYTHON" >/dev/null 2>&1 ||
        stop "There is no $PYTHON. Install Python 3.11 or newer, or name one: make run PYTHON=/path/to/python3"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "$PYTHON is $("$PYTHON" --version 2>&1), but Python 3.11 or newer is needed." \
            "Name another one: make run PYTHON=/path/to/python3.11"
}

missing_packages() {
    for package in "$@"; do
        # Ubuntu 24.04 renamed some libraries with the suffix t64, which "provides" the old name.
        dpkg-query -W -f '${db:Status-Status}\n' "$package" "${package}t64" 2>/dev/null |
            grep -q '^installed$' || printf '%s ' "$package"
    done
}

install_packages() {
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    command="apt-get install -y --no-install-recommends $missing"
    if [ "$(id -u)" = 0 ]; then
        as_root="env"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n env"
    else
        stop "These system packages are missing: $missing" \
            "They need an administrator once. Run this, then start again:" \
            "" "    sudo apt-get update && sudo $command"
    fi
    echo "Installing system packages: $missing"
    # A package's own service stays off: while this policy answers 101, nothing starts it.
    policy=/usr/sbin/policy-rc.d
    if [ "$PURPOSE" = test ] && [ ! -e "$policy" ]; then
        trap '$as_root rm -f "$policy"' EXIT
        trap 'exit 130' INT TERM
        $as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
    fi
    { $as_root apt-get update -q && $as_root DEBIAN_FRONTEND=noninteractive $command; } >var/install.log 2>&1 || {
        tail -n 15 var/install.log >&2
        stop "The system packages could not be installed; the lines above say why (all of it: var/install.log)." \
            "Without a network, bring it up once for this first installation, or install them yourself:" \
            "" "    sudo $command"
    }
}

check_system() {
    if ! command -v dpkg-query >/dev/null 2>&1; then
        command -v msgfmt >/dev/null 2>&1 || stop "This is not Debian or Ubuntu: install Pango, HarfBuzz and gettext."
        return 0
    fi
    wanted=$RUN_PACKAGES
    if [ "$PURPOSE" = test ]; then
        wanted="$wanted $TEST_PACKAGES"
        # Ubuntu's package is a snap, which a test cannot drive; there CHROMIUM names a browser.
        if [ -z "${CHROMIUM:-}" ]; then
            if grep -q '^ID=ubuntu' /etc/os-release; then
                echo "MISSING: Chromium. Ubuntu has it only as a snap: set CHROMIUM=/path/to/chrome, or the browser tests are skipped."
            else
                wanted="$wanted chromium"
            fi
        fi
    fi
    "$PYTHON" -c 'import ensurepip' 2>/dev/null || wanted="$wanted python3-venv"
    # shellcheck disable=SC2086
    install_packages $wanted
}

# The stamp names what .venv was made from. Its own place belongs to it: a venv cannot be moved.
wanted_stamp() {
    "$PYTHON" - <<'PY'
import hashlib, os, sys
digest = hashlib.sha256()
for name in ("requirements.lock", "deploy/uv.lock"):
    with open(name, "rb") as file:
        digest.update(file.read())
print(digest.hexdigest(), sys.version.split()[0], os.getcwd())
PY
}

install_venv() {
    stamp=$(PYTHONUTF8=1 wanted_stamp)
    [ "$(cat .venv/installed 2>/dev/null || true)" = "$stamp" ] && return 0
    echo "Installing Python packages into .venv …"
    if ! $VENV -c 'import pip' 2>/dev/null || [ "$(cat .venv/place 2>/dev/null || true)" != "$(pwd)" ]; then
        rm -rf .venv
        "$PYTHON" -m venv .venv || stop "python3 -m venv failed. On Debian and Ubuntu: sudo apt-get install python3-venv"
        pwd >.venv/place
    fi
    {
        $VENV -m pip install -q --disable-pip-version-check --require-hashes -r deploy/uv.lock &&
            $VENV -m uv pip sync -q --system-certs --python $VENV --require-hashes requirements.lock
    } >var/install.log 2>&1 || {
        tail -n 15 var/install.log >&2
        stop "The Python packages could not be installed; the lines above say why (all of it: var/install.log)." \
            "The first installation needs a network; afterwards none. Behind a mirror, name it first:" \
            "" "    export PIP_INDEX_URL=https://mirror.example/simple UV_DEFAULT_INDEX=https://mirror.example/simple"
    }
    printf '%s\n' "$stamp" >.venv/installed
}

compile_catalogues() {
    find cms courses caravan certificates -name '*.po' | while IFS= read -r source; do
        compiled="${source%.po}.mo"
        [ -e "$compiled" ] && [ ! "$source" -nt "$compiled" ] && continue
        msgfmt -o "$compiled" "$source" || stop "$source is not a valid catalogue."
    done
}

mkdir -p var 2>/dev/null && [ -w var ] && [ -w . ] ||
    stop "$(id -un) may not write into $(pwd). Was it made by another user? Give it to yourself: chown -R $(id -un) ."
check_python
check_system
install_venv
compile_catalogues
