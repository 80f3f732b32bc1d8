# shellcheck shell=bash
# What the recipes of this folder share: phones and servers on either side of an element in the middle, and programs to run there.
# Sourced, never run.  Needs root on Debian 12; everything runs in network namespaces of its own.
set -eu
# the PID of a program that a pipe feeds must be known here
shopt -s lastpipe
PREFIX=${PREFIX:-std}
. "$(dirname "${BASH_SOURCE[0]}")/../kamailio/lib.sh"
S=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

CLIENT=192.0.2.20
PROXY=192.0.2.10
REGISTRAR=198.51.100.20
# fragments after the first one have no port
SIP="port 5060 or ip[6:2] & 0x1fff != 0"
PASSWORDS="alice pass-Two bob pass-Three carol pass-Four dave pass-Five"

# --- network ---------------------------------------------------------------------------------------------

# Phones on one side of the element in the middle, servers on its other side.
cabled() { # NAME ADDRESS
    local n=$PREFIX-$1 m=$PREFIX-middle
    add_namespace "$1"
    ip link add name eth0 netns "$n" type veth peer name "to-$1" netns "$m"
    ip -n "$n" addr add "$2/32" dev eth0
    ip -n "$n" link set eth0 up
    ip -n "$m" link set "to-$1" up
    ip -n "$n" route add default dev eth0
    ip -n "$m" route add "$2/32" dev "to-$1" src "$(case $2 in 192.*) echo $PROXY ;; *) echo 198.51.100.10 ;; esac)"
    ip netns exec "$n" ethtool -K eth0 tx off gso off tso off >/dev/null
    ip netns exec "$m" ethtool -K "to-$1" tx off gso off tso off >/dev/null
    # who asks for an address of the other side means the element in the middle
    ip netns exec "$m" sysctl -qw "net.ipv4.conf.to-$1.proxy_arp=1" \
        "net.ipv4.neigh.to-$1.proxy_delay=0"
}

middle() {
    add_namespace middle
    ip -n "$PREFIX-middle" addr add $PROXY/32 dev lo
    ip -n "$PREFIX-middle" addr add 198.51.100.10/32 dev lo
    ip netns exec "$PREFIX-middle" sysctl -qw net.ipv4.ip_forward=1
}

phone_and_server() {
    middle
    cabled client $CLIENT
    cabled server $REGISTRAR
}

# --- programs --------------------------------------------------------------------------------------------

# Routes come from standard input.
kamailio_start() { # LOG NAMESPACE ADDRESS...
    local log=$1 n=$2 a; shift 2
    { echo '#!KAMAILIO'; for a; do case $a in tcp:*) echo "listen=$a" ;; *:*) echo "listen=udp:$a" ;; *) echo "listen=udp:$a:5060" ;; esac; done; cat "$S/modules.cfg" -; } >"$T/$log.cfg"
    mkdir -p "$T/$log.run"
    spawn "$log" "$n" kamailio -f "$T/$log.cfg" -DD -E -m 16 -M 4 -Y "$T/$log.run" -w "$T/$log.run"
    # each process of Kamailio is slow to open its socket
    sleep 2
}

passwords() { # USER PASSWORD ...
    echo 'event_route[htable:mod-init] {'
    while [ $# -gt 1 ]; do echo "  \$sht(password=>$1) = \"$2\";"; shift 2; done
    echo '}'
}

# A registrar that checks passwords, lets each user register its own address, and answers OPTIONS.
registrar_routes() { # REALM [BEFORE-CHECK [BEFORE-SAVE]]
    cat <<ROUTES
modparam("auth", "secret", "${SECRET:-registrar}")
modparam("auth", "algorithm", "${ALGORITHM:-}")
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  ${2:-}
  if (!pv_www_authenticate("$1", "\$sht(password=>\$au)", "0")) { www_challenge("$1", "${CHALLENGE:-1}"); exit; }
  ${3:-}
  if (\$au != \$tU) { sl_send_reply("403", "Forbidden auth ID"); exit; }
  save("location");
}
ROUTES
}

registrar() { # [BEFORE-CHECK [BEFORE-SAVE]]
    registrar_at server $REGISTRAR "$@"
}

