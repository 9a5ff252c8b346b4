# shellcheck shell=bash
# What a trial says: its sections, and each thing that must be so.

BEGIN=$SECONDS
FAILURES=0
title() { printf '\n== %s (%d s)\n' "$*" "$((SECONDS - BEGIN))"; }
pass() { echo "ok    $*"; }
fail() {
    echo "FAIL  $*"
    FAILURES=$((FAILURES + 1))
}
# check TEXT COMMAND...: one thing that must be so.
check() {
    local text=$1
    shift
    if "$@"; then pass "$text"; else fail "$text"; fi
}
# refused COMMAND...: a check that something must not work.
refused() { ! "$@" >/dev/null 2>&1; }
check_within() { # SECONDS TEXT COMMAND...
    local seconds=$1 text=$2 begin=$SECONDS
    shift 2
    if wait_until "$seconds" "$@"; then pass "$text (after $((SECONDS - begin)) s)"; else fail "$text, not within $seconds s"; fi
}
