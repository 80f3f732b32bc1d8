#!/bin/bash
# Records phones and trunks at an Asterisk: `pbx.sh NAME...`, or `pbx.sh all`.  Needs root on Debian 12.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages() {
    install_packages iproute2 ethtool tshark wireshark-common python3 procps debootstrap kamailio baresip-core linphone-cli sipsak \
        libsofia-sip-ua-dev gcc pkg-config twinkle-console
    asterisk_tree
}

# Asterisk left Debian before 12, so it runs from a small sid tree; ASTERISK_TREE=DIR keeps that tree for the next recipe.
asterisk_tree() {
    local mirror
    TREE=${ASTERISK_TREE:-$(mktemp -d)}
    [ ! -x "$TREE/usr/sbin/asterisk" ] || return 0
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sort -u | sed -n 1p)
    debootstrap --variant=minbase sid "$TREE" "$mirror"
    printf '#!/bin/sh\nexit 101\n' >"$TREE/usr/sbin/policy-rc.d"    # start no daemon
    chmod +x "$TREE/usr/sbin/policy-rc.d"
    DEBIAN_FRONTEND=noninteractive chroot "$TREE" apt-get install -y --no-install-recommends asterisk
    # there is nobody to ask for names: it shall learn that at once, for it stands still meanwhile
    echo 'nameserver 127.0.0.1' >"$TREE/etc/resolv.conf"
}

# pjsip.conf comes from standard input, extensions.conf from the last argument.
asterisk_start() { # NAMESPACE EXTENSIONS
    local name=$PREFIX-$1 root
    root=$TREE/$name
    rm -rf "$root"
    mkdir -p "$root"/{etc,lib,run,spool,log,keys}
    sed "s#@ROOT@#/$name#" "$S/../asterisk/asterisk/asterisk.conf" >"$root/etc/asterisk.conf"
    cp "$S"/../asterisk/asterisk/{modules,logger,rtp}.conf "$root/etc"
    cat >"$root/etc/pjsip.conf"
    echo "$2" >"$root/etc/extensions.conf"
    printf '%s\n' '[general]' '[default]' '600 => 4711,Carol' >"$root/etc/voicemail.conf"
    spawn "asterisk-$1" "$1" chroot "$TREE" asterisk -f -C "/$name/etc/asterisk.conf"
    asterisk_says "$1" "core waitfullybooted"
}

asterisk_says() { # NAMESPACE COMMAND
    local i
    for i in $(seq 100); do
        inside "$1" chroot "$TREE" asterisk -C "/$PREFIX-$1/etc/asterisk.conf" -rx "$2" >/dev/null 2>&1 && return
        sleep 0.2
    done
}

transport() { printf '%s\n' '[udp]' type=transport protocol=udp bind=0.0.0.0; }

account() { # USER PASSWORD [ENDPOINT-LINE...]
    local user=$1 password=$2; shift 2
    printf '%s\n' "[$user]" type=endpoint context=inside "aors=$user" "auth=$user" disallow=all allow=ulaw "from_domain=pbx.example.com" "$@" \
        "[$user]" type=aor max_contacts=2 minimum_expiration=10 "mailboxes=600@default" \
        "[$user]" type=auth "username=$user" realm=pbx.example.com "password=$password"
}

DIALPLAN='[inside]
exten => alice,hint,PJSIP/alice
exten => bob,hint,PJSIP/bob
exten => carol,hint,PJSIP/carol
exten => _[abc]!,1,Dial(PJSIP/${EXTEN},20)
exten => 600,1,Answer()
 same => n,Wait(30)
exten => 601,1,Hangup(17)'

sofia() { # LOG NAMESPACE ARGUMENT...
    local log=$1 n=$2; shift 2
    [ -x "$T/sofia-client" ] ||
        gcc -o "$T/sofia-client" "$S/../kamailio/sofia-client.c" $(pkg-config --cflags --libs sofia-sip-ua)
    spawn "$log" "$n" "$T/sofia-client" "$@"
}

