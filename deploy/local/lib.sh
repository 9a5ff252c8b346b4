# shellcheck shell=bash
# Messages, processes, ports and waiting: what every service needs.
#
# A service is a file with functions of its name: KIND_needs (packages to install), KIND_pid_file, KIND_mark (what only
# our process has on its command line), KIND_log_files, KIND_port (where it answers), KIND_start, KIND_ready, KIND_stop.

say() { echo "$*" >&2; }
warn() { say "warning: $*"; }
die() {
    say "error: $*"
    exit 1
}

# call VERB SERVICE: the function of that service, `postgres_VERB`, or `kafka_VERB 2` for kafka2.
call() {
    local kind=${2%%[0-9]*}
    "${kind}_$1" "${2#"$kind"}"
}

# --- processes -------------------------------------------------------------------------------------------------

# pid_of SERVICE: its process, if it runs. A number in a pid file proves nothing: it outlives a crash or a restart of
# the machine, and may be another program's by then. So the process must name our own files on its command line.
pid_of() {
    local file pid
    file=$(call pid_file "$1")
    pid=$(pid_in "$file")
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    command_line "$pid" | grep -qF -- "$(call mark "$1")" && echo "$pid"
}

pid_in() { head -n 1 "$1" 2>/dev/null || true; }

# Nothing for a process that is gone, and for a zombie.
command_line() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true; }

running() { pid_of "$1" >/dev/null; }

# For a process that was just started: its command line may not be its own yet, and its pid file may come late.
must_run() {
    wait_until 5 running "$1" && return
    last_log_lines "$1"
    die "$1 ended while starting; its log says why: deploy/local/services logs $1"
}

not() { ! "$@"; }

# Is there a pid file without the process that it promises?
stale() { [[ -e $(call pid_file "$1") ]] && ! running "$1"; }

clear_stale_pid() {
    local file pid
    stale "$1" || return 0
    file=$(call pid_file "$1")
    pid=$(pid_in "$file")
    if [[ $pid =~ ^[0-9]+$ && -n $(command_line "$pid") ]]; then
        say "$1: removed a stale pid file, $file: process $pid is another program"
    else
        say "$1: removed a stale pid file, $file: process ${pid:-(none)} is gone (killed, or the machine restarted)"
    fi
    rm -f "$file"
}

# signal_and_wait SERVICE SIGNAL SECONDS
signal_and_wait() {
    local pid
    pid=$(pid_of "$1") || return 0
    kill "-$2" "$pid" 2>/dev/null || true
    wait_until "$3" not running "$1"
}

# wait_until SECONDS COMMAND...: polls five times a second.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.2
    done
}

# --- ports -----------------------------------------------------------------------------------------------------

port_open() { (: <"/dev/tcp/$HOST/$1") 2>/dev/null; }

# Who listens on a port, as far as we may see it: other users' processes are hidden from an ordinary user.
port_holder() {
    local pid
    pid=$(ss -Hltnp "sport = :$1" 2>/dev/null | grep -o 'pid=[0-9]*' | head -n 1 | cut -d= -f2 || true)
    if [[ -n $pid ]]; then
        echo "process $pid of $(stat -c %U "/proc/$pid"): $(command_line "$pid" | cut -c 1-160)"
    else
        echo "a process that $OWNER may not see (sudo ss -ltnp 'sport = :$1' tells)"
    fi
}

# check_port SERVICE PORT VARIABLE: before a start, so that nobody has to find it in a log.
check_port() {
    port_open "$2" || return 0
    say "error: $1 cannot start: port $2 is taken by $(port_holder "$2")"
    say "       Stop that process, or use another port: $3=NUMBER make up"
    return 1
}

# --- logs ------------------------------------------------------------------------------------------------------

last_log_lines() {
    local file
    while read -r file; do
        if [[ -s $file ]]; then
            say "--- the end of $file"
            # What comes last is often how everything was closed: the cause stands above it.
            tail -n 400 "$file" | head -n -15 | grep -m 3 -E 'ERROR|FATAL|Address already in use' >&2 || true
            tail -n 15 "$file" >&2
        fi
    done < <(call log_files "$1")
}
