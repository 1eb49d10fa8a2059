#!/bin/sh
# One group: line $1 + the task's number of groups.txt, counted from 0. $2 says who requeues a task that had to stop.
group=$(sed -n "$(($1 + SLURM_ARRAY_TASK_ID + 1))p" {{here}}/groups.txt)
echo "$(date '+%F %T') $(hostname) starts group $group, requeued ${SLURM_RESTART_COUNT:-0} times"
run() { exec {{program}} sweep run {{folder}} --index "$group"; }
# The signals of Slurm go to the batch shell alone, so the program takes its place.
[ "$2" = task ] || run
run &
child=$! told=yes requeue=
trap 'told=yes; kill -TERM $child' TERM
trap 'told=yes requeue=yes; kill -TERM $child' USR1
while [ $told ]; do
    told=
    wait $child
    code=$?
done
# The limit is near. A task that was cancelled stays cancelled.
if [ $requeue ] && [ $code -eq 75 ]; then scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"; fi
exit $code
