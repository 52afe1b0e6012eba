"""A model of who becomes a customer: learned from one's own history, and judged on leads that came later.

    model = train(rows, outcomes)             # rows: column → value, oldest first; outcomes: True or False
    model.probability(row), model.reasons(row)
    score = walk_forward(rows, outcomes, block=500, first=1000, rank=learned)

Scoring (`columns`, `model`, `score`) is plain Python, so that what only scores loads no numerics. Why the
model is as it is stands in `docs/decisions/0040`.
"""
