"""What people say and write. Data for the loop: any of it may be odd, short or misspelt."""

from __future__ import annotations

from random import Random

REPLIES: dict[str, tuple[str, ...]] = {
    "positive": (
        "Yes, sounds interesting. Can you send me some times for next week?",
        "Sure, happy to take a look. Thursday afternoon works for me.",
        "This is timely, we were just discussing it. Let's talk.",
        "ok interested. what are the next steps",
    ),
    "question": (
        "What does this cost for a team of our size?",
        "How is this different from what we have now? Do you have a reference in our trade?",
        "Does it work with our scheduling software?",
    ),
    "not_now": (
        "Not a good time, we are in the middle of our busy season. Maybe next quarter.",
        "We just signed with somebody else for a year. Thanks though.",
        "Not now, please try me again after the holidays.",
    ),
    "callback": (
        "Easier to talk. Please call me tomorrow morning.",
        "Can you give me a call this week? Afternoons are best.",
    ),
    "opt_out": (
        "Please remove me from your list.",
        "Not interested, take me off this list and do not contact me again.",
        "unsubscribe me pls",
        "Stop emailing me.",
        "Who gave you my address?",
    ),
    "other": (
        "I am not the right person for this, I only do the books.",
        "Thanks.",
    ),
}
OPT_OUT_TEXTS = ("please stop texting me", "take me off your list", "no more messages, thanks")
KEYWORDS = ("STOP", "Stop", "UNSUBSCRIBE", "QUIT", "stop")

_SPOKEN: dict[str, tuple[str, ...]] = {
    "early_hangup": ("No thanks.", "Not now.", "…"),
    "gatekeeper": ("He's out on a job, can I take a message?", "We don't transfer sales calls."),
    "not_interested": ("We're all set, thank you.", "I'm not interested."),
    "callback": ("I'm driving, call me back later.", "Catch me another time, I'm with a customer."),
    "send_email": ("Just send me an email.", "Put it in writing and I'll have a look."),
    "meeting": ("That would help us, actually.", "Alright, let's set something up."),
    "dnc": ("Don't ever call this number again.", "Take me off your list, and stop calling."),
    "wrong_number": ("You have the wrong number.", "There's nobody here by that name."),
    "conversation": ("How does that work exactly?", "Hm. I'd have to think about it."),
}
_ANSWERS: dict[str, str] = {
    "gatekeeper": "Thank you. Please tell them that we called.",
    "not_interested": "Understood, thank you for your time.",
    "callback": "Of course, I will call you then.",
    "send_email": "I will send it over right away.",
    "meeting": "Wonderful, you are booked.",
    "dnc": "Understood, we will not call you again. Goodbye.",
    "wrong_number": "I am sorry for the trouble. Goodbye.",
    "conversation": "That makes sense. Take your time.",
}
GREETING = "Hello, this is an automated assistant. This call may be recorded."
MENU = "Thank you for calling. For service, press one. For billing, press two."

Line = tuple[str, str]


def reply_text(roll: Random, kind: str, first_name: str) -> str:
    """An email or text of this class."""
    text = roll.choice(REPLIES[kind])
    return f"{text}\n\n{first_name}" if first_name and roll.random() < 0.5 else text


def out_of_office(name: str, until: str) -> str:
    """An automatic reply; `until` is the day the person is back, as they would write it."""
    return (
        f"Thank you for your message. I am out of the office until {until} "
        f"and will reply when I am back.\n\n{name}"
    )


def spoken(roll: Random, disposition: str, greeting: str) -> list[Line]:
    """A call as (role, words), the assistant first."""
    lines = [("bot", greeting), ("user", roll.choice(_SPOKEN[disposition]))]
    answer = _ANSWERS.get(disposition)
    return [*lines, ("bot", answer)] if answer else lines
