#!/bin/sh
# Submits {{count}} groups of a sweep to Kubernetes. Its arguments go to kubectl: --namespace lab
# Kubernetes has no job that waits for another: when this one has ended, run `iql report` on the folder.
exec kubectl apply {{options}} "$@" -f {{here}}/job.yaml