registrar_at() { # NAMESPACE ADDRESS [BEFORE-CHECK [BEFORE-SAVE]]
    local n=$1 a=$2; shift 2
    # shellcheck disable=SC2086
    { registrar_routes pbx.example.com "$@"; passwords $PASSWORDS; } >"$T/$n.routes"
    kamailio_start "$n" "$n" "$a" <"$T/$n.routes"
    SERVER=$LAST
}

# The element in the middle, which does something to each request before it passes it on.
element() { # FAULT
    kamailio_start element middle $PROXY 198.51.100.10 <<ROUTES
mhomed=1
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  $1
  \$du = "sip:$REGISTRAR:5060";
  t_relay();
}
ROUTES
}

linphone_start() { # LOG NAMESPACE USER PASSWORD PROXY [EXPIRES]
    local home=$T/$1.home
    mkdir -p "$home/.local/share/linphone"
    printf '%s\n' '[sip]' sip_port=5060 sip_tcp_port=-1 sip_tls_port=-1 use_ipv6=0 default_proxy=0 guess_hostname=1 \
        '[net]' mtu=0 firewall_policy=0 '[auth_info_0]' "username=$3" "passwd=$4" realm=pbx.example.com \
        '[proxy_0]' "reg_proxy=<sip:$5>" "reg_route=<sip:$5;lr>" "reg_identity=<sip:$3@pbx.example.com>" \
        "reg_expires=${6:-60}" reg_sendregister=1 publish=0 >"$T/$1.rc"
    HOME=$home spawn_console "$1" "$2" linphonec -c "$T/$1.rc"
}

baresip_start() { # LOG NAMESPACE ADDRESS ACCOUNT
    mkdir "$T/$1.dir"
    printf '%s\n' "sip_listen $3:5060" 'audio_source aubridge,a' 'audio_player aubridge,a' 'module_path /usr/lib/baresip/modules' 'module stdio.so' \
        'module g711.so' 'module aubridge.so' 'module_app account.so' 'module_app menu.so' \
        ${BARESIP_MODULE:+"module_app $BARESIP_MODULE"} >"$T/$1.dir/config"
    echo "$4" >"$T/$1.dir/accounts"
    : >"$T/$1.dir/contacts"
    spawn_console "$1" "$2" baresip -f "$T/$1.dir"
}

# Kamailio as a client that keeps trunks registered, one for each line USER REALM AUTH-USER PASSWORD of standard input.
trunks_start() { # NAMESPACE ADDRESS EXPIRES RETRY
    local user realm auth password id=0
    mkdir "$T/trunks.db"
    printf '%s\n' 'table_name(string) table_version(int)' 'uacreg:5' >"$T/trunks.db/version"
    {
        echo 'id(int,auto) l_uuid(string) l_username(string) l_domain(string) r_username(string) r_domain(string)' \
            'realm(string) auth_username(string) auth_password(string) auth_ha1(string,null) auth_proxy(string) expires(int)' \
            'flags(int) reg_delay(int) contact_addr(string) socket(string,null)'
        while read -r user realm auth password; do
            echo "$((id += 1)):$user:$user:pbx.example.com:$user:pbx.example.com:$realm:$auth:$password::sip\\:$REGISTRAR:$3:0:0:$2\\:5060:"
        done
    } >"$T/trunks.db/uacreg"
    kamailio_start trunks "$1" "$2" <<ROUTES
loadmodule "db_text.so"
modparam("uac", "reg_db_url", "text://$T/trunks.db")
modparam("uac", "reg_contact_addr", "$2:5060")
modparam("uac", "reg_timer_interval", 5)
modparam("uac", "reg_retry_interval", $4)
request_route { sl_send_reply("200", "OK"); }
ROUTES
}

ping() { # NAMESPACE ADDRESS: shows that the capture goes on
    inside "$1" sipsak -s "sip:ping@$2" >/dev/null || true
    sleep 0.5
}

# --- main ------------------------------------------------------------------------------------------------

record() { # NAME
    ( start_work; "${1//-/_}" )
}

main() { # NAME..., or all
    local n names=("$@")
    [ $# -gt 0 ] || { echo "usage: $0 all | NAME..., NAME one of: ${ALL[*]}"; exit 1; }
    [ "$1" != all ] || names=("${ALL[@]}")
    packages
    for n in "${names[@]}"; do record "$n"; done
}
