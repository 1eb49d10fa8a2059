#!/bin/sh
# One group: line $1 + the task's number of groups.txt, counted from 1. Exit code 99 makes Grid Engine start it again.
group=$(sed -n "$(($1 + SGE_TASK_ID))p" {{here}}/groups.txt)
echo "$(date '+%F %T') $(hostname) starts group $group, restarted ${RESTARTED:-0}"
# The signal to save, before h_rt. Not by s_rt: the second s_rt of a task on one host ends it for good.
(
    left={{seconds}}
    while [ $left -gt 0 ] && kill -0 $$; do
        sleep 5
        left=$((left - 5))
    done
    [ $left -gt 0 ] || kill -USR1 $$
) >/dev/null 2>&1 &
exec {{program}} sweep run {{folder}} --index "$group"
