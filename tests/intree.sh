#!/bin/sh
# intree.sh SOURCE [--objects]   put the plugin into Wireshark's own source as plugins/epan/siptrail, run Wireshark's own
#                                checks over it, and build it there
#
# SOURCE is an unpacked source of Wireshark, as `apt-get source wireshark` makes it. The target siptrail builds libwireshark
# first, which takes long; --objects compiles the plugin's own files only. Build needs are those of Wireshark's library:
# cmake, ninja, gcc, g++, flex, python3, perl, GLib, libgcrypt, xxHash, PCRE2, c-ares, Speex DSP.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
source=$(cd "${1:?usage: intree.sh SOURCE [--objects]}" && pwd)
place=plugins/epan/siptrail
build=$source/build-siptrail

cd "$source"
rm -rf $place
cp -R "$top/plugin" $place
# Wireshark 4.0 has no such macro, and its check wants what is inside.
grep -q 'define UNS(' epan/proto.h || sed -i 's/UNS(\(&[a-z_]*\))/\1/' $place/tree.c
echo "set(CUSTOM_PLUGIN_SRC_DIR $place)" >CMakeListsCustom.txt

# Those that only warn exit with 0, and print.
quiet() { # COMMAND...
    said=$("$@" 2>&1) && [ -z "$said" ] && return
    echo "$said"
    return 1
}

echo "== checks"
files=$(find $place -name '*.[ch]')
quiet perl tools/checkhf.pl $files
quiet perl tools/checkfiltername.pl $files
quiet perl tools/fix-encoding-args.pl $files
# A table for the command line prints, and ends the program when its filter is wrong, as Wireshark's own tables do.
perl tools/checkAPIs.pl $place/statistics.c
perl tools/checkAPIs.pl -g dissectors-prohibited -g dissectors-restricted \
    $(echo "$files" | grep -v '/statistics\.[ch]$')
for file in $(echo "$files" | grep '\.c$'); do
    python3 tools/check_typed_item_calls.py --file "../../$file" --consecutive --mask --label --missing-items |
        grep -q '^0 warnings' || { echo "check_typed_item_calls.py complains of $file" >&2; exit 1; }
done

echo "== build"
cmake -G Ninja -S . -B "$build" -DSIPTRAIL_WERROR=ON -DBUILD_wireshark=OFF -DENABLE_LUA=OFF >"$build.log" ||
    { cat "$build.log" >&2; exit 1; }
if [ "${2:-}" != --objects ]; then
    cmake --build "$build" --target siptrail
    ls -l "$build/run/plugins"/*/epan/siptrail.so
else
    # Past ninja, which would build the library first.
    ninja -C "$build" -t compdb | python3 -c '
import json, subprocess, sys
for entry in json.load(sys.stdin):
    if "/siptrail.dir/" in entry.get("output", ""):
        print(entry["output"], flush=True)
        subprocess.run("mkdir -p $(dirname " + entry["output"] + ") && " + entry["command"], shell=True, check=True, cwd=entry["directory"])
'
fi
