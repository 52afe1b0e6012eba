"""Experiments: what is tested, in which arm somebody is, how it stands, and what was changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.changes import Approval, Change
from shared.state.comparisons import HoldoutCounts, RankingCounts
from shared.state.transport import Transport

PAGE = 500
FOLD = 20_000
DeployStatus = Literal["deployed", "overtaken", "done_before"]


class ArmVersion(BaseModel):
    """The immutable text of one arm."""

    model_config = ConfigDict(frozen=True)

    hash: str
    text: str


class TestInForce(BaseModel):
    """A test that may give somebody another version than the one in force."""

    __test__ = False
    model_config = ConfigDict(frozen=True)

    id: int
    key: str
    counted_from: Literal["touch", "enrolment"]
    salt: str
    treatment_share: float
    population: str
    channel: str | None
    lever: str
    versions: dict[str, ArmVersion]
    hour_share: float | None = None

    @property
    def share_of_calls(self) -> float:
        """The treatment's part of the day's calls; as designed while no day was planned."""
        return self.treatment_share if self.hour_share is None else self.hour_share


class SourceCounts(BaseModel):
    """One arm's counts from one source of leads. `succeeded` is as of now, `matured_succeeded` final."""

    model_config = ConfigDict(frozen=True)

    arm: Literal["control", "treatment"]
    source: str
    assigned: int
    succeeded: int
    matured: int
    matured_succeeded: int
    opted_out: int
    complained: int


class Counting(BaseModel):
    """A running or suspended experiment: its plan and its counts."""

    model_config = ConfigDict(frozen=True)

    id: int
    kind: Literal["test", "holdback"]
    name: str
    lever: str
    directive_key: str
    metric: str
    channel: str | None
    window_days: int
    base_rate: float
    n_max: int
    max_days: int
    treatment_share: float
    alpha: float
    guardrails: tuple[str, ...]
    state: Literal["running", "suspended"]
    started_at: datetime
    suspended_at: datetime | None
    follows: int | None
    detector_level: float
    detector_n: int
    detector_successes: int
    counts: tuple[SourceCounts, ...]


class Queued(BaseModel):
    """A proposal, its units a week, and how many of the units whose time is over succeeded."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    name: str
    claim: str
    lever: str
    directive_key: str
    metric: str
    channel: str | None
    population: str
    expected_lift: float
    window_days: int
    weekly_units: float
    base_n: int
    base_successes: int
    head_hash: str | None
    treatment_hash: str
    busy: bool
    resting_until: datetime | None


class ArmTotals(BaseModel):
    """One arm over all sources."""

    model_config = ConfigDict(frozen=True)

    assigned: int = 0
    succeeded: int = 0
    matured: int = 0
    matured_succeeded: int = 0


class Experiment(BaseModel):
    """An experiment as it is shown, at whatever stage of its life."""

    model_config = ConfigDict(frozen=True)

    id: int
    kind: Literal["test", "holdback"]
    name: str
    claim: str
    lever: str
    directive_key: str
    metric: str
    channel: str | None
    population: str
    state: str
    verdict: str | None
    reason: str | None
    figures: dict[str, Any] | None
    window_days: int
    base_rate: float | None
    n_max: int | None
    max_days: int | None
    treatment_share: float
    expected_lift: float
    value: float
    proposed_by: str
    proposed_at: datetime
    started_at: datetime | None
    suspended_at: datetime | None
    decided_at: datetime | None
    ended_at: datetime | None
    follows: int | None
    treatment_hash: str | None
    shipped: Literal["deployed", "overtaken", "declined", "taken back"] | None
    alerted_at: datetime | None
    arms: dict[str, ArmTotals]

    @property
    def control(self) -> ArmTotals:
        """The arm on the version that was in force before."""
        return self.arms.get("control", ArmTotals())

    @property
    def treatment(self) -> ArmTotals:
        """The arm on the proposed version."""
        return self.arms.get("treatment", ArmTotals())


class Shipping(BaseModel):
    """A test that won. `approval` is the state of the owner's approval, None while none was asked for."""

    model_config = ConfigDict(frozen=True)

    id: int
    state: Literal["decided", "review"]
    directive_key: str
    reason: str
    figures: dict[str, Any] | None
    treatment_hash: str
    approval: Literal["pending", "approved", "denied", "expired"] | None


_COUNTING = TypeAdapter(list[Counting])
_QUEUED = TypeAdapter(list[Queued])
_EXPERIMENTS = TypeAdapter(list[Experiment])
_SHIPPING = TypeAdapter(list[Shipping])
_IN_FORCE = TypeAdapter(list[TestInForce])
_CHANGES = TypeAdapter(list[Change])
_APPROVALS = TypeAdapter(list[Approval])