# An ordinary morning: phones of three makers, calls with hold and transfer, message waiting, busy lamps.
office() {
    middle
    cabled client $CLIENT
    cabled second 192.0.2.30
    cabled third 192.0.2.40
    cabled server $REGISTRAR
    { transport; account alice pass-Two; account bob pass-Three; account carol pass-Four; } | asterisk_start server "$DIALPLAN"
    record_start middle "$SIP" to-server
    linphone_start linphone client alice pass-Two $REGISTRAR 30
    baresip_start baresip second 192.0.2.30 "<sip:bob@pbx.example.com>;auth_pass=pass-Three;outbound=\"sip:$REGISTRAR\";regint=60;answermode=auto;mwi=yes"
    sofia sofia third sip:192.0.2.40:5060 sip:carol@pbx.example.com "sip:$REGISTRAR;lr" "pbx.example.com carol pass-Four" \
        register 60 sleep 1 subscribe sip:bob@pbx.example.com dialog sleep 16 refresh "X-Again: 1" sleep 20 unsubscribe "X-End: 1" sleep 1 unregister
    sleep 4
    say linphone 'call sip:bob@pbx.example.com'
    sleep 10
    say linphone 'pause'
    sleep 2
    say linphone 'resume'
    sleep 2
    say baresip '/hold'
    sleep 2
    say baresip '/resume'
    sleep 2
    say linphone 'terminate'
    sleep 2
    say baresip '/dial sip:601@pbx.example.com'
    sleep 4
    say baresip '/dial sip:600@pbx.example.com'
    sleep 3
    say baresip '/transfer sip:601@pbx.example.com'
    sleep 4
    say baresip '/hangup'
    sleep 10
    say linphone quit
    say baresip /quit
    sleep 3
    record_stop office
}

# A trunk without credentials, which the provider knows by another address.
ip_trunk() {
    phone_and_server
    cabled second 192.0.2.30
    # shellcheck disable=SC2086
    {
        cat <<'ROUTES'
request_route {
  if (is_method("ACK")) exit;
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if ($si != "192.0.2.30" && !pv_proxy_authenticate("sip.example.net", "$sht(password=>$au)", "0")) { proxy_challenge("sip.example.net", "1"); exit; }
  sl_send_reply("486", "Busy Here");
}
ROUTES
        passwords $PASSWORDS
    } | kamailio_start provider server $REGISTRAR
    record_start middle "$SIP" to-server
    printf '%s\n' '[udp]' type=transport protocol=udp bind=0.0.0.0 '[trunk]' type=aor "contact=sip:$REGISTRAR" qualify_frequency=20 \
        '[trunk]' type=endpoint aors=trunk disallow=all allow=ulaw from_user=4930555 from_domain=sip.example.net |
        asterisk_start client '[inside]
exten => 600,1,Dial(PJSIP/4989123@trunk)'
    sleep 2
    asterisk_says client 'channel originate Local/600@inside application Wait 5'
    sleep 50
    record_stop ip-trunk
}

# A provider with one account, a trunk that registers.
provider() { # AT-ACK AT-A-CALL
    {
        cat <<ROUTES
request_route {
  if (is_method("ACK")) { $1 exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("sip.example.net", "\$sht(password=>\$au)", "0")) { www_challenge("sip.example.net", "1"); exit; }
    save("location");
    exit;
  }
  $2
}
ROUTES
        passwords trunk pass-Six
    } | kamailio_start provider server $REGISTRAR
}

