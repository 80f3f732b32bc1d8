"""Registrations over time: refreshed, lapsed, moved, removed, and what a registrar may make of them."""
from pcapng import FIN_ACK, RST_ACK, Disconnect, Unreachable
from refused import acknowledge
from sip import Account

INSTANCE = '+sip.instance="<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>"'
SECOND = ("192.0.2.12", 5060)
GATEWAY = "<sip:192.0.2.20;bnc>"


def register(phone, expires=60, **ok):
    """Challenged, answered, granted."""
    phone.expires = expires
    phone.register(expires)
    phone.challenge()
    phone.answer()
    phone.ok(expires=expires, **ok)


def refresh(phone, after, expires=60, **ok):
    """With the nonce of the time before."""
    phone.scene.wait(after)
    phone.expires = expires
    phone.answer()
    phone.ok(expires=expires, **ok)


def registration_lapsed(phone):
    register(phone)
    refresh(phone, 30)
    refresh(phone, 140)
    refresh(phone, 30)


def refresh_refused(phone):
    """The registrar's database is away for a while; the phone asks in time, and is told to come back later."""
    register(phone)
    for wait in (30, 25):
        phone.scene.wait(wait)
        phone.register(60)
        phone.reply(503, [("Retry-After", "30")], reason="Service Unavailable")
    refresh(phone, 30)


def registration_lapsed_new_calls(phone):
    """A trunk that takes another Call-ID for each refresh, as the uac module of Kamailio does; its registrar is away for a minute."""
    register(phone)
    for _ in range(2):
        phone.scene.wait(50)
        phone.new_call()
        register(phone)
    for wait in (50, 15):
        phone.scene.wait(wait)
        phone.new_call()
        phone.register(60)
        for pause in (0.5, 1, 2, 4, 4, 4, 4):
            phone.scene.wait(pause)
            phone.scene.send(phone.phone, phone.server, phone.message)
    phone.scene.wait(15)
    phone.new_call()
    register(phone)


def register_unanswered(phone):
    """Nobody is there: RFC 3261 section 17.1.2.2 has eleven copies in 32 s, of which the phone sends eight. Another one is content
    with two: its answer was not captured."""
    phone.register()
    for wait in (0.5, 1, 2, 4, 4, 4, 4):
        phone.scene.wait(wait)
        phone.scene.send(phone.phone, phone.server, phone.message)
    other = Account(phone.scene, "101", phone=("192.0.2.21", 5060))
    other.register()
    phone.scene.wait(0.5)
    phone.scene.send(other.phone, other.server, other.message)
    phone.ping()


def register_blocked(phone):
    """The wrong password three times, and no answer to the next REGISTER; another phone is answered meanwhile."""
    phone.password = "wrong"
    phone.register()
    for _ in range(3):
        phone.challenge()
        phone.answer()
        phone.scene.wait(1)
    phone.challenge()
    phone.scene.wait(5)
    phone.register()
    for wait in (0.5, 1, 2, 4, 4, 4, 4):
        phone.scene.wait(wait)
        phone.scene.send(phone.phone, phone.server, phone.message)
    phone.ping()


def unreachable(phone):
    """The firewall of the registrar's host, as firewalld has it, says that it forbids that (code 10)."""
    phone.register()
    for wait in (0.5, 1, 2):
        sent = (phone.phone, phone.server, phone.message.octets())
        phone.scene.packets.append((phone.scene.time, (phone.server[0], 0), phone.phone, Unreachable(*sent, 10)))
        phone.scene.wait(wait)
        phone.scene.send(phone.phone, phone.server, phone.message)
    phone.ping()


def disconnected(phone):
    """The registrar ends the connection instead of an answer; in another one it is broken."""
    phone.transport = "TCP"
    for port, flags in ((40001, FIN_ACK), (40002, RST_ACK)):
        phone.phone = (phone.phone[0], port)
        phone.register()
        phone.scene.wait(0.1)
        phone.scene.packets.append((phone.scene.time, phone.server, phone.phone, Disconnect(flags)))
        phone.scene.wait(5)


def contact_not_listed(phone):
    register(phone, listed=["<sip:100@203.0.113.5:40001>;expires=60"])
    refresh(phone, 30, listed=["<sip:200@203.0.113.6>;expires=3600"])


