#!/bin/sh
# release.sh [:WHAT]   what releases.sh runs as root in the tree of a Debian release, on the sources in /siptrail: build,
#                      unit tests, the packages, and end-to-end tests as an ordinary user: all, with :packages none, with
#                      :versions those in which a version of Wireshark may make a difference, on every other capture (4.6
#                      takes those that 4.4 leaves out), and the package is not looked through by lintian
#
# It installs packages and makes a user: never run it outside such a tree. Each step that passed leaves a line in
# /results.
set -eu

cd /siptrail
. plugin/packages.sh
home=/home/tester
build=$home/build

as_user() {
    setpriv --reuid=tester --regid=tester --clear-groups env -i HOME=$home PATH=/usr/local/bin:/usr/bin:/bin \
        LC_ALL=C.UTF-8 SIPTRAIL_PLUGIN=$build/plugin/siptrail.so SIPTRAIL_FEWER="$fewer" "$@"
}

fail() {
    echo "siptrail: $*" >&2
    exit 1
}

passed() {
    echo "$*," >>/results
}

same() { # WHAT EXPECTED FOUND
    [ "$2" = "$3" ] || fail "$1: expected '$2', found '$3'"
}

listed() { # COMMAND...: runs it before tshark
    "$@" tshark -G plugins 2>/dev/null | grep -c '^siptrail\.so' || true
}

# Files of the system, but for what any installation of a package rewrites.
system_files() {
    find / -xdev \( -path /proc -o -path /tmp -o -path /siptrail -o -path $home -o -path /var/lib/dpkg -o -path /var/log \
        -o -path /var/lib/apt -o -path /var/cache -o -path /results \) -prune -o -print | sort
}

# The report for a trunk that registers. Columns that tell: accepted, and the digest verified.
exchanges() { # COMMAND...
    "$@" tshark -q -r /siptrail/captures/trunk-registration.pcapng -z siptrail,exchanges \
        -o 'uat:siptrail_credentials:"trunk","pbx.example.com","password","brass-Kettle-9"' 2>/dev/null |
        awk '$1 ~ /^[0-9]/ { print $1, $2, $3, $4, $6, $7 }'
}

test_build() {
    as_user cmake -S . -B $build -DCMAKE_C_COMPILER=gcc
    as_user cmake --build $build -j 2
    as_user ctest --test-dir $build --output-on-failure
    passed "Wireshark $minor: built, unit tests"
}

# Rules, tables of registrations, losses and hostile input are the core's, which knows no version.
of_versions() {
    for name in passes truth tables reference documents no_harm filters seen_at_a_glance same_answers secrets asked shown two_probes fragments; do
        echo "tests/e2e/test_$name.py"
    done
}

test_end_to_end() { # [FILE...]
    as_user /usr/bin/python3 -m pytest -q -n 2 --dist loadgroup -p no:cacheprovider "$@" 2>&1 | tee /tmp/pytest.log
    tail -n 1 /tmp/pytest.log | grep -q passed && ! tail -n 1 /tmp/pytest.log | grep -qE 'failed|error' ||
        fail "end to end: $(tail -n 1 /tmp/pytest.log)"
    passed "end to end $(tail -n 1 /tmp/pytest.log)"
}

# Installed, it is loaded and gives its report, for root too; removed, nothing is left.
test_debian_package() {
    (cd $build && as_user cpack -G DEB)
    package=$(echo $build/wireshark-plugin-siptrail_*.deb)
    [ -n "$fewer" ] || as_user lintian --fail-on error,warning "$package"
    dpkg-deb -c "$package" | grep -q '/guide\.md$' || fail "the package has no guide"
    dpkg-deb -f "$package" Depends | grep -qF "(<< ${minor%.*}.$((${minor#*.} + 1))~)" ||
        fail "the package does not depend on Wireshark $minor alone"
    same "tshark lists the plugin before" 0 "$(listed as_user)"
    system_files >/tmp/before
    apt-get -q install -y "$package"
    same "tshark lists the plugin" 1 "$(listed as_user)"
    same "tshark lists the plugin for root" 1 "$(listed env)"
    same "exchanges" "2 3 4 trunk@pbx.example.com good accepted" "$(exchanges as_user | head -n 1)"
    [ -e /usr/share/man/man4/siptrail.4.gz ] || fail "there is no manual page"
    [ -e "/usr/share/wireshark/profiles/SIP Trail/colorfilters" ] || fail "there is no profile"
    apt-get -q purge -y wireshark-plugin-siptrail
    same "tshark lists the plugin afterwards" 0 "$(listed as_user)"
    system_files >/tmp/after
    diff /tmp/before /tmp/after || fail "the package left something behind"
    passed "package"
}

home_files() {
    find $home -path $build -prune -o -print | sort
}

# Into the personal folder, without root.
test_personal() { # NAME INSTALL UNINSTALL
    home_files >/tmp/before
    as_user sh -c "$2"
    same "tshark lists the plugin of the $1" 1 "$(listed as_user)"
    same "exchanges" "2 3 4 trunk@pbx.example.com good accepted" "$(exchanges as_user | head -n 1)"
    as_user sh -c "$3"
    same "tshark lists the plugin after removal of the $1" 0 "$(listed as_user)"
    home_files >/tmp/after
    diff /tmp/before /tmp/after || fail "the $1 left something behind"
    passed "$1"
}

test_system_folder() {
    system_files >/tmp/before
    cmake --install $build
    same "tshark lists the plugin for root" 1 "$(listed env)"
    cmake --build $build --target uninstall
    same "tshark lists the plugin for root afterwards" 0 "$(listed env)"
    system_files >/tmp/after
    diff /tmp/before /tmp/after || fail "uninstall left something behind"
    passed "system folder"
}

[ "${1:-}" = :versions ] || PACKAGING_PACKAGES="$PACKAGING_PACKAGES lintian"
need_packages $BUILD_PACKAGES $TEST_PACKAGES $PACKAGING_PACKAGES
id tester >/dev/null 2>&1 || useradd -m tester
rm -rf $home
mkdir $home
chown -R tester: $home /siptrail
minor=$(tshark --version 2>/dev/null | sed -n '1s/^TShark (Wireshark) \([0-9]*\.[0-9]*\).*/\1/p')
fewer=
[ "${1:-}" != :versions ] || fewer=$((${minor#*.} / 2 % 2)) # which half of the captures
: >/results

test_build
(cd $build && as_user cpack -G TGZ)
as_user tar -C $build -xzf $build/siptrail-*.tar.gz
test_personal archive "$build/siptrail-*/install.sh --profile" "$build/siptrail-*/install.sh --uninstall"
test_personal "personal folder" \
    "cmake -DSIPTRAIL_PERSONAL=ON -DSIPTRAIL_TESTS=OFF -S /siptrail -B $build/personal && cmake --build $build/personal -j 2 &&
     cmake --install $build/personal" \
    "cmake --build $build/personal --target uninstall"
test_personal "plugin/install.sh" "plugin/install.sh" "plugin/install.sh --uninstall"
test_system_folder
test_debian_package
case ${1:-} in
:packages) ;;
:versions) test_end_to_end $(of_versions) ;;
*) test_end_to_end tests ;;
esac
