#!/bin/sh
# many-files.sh [-H HOST,HOST...] [-l SECONDS] [-p FILES] OUT FILE...   the exchanges of many rotated captures, on many hosts
#
# -H  hosts for ssh, separated by commas, ":" for this one (the only one when -H is not given)
# -l  lead-in of each file, 300 s: longer than any exchange takes, a call that rings included
# -p  predecessors that are looked at for it, 3: files shorter than the lead-in need more
#
# FILEs stand in the order of their times. Captures and this folder have the same path on every host; each host has tshark
# with the plugin, each core takes a file at a time. OUT gets jobs.log, rows/, exchanges.ndjson and exchanges.db.
# Interrupted, or some hosts failed: run the same command again, what is done is not done again. New files go to the end;
# another list of files, or another -l or -p, wants another OUT. A file that was cut short is read as far as it goes, but for
# the latest one, which may still be written.
#
# Debian packages: parallel, sqlite3, openssh-client; tshark on the hosts.
set -eu

hosts=:
seconds=300
before=3
usage() {
    sed -n '2,14s/^# *//p' "$0" >&2
    exit 2
}

stop() {
    echo "many-files.sh: $*" >&2
    exit 2
}

while getopts H:l:p: option; do
    case $option in
    H) hosts=$OPTARG ;;
    l) seconds=$OPTARG ;;
    p) before=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || usage
case $seconds$before in
*[!0-9]*) stop "-l and -p want a number" ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
for file in "$@"; do
    [ -f "$file" ] && [ -r "$file" ] || stop "this is no file that can be read: $file"
done
mkdir -p "$out/rows"
out=$(cd "$out" && pwd)

# One line for each file: the file, then its predecessors, nearest first.
for file in "$@"; do
    realpath -- "$file"
done | awk -v before="$before" '
    { line = $0; name[NR] = $0; for (i = 1; i <= before && i < NR; i++) line = line "\t" name[NR - i]
      print i < NR ? line "\t..." : line }' >"$out/files.new"

# Rows go by the number of the file.
if [ -e "$out/files" ]; then
    head -n "$(wc -l <"$out/files")" "$out/files.new" | cmp -s - "$out/files" && [ "$(cat "$out/lead-in" 2>/dev/null)" = "$seconds" ] ||
        stop "$out has the rows of other files, or of another -l or -p: take another folder, or remove this one"
fi
mv "$out/files.new" "$out/files"
echo "$seconds" >"$out/lead-in"

SIPTRAIL_LATEST=$(tail -n 1 "$out/files" | cut -f 1)
export SIPTRAIL_LATEST
bar=
[ ! -t 2 ] || bar=--bar

# Stop at nothing: what failed is tried again by the next run.
parallel --will-cite -q $bar --sshlogin "$hosts" --env TSHARK_OPTIONS --env SIPTRAIL_LATEST --joblog "$out/jobs.log" --resume-failed \
    --results "$out/rows/{#}" --colsep '\t' --arg-file "$out/files" \
    "$here/exchanges-of-file.sh" "$seconds" {} >/dev/null || {
    for number in $(awk 'NR > 1 { code[$1] = $7 } END { for (n in code) if (code[n]) print n }' "$out/jobs.log"); do
        reason=$(grep -v -e '^Running as user' -e '^$' "$out/rows/$number.err" | head -n 1)
        echo "$(sed -n "${number}p" "$out/files" | cut -f 1): $reason" >&2
    done
    echo "many-files.sh: not all files could be read, see $out/jobs.log; mend that (leave out a file that is still being" \
        "written), and run this again" >&2
    exit 1
}
cat "$out"/rows/*.err | sed -n 's/^exchanges-of-file.sh: \(.*, and read as far as it goes\)$/\1/p' | sort -u >&2

n=0
while [ $n -lt $# ]; do
    n=$((n + 1))
    cat "$out/rows/$n"
done >"$out/exchanges.ndjson"

# What is open at the end of a file is decided in the next one.
last=$(printf '%s\n' "$SIPTRAIL_LATEST" | sed "s/'/''/g")
rm -f "$out/exchanges.db"
sqlite3 "$out/exchanges.db" <<SQL
CREATE TABLE line(json TEXT);
.mode ascii
.separator "\037" "\n"
.import '$out/exchanges.ndjson' line
CREATE TABLE exchanges AS
    SELECT json->>'file' AS file, json->>'frame' AS frame, json->>'time' AS time, json->>'account' AS account, json->>'peer' AS peer,
           json->>'digest' AS digest, json->>'outcome' AS outcome, json->>'cause' AS cause
    FROM line WHERE NOT json->>'open' OR json->>'file' = '$last';
DROP TABLE line;
.mode column
.headers on
.nullvalue -
SELECT outcome, cause, count(*) AS exchanges, count(DISTINCT account) AS accounts FROM exchanges GROUP BY outcome, cause ORDER BY exchanges DESC;
SQL
