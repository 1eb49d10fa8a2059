#!/usr/bin/env bash
# The two commands of README on a fresh clone of HEAD, on a machine that has the .NET SDK, git, and nothing else that Iql
# can use: no libhdf5, libmujoco, Chromium, npm, python; empty caches; no ../shared. Prints times and megabytes.
# Needs root: files are hidden in a mount namespace of its own, by a layer over /usr that goes away with it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
if [ "$(readlink /proc/self/ns/mnt)" = "$(readlink /proc/$PPID/ns/mnt)" ]; then
    exec unshare --mount "$0"
fi

mount -t tmpfs tmpfs /mnt
mkdir /mnt/layer /mnt/work
mount -t overlay overlay -o lowerdir=/usr,upperdir=/mnt/layer,workdir=/mnt/work /usr
find /usr \( -name 'libhdf5*.so*' -o -name 'libmujoco*.so*' \) -delete
rm -f /usr/bin/{chromium,google-chrome,node,npm,npx}* /usr/bin/{python,pip,h5dump,h5ls}* /usr/local/bin/{node,npm,npx,python,pip}*

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
git clone -q "$root" "$home/iql"
cd "$home/iql"
export HOME=$home NUGET_PACKAGES=$home/packages DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1
PATH=$(dirname "$(readlink -f "$(command -v dotnet)")"):/usr/bin:/bin
unset DOTNET_CLI_HOME NUGET_HTTP_CACHE_PATH "${!IQL_@}"

for tool in chromium npm node python3; do
    ! command -v $tool || { echo "$tool is not hidden"; exit 1; }
done

failures=0
# timed COMMAND...: its minutes and whether it succeeded; its last lines.
timed() {
    local begun=$SECONDS result=succeeded
    "$@" >"$home/log" 2>&1 </dev/null || { result=FAILED failures=1; }
    printf '%s: %s, %.1f minutes\n' "$*" "$result" "$(awk "BEGIN { print ($SECONDS - $begun) / 60 }")"
    { grep -A 8 '^failed ' "$home/log" || true; tail -n 7 "$home/log"; } | sed "s|$home/||g; s/^/    /"
}
megabytes() { du -sm "$@" | awk '{ print $1 " MB  " $2 }' | sed "s|$home/||"; }

printf '%s, %s processors, .NET %s, commit %s\n' "$(uname -sm)" "$(nproc)" "$(dotnet --version)" "$(git rev-parse --short HEAD)"
timed dotnet run -v minimal -c Release --project src/Iql.Cli -- ablate
megabytes "$home/iql/.feed" "$home/packages"
timed dotnet test
megabytes "$home/iql/.feed" "$home/packages" "$home/iql"
exit $failures
