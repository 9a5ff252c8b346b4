# shellcheck shell=bash
# PostgreSQL: a server of this checkout's own, with the role and the database `shopstream`.

# The server refuses to run as root; it runs then as the user that Debian's package makes.
if ((EUID == 0)); then PG_USER=postgres; else PG_USER=$OWNER; fi

# Runs a command as that user, in a folder where that user may be.
as_pg() {
    if ((EUID == 0)); then
        (cd / && runuser -u "$PG_USER" -- "$@")
    else
        (cd / && "$@")
    fi
}

# Data, socket and log lie under .local/, unless that user cannot get there (a checkout under /root, or in a private
# home). Not in /var/tmp then, which some systems sweep of old files.
PG_FALLBACK=/var/lib/shopstream-$ROOT_HASH

# Once here, and again when the package, and so the user, has been installed.
pg_locate() {
    PG_HOME=$STATE/postgres
    if ((EUID == 0)) && id "$PG_USER" &>/dev/null && ! as_pg test -x "${STATE%/*}"; then
        PG_HOME=$PG_FALLBACK
    fi
    PG_DATA=$PG_HOME/data
    # A socket's path ends at 107 bytes, of which its name takes 16; odd characters would need quoting in the settings.
    PG_SOCKET_DIR=$PG_HOME/socket
    if ((${#PG_SOCKET_DIR} > 90)) || [[ ! $PG_SOCKET_DIR =~ ^[A-Za-z0-9/._-]+$ ]]; then
        PG_SOCKET_DIR=/tmp/shopstream-$ROOT_HASH
    fi
}
pg_locate

postgres_needs() { [[ -n $(pg_newest_bin) ]] || echo postgresql; }
postgres_pid_file() { echo "$PG_DATA/postmaster.pid"; }
postgres_mark() { echo "postgres -D $PG_DATA"; }
postgres_log_files() { echo "$PG_HOME/server.log"; }
postgres_port() { echo "$PG_PORT"; }
postgres_check_ports() { check_port postgres "$PG_PORT" SHOPSTREAM_PG_PORT; }

pg_newest_bin() {
    find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' 2>/dev/null | sort -V | tail -n 1
}

# The programs of the version that made the data; before there are any, the newest.
pg_bin() {
    local version dir
    if version=$(cat "$PG_DATA/PG_VERSION" 2>/dev/null); then
        dir=/usr/lib/postgresql/$version/bin
        [[ -x $dir/postgres ]] || die "$PG_DATA was made by PostgreSQL $version, which is not installed:" \
            "install postgresql-$version, or remove that folder to begin anew."
    else
        dir=$(pg_newest_bin)
    fi
    echo "$dir"
}

postgres_start() {
    local bin fresh=''
    bin=$(pg_bin)
    [[ $PG_HOME != "$PG_FALLBACK" ]] ||
        say "postgres: the user $PG_USER, who has to run it, cannot enter ${STATE%/*}, so its files are in $PG_HOME"
    [[ $PG_SOCKET_DIR == "$PG_HOME"/* ]] ||
        say "postgres: a socket's path would be too long in $PG_HOME, so it is in $PG_SOCKET_DIR"
    pg_make_dir "$PG_HOME"
    pg_make_dir "$PG_SOCKET_DIR"
    # Backends end by themselves when their server was killed; a new server must not meet them.
    wait_until 10 not pg_has_processes ||
        die "processes of an earlier server are still at work in $PG_DATA: end them first."
    clear_stale_pid postgres
    rm -f "$PG_SOCKET_DIR"/.s.PGSQL.*

    if [[ ! -e $PG_DATA ]]; then
        fresh=yes
        pg_create_cluster
    fi
    pg_configure
    if ! as_pg "$bin/pg_ctl" start -w -t "$START_TIMEOUT" -D "$PG_DATA" -l "$PG_HOME/server.log" >/dev/null; then
        last_log_lines postgres
        die "postgres did not start; its log says why. To begin anew, without its data: rm -rf $PG_DATA"
    fi
    if [[ -n $fresh ]]; then pg_create_database; else postgres_mend; fi
}

# For a server that runs: another password is wished for, or somebody dropped the database.
postgres_mend() {
    ! pg_answers || pg_lets_us_in || pg_create_database
}

pg_has_processes() { find /proc/[0-9]*/cwd -maxdepth 0 -lname "$PG_DATA*" 2>/dev/null | grep -q .; }

# The server's user's own, and closed to others. Never what somebody else put there: /tmp is everybody's.
pg_make_dir() {
    if [[ ! -e $1 && ! -L $1 ]]; then
        install -d -m 700 -o "$PG_USER" "$1"
    elif [[ -L $1 || $(stat -c %U "$1") != "$PG_USER" ]]; then
        die "$1 does not belong to $PG_USER, who runs PostgreSQL here: remove it, then try again."
    fi
}

# Made beside its place and moved there when whole, so that an interruption leaves nothing half-made.
pg_create_cluster() {
    say "postgres: creating a cluster in $PG_DATA"
    rm -rf "$PG_DATA.new"
    # The superuser `postgres` comes in through the socket only, and only as the user who runs the server.
    if ! as_pg "$(pg_bin)/initdb" -D "$PG_DATA.new" -U postgres -E UTF8 --locale=C.UTF-8 \
        --auth-local=peer --auth-host=scram-sha-256 >"$STATE/initdb.log" 2>&1; then
        cat "$STATE/initdb.log" >&2
        die "initdb failed."
    fi
    mv "$PG_DATA.new" "$PG_DATA"
}

pg_configure() {
    as_pg tee "$PG_DATA/pg_hba.conf" >/dev/null <<END
local all postgres              peer map=owner
host  all all      127.0.0.1/32 scram-sha-256
END
    as_pg tee "$PG_DATA/pg_ident.conf" >/dev/null <<<"owner \"$PG_USER\" postgres"
    as_pg tee "$PG_DATA/shopstream.conf" >/dev/null <<END
$(cat "$HERE/postgresql.conf")

port = $PG_PORT
unix_socket_directories = '$PG_SOCKET_DIR'
unix_socket_permissions = 0700
END
    grep -q "^include 'shopstream.conf'" "$PG_DATA/postgresql.conf" ||
        as_pg tee -a "$PG_DATA/postgresql.conf" >/dev/null <<<"include 'shopstream.conf'"
}

# No superuser, but it may make databases: tests need their own.
pg_create_database() {
    say "postgres: making sure of the role and the database 'shopstream'"
    as_pg "$(pg_bin)/psql" -X -q -v ON_ERROR_STOP=1 -h "$PG_SOCKET_DIR" -p "$PG_PORT" -U postgres -d postgres <<END
SELECT 'CREATE ROLE shopstream' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shopstream') \gexec
ALTER ROLE shopstream LOGIN NOSUPERUSER CREATEDB PASSWORD '$PG_PASSWORD';
SELECT 'CREATE DATABASE shopstream OWNER shopstream'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'shopstream') \gexec
END
}

# What counts is what a client meets: the address, the role and the password of DATABASE_URL.
postgres_ready() { pg_answers && pg_lets_us_in; }

pg_answers() { "$(pg_bin)/pg_isready" -q -t 2 -h "$HOST" -p "$PG_PORT"; }

pg_lets_us_in() { [[ $(pg_query 'SELECT 1' 2>/dev/null) == 1 ]]; }

postgres_detail() {
    pg_query "SELECT 'version ' || current_setting('server_version_num')::int / 10000
                  || ', database of ' || pg_size_pretty(pg_database_size('shopstream'))"
}

pg_query() {
    PGPASSWORD=$PG_PASSWORD PGCONNECT_TIMEOUT=2 \
        "$(pg_bin)/psql" -XAtq -w -h "$HOST" -p "$PG_PORT" -U shopstream -d shopstream -c "$1"
}

# "Fast" (INT) ends the sessions and writes a checkpoint; "immediate" (QUIT) leaves recovery to the next start.
postgres_stop() {
    signal_and_wait postgres INT "$STOP_TIMEOUT" && return 0
    warn "postgres did not stop within $STOP_TIMEOUT s: stopped at once; it recovers at its next start"
    signal_and_wait postgres QUIT 10
}
