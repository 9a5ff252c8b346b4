#!/usr/bin/env bash
# Ends everything that the fault tests have started, once they are gone, however they went: by their end, a panic, a signal.
#
#   guard.sh STATE SERVICES     its standard input is a pipe that the tests hold open as long as they live
set -uo pipefail
state=$1 services=$2

# Ctrl-C is meant for the tests; this has to outlive them.
trap '' INT TERM HUP
read -r _

# Programs under test, those that were stopped by a signal too. A number alone proves nothing: it may be another's by now.
while read -r pid; do
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q '^[^ ]*shopstream '; then kill -KILL "$pid"; fi
done <"$state/programs" 2>/dev/null

SHOPSTREAM_STATE=$state SHOPSTREAM_STOP_TIMEOUT=2 "$services" down
while read -r folder; do
    if ((EUID == 0)); then umount -l "$folder"; else sudo -n umount -l "$folder"; fi
done < <(cut -d ' ' -f 2 /proc/mounts | grep "^$state/")
if [[ -z ${SHOPSTREAM_FAULT_KEEP:-} ]]; then rm -rf "$state"; fi
