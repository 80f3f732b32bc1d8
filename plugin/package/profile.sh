# profile.sh: the Wireshark profile "SIP Trail" in the personal folder. Sourced by the two install.sh.
#
# Wireshark writes `recent` (widths, what is shown) each time it ends: that is no change of anybody's.

PROFILE_FILES="preferences colorfilters dfilter_buttons recent"

# The folder of the personal profile.
profile_folder() {
    folder=$(tshark -G folders 2>/dev/null | sed -n 's/^Personal configuration:[[:space:]]*//p' | head -n 1)
    echo "${folder:-${XDG_CONFIG_HOME:-$HOME/.config}/wireshark}/profiles/SIP Trail"
}

# Whether a file in the profile is another than the one that came with the plugin.
profile_changed() { # SOURCE FILE
    [ "$2" != recent ] && [ -e "$(profile_folder)/$2" ] && ! cmp -s "$1/$2" "$(profile_folder)/$2"
}

profile_files_changed() { # SOURCE
    for file in $PROFILE_FILES; do
        if profile_changed "$1" "$file"; then
            echo "$file"
        fi
    done
}

profile_install() { # SOURCE
    target=$(profile_folder)
    changed=$(profile_files_changed "$1")
    if [ -n "$changed" ]; then
        echo "siptrail: you have changed these files of the profile, so all of it is left as it is:" $changed >&2
        echo "  $target" >&2
        return 1
    fi
    mkdir -p "$target"
    for file in $PROFILE_FILES; do
        if [ "$file" != recent ] || [ ! -e "$target/recent" ]; then
            cp "$1/$file" "$target/$file"
        fi
    done
    echo "siptrail: profile in $target; choose it with: wireshark -C 'SIP Trail'"
}

# Removes what nobody has changed.
profile_uninstall() { # SOURCE
    target=$(profile_folder)
    [ -d "$target" ] || return 0
    changed=$(profile_files_changed "$1")
    for file in $PROFILE_FILES; do
        profile_changed "$1" "$file" || rm -f "$target/$file"
    done
    if [ -n "$changed" ]; then
        echo "siptrail: you have changed these files of the profile, so they stay in $target:" $changed
    elif rmdir "$target" 2>/dev/null; then
        above=$(dirname "$target")
        while [ "$above" != "$HOME" ] && rmdir "$above" 2>/dev/null; do
            above=$(dirname "$above")
        done
        echo "siptrail: removed the profile $target"
    fi
}
