"""The table of scores: sums, means, and what is missing said in its cell."""

from __future__ import annotations

from typing import Any

from bench.scores import page


def _run(**changes: Any) -> dict[str, Any]:
    fault = {
        "injected": 2,
        "to_notice": 2,
        "excuse": "",
        "detected": 2,
        "repaired": 1,
        "wrongly_repaired": 1,
        "mttd_s": 60.0,
        "mttr_s": 300.0,
    }
    return {
        **{"leads": 700, "planned": 1500, "sent": {"call": 1, "email": 2, "sms": 3}},
        "violations": {"sent_twice": 1, "outside_window": 0, "after_opt_out": 0, "without_consent": 0},
        **{"opt_out_to_last_touch_s": {"p50": 0.0, "p99": 30.0}, "experiments": [], "false_wins": 2},
        **{"missed_winners": 0, "regret": 0.5, "meetings": {"loop": 1.0, "baseline": 1.0, "oracle": 1.5}},
        "hypotheses": {"true": 1, "false": 0, "unsupported": 0, "brier": None},
        **{"faults": {"slow": fault}, "recount": {"figures": 40, "mismatches": 0}, "missing": []},
        **changes,
    }


def _cells(text: str, label: str) -> list[str]:
    row = next(line for line in text.splitlines() if line.startswith(f"| {label} |"))
    return [cell.strip() for cell in row.split("|")[2:-1]]


def test_page__sums_counts_takes_means_and_names_what_is_missing() -> None:
    bare = _run(missing=["ab_test_manager"], faults={}, opt_out_to_last_touch_s={"p50": None, "p99": None})
    text = page(
        {"trap": [_run(), _run(sent={"call": 4, "email": 0, "sms": 0})], "tiny": [bare]}, days=7, seeds=[1, 2]
    )
    assert "7 days of each world, seeds 1 to 2." in text
    assert _cells(text, "Leads") == ["1,400", "700"]
    assert _cells(text, "Calls, emails, texts accepted") == ["5, 2, 3", "1, 2, 3"]
    assert _cells(text, "Sent twice") == ["2", "1"]
    assert _cells(text, "99th percentile, s") == ["30.0", "–"]
    assert _cells(text, "False wins") == ["4", "missing: ab_test_manager"]
    assert _cells(text, "Detected") == ["4", "none injected"]
    assert _cells(text, "Mean time to repair, s") == ["300", "–"]
    assert _cells(text, "Brier score") == ["–", "–"]
    assert "| `slow` | 4 | 4 | 2 | 2 |  |" in text
    assert "do not exist yet: ab_test_manager." in text
