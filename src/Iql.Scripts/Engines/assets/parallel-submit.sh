#!/bin/sh
# Runs {{count}} groups of a sweep by GNU parallel, then the report; it ends when they end. Its arguments go to parallel:
# --sshloginfile hosts.txt (a line a host, "4/node1" for four tasks at a time). The same command continues.
cd {{work}} || exit
parallel --workdir {{work}} --joblog {{here}}/jobs.log --resume-failed --retries 4 --jobs {{percent}}% \
    --memfree {{megabytes}}M {{options}} "$@" {{command}} :::: {{here}}/groups.txt
code=$?
{{here}}/report.sh
exit $code
