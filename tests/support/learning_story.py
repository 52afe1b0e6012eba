"""What a learning run asks of the state library, told once for each transport."""

from __future__ import annotations

from datetime import timedelta

from shared.state.hypotheses import Review
from tests.support.experiments import proposal
from tests.support.ledger import NOW, TODAY, Ledger

DAY = timedelta(days=1)


def remember(ledger: Ledger) -> None:
    """An idea from its proposal to its end, and what stays known."""
    verbs, memory = ledger.state.hypotheses, ledger.state.memory
    row = {
        "week": TODAY.isoformat(),
        "proposed_by": "claude",
        "claim": "Ü",
        "why": "w",
        "test_plan": "t",
        "lever": "email_body",
        "directive_key": "k",
        "base_hash": "h",
        "metric": "replied",
        "channel": "email",
        "evidence": [{"id": "e", "level": ["ü"], "n": 3, "k": 1}],
        "proposal": proposal("k", "idea"),
        "probability": 0.25,
        "lift": 0.3,
        "lift_low": -0.1,
        "lift_high": 0.5,
        "due_on": TODAY.isoformat(),
        "cost_usd": 0,
    }
    ideas = [row | {"fingerprint": name, "approver": name} for name in ("loop", "owner")]
    first, second = verbs.keep(ideas, rest_days=30)
    verbs.forward(second.id, TODAY, most=1, approval_days=14)
    verbs.accept(second.id)
    verbs.forward(first.id, TODAY, most=1, approval_days=14)
    learned = {"key": "a", "kind": "winning_play", "title": "Grüße", "told": "short mails", "source": "x"}
    verbs.settle(second.id, "supported", "win", came_true=True, observed_lift=0.25, learning=learned)
    list(verbs.all())
    verbs.calibration()
    memory.learn([learned | {"key": "b"}])
    memory.search("short mail")
    list(memory.learnings())
    memory.keep_review(Review(day=TODAY, written_by="analyst", improvements=("ü",), gaps=()))
    memory.review(TODAY)
    list(memory.successful_calls(NOW - DAY))


def model_calls(ledger: Ledger) -> None:
    """One question that is answered, one that is given up, one that is too dear."""
    verbs = ledger.state.model_calls
    for key, worst in (("a", 0.5), ("b", 0.1), ("c", 9.0)):
        begun = verbs.begin(
            natural_key=key,
            prompt="prompts/x",
            prompt_hash="h",
            model="m",
            today=TODAY,
            worst_usd=worst,
            daily_usd=1.0,
            lease_s=60,
        )
        tokens = {"input_tokens": 9, "cached_tokens": 1, "output_tokens": 2}
        if key == "a":
            verbs.settle(begun, provider_id="M", outcome="answered", answer={"ü": 1}, cost_usd=0.01, **tokens)
        if key == "b":
            verbs.fail(begun, code="x", cost_usd=0.0, retry_at=NOW + DAY)
    verbs.spend(NOW - DAY, NOW + DAY)
    verbs.expire_answers(NOW + DAY)
