#!/bin/sh
# coverage.sh   which lines of the core the unit tests and the fuzz corpora reach
#
# Prints a table, and each line that is not reached. SIPTRAIL_TEST_BUILD=FOLDER keeps the build.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
work=${SIPTRAIL_TEST_BUILD:-$(mktemp -d)}
[ -n "${SIPTRAIL_TEST_BUILD:-}" ] || trap 'rm -rf "$work"' EXIT
build=$work/coverage
mkdir -p "$build"

cmake -S "$top" -B "$build" -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DSIPTRAIL_PLUGIN=OFF \
    -DCMAKE_C_FLAGS="--coverage -fprofile-update=atomic" >"$work/coverage.log"
cmake --build "$build" -j 2 >>"$work/coverage.log"
find "$build" -name '*.gcda' -delete
# The attacks count work of another build of the core.
(cd "$build" && ctest -E attacks -j 2) >>"$work/coverage.log" || echo "coverage.sh: a test failed, see coverage.log" >&2

objects=$build/plugin/CMakeFiles/siptrail-core.dir/core
mkdir -p "$build/lines"
cd "$build/lines"
gcov -o "$objects" "$objects"/*.gcda >/dev/null
awk -F: '
    FNR == 1 { file = FILENAME; sub(/\.gcov$/, "", file); }
    file ~ /\.h$/ || $1 ~ /-$/ || $2 + 0 == 0 { next }
    { lines[file]++; all++ }
    $1 ~ /[#=]/ { missed[file]++; misses++; text[++count] = file ":" $2 + 0 ":" substr($0, length($1 ":" $2 ":") + 1) }
    END {
        printf "%-18s %6s %8s %9s\n", "file", "lines", "reached", "share"
        for (file in lines)
            printf "%-18s %6d %8d %8.1f%%\n", file, lines[file], lines[file] - missed[file], 100 - 100 * missed[file] / lines[file] | "sort"
        close("sort")
        printf "%-18s %6d %8d %8.1f%%\n\nnot reached:\n", "all", all, all - misses, 100 - 100 * misses / all
        for (i = 1; i <= count; i++)
            print text[i]
    }' ./*.c.gcov