# The trunk's password is right, but its calls name somebody else; the provider wants its own number in From.
trunk_from() {
    phone_and_server
    provider '' 'if (!pv_proxy_authenticate("sip.example.net", "$sht(password=>$au)", "0")) { proxy_challenge("sip.example.net", "1"); exit; }
  if ($fU != $au) { sl_send_reply("403", "Forbidden"); exit; }
  sl_send_reply("486", "Busy Here");'
    record_start middle "$SIP" to-server
    printf '%s\n' '[udp]' type=transport protocol=udp bind=0.0.0.0 '[trunk]' type=aor "contact=sip:$REGISTRAR" \
        '[trunk]' type=endpoint aors=trunk outbound_auth=trunk disallow=all allow=ulaw from_domain=sip.example.net \
        '[trunk]' type=auth username=trunk password=pass-Six \
        '[trunk]' type=registration outbound_auth=trunk "server_uri=sip:$REGISTRAR" "client_uri=sip:trunk@sip.example.net" contact_user=trunk \
        expiration=60 max_random_initial_delay=0 |
        asterisk_start client '[inside]
exten => 600,1,Set(CALLERID(num)=017012345)
 same => n,Dial(PJSIP/4989123@trunk)
exten => 601,1,Set(CALLERID(num)=trunk)
 same => n,Dial(PJSIP/4989123@trunk)'
    sleep 3
    asterisk_says client 'channel originate Local/600@inside application Wait 5'
    sleep 4
    asterisk_says client 'channel originate Local/601@inside application Wait 5'
    sleep 5
    record_stop trunk-from
}

# A PBX registers, and does not know its provider by address: an inbound call is asked for credentials.
inbound_challenged() {
    phone_and_server
    cabled second 192.0.2.30
    provider 'loose_route(); t_relay();' 'record_route();
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
  t_relay();'
    record_start middle "$SIP" to-client
    { transport; printf '%s\n' '[trunk]' type=auth username=trunk password=pass-Six \
        '[trunk]' type=registration outbound_auth=trunk "server_uri=sip:$REGISTRAR" "client_uri=sip:trunk@sip.example.net" contact_user=4930555 \
        expiration=300 max_random_initial_delay=0; account alice pass-Two; } | asterisk_start client "$DIALPLAN"
    sleep 3
    { transport; printf '%s\n' '[out]' type=aor "contact=sip:$REGISTRAR" \
        '[out]' type=endpoint aors=out disallow=all allow=ulaw from_user=017012345 from_domain=sip.example.net; } | asterisk_start second '[inside]
exten => 1,1,Dial(PJSIP/trunk@out)'
    asterisk_says second 'channel originate Local/1@inside application Wait 5'
    sleep 75
    ping client $REGISTRAR
    record_stop inbound-challenged
}

# An edge and an Asterisk on one machine, recorded there on the device any: what goes between the two is seen twice.
one_box() {
    middle
    cabled client $CLIENT
    cabled second 192.0.2.30
    cabled third 192.0.2.40
    { transport | sed "s/0.0.0.0/198.51.100.10:5060/"; account alice pass-Two; account bob pass-Three; account carol pass-Four; } |
        asterisk_start middle "$DIALPLAN"
    kamailio_start edge middle $PROXY:5060 198.51.100.10:5070 <<'ROUTES'
loadmodule "path.so"
request_route {
  if (is_method("ACK|CANCEL") || has_totag()) { loose_route(); t_relay(); exit; }
  if ($si == "198.51.100.10") { loose_route(); record_route(); $du = $null; t_relay(); exit; }
  if (is_method("REGISTER")) { add_path(); force_send_socket(198.51.100.10:5070); }
  else record_route();
  $du = "sip:198.51.100.10:5060";
  force_send_socket(198.51.100.10:5070);
  t_relay();
}
ROUTES
    record_start middle "udp and ($SIP or port 5070)" any
    linphone_start linphone client alice pass-Two $PROXY 30
    baresip_start baresip second 192.0.2.30 "<sip:bob@pbx.example.com>;auth_pass=pass-Three;outbound=\"sip:$PROXY\";regint=60;answermode=auto"
    sleep 3
    linphone_start wrong third carol pass-four $PROXY
    say linphone 'call sip:bob@pbx.example.com'
    sleep 12
    say linphone pause
    sleep 2
    say linphone resume
    sleep 2
    say linphone terminate
    sleep 14
    say linphone quit
    say baresip /quit
    sleep 3
    record_stop one-box
}

ALL=(office ip-trunk trunk-from inbound-challenged one-box)

main "$@"
