#!/bin/sh
# One group: line $1 + the task's number of groups.txt, counted from 1. Exit code 99 makes Grid Engine start it again.
group=$(sed -n "$(($1 + SGE_TASK_ID))p" {{here}}/groups.txt)
echo "$(date '+%F %T') $(hostname) starts group $group, restarted ${RESTARTED:-0}"
exec {{program}} sweep run {{folder}} --index "$group"
