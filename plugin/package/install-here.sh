#!/bin/sh
# install.sh               copy the plugin and its manual page into your personal folders; no root is needed
# install.sh --profile     copy the Wireshark profile "SIP Trail", too
# install.sh --uninstall   remove them again; what you have changed in the profile stays
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/profile.sh"
plugin=$(echo "$here"/lib*/*/wireshark/plugins/*/epan/siptrail.so)
[ -f "$plugin" ] || plugin=$(echo "$here"/lib*/wireshark/plugins/*/epan/siptrail.so)
version=$(basename "$(dirname "$(dirname "$plugin")")")
home=${HOME:?siptrail: HOME is not set}
folder=$home/.local/lib/wireshark/plugins/$version/epan
manual=$home/.local/share/man/man4

# Removes empty folders upward, never the home itself.
tidy() {
    folder_now=$1
    while [ "$folder_now" != "$home" ] && rmdir "$folder_now" 2>/dev/null; do
        folder_now=$(dirname "$folder_now")
    done
}

uninstall() {
    rm -f "$folder/siptrail.so" "$manual/siptrail.4"
    profile_uninstall "$here/profile"
    tidy "$folder"
    tidy "$manual"
    echo "siptrail: removed $folder/siptrail.so"
}

check() {
    if [ "$(id -u)" -eq 0 ]; then
        echo "siptrail: Wireshark loads no personal plugins for root. Run this as another user, or install the package." >&2
        return 1
    fi
    found=$(tshark --version 2>/dev/null | sed -n '1s/^TShark (Wireshark) \([0-9]*\.[0-9]*\).*/\1/p')
    if [ -n "$found" ] && [ "$found" != "$version" ]; then
        echo "siptrail: this archive is for Wireshark $version, and here is $found. Take the one for $found." >&2
        return 1
    fi
}

install_all() {
    check
    mkdir -p "$folder" "$manual"
    cp "$plugin" "$folder/"
    cp "$here/share/man/man4/siptrail.4" "$manual/"
    echo "siptrail: installed in $folder"
}

case ${1:-} in
'') install_all ;;
--profile)
    install_all
    profile_install "$here/profile"
    ;;
--uninstall) uninstall ;;
*)
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
    ;;
esac