class Experiments:
    """Verbs over tests, their verdicts, the evolution log and the owner's approvals."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def propose(self, proposal: dict[str, Any]) -> int:
        """Queue a change under its name; the same name again answers the same id."""
        return int(self._call("propose_experiment_v1", proposal=proposal))

    def queue(self, *, volume_days: int, history_days: int, rest_days: int) -> list[Queued]:
        """Proposals with today's volume and base rate."""
        return _QUEUED.validate_python(
            self._call(
                "experiment_queue_v1", volume_days=volume_days, history_days=history_days, rest_days=rest_days
            )
        )

    def start(self, experiment_id: int, *, base_rate: float, n_max: int, max_days: int, value: float) -> bool:
        """Begin a test; False where no place is free or a rule of the database stands in the way."""
        return bool(
            self._call(
                "start_experiment_v1",
                experiment_id=experiment_id,
                base_rate=base_rate,
                n_max=n_max,
                max_days=max_days,
                value=value,
            )
        )

    def refuse(self, experiment_id: int, reason: str) -> None:
        """Take a proposal off the queue, with the reason in words."""
        self._call("refuse_experiment_v1", experiment_id=experiment_id, reason=reason)

    def fold(self) -> int:
        """Bring the counts up to date by what changed; answers how many units did."""
        folded = 0
        while n := int(self._call("fold_experiments_v1", max_rows=FOLD)):
            folded += n
            if n < FOLD:
                break
        return folded

    def counting(self) -> Iterator[Counting]:
        """What runs, with its counts, by id, fetched in pages."""
        after = 0
        while page := _COUNTING.validate_python(
            self._call("experiments_counting_v1", after_id=after, max_rows=PAGE)
        ):
            yield from page
            after = page[-1].id

    def decide(self, decisions: Sequence[dict[str, Any]]) -> list[int]:
        """Write {id, action, reason, figures} for each; answers those that moved. A verdict latches."""
        return list(self._call("decide_experiments_v1", decisions=list(decisions))) if decisions else []

    def deploy(
        self, experiment_id: int, *, approver: str, holdback_share: float, holdback_days: int
    ) -> DeployStatus:
        """Ship a decided test once; overtaken where its text was changed by somebody else meanwhile."""
        return cast(
            "DeployStatus",
            self._call(
                "deploy_experiment_v1",
                experiment_id=experiment_id,
                approver=approver,
                holdback_share=holdback_share,
                holdback_days=holdback_days,
            )["status"],
        )

    def watch(self, steps: Sequence[dict[str, Any]]) -> list[int]:
        """Write {id, was, n, successes, level, alert} of the detector; answers those that alerted now."""
        return list(self._call("watch_experiments_v1", steps=list(steps))) if steps else []

    def share_hours(self, day: date, ends: datetime) -> int:
        """Share the day's calls between the arms of tests of the hour, once a day, by what is due."""
        return int(self._call("share_hours_v1", day=day.isoformat(), ends=ends.isoformat()))

    def drop(self, experiment_id: int, *, approver: str) -> None:
        """Close a win that is not to be shipped."""
        self._call("drop_experiment_v1", experiment_id=experiment_id, approver=approver)

    def in_force(self) -> list[TestInForce]:
        """Tests whose arms differ from the heads now."""
        return _IN_FORCE.validate_python(self._call("tests_in_force_v1"))

    def all(self, *, standing: bool = False, decided_since: datetime | None = None) -> Iterator[Experiment]:
        """Experiments by id, fetched in pages; where `standing`, only those not over, or over since then."""
        after, since = 0, decided_since.isoformat() if decided_since else None
        while page := _EXPERIMENTS.validate_python(
            self._call(
                "experiments_v1", after_id=after, max_rows=PAGE, standing=standing, decided_since=since
            )
        ):
            yield from page
            after = page[-1].id

    def shipping(self) -> list[Shipping]:
        """Tests that won and are not shipped, with the owner's word where one was asked for."""
        return _SHIPPING.validate_python(self._call("experiments_to_ship_v1"))

    def fold_holdout(self, window_days: int) -> int:
        """Count whoever was enrolled so many days ago; answers how many came of age."""
        return int(self._call("fold_holdout_v1", window_days=window_days))

    def holdout(self) -> HoldoutCounts:
        """Meetings of companies held out and contacted, as counted so far."""
        return HoldoutCounts.model_validate(self._call("holdout_v1"))

    def ranking(self, *, days: int, settle_days: int) -> RankingCounts:
        """Companies contacted in so many days that ended `settle_days` ago, by how they were placed."""
        answer = self._call("ranking_v1", days=days, settle_days=settle_days)
        return RankingCounts.model_validate(answer)

    def rollback(self, change_id: int, *, approver: str) -> dict[str, Any]:
        """Take one change back: {status: done | done_before | unknown | overtaken, subject}."""
        return dict(self._call("rollback_change_v1", change_id=change_id, approver=approver))

    def log(self, *, after: int = 0) -> Iterator[Change]:
        """The evolution log, oldest first, fetched in pages."""
        while page := _CHANGES.validate_python(self._call("evolution_log_v1", after_id=after, max_rows=PAGE)):
            yield from page
            after = page[-1].id

    def request_approval(
        self, *, subject: str, words: str, why: str, change: dict[str, Any], fingerprint: str, days: int
    ) -> int:
        """Ask the owner for a yes; the same change is asked once."""
        return int(
            self._call(
                "request_approval_v1",
                subject=subject,
                words=words,
                why=why,
                change=change,
                fingerprint=fingerprint,
                days=days,
            )
        )

    def approvals(self, *, pending: bool = True, max_rows: int = 100) -> list[Approval]:
        """The newest approvals; only those that still wait where `pending`."""
        return _APPROVALS.validate_python(self._call("approvals_v1", only_pending=pending, max_rows=max_rows))

    def approval(self, approval_id: int) -> Approval | None:
        """One approval as it stands now; None when there is none of that number."""
        found = self._call("approval_v1", approval_id=approval_id)
        return Approval.model_validate(found) if found else None

    def answer_approval(
        self, approval_id: int, fingerprint: str, *, approve: bool, actor: str
    ) -> dict[str, Any]:
        """The owner's word on exactly the change that was shown: {status, words} as it stands now."""
        return dict(
            self._call(
                "answer_approval_v1",
                approval_id=approval_id,
                fingerprint=fingerprint,
                approve=approve,
                actor=actor,
            )
        )
