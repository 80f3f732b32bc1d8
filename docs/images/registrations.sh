#!/bin/sh
# registrations.sh   makes registrations.png anew: Wireshark's table of captures/many-trunks.pcapng under a virtual display
#
# Needs Wireshark 4.0 with the plugin and the profile, for a user who is not root; Debian packages xvfb, openbox, xdotool, imagemagick.
set -eu
cd "$(dirname "$0")/../.."
export DISPLAY=:97
Xvfb $DISPLAY -screen 0 1400x1000x24 & server=$!
sleep 2
openbox & manager=$!
wireshark -C 'SIP Trail' -r captures/many-trunks.pcapng & shark=$!
trap 'kill $shark $manager $server' EXIT
until xdotool search --onlyvisible --name many-trunks.pcapng; do sleep 1; done
sleep 4
for key in alt+y Up Up Return; do        # the menu Telephony, from its end; there its last entry but one
    xdotool key "$key"
    sleep 1
done
sleep 2
table=$(xdotool getactivewindow)
xdotool windowsize --sync "$table" 960 460
sleep 2
import -window "$table" png:- | convert png:- -colors 200 -strip docs/images/registrations.png
