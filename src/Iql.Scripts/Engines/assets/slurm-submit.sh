#!/bin/sh
# Submits {{count}} groups of a sweep to Slurm, and a report that runs after them. `iql sweep submit` wrote it; change it
# as you like. Its arguments go to every sbatch: --partition=long --account=lab
set -eu
cd {{here}}
setting() { scontrol show config | awk -v name="$1" '$1 == name { print $3 }'; }
count={{count}} most=$(setting MaxArraySize) ids=
chunks=$(((count + most - 1) / most))
# Tasks at a time, shared among the chunks.
throttle=$((({{throttle}} + chunks - 1) / chunks))
# Where the site does not requeue on exit code 75, the task asks for it itself.
case ",$(setting RequeueExit)," in *,75,*) requeue=site ;; *) requeue=task ;; esac
trap '[ $? -eq 0 ] || echo "Not everything is submitted. Submitted so far: ${ids:-nothing}" >&2' EXIT

offset=0
while [ "$offset" -lt "$count" ]; do
    size=$((count - offset))
    [ "$size" -le "$most" ] || size=$most
    id=$(sbatch --parsable --job-name={{name}} --array="0-$((size - 1))%$throttle" --chdir={{work}} \
        --cpus-per-task={{cores}} --mem={{megabytes}}M --time={{minutes}} --signal=B:USR1@{{notice}} \
        --requeue --open-mode=append --output={{pattern}} {{options}} "$@" \
        task.sh "$offset" "$requeue")
    ids=$ids:${id%%;*}
    offset=$((offset + size))
done
# afterany: the report also runs when groups failed. It says what is missing.
report=$(sbatch --parsable --job-name={{name}}-report --dependency="afterany$ids" --chdir={{work}} --mem=2000M --time=60 \
    --open-mode=append --output={{reported}} {{options}} "$@" report.sh)
echo "jobs ${ids#:}, report ${report%%;*}"
