"""A transaction that stays open: behind it dead rows pile up, and claims fall to a tenth of their speed."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """The oldest open transaction of this database, by age."""
    if scene.signs.oldest_transaction_s is None:
        return []
    age = timedelta(seconds=scene.signs.oldest_transaction_s)
    if age < timedelta(minutes=scene.limits.database.transaction_minutes):
        return []
    return [Finding("database", "warning", scene.now - age, {"seconds": round(age.total_seconds())})]


PROBE = Probe("old_transaction", "a transaction that stays open", look)
