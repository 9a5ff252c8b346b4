# shellcheck shell=bash disable=SC2034  # used by the other files
# What may be changed, and where everything lies.
#
# A port comes from the environment, else from the last `up` in this checkout, else from here. They are not the
# services' usual ports, so that a PostgreSQL or Redis of the machine's own is never touched.

ROOT=$(cd "$HERE/../.." && pwd -P)
# Another folder is another set of services: tests that kill them have their own. It must be an absolute path.
STATE=${SHOPSTREAM_STATE:-$ROOT/.local}
# The name of this checkout, or of that folder, for what cannot lie inside it.
ROOT_HASH=$(printf %s "${SHOPSTREAM_STATE:-$ROOT}" | sha256sum | cut -c 1-12)
OWNER=$(id -un)
HOST=127.0.0.1
ALL_SERVICES=(postgres redis kafka1 kafka2 kafka3)

remembered_port() { cat "$STATE/$1.port" 2>/dev/null || echo "$2"; }

PG_PORT=${SHOPSTREAM_PG_PORT:-$(remembered_port postgres 15432)}
REDIS_PORT=${SHOPSTREAM_REDIS_PORT:-$(remembered_port redis 16379)}
# The first broker's. The other two follow it, and their controllers stand 100 higher: 19192, 19193, 19194.
KAFKA_PORT=${SHOPSTREAM_KAFKA_PORT:-$(remembered_port kafka 19092)}

# A default for development: the server listens on this machine only. Another one must be set for `up` and `env` alike.
PG_PASSWORD=${SHOPSTREAM_PG_PASSWORD:-shopstream}

# Memory of a broker's heap.
KAFKA_HEAP=${SHOPSTREAM_KAFKA_HEAP:-768m}

# Seconds until a service that was started must answer, and until one that was asked to stop is killed.
START_TIMEOUT=${SHOPSTREAM_START_TIMEOUT:-120}
STOP_TIMEOUT=${SHOPSTREAM_STOP_TIMEOUT:-30}

check_settings() {
    local name
    for name in PG_PORT REDIS_PORT KAFKA_PORT START_TIMEOUT STOP_TIMEOUT; do
        if [[ ! ${!name} =~ ^[1-9][0-9]{0,4}$ ]] || ((${!name} > 65000)); then
            die "SHOPSTREAM_$name is '${!name}': give a whole number from 1 to 65000."
        fi
    done
    [[ $STATE == /* ]] || die "SHOPSTREAM_STATE is '$STATE': give an absolute path."
    [[ $PG_PASSWORD =~ ^[A-Za-z0-9._~-]+$ ]] ||
        die "SHOPSTREAM_PG_PASSWORD may hold letters, digits and . _ ~ - only: it becomes part of DATABASE_URL."
    [[ $KAFKA_HEAP =~ ^[1-9][0-9]*[mg]$ ]] || die "SHOPSTREAM_KAFKA_HEAP is '$KAFKA_HEAP': write it like 768m or 1g."
}

kafka_bootstrap() { echo "$HOST:$KAFKA_PORT,$HOST:$((KAFKA_PORT + 1)),$HOST:$((KAFKA_PORT + 2))"; }

print_env() {
    echo "export DATABASE_URL=postgres://shopstream:$PG_PASSWORD@$HOST:$PG_PORT/shopstream"
    echo "export REDIS_URL=redis://$HOST:$REDIS_PORT"
    echo "export KAFKA_BROKERS=$(kafka_bootstrap)"
}
