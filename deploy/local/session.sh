# shellcheck shell=bash
# What the scripts that build, test, measure and demonstrate share.

say() { echo "$*" >&2; }
step() { say "--- $*"; }
die() {
    say "error: $*"
    exit 1
}

# Where rustup puts it; a shell that was open during the installation does not know yet.
PATH=$PATH:$HOME/.cargo/bin
command -v cargo >/dev/null || die "there is no Rust here: install it as https://rustup.rs says, then try again."

# Starts services unless they run already; those started here are stopped when the script ends, however it ends.
STARTED=()
borrow_services() {
    local service
    trap 'give_back_services' EXIT
    # A signal must end the script through EXIT, or the services would stay.
    trap 'exit 130' INT
    trap 'exit 143' TERM
    for service in "$@"; do
        if runs "$service"; then
            say "$service runs already, and is left running at the end"
        else
            STARTED+=("$service")
            deploy/local/services up "$service"
        fi
    done
    eval "$(deploy/local/services env)"
}

# Services of this checkout keep the ports they run on; ports asked for here are for services yet to be started.
runs() {
    local kind=${1%%[0-9]*}
    case $kind in
        postgres) kind=PG ;;
        redis) kind=REDIS ;;
        kafka) kind=KAFKA ;;
    esac
    env -u "SHOPSTREAM_${kind}_PORT" deploy/local/services status "$1" >/dev/null 2>&1 || return 1
    unset "SHOPSTREAM_${kind}_PORT"
}

# Keeps the script's exit status, or takes the one given; whether a service stops does not decide about a test.
give_back_services() {
    local status=${1:-$?}
    trap '' INT TERM
    ((${#STARTED[@]} == 0)) || deploy/local/services down "${STARTED[@]}" || true
    exit "$status"
}
