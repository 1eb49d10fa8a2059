#!/usr/bin/env bash
# Measures Iql on an NVIDIA card and writes a table in Markdown. bench/README.md explains it.
#   bench/gpu.sh --pack FOLDER               where the .NET SDK is: all that another machine needs, in FOLDER
#   bench/gpu.sh --run FOLDER --out FILE     where the card is: neither .NET nor a network is needed
#   bench/gpu.sh --dry-run                   both, small, on libtorch's kernels for a processor
# Sections run in order of worth, each with a time limit; a row is in the table as soon as it is known.
set -uo pipefail
cd "$(dirname "$0")/.."
most=55 # megabytes of the folder
minutes=${IQL_GPU_MINUTES:-9.5}
root=$PWD
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1

usage() { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }

# Megabytes of a folder, rounded up.
megabytes() { du -sb "$1" | awk '{ print int(($1 + 999999) / 1000000) }'; }

# pack FOLDER: the runtime of this SDK, the programs and the golden traces, as FOLDER/iql-gpu.tar.gz.
pack() {
    local box sdk golden
    dotnet build bench/Iql.Bench -c Release -v:q -nologo || return
    dotnet build tests/Iql.Torch.Tests -v:q -nologo || return
    box=$(mktemp -d) && mkdir -p "$1" "$box"/{dotnet/shared,app,checkout/tests,shared} || return
    sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
    cp -r "$sdk/dotnet" "$sdk/host" "$box/dotnet"
    cp -r "$sdk/shared/Microsoft.NETCore.App" "$box/dotnet/shared"
    cp -r bench/Iql.Bench/bin/Release/net10.0/. "$box/app"
    cp -r tests/Iql.Torch.Tests/bin/Debug/net10.0/. "$box/checkout/tests"
    touch "$box/checkout/Iql.sln" # the tests look for golden traces beside a checkout
    golden=$(dirname "$root")/shared/golden
    [ ! -d "$golden" ] || cp -r "$golden" "$box/shared"
    rm -rf "$box/checkout/tests/runtimes" # what TorchSharp's tests need
    # Debuggers, documentation, symbols and translations are not needed.
    find "$box" \( -name 'libmscordaccore.so' -o -name 'libmscordbi.so' -o -name 'libclrgcexp.so' -o -name '*.pdb' \
        -o -name '*.xml' -o -name '*.resources.dll' \) -delete
    git rev-parse HEAD >"$box/commit"
    tar -C "$box" -czf "$1/iql-gpu.tar.gz" . && rm -rf "$box" || return
    echo "$1: $(megabytes "$1") MB"
    [ "$(megabytes "$1")" -le $most ] || { echo "$1: expected at most $most MB" >&2; return 1; }
}

say() { printf '%s\n' "$*" >>"$table"; }

# section TITLE SECONDS COMMAND...: a heading, and the lines of a command that begin with "|" as soon as they come.
section() {
    local title=$1 limit=$2 left=$((deadline - SECONDS)) begun=$SECONDS line code
    shift 2
    printf '%s\n' "$title"
    say "" && say "## $title" && say ""
    [ $left -lt "$limit" ] && limit=$left
    [ "$limit" -ge 5 ] || { say "Not measured: no time was left."; return; }
    printf '\n[%s] %s\n' "$title" "$*" >>"$log"
    timeout -k 5 "$limit" "$@" 2>>"$log" </dev/null | while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        [ "${line:0:1}" != "|" ] || { say "$line" && printf '%s\n' "$line"; }
    done
    code=${PIPESTATUS[0]}
    say ""
    case $code in
        0) say "$((SECONDS - begun)) s." ;;
        124 | 137) say "Stopped after $limit s. What is not above was not measured." ;;
        *)
            say "Ended with code $code: $(tail -n 3 "$log" | tr '\n|' '  ' | cut -c1-300)."
            say "What is not above was not measured."
            ;;
    esac
}

# without TITLE REASON: a section that cannot be measured.
without() { say "" && say "## $1" && say "" && say "Not measured: $2."; printf '%s: %s\n' "$1" "$2"; }

# The packed .NET. The libraries of NVIDIA's Python packages lie beside PyTorch.
dotnet_() {
    local libraries
    libraries=$(printf '%s:' "${IQL_LIBTORCH:-/none}"/../../nvidia/*/lib)
    LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:-} "$box/dotnet/dotnet" "$@"
}

# The machine.
machine() {
    echo "| what | value |"
    echo "|---|---|"
    if command -v nvidia-smi >/dev/null; then
        echo "| card, memory, driver | $(card name,memory.total,driver_version) |"
    else
        echo "| card | none (no nvidia-smi) |"
    fi
    echo "| device | $device |"
    echo "| processor | $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) cores |"
    echo "| Python's packages | torch $(version torch), jax $(version jax) |"
    echo "| Iql | $(cat "$box/commit") |"
    local begun
    begun=$(date +%s.%N)
    dotnet_ "$box/app/iql.dll" devices | sed -E 's/ in \/.*//' |
        awk '{ name = $1; $1 = ""; printf "| `%s` |%s |\n", name, $0 }'
    date +%s.%N |
        awk -v a="$begun" '{ printf "| seconds of `iql devices`, which loads libtorch | %.1f |\n", $1 - a }'
}
card() { nvidia-smi --query-gpu="$1" --format=csv,noheader 2>/dev/null | head -n 1; }
version() { python3 -c "import importlib.metadata as m; print(m.version('$1'))" 2>/dev/null || echo none; }

# Golden traces on the device: how many follow, and the largest share of the tolerance.
golden() {
    [ -d "$box/shared/golden" ] || { echo "no golden traces in the folder" >&2; return 1; }
    echo "| precision | traces that follow | largest share of the tolerance |"
    echo "|---|---:|---:|"
    IQL_TEST_DEVICE=${device%%:*} dotnet_ "$box/checkout/tests/Iql.Torch.Tests.dll" --progress off --no-ansi \
        --filter '*on libtorch, in double precision' '*on libtorch, in single precision' |
        awk '/: worst deviation/ {
                for (i = 1; i <= NF; i++) {
                    if ($i == "deviation") share = $(i + 1)
                    if ($i ~ /^precision/) kind = $(i - 1)
                }
                count[kind]++
                if (share + 0 > worst[kind] + 0) worst[kind] = share
             }
             { if ($0 !~ /worst deviation/) print }
             END { for (kind in count) printf "| %s | %d | %s |\n", kind, count[kind], worst[kind] }'
}

