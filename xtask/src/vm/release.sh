#!/bin/sh
# What a release's program has to do on a kernel; told as the test program tells its tests.
. /etc/vm
told=/tmp/told
failed=0

trial() {
    printf 'test release::%s ... ' "$1"
    if "$1" >/tmp/said 2>&1; then
        echo ok
    else
        cat /tmp/said
        echo FAILED
        failed=101
    fi
}

# Fails, with all that was told, unless a line has this.
is_told() {
    grep -q "$1" "$told" && return
    echo "not told: $1"
    cat "$told"
    return 1
}

says_its_version() {
    "$PRODUCT" --version >"$told" && is_told '^execsnoop-tui [0-9]'
}

shows_a_made_up_machine() {
    "$PRODUCT" --demo -o ndjson --count 1000 >"$told" && test "$(grep -c '"event":"exec"' "$told")" = 1000
}

captures_a_command_and_ends_as_it_does() {
    "$PRODUCT" -o ndjson -- /bin/sh -c '/bin/true marker; /nonexistent/program; exit 7' >"$told"
    test $? = 7 &&
        is_told '"event":"start"' &&
        is_told '"event":"exec".*"args":\["/bin/true","marker"\]' &&
        is_told '"event":"exec".*"filename":"/nonexistent/program".*"error":"ENOENT"' &&
        is_told '"event":"exit".*"exit_code":7,' &&
        is_told '"event":"end".*"lost":0,'
}

records_and_replays() {
    "$PRODUCT" -w /tmp/recording.zst -- /bin/true recorded &&
        "$PRODUCT" -r /tmp/recording.zst -o ndjson >"$told" &&
        is_told '"args":\["/bin/true","recorded"\]'
}

trial says_its_version
trial shows_a_made_up_machine
trial captures_a_command_and_ends_as_it_does
trial records_and_replays
exit "$failed"
