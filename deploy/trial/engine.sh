# shellcheck shell=bash
# A Docker engine of the trial's own: its socket, images, containers and volumes lie in a folder that goes with it, so that
# nobody's own are touched. Its networks are the kernel's, like any engine's.

ENGINE=${SHOPSTREAM_TRIAL:-/var/tmp/shopstream-trial}
ENGINE_STARTED=0

engine_needs() {
    local package missing=()
    for package in docker.io debootstrap iptables jq curl procps; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    docker_compose version >/dev/null 2>&1 || missing+=(docker-compose)
    ((${#missing[@]} == 0)) || {
        say "install: ${missing[*]} (apt-get)"
        # A package of an engine would start one at once, beside the trial's own.
        local policy=/usr/sbin/policy-rc.d made=0
        [[ -e $policy ]] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1; }
        apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
            "${missing[@]}" >"$ENGINE/install.log" 2>&1 || {
            ((made == 0)) || rm -f "$policy"
            die "apt-get could not install them: $ENGINE/install.log"
        }
        ((made == 0)) || rm -f "$policy"
    }
}

# Compose's second version where it is there, else the first, which Debian has.
docker_compose() {
    if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi
}

engine_up() {
    ((EUID == 0)) || die "an engine can only be started by root: sudo make test-compose"
    # Two engines write the same chains of the kernel's firewall: the second would cut the first one's containers off.
    ! pgrep -x dockerd >/dev/null || die "another Docker engine runs here: stop it while the trial runs (systemctl stop docker docker.socket)"
    mkdir -p "$ENGINE"
    # Debian's client first: it builds with BuildKit without a plugin.
    export DOCKER_HOST=unix://$ENGINE/docker.sock DOCKER_BUILDKIT=1 PATH=/usr/bin:$PATH
    engine_needs
    engine_start
}

engine_start() {
    # In a session of its own: Ctrl-C is for the trial, which then stops the engine in order.
    ENGINE_STARTED=1
    setsid dockerd --data-root "$ENGINE/data" --exec-root "$ENGINE/run" --pidfile "$ENGINE/docker.pid" \
        --host "$DOCKER_HOST" >>"$ENGINE/docker.log" 2>&1 </dev/null &
    wait_until 60 docker info >/dev/null 2>&1 || {
        tail -n 15 "$ENGINE/docker.log" >&2
        die "the Docker engine did not start: $ENGINE/docker.log"
    }
}

engine_stop() {
    local pid
    pid=$(cat "$ENGINE/docker.pid" 2>/dev/null) || return 0
    kill "$pid" 2>/dev/null || return 0
    wait_until 60 engine_gone "$pid" || kill -KILL "$pid"
}
engine_gone() { ! kill -0 "$1" 2>/dev/null; }
