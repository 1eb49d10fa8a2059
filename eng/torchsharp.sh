#!/usr/bin/env bash
# TorchSharp 0.107 needs GLIBCXX_3.4.32, which Debian 12 does not have. So this runs the golden traces on TorchSharp's
# tensors, and scripts/interop/torchsharp.fsx, in a Debian 13 root that debootstrap makes here and that goes afterwards.
# The SDK, the cache of NuGet and this checkout are mounted into it. Before it: dotnet build -c Release, and a build of
# tests/Iql.Torch.Tests.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf 'skipped: %s\n' "$1"; exit 0; }
command -v debootstrap >/dev/null || skip "no debootstrap"
[ "$(id -u)" = 0 ] || skip "debootstrap and mount need root"
# The mirror that apt uses for Debian itself.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Label: Debian' 'Component: main' | head -n 1)
[ -n "$mirror" ] || skip "apt has no mirror of Debian"

root=$(mktemp -d)
trap 'rm -rf --one-file-system "${root%/debian}"' EXIT
packages=libgomp1,libstdc++6,ca-certificates
debootstrap --variant=minbase --include=$packages trixie "$root/debian" "$mirror" >"$root/log" 2>&1 ||
    { tail -n 20 "$root/log"; skip "debootstrap could not make a root"; }
root=$root/debian
cp -L /etc/resolv.conf /etc/hosts "$root/etc"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs"

sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
export root sdk checkout=$PWD shared=$(dirname "$PWD")/shared packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
# Mounts of a namespace of its own go with it.
unshare --mount --propagation private bash -euo pipefail -c '
    into() { mkdir -p "$root$2" && mount --bind "$1" "$root$2"; }
    into /proc /proc
    into "$sdk" /dotnet
    into "$packages" "$packages"
    into "$checkout" "$checkout"
    [ ! -d "$shared" ] || into "$(readlink -f "$shared")" "$shared"
    [ ! -d "$HOME/.nuget/NuGet" ] || into "$HOME/.nuget/NuGet" "$HOME/.nuget/NuGet"
    in_root() {
        chroot "$root" env HOME="$HOME" NUGET_PACKAGES="$packages" DOTNET_ROOT=/dotnet \
            DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 \
            IQL_TEST_TORCHSHARP=1 /dotnet/dotnet "$@"
    }
    mkdir -p "$root$HOME"
    in_root "$checkout/tests/Iql.Torch.Tests/bin/Debug/net10.0/Iql.Torch.Tests.dll" \
        --progress off --no-ansi --filter "*on tensors of TorchSharp"
    in_root fsi "$checkout/scripts/interop/torchsharp.fsx" 2>&1 | grep -v "warning NETSDK1188"
'
