# shellcheck shell=bash
# The stack of compose.yaml, and what an operator asks it.

# Ports beside those of a stack or of services that may run on this machine.
trial_settings() {
    cat <<EOF
COMPOSE_PROJECT_NAME=shopstream
POSTGRES_PASSWORD=trial-$(head -c 9 /dev/urandom | base64 | tr '+/' '..')
REDIS_PASSWORD=trial-$(head -c 9 /dev/urandom | base64 | tr '+/' '..')
GRAFANA_PASSWORD=trial-$(head -c 9 /dev/urandom | base64 | tr '+/' '..')
READER_PASSWORD=trial-$(head -c 9 /dev/urandom | base64 | tr '+/' '..')
SHOPSTREAM_IMAGE=shopstream:trial
POSTGRES_PORT=17432
REDIS_PORT=17379
KAFKA1_PORT=17092
KAFKA2_PORT=17093
KAFKA3_PORT=17094
KAFKA_UI_PORT=17080
ADMINER_PORT=17081
GRAFANA_PORT=17300
PROMETHEUS_PORT=17090
EOF
}

stack() {
    docker_compose --project-directory "$ROOT/deploy" --env-file "$ENGINE/env" -f "$ROOT/deploy/compose.yaml" \
        --profile analytics "$@"
}

APPLICATIONS=(
    cache-worker redis_monitor producer user-seeder grade-updater
    user-consumer-{1,2,3} product-consumer-{1,2,3} order-consumer-{1,2,3}
)

# The services whose images can be had.
services_at_hand() {
    local service image
    while read -r service image; do
        [[ " ${MISSING[*]} " == *" $image "* ]] || echo "$service"
    done < <(stack config | awk '
        /^services:/ { inside = 1; next } /^[a-z]/ { inside = 0 }
        inside && /^  [a-z0-9-]+:$/ { service = $1; sub(":", "", service) }
        inside && /^    image:/ { print service, $2 }')
}

state() { docker inspect -f '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}unasked{{end}}' "$1" 2>/dev/null; }

# Whether every container is as it should be: healthy, or ended with 0 when it is there to end.
settled() {
    local container
    for container in $(docker ps -a --format '{{.Names}}'); do
        case $container in
            initial-seeder | database-reader | backfill-2025) [[ $(docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$container") == "exited 0" ]] || return 1 ;;
            load) ;;
            *) [[ $(state "$container") == "running healthy" ]] || return 1 ;;
        esac
    done
}

wait_settled() { # SECONDS
    wait_until "$1" settled || {
        docker ps -a --format 'table {{.Names}}\t{{.Status}}' >&2
        fail "not every container became healthy within $1 s"
    }
}

# The program, in a container that runs beside the workers.
shop() { docker exec producer shopstream "$@"; }
sql() { docker exec postgres psql -U shopstream -d shopstream -tAqc "$1"; }
# Over the network, as Grafana does: the socket asks for no password.
as_grafana() {
    docker exec -e PGPASSWORD="$(sed -n 's/^READER_PASSWORD=//p' "$ENGINE/env")" postgres \
        psql -h postgres -U grafana -d shopstream -tAqc "$1"
}
orders() { sql 'SELECT count(*) FROM orders WHERE run_id IS NULL'; }
snapshot() { shop monitor --once --json 2>/dev/null; }
more_orders_than() { (($(orders) > $1)); }
generation() { snapshot | jq '.cache.pool.generation // 0'; }
newer_pool_than() { (($(generation) > $1)); }

# What the groups have not stored, of all topics; nothing while one of them is not known.
lag() { snapshot | jq '[.kafka.groups[].lag] | if any(. == null) then empty else add end'; }
lag_is_near_zero() {
    local lag
    lag=$(lag)
    [[ $lag =~ ^[0-9]+$ ]] && ((lag < 50))
}

# What docker itself calls a crash: `docker kill` would count as the operator's wish, and no restart would follow.
crash() {
    kill -KILL "$(docker inspect -f '{{.State.Pid}}' "$1")"
}

restarts() { docker inspect -f '{{.RestartCount}}' "$1"; }

audit() { shop verify --wait 3m "$@"; }

targets_up() {
    [[ $(curl -fsS "http://127.0.0.1:17090/api/v1/targets?state=active" |
        jq -r '[.data.activeTargets[] | select(.labels.job != "prometheus").health] | "\(length) \(map(select(. == "up")) | length)"') == "14 14" ]]
}
