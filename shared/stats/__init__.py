"""Statistics of the tests: pure functions of counts, valid however often they are asked.

    verdict = decide(plan, counts, days)      # what to do about a running test
    compare_rates(Arm(405, 22), Arm(412, 31)) # two rates side by side
    leads_needed(0.2, 0.2)                    # 3,079, both arms together

The reasons for the rules stand in `docs/decisions`.
"""

from __future__ import annotations

from shared.stats.arms import Arm, LiveArm, relative_lift
from shared.stats.baselines import (
    Change,
    alarm_level,
    chance_of_fewer,
    chance_of_more,
    decompose,
    rate_interval,
)
from shared.stats.evidence import detector_step, guardrail_log_e, outcome_log_e, sample_ratio_log_e
from shared.stats.planning import (
    MAX_DAYS,
    Prior,
    leads_needed,
    sample_cap,
    shortest_run,
    smallest_lift,
    value_of_information,
)
from shared.stats.policy import Action, ExperimentCounts, ExperimentPlan, Verdict, decide, harm_log_e
from shared.stats.pooling import (
    BetaPrior,
    Contrast,
    Pooled,
    Stratum,
    benjamini_hochberg,
    beta_prior,
    chance_below,
    contrast,
    dispersion,
    pooled_rate,
    pooled_ratios,
)
from shared.stats.rates import (
    RateComparison,
    always_valid_interval,
    boundary,
    compare_rates,
    predictive_power,
    shrunken_lift,
)
from shared.stats.sources import sources_disagree

__all__ = [
    "MAX_DAYS",
    "Action",
    "Arm",
    "BetaPrior",
    "Change",
    "Contrast",
    "ExperimentCounts",
    "ExperimentPlan",
    "LiveArm",
    "Pooled",
    "Prior",
    "RateComparison",
    "Stratum",
    "Verdict",
    "alarm_level",
    "always_valid_interval",
    "benjamini_hochberg",
    "beta_prior",
    "boundary",
    "chance_below",
    "chance_of_fewer",
    "chance_of_more",
    "compare_rates",
    "contrast",
    "decide",
    "decompose",
    "detector_step",
    "dispersion",
    "guardrail_log_e",
    "harm_log_e",
    "leads_needed",
    "outcome_log_e",
    "pooled_rate",
    "pooled_ratios",
    "predictive_power",
    "rate_interval",
    "relative_lift",
    "sample_cap",
    "sample_ratio_log_e",
    "shortest_run",
    "shrunken_lift",
    "smallest_lift",
    "sources_disagree",
    "value_of_information",
]
