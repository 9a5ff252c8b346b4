# shellcheck shell=bash
# Redis: a cache, so nothing is written to disk.

REDIS_HOME=$STATE/redis

redis_needs() { { command -v redis-server && command -v redis-cli; } >/dev/null || echo redis-server; }
redis_pid_file() { echo "$REDIS_HOME/redis.pid"; }
redis_mark() { echo "$REDIS_HOME/redis.conf"; }
redis_log_files() { echo "$REDIS_HOME/redis.log"; }
redis_port() { echo "$REDIS_PORT"; }
redis_check_ports() { check_port redis "$REDIS_PORT" SHOPSTREAM_REDIS_PORT; }

redis_start() {
    mkdir -p "$REDIS_HOME"
    clear_stale_pid redis
    # The title names this file: the process could not be told from another Redis otherwise.
    cat >"$REDIS_HOME/redis.conf" <<END
bind $HOST
port $REDIS_PORT
dir "$REDIS_HOME"
pidfile "$REDIS_HOME/redis.pid"
logfile "$REDIS_HOME/redis.log"
daemonize yes
proc-title-template "{title} {listen-addr} {config-file}"

save ""
appendonly no
# A pool that is replaced is freed in the background: readers are not held up.
lazyfree-lazy-server-del yes
END
    redis-server "$REDIS_HOME/redis.conf" >>"$REDIS_HOME/redis.log" 2>&1 </dev/null || true
    # It writes its pid file a moment after the command returns.
    must_run redis
}

redis_ready() { [[ $(redis_client PING) == PONG ]]; }

redis_detail() {
    redis_client INFO | tr -d '\r' |
        awk -F: '/^redis_version:/ {v = $2} /^used_memory_human:/ {print "version " v ", memory " $2}'
}

redis_client() { timeout 3 redis-cli -h "$HOST" -p "$REDIS_PORT" "$@" 2>/dev/null; }

redis_stop() {
    signal_and_wait redis TERM "$STOP_TIMEOUT" && return 0
    warn "redis did not stop within $STOP_TIMEOUT s and is killed; a cache refresh fills it again"
    signal_and_wait redis KILL 10
}
