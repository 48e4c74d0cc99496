#!/bin/sh
# Everything that can be said about the code without running it. All checks run; one failure fails.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin/python
failed=0

check() {
    name=$1
    shift
    output=$("$@" 2>&1)
    status=$?
    if [ "$status" -eq 0 ]; then
        printf '  ok      %s\n' "$name"
    else
        printf '%s\n  FAILED  %s\n' "$output" "$name"
        failed=1
    fi
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TEST_VAR_DIR="$scratch" DJANGO_SETTINGS_MODULE=cms.settings.test

# The types take as long as all the rest: both at once.
(check "types (mypy)" $bin -m mypy cms courses caravan certificates tests; exit $failed) &
types=$!
check "format (ruff format)" $bin -m ruff format --check --quiet .
check "lint (ruff)" $bin -m ruff check --quiet .
check "layers (import-linter)" .venv/bin/lint-imports --no-cache
check "system check" $bin manage.py check --fail-level WARNING
check "migrations" $bin manage.py makemigrations --check --dry-run
check "templates (djlint)" $bin -m djlint --lint --quiet cms courses caravan certificates
check "translations" $bin deploy/messages.py
wait "$types" || failed=1
exit $failed
