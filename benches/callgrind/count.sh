#!/bin/sh
# Instructions of one operation, by workload and engine. Needs valgrind.
#
#     benches/callgrind/count.sh [FOLDER WITH THE CHALLENGE'S FLOWS]
set -eu
cd "$(dirname "$0")/../.."
cargo build --quiet --release -p ringmatch-benches --bin callgrind
binary=${CARGO_TARGET_DIR:-target}/release/callgrind
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Prints the instructions of one operation of a flow ($1) with an engine ($2).
count() {
    valgrind --tool=callgrind --callgrind-out-file="$scratch/out" --collect-atstart=no \
        --toggle-collect='*play_measured*' "$binary" "$1" "$2" \
        >"$scratch/operations" 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
    collected=$(sed -n 's/.*Collected : *\([0-9]*\).*/\1/p' "$scratch/log")
    [ "${collected:-0}" -gt 0 ] || { echo "nothing was counted" >&2; exit 1; }
    echo $((collected / $(cat "$scratch/operations")))
}

flows="a b c"
challenge=${1:-}
if [ -n "$challenge" ]; then
    flows="$flows $challenge/normal.small.flow.zst"
fi
players="ringmatch limits fees matchcore"
printf '%-24s' 'instructions each'
printf '%11s' $players
printf '\n'
for flow in $flows; do
    printf '%-24s' "$(basename "$flow")"
    for player in $players; do
        printf '%11s' "$(count "$flow" "$player")"
    done
    printf '\n'
done
