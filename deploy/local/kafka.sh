# shellcheck shell=bash
# Kafka: three nodes, each broker and controller (KRaft). The jars come from Maven, in the versions of pom.xml.

KAFKA_HOME=$STATE/kafka
# The checkout's, whatever SHOPSTREAM_STATE says: they are downloaded once.
KAFKA_LIBS=$ROOT/.local/kafka/libs

kafka_needs() {
    find_java >/dev/null || echo java17+
    kafka_has_libs || command -v mvn >/dev/null || echo maven
}
kafka_pid_file() { echo "$KAFKA_HOME/$1/kafka.pid"; }
kafka_mark() { echo "kafka.Kafka $KAFKA_HOME/$1/server.properties"; }
kafka_log_files() { printf '%s\n' "$KAFKA_HOME/$1/logs/server.log" "$KAFKA_HOME/$1/logs/console.log"; }
kafka_port() { echo $((KAFKA_PORT + $1 - 1)); }
kafka_controller_port() { echo $((KAFKA_PORT + $1 + 99)); }
kafka_check_ports() {
    check_port "kafka$1" "$(kafka_port "$1")" SHOPSTREAM_KAFKA_PORT &&
        check_port "kafka$1" "$(kafka_controller_port "$1")" SHOPSTREAM_KAFKA_PORT
}

# Kafka 4 needs Java 17 or later, and the first `java` on the path may be older.
find_java() {
    local java version
    for java in "${JAVA_HOME:+$JAVA_HOME/bin/java}" "$(command -v java)" /usr/lib/jvm/*/bin/java; do
        [[ -x $java ]] || continue
        version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
        if ((${version:-0} >= 17)); then
            echo "$java"
            return
        fi
    done
    return 1
}

# --- jars ------------------------------------------------------------------------------------------------------

kafka_has_libs() { cmp -s "$HERE/pom.xml" "$KAFKA_LIBS/pom.xml"; }

# Downloaded into a folder beside its place. pom.xml is put there last: it says that the rest is whole, and what it is.
kafka_install() {
    local try new=$KAFKA_LIBS.new
    ! kafka_has_libs || return 0
    say "kafka: downloading its jars (about 55 MB) with Maven into $KAFKA_LIBS"
    mkdir -p "${KAFKA_LIBS%/*}"
    for try in 1 2 3; do
        rm -rf "$new"
        if mvn -q -B -f "$HERE/pom.xml" dependency:copy-dependencies -DoutputDirectory="$new" \
            >"$STATE/maven.log" 2>&1 </dev/null && ls "$new"/kafka_2.13-*.jar "$new"/log4j-core-*.jar &>/dev/null; then
            cp "$HERE/pom.xml" "$new/"
            rm -rf "$KAFKA_LIBS"
            mv "$new" "$KAFKA_LIBS"
            return
        fi
        warn "the download failed (try $try of 3)"
        sleep $((try * 2))
    done
    tail -n 15 "$STATE/maven.log" >&2
    die "Kafka's jars could not be downloaded. What Maven says is in $STATE/maven.log"
}

# --- one node --------------------------------------------------------------------------------------------------

# Before the nodes start side by side, because they must agree on it.
kafka_prepare() {
    mkdir -p "$KAFKA_HOME"
    [[ ! -s $KAFKA_HOME/cluster-id ]] || return 0
    # 16 random bytes as Kafka writes them; the first character must not be a dash.
    { printf s && head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22; } >"$KAFKA_HOME/cluster-id"
}

kafka_start() {
    local java dir=$KAFKA_HOME/$1
    java=$(find_java) || die "kafka$1: no Java 17 or later: deploy/local/services install kafka"
    mkdir -p "$dir/logs"
    clear_stale_pid "kafka$1"
    kafka_configure "$1"
    # Every node works in its folder, and says just 'data': Kafka would take a comma in the path for two folders.
    cd "$dir" || exit
    if [[ ! -e $dir/data/meta.properties ]]; then
        say "kafka$1: formatting $dir/data"
        if ! "$java" -cp "$KAFKA_LIBS/*" -Xmx256m -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format \
            --ignore-formatted -t "$(cat "$KAFKA_HOME/cluster-id")" -c "$dir/server.properties" \
            >"$dir/logs/console.log" 2>&1; then
            last_log_lines "kafka$1"
            die "kafka$1: its storage could not be formatted. To begin anew, without topics: rm -rf $KAFKA_HOME/[123]"
        fi
    fi
    # In a session of its own: Ctrl-C in this terminal is not meant for it. The collector is set as in Kafka's scripts.
    setsid "$java" -cp "$KAFKA_LIBS/*" -server -Xms256m "-Xmx$KAFKA_HEAP" -XX:+UseG1GC \
        -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent \
        -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
        "-Dlog4j2.configurationFile=$HERE/log4j2.properties" "-Dshopstream.logs=$dir/logs" \
        kafka.Kafka "$dir/server.properties" >"$dir/logs/console.log" 2>&1 </dev/null &
    echo $! >"$dir/kafka.pid"
    must_run "kafka$1"
}

kafka_configure() {
    local n voters=''
    for n in 1 2 3; do
        voters+=${voters:+,}$n@$HOST:$(kafka_controller_port "$n")
    done
    cat >"$KAFKA_HOME/$1/server.properties" <<END
$(cat "$HERE/kafka.properties")

node.id=$1
listeners=BROKER://$HOST:$(kafka_port "$1"),CONTROLLER://$HOST:$(kafka_controller_port "$1")
advertised.listeners=BROKER://$HOST:$(kafka_port "$1")
controller.quorum.voters=$voters
log.dirs=data
END
}

# A node is ready when it answers and knows each of the nodes that run.
kafka_ready() { (($(kafka_brokers_seen "$1") >= $(kafka_nodes_running))); }

kafka_detail() { echo "sees $(kafka_brokers_seen "$1") of 3 brokers"; }

kafka_nodes_running() {
    local n count=0
    for n in 1 2 3; do
        if running "kafka$n"; then count=$((count + 1)); fi
    done
    echo "$count"
}

# How many brokers a node knows to be alive. Asked in the protocol itself, as a Java program would take two seconds: a
# Metadata request, version 4, for no topic. Its bytes: length 15; API key 3, version 4, correlation id 0; no client id;
# no topics; create none. The answer begins with length, correlation id, throttle time, number of brokers, 4 bytes each.
kafka_brokers_seen() {
    local answer
    answer=$(
        exec 2>/dev/null 3<>"/dev/tcp/$HOST/$(kafka_port "$1")" || exit
        printf '\0\0\0\17\0\3\0\4\0\0\0\0\377\377\0\0\0\0\0' >&3
        timeout 3 head -c 16 <&3 | od -An -v -tu1 -w16
    ) || true
    awk '{ count = $16 } END { print count + 0 }' <<<"$answer"
}

kafka_stop() {
    signal_and_wait "kafka$1" TERM "$STOP_TIMEOUT" && return 0
    warn "kafka$1 did not stop within $STOP_TIMEOUT s and is killed; it recovers at its next start"
    signal_and_wait "kafka$1" KILL 10
}