def granted_nothing(phone):
    register(phone)
    refresh(phone, 30, listed=["<sip:100@192.0.2.20:5060>;expires=0"])


def removal_ignored(phone):
    register(phone, 600)
    refresh(phone, 30, 0, listed=["<sip:100@192.0.2.20:5060>;expires=570"])


def expiry_shrinks(phone):
    register(phone, 3600)
    phone.scene.wait(1700)
    phone.answer()
    phone.ok(expires=120)


def contact_changed(phone):
    register(phone)
    phone.phone = ("192.0.2.20", 40001)
    refresh(phone, 30)
    phone.contact = "<sip:100@192.0.2.20:5060>"
    refresh(phone, 0, 0, listed=["<sip:100@192.0.2.20:40001>;expires=59"])


def restarted(phone):
    """The phone counts from 1 again, and keeps its Call-ID."""
    phone.cseq = 40
    register(phone)
    phone.scene.wait(30)
    phone.register(60, cseq=1)


def register_cseq(phone):
    restarted(phone)
    phone.reply(400, reason="Invalid CSeq")


def register_cseq_retried(phone):
    """At a registrar that asks for the password before it compares."""
    restarted(phone)
    phone.challenge()
    phone.answer()
    phone.reply(400, reason="Bad Request")


def gave_up_after_423(phone):
    """The phone knows the password, and does not heed the 423: it begins anew, and stops at the challenge."""
    phone.expires = 60
    phone.register(60)
    phone.challenge()
    phone.answer()
    phone.reply(423, [("Min-Expires", "300")])
    phone.scene.wait(5)
    phone.new_call()
    phone.register(60)
    phone.challenge()
    phone.ping()


def none_restarted(phone):
    """And the registrar does not mind."""
    restarted(phone)
    phone.challenge()
    phone.answer()
    phone.ok(expires=60)


def extension_refused(phone):
    phone.contact = GATEWAY
    phone.register(extra=[("Require", "gin"), ("Proxy-Require", "gin"), ("Supported", "path")])
    phone.reply(420, [("Unsupported", "gin")])


def extension_unannounced(phone):
    """Recorded behind the edge, which adds Path; the phone does not say that it knows it."""
    phone.register(extra=[("Path", "<sip:edge.example.com;lr>")])
    phone.reply(420, [("Unsupported", "path")])


def extension_required(phone):
    phone.register()
    phone.reply(421, [("Require", "path")])


def service_route_ignored(phone):
    register(phone, headers=[("Service-Route", "<sip:edge.example.com;lr>")])
    phone.new_call()
    phone.send("INVITE", [("Route", "<sip:proxy.example.com;lr>")])
    phone.reply(486)
    acknowledge(phone)


def interval_long_enough(phone):
    """The registrar's minimum lies above its maximum: nothing is right for it."""
    phone.register()
    phone.challenge()
    phone.answer()
    phone.reply(423, [("Min-Expires", phone.expires)])


def none_registrations(phone):
    """Two contacts, one in each REGISTER, one removed, and a 423 before."""
    phone.expires = 10
    phone.register(10)
    phone.challenge()
    phone.answer()
    phone.reply(423, [("Min-Expires", 60)])
    refresh(phone, 0)
    first = "<sip:100@192.0.2.20:5060>"
    mobile = Account(phone.scene, phone=("203.0.113.20", 5060))
    register(mobile, listed=["<sip:100@203.0.113.20>;expires=60", first + ";expires=59"])
    refresh(phone, 30, listed=["<sip:100@203.0.113.20>;expires=30", first + ";expires=60"])
    refresh(mobile, 20)
    refresh(mobile, 0, 0, listed=[first + ";expires=40"])
    refresh(phone, 20)


def none_fork(phone):
    """Two contacts in one REGISTER, each with its own time."""
    one, two = "<sip:100@192.0.2.20:5060>;q=1.0;expires=", "<sip:100@192.0.2.21>;q=0.5;expires="
    phone.contact = f"{one}60, {two}90"
    both = [one + "60", two + "90"]
    phone.register(3600)
    phone.challenge()
    phone.answer()
    phone.ok(listed=both)
    phone.scene.wait(40)
    phone.answer()
    phone.ok(listed=both)


