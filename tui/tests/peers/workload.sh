#!/bin/sh
# What the peers' lines in this folder tell of; `record.sh` runs it.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
/bin/echo begin
/bin/true
/bin/echo one 'two words' '' 'say "hi"' 'back\slash'
/bin/ls -l --color=auto /nonexistent-directory
env no-such-program -x
/nonexistent/program argument
/etc/passwd argument
/bin/true 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18
/bin/true 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19
/bin/true 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20
/bin/true "$(printf '%0126d' 0)" after
/bin/true "$(printf '%0200d' 0)" after
"${0%/*}/script" with arguments
setpriv --reuid 1000 --clear-groups /bin/id -u
exec /bin/echo end
