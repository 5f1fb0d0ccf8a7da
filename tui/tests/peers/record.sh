#!/bin/sh
# Records one run of `workload.sh` with this tool, and at the same time with peers under each of their flags:
#   sudo record.sh FOLDER EXECSNOOP-TUI PEER..
# leaves in FOLDER `recording.ndjson` and for each peer `NAME.txt`: its lines of the workload, behind
# `$ execsnoop FLAGS`.
set -eu
out=$1 tui=$2 here=$(dirname "$0")
shift 2
rm -f "$out"/*

told() {
    i=0
    while [ ! -s "$1" ]; do
        i=$((i + 1))
        [ $i -lt 6000 ] || { echo "$1 is empty after ten minutes" >&2; exit 1; }
        sleep 0.1
    done
}

all=
for peer in "$@"; do
    while read -r flags; do
        lines=$out/${peer##*/}$flags
        # shellcheck disable=SC2086 # they are words
        PYTHONUNBUFFERED=1 stdbuf -oL "$peer" $flags >"$lines" &
        all="$all $!"
    done <"$here/flags"
done
for peer in "$@"; do
    while read -r flags; do told "$out/${peer##*/}$flags"; done <"$here/flags"
done
"$tui" -x -o ndjson >"$out/all.ndjson" &
all="$all $!"
told "$out/all.ndjson"
taskset 1 sh "$here/workload.sh" >/dev/null 2>&1 &
workload=$!
wait $workload || true
sleep 5
for pid in $all; do kill -TERM "$pid" || true; done
sleep 3
grep -v '"comm":"sleep"' "$out/all.ndjson" >"$out/recording.ndjson"
rm "$out/all.ndjson"
for peer in "$@"; do
    while read -r flags; do
        lines=$out/${peer##*/}$flags
        echo "\$ execsnoop $flags"
        grep -E "^(TIME|UID|PCOMM) |[^0-9]$workload[^0-9]" "$lines"
        rm "$lines"
    done <"$here/flags" >"$out/${peer##*/}.txt"
done