def none_flows(phone):
    """RFC 5626: two flows of one instance; the second one reconnects from another port."""
    outbound = [("Supported", "path, outbound")]
    second = Account(phone.scene, phone=("192.0.2.20", 5062))
    for number, flow in enumerate((phone, second), 1):
        flow.contact = f"<sip:100@192.0.2.20:{flow.phone[1]};ob>;{INSTANCE};reg-id={number}"
        flow.register(60, extra=outbound)
        flow.challenge()
        flow.answer(extra=outbound)
        flow.ok([("Require", "outbound")], 60)
    phone.scene.wait(30)
    second.phone = ("192.0.2.20", 52399)
    second.contact = f"<sip:100@192.0.2.20:52399;ob>;{INSTANCE};reg-id=2"
    for flow in (phone, second):
        flow.answer(extra=outbound)
        flow.ok([("Require", "outbound")], 60)


def none_bulk(phone):
    """RFC 6140: a PBX registers all its numbers at once."""
    phone.contact = GATEWAY
    gin = [("Require", "gin"), ("Proxy-Require", "gin"), ("Supported", "path")]
    phone.register(extra=gin)
    phone.challenge()
    phone.answer(extra=gin)
    phone.ok()
    phone.scene.wait(1800)
    phone.answer(extra=gin)
    phone.ok()


def none_rebooted(phone):
    """Powered off and on: another call, contact and port, everything removed first; the NAT's address listed."""
    register(phone, 60)
    phone.scene.wait(20)
    again = Account(phone.scene, phone=("192.0.2.20", 50123))
    again.contact = "*"
    again.expires = 0
    again.register(0)
    again.challenge()
    again.answer()
    again.ok(listed=[])
    again.contact = "<sip:100@10.0.0.7:5060>"
    refresh(again, 1, listed=["<sip:100@192.0.2.20:50123>;expires=60"])
    refresh(again, 30, listed=["<sip:100@192.0.2.20:50123>;expires=60"])
    refresh(again, 30, listed=["<sip:100@192.0.2.20:50123>;expires=60"])


def none_new_contact(phone):
    """Begins anew from another port without a word to the old contact, which runs out."""
    register(phone, 60)
    phone.scene.wait(20)
    again = Account(phone.scene, phone=("192.0.2.20", 50123))
    register(again, 60, listed=["<sip:100@192.0.2.20>;expires=40", "<sip:100@192.0.2.20:50123>;expires=60"])
    refresh(again, 30)
    refresh(again, 30)


def register_failed_over(phone):
    """The first registrar is shut down while the phone is registered; it goes on at the second one, in the same Call-ID, comes
    back, and goes again."""
    register(phone, 60)
    phone.scene.wait(30)
    phone.register(60)
    phone.reply(503, reason="Service Unavailable")
    for server in 3 * [SECOND] + [phone.server] + 3 * [SECOND]:
        phone.server = server
        register(phone, 60)
        phone.scene.wait(30)


def provisional_only(phone):
    """The registrar's database hangs: 100, and nothing after it. From then on a phone asks again every four seconds (RFC 3261 section
    17.1.2.2). Another one is content with two copies: its answer was not captured."""
    other = Account(phone.scene, "101", phone=("192.0.2.21", 5060))
    for account, repeats in (phone, 8), (other, 1):
        account.register()
        account.reply(100)
        for _ in range(repeats):
            phone.scene.wait(4)
            phone.scene.send(account.phone, account.server, account.message)
    phone.scene.wait(35)
    phone.ping()


STORIES = {f.__name__: f for f in (registration_lapsed, refresh_refused, registration_lapsed_new_calls, register_unanswered, register_blocked, unreachable, disconnected,
                                   contact_not_listed, granted_nothing, removal_ignored,
                                   expiry_shrinks, contact_changed, register_cseq, register_cseq_retried, gave_up_after_423, none_restarted, extension_refused,
                                   extension_unannounced, extension_required, service_route_ignored, interval_long_enough, none_registrations, none_fork, none_flows,
                                   none_bulk, none_rebooted, none_new_contact, register_failed_over, provisional_only)}