bench() { dotnet_ "$box/app/Iql.Bench.dll" --device "$device" --rows "$rows" --seconds "$seconds" "$@"; }

ablation() {
    dotnet_ "$box/app/iql.dll" ablate --device "$device" --output "$box/ablation" $grid >&2 || return
    dotnet_ "$box/app/Iql.Bench.dll" --scores "$box/ablation"
}

# Rates beside those of JAX, from the rows above.
ratios() {
    echo "| runs together | launched | run-steps/s | JAX | of JAX |"
    echo "|---:|---|---:|---:|---:|"
    awk -F' *[|] *' '
        $2 == "iql" && $6 ~ /^[0-9]+$/ && $4 ~ /^JAX/ { jax[$3] = $6; next }
        $2 == "iql" && $6 ~ /^[0-9]+$/ { runs[++n] = $3; way[n] = $4; rate[n] = $6 }
        END {
            for (i = 1; i <= n; i++) if (runs[i] in jax)
                printf "| %s | %s | %s | %s | %.2f |\n", runs[i], way[i], rate[i], jax[runs[i]], rate[i] / jax[runs[i]]
        }' "$table"
}

# run FOLDER: everything, on the device.
run() {
    box=$(mktemp -d)
    trap 'rm -rf "$box"' EXIT
    tar -C "$box" -xzf "$1/iql-gpu.tar.gz" || return
    table=$out log=${out%.md}.log
    : >"$log"
    deadline=$(awk -v m="$minutes" -v s=$SECONDS 'BEGIN { print int(s + 60 * m) }')
    export DOTNET_ROOT=$box/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 XLA_PYTHON_CLIENT_PREALLOCATE=false
    if [ -z "${IQL_LIBTORCH:-}" ]; then
        IQL_LIBTORCH=$(python3 -c 'import torch, os; print(os.path.join(torch.__path__[0], "lib"))' 2>/dev/null)
        [ -n "$IQL_LIBTORCH" ] && export IQL_LIBTORCH || unset IQL_LIBTORCH
    fi
    export -f machine card version golden bench ablation ratios dotnet_
    export box device rows seconds table grid
    local name=
    [ "$device" != cuda ] || name=$(card name)
    printf '# Iql on %s\n\nWritten by `bench/gpu.sh`, %s UTC.\n' "${name:-$device}" \
        "$(date -u '+%Y-%m-%d %H:%M')" >"$table"
    [ -z "$note" ] || { say "" && say "$note"; }
    section "Machine" 60 bash -o pipefail -c machine
    # The worth of what comes late is less: every algorithm's rows stand alone, half an ablation tells nothing.
    section "Golden traces" 90 bash -o pipefail -c golden
    section "Implicit Q-learning, kernels launched one by one" 60 bash -o pipefail -c "bench --together $together"
    section "Implicit Q-learning, as a CUDA graph" 60 bash -o pipefail -c "bench --together $together --cuda-graph"
    if python3 -c 'import jax' 2>/dev/null; then
        section "The step in JAX against golden traces" 60 \
            python3 bench/jax/iql.py --check "$box/shared/golden/public"
        section "Implicit Q-learning in JAX" 120 python3 bench/jax/iql.py --rates "$together" --seconds "$seconds"
        section "Iql beside JAX" 10 bash -o pipefail -c ratios
    else
        without "Implicit Q-learning in JAX" "python3 here has no jax"
    fi
    section "The default ablation, beside the scores of a processor" 200 bash -o pipefail -c ablation
    section "Every algorithm" 240 bash -o pipefail -c "bench --algorithm $algorithms --together $every"
    printf '%s: written in %d s\n' "$table" $SECONDS
}

device=cuda together=1,8,32,64,128 every=1,64 algorithms=all rows=1000000 seconds=2 grid= out= note=
case ${1:-} in
    --pack) [ $# = 2 ] || usage; pack "$2" ;;
    --run)
        [ $# = 4 ] && [ "$3" = --out ] || usage
        out=$4; run "$2"
        ;;
    --dry-run)
        [ $# = 1 ] || usage
        folder=$(mktemp -d)
        device=cpu-torch together=1,3 every=1,2 algorithms=bc,td3bc rows=10000 seconds=0.5 minutes=2
        grid="--expectiles 0.7,0.9 --inverse-temperatures 0,3 --seeds 0-1 --steps 60 --episodes 20"
        grid="$grid --transitions 2k --hidden 8x8"
        note="A dry run: sizes are small, and no figure says anything."
        out=$folder/table.md
        (pack "$folder/pack" && run "$folder/pack") || { rm -rf "$folder"; exit 1; }
        cat "$out"
        rm -rf "$folder"
        ;;
    *) usage ;;
esac
