#!/bin/sh
# One group: the line of groups.txt with the pod's number, counted from 0.
group=$(sed -n "$((JOB_COMPLETION_INDEX + 1))p" {{here}}/groups.txt)
exec {{program}} sweep run {{folder}} --index "$group"
