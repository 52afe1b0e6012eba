"""What was kept long enough goes, every night, in chunks that no query limit notices."""

from __future__ import annotations

from datetime import timedelta

from shared.loop import Loop

MOST_CHUNKS = 200  # 100,000 rows a night; a longer backlog takes some nights
LEFT_S = 60.0


def expire(loop: Loop) -> dict[str, int]:
    """Let go of what is older than the owner's directives say; counts what went, by kind."""
    keep, now = loop.book.outreach.retention, loop.clock.now()
    transcripts_before = now - timedelta(days=keep.transcript_days)
    records_before = now - timedelta(days=365.25 * keep.record_years)
    gone = {"transcripts": 0, "rejects": 0, "owner_mails": 0, "records": 0}
    for _ in range(MOST_CHUNKS):
        if loop.lease.left() < LEFT_S:
            break
        chunk = loop.state.privacy.expire(
            transcripts_before=transcripts_before, records_before=records_before
        )
        if chunk.nothing:
            break
        gone = {kind: n + getattr(chunk, kind) for kind, n in gone.items()}
    while loop.lease.left() >= LEFT_S and (n := loop.state.calls.expire_words(transcripts_before)):
        gone["transcripts"] += n
    while loop.lease.left() >= LEFT_S and (n := loop.state.model_calls.expire_answers(transcripts_before)):
        gone["transcripts"] += n
    return gone
