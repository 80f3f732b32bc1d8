#!/bin/sh
# public.sh   what the plugin finds in captures, and in messages of RFCs, that others have published: those of Debian's packages
#
#   tests/public.sh build/plugin/siptrail.so              the packages below
#   tests/public.sh build/plugin/siptrail.so PACKAGE...   and these source packages too, whatever is in them
#
# They are fetched into a temporary folder, some 500 MB; SIPTRAIL_PUBLIC=FOLDER keeps them, and takes up those that it finds
# there. tests/e2e/public.json says which findings are right, and why; any other is a failure, and so is one that is missing.
# SIPTRAIL_MIRROR is asked instead of the mirror that this machine's apt has.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
plugin=${1:?the plugin, siptrail.so}
shift
SOURCES="ndpi wireshark"
TEXTS="doc-rfc-fyi-bcp doc-rfc-std-proposed doc-rfc-informational"

folder=${SIPTRAIL_PUBLIC:-$(mktemp -d)}
mkdir -p "$folder"
[ -n "${SIPTRAIL_PUBLIC:-}" ] || trap 'rm -rf --one-file-system "$folder"' EXIT
mirror=${SIPTRAIL_MIRROR:-$(apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian main //p' | head -n 1)}
release=$(. /etc/os-release && echo "$VERSION_CODENAME")

# Lists of its own: this machine's apt need not know source packages, and is left as it is.
mkdir -p "$folder/apt/parts" "$folder/apt/lists" "$folder/apt/cache" "$folder/packages"
cat >"$folder/apt/parts/public.sources" <<END
Types: deb deb-src
URIs: $mirror
Suites: $release
Components: main non-free
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
cat >"$folder/apt/conf" <<END
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$folder/apt/parts";
Dir::State::Lists "$folder/apt/lists";
Dir::Cache "$folder/apt/cache";
APT::Sandbox::User "";
END
export APT_CONFIG="$folder/apt/conf"

# Of a source package only what upstream made; a file is there whole or not at all.
fetch() { # COMMAND... PACKAGE
    for package in "$@"; do :; done
    [ ! -e "$folder/packages/$package" ] || return 0
    rm -rf "$folder/new"
    mkdir "$folder/new"
    (cd "$folder/new" && "$@") || return 1
    mv "$folder/new" "$folder/packages/$package"
}

updated=
missing=
for package in $SOURCES "$@" $TEXTS; do
    if [ ! -e "$folder/packages/$package" ] && [ -z "$updated" ]; then
        apt-get -q update
        updated=yes
    fi
    case " $TEXTS " in
    *" $package "*) fetch apt-get -q download "$package" || missing="$missing $package" ;;
    *) fetch apt-get -q source --download-only --tar-only "$package" || missing="$missing $package" ;;
    esac
done
/usr/bin/python3 -B "$top/tests/e2e/public_captures.py" "$plugin" "$folder/packages"
if [ -n "$missing" ]; then
    echo "public.sh: not to be had:$missing" >&2
    exit 1
fi
