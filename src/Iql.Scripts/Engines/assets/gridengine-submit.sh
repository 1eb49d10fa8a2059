#!/bin/sh
# Submits {{count}} groups of a sweep to Grid Engine, and a report that runs after them. `iql sweep submit` wrote it; change
# it as you like. Its arguments go to every qsub: -q long.q -P lab
set -eu
cd {{here}}
count={{count}} most=$(qconf -sconf | awk '$1 == "max_aj_tasks" { print $2 }') ids=
[ "${most:-0}" -gt 0 ] || most=$count
chunks=$(((count + most - 1) / most))
# Tasks at a time, shared among the chunks.
throttle=$((({{throttle}} + chunks - 1) / chunks))
trap '[ $? -eq 0 ] || echo "Not everything is submitted. Submitted so far: ${ids:-nothing}" >&2' EXIT

offset=0
while [ "$offset" -lt "$count" ]; do
    size=$((count - offset))
    [ "$size" -le "$most" ] || size=$most
    # A task that h_rt ends does not start again; task.sh tells it to save before that. -notify is for qdel.
    id=$(qsub -terse -N {{name}} -t "1-$size" -tc "$throttle" -wd {{work}} -S /bin/sh -V {{slots}} \
        -l h_rt={{hardSeconds}},mem_free={{megabytes}}M -notify -r y -j y -o {{here}}/out {{options}} "$@" \
        task.sh "$offset")
    ids=$ids,${id%%.*}
    offset=$((offset + size))
done
# It waits for the end of the groups, also of failed ones. It says what is missing.
report=$(qsub -terse -N {{name}}-report -hold_jid "${ids#,}" -wd {{work}} -S /bin/sh -V -l h_rt=3600 -r y -j y \
    -o {{here}}/out {{options}} "$@" report.sh)
echo "jobs ${ids#,}, report $report"
