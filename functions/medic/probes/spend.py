"""A day's budget that is nearly used up."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """Channels whose budget of the day is nearly gone; sending stops by itself where it ends."""
    found = []
    for channel, budget in sorted(scene.budgets.items()):
        used = scene.signs.spent_today.get(channel, 0.0)
        if budget > 0 and used >= scene.limits.spend.share * budget:
            found.append(
                Finding(channel, "notice", scene.now, {"used_usd": round(used, 2), "budget_usd": budget})
            )
    return found


PROBE = Probe("spend", "a budget that is nearly used up", look)
