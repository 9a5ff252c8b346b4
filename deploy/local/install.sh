# shellcheck shell=bash
# Packages of Debian or Ubuntu, and only those that are missing. Nothing but this needs root.

# What compiling the Rust project needs besides Rust itself.
build_needs() {
    local package
    for package in gcc g++ make pkg-config libssl-dev git; do
        is_installed "$package" || echo "$package"
    done
}

# Kafka's client that is none of ours; tests compare with it.
kcat_needs() { command -v kcat >/dev/null || echo kcat; }

# A browser; a test opens the report in it. `chromium --version` and not the command alone: Ubuntu has one that only names a snap.
chromium_needs() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if "$name" --version >/dev/null 2>&1; then return; fi
    done
    echo chromium
}

# Scrapes the program in a test, with the rules and queries of deploy/; promtool comes along.
prometheus_needs() { if ! command -v prometheus >/dev/null || ! command -v promtool >/dev/null; then echo prometheus; fi; }

# Another clock for a server; a test sets it wrong.
faketime_needs() { is_installed libfaketime || echo libfaketime; }

is_installed() { [[ $(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null) == ii* ]]; }

# install_missing KIND...: kinds are postgres, redis, kafka, kcat, chromium, prometheus, faketime and build.
install_missing() {
    local kind missing=()
    for kind in "$@"; do
        mapfile -t -O "${#missing[@]}" missing < <("${kind}_needs")
    done
    if ((${#missing[@]} > 0)); then
        install_packages "${missing[@]}"
    fi
    if [[ " $* " == *" kafka "* ]]; then
        kafka_install
    fi
}

install_packages() {
    local packages
    command -v apt-get >/dev/null ||
        die "missing: $*. Only Debian and Ubuntu are provided for: please install these in another way."
    if ((EUID == 0)); then
        say "install: $* (apt-get)"
    elif command -v sudo >/dev/null; then
        say "install: $* (apt-get with sudo, which may ask for your password; nothing else here needs it)"
    else
        die "missing: $*. There is no sudo here: let root install these, then try again."
    fi

    : >"$STATE/install.log"
    apt_get update || say "install: the package lists could not be renewed; trying with those at hand"
    mapfile -t packages < <(name_packages "$@")
    hold_system_cluster
    apt_get install --no-install-recommends "${packages[@]}" || {
        release_system_cluster
        tail -n 15 "$STATE/install.log" >&2
        die "apt-get could not install ${packages[*]}. What it says is in $STATE/install.log"
    }
    release_system_cluster
    if [[ " $* " == *" redis-server "* ]]; then stop_system_service redis-server; fi
    if [[ " $* " == *" prometheus "* ]]; then stop_system_service prometheus; fi
}

as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@" \
        >>"$STATE/install.log" 2>&1 </dev/null 9>&-
}

# For `java17+`, the package that this release of Debian or Ubuntu has; its default-jre may be older. Ubuntu's Chromium has
# another name, and comes as a snap.
name_packages() {
    local package version
    for package in "$@"; do
        if [[ $package == java17+ ]]; then
            for version in 21 25 17; do
                package=openjdk-$version-jre-headless
                if [[ -n $(apt-cache search --names-only "^$package\$") ]]; then break; fi
            done
        elif [[ $package == chromium && -z $(apt-cache search --names-only '^chromium$') ]]; then
            package=chromium-browser
        fi
        echo "$package"
    done
}

# PostgreSQL's package makes and starts a cluster on port 5432, which nobody asked for, unless it reads this. A machine
# that has the package already is left as it is. The file goes again: the administrator shall meet no surprise later.
SYSTEM_CLUSTER_CONF=/etc/postgresql-common/createcluster.d/shopstream.conf

hold_system_cluster() {
    as_root install -d "${SYSTEM_CLUSTER_CONF%/*}"
    as_root tee "$SYSTEM_CLUSTER_CONF" >/dev/null <<<'create_main_cluster = false'
}

release_system_cluster() {
    as_root rm -f "$SYSTEM_CLUSTER_CONF"
    as_root rmdir --ignore-fail-on-non-empty -p "${SYSTEM_CLUSTER_CONF%/*}"
}

# The packages of Redis and Prometheus start one each, on ports 6379 and 9090. They have no such setting, so what was just
# installed is stopped again.
stop_system_service() {
    as_root sh -c "service $1 stop; update-rc.d $1 disable" >>"$STATE/install.log" 2>&1 || true
}
