"""Challenges: what is wrong with them, and what keeps a client from answering."""

from refused import acknowledge

UNANSWERED = {
    "algorithm_unanswered": {"algorithm": "SHA-256"},
    "unknown_algorithm_offered": {"algorithm": "SHA3-256"},
    "scheme_spelling": {"scheme": "DIGEST", "algorithm": "md5"},
    "algorithm_quoted": {"algorithm": "MD5", "quote": ("algorithm",)},
    "challenges_joined": {"algorithm": "MD5", "also": [{"realm": "gateway.example.net"}], "joined": True},
}


def unanswered(challenge):
    def story(phone):
        phone.register()
        phone.challenge(**challenge)
        phone.ping()
    return story


def no_challenge(phone):
    phone.register()
    phone.reply(401)
    phone.ping()


def cancel_challenged(phone):
    """The call was accepted with credentials; its CANCEL has none, and cannot get any."""
    phone.send("INVITE")
    phone.reply(100)
    tag = phone.scene.token(10)
    phone.reply(180, tag=tag)
    invite, branch = phone.message, phone.message.first("Via").partition("branch=")[2].partition(";")[0]
    phone.scene.wait(6)
    phone.send("CANCEL", cseq=phone.cseq, branch=branch)
    phone.challenge(407)
    phone.message = invite
    phone.scene.wait(9)
    phone.reply(486, tag=tag)
    acknowledge(phone)
    phone.ping()


def basic_offered(phone):
    phone.register()
    phone.reply(401, [("WWW-Authenticate", 'Basic realm="pbx.example.com"')])
    phone.ping()


def too_many_challenges(phone):
    phone.register()
    phone.challenge(count=40)
    phone.ping()


STORIES = {name: unanswered(challenge) for name, challenge in UNANSWERED.items()}
STORIES.update((f.__name__, f) for f in (no_challenge, cancel_challenged, basic_offered, too_many_challenges))
