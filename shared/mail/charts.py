"""Small charts for mail: SVG drawn here, PNG by resvg. No text inside, so that no font has to be shipped:
labels stand beside the image in the mail's own HTML. The ground is clear and the colours keep a contrast of
3 on white and on near-black, so that one image serves light and dark mail clients."""

from __future__ import annotations

from collections.abc import Sequence

import resvg_py

from shared.mail.evening import Baseline

ACCENT = "#2f86b8"
QUIET = "#8792a0"
BAND = "#8792a0"
DENSITY = 2


def funnel_svg(
    today: Sequence[float], usual: Sequence[float | None], *, width: int = 200, row: int = 30
) -> str:
    """Bars under one another, one row for each stage: today's, and below it a thin one for an ordinary day.

    `row` is the height in pixels of the table row beside it. All bars share one scale.
    """
    known = [value for value in usual if value is not None]
    scale = width / max([*today, *known, 1])
    shapes = []
    for place, (value, mean) in enumerate(zip(today, usual, strict=True)):
        top = place * row + (row - 15) / 2
        shapes.append(_bar(0, top, _length(value, scale), 10, ACCENT))
        if mean is not None:
            shapes.append(_bar(0, top + 12, _length(mean, scale), 3, QUIET))
    return _svg(width, row * len(today), shapes)


def _length(value: float, scale: float) -> float:
    return max(value * scale, 1.5) if value > 0 else 0.0


def week_svg(values: Sequence[int], usual: Baseline | None, *, width: int = 120, height: int = 44) -> str:
    """Seven columns, the last one today's, before a band that holds nine of ten ordinary days."""
    top = max([*values, usual.high if usual else 0, 1])
    pitch = width / max(len(values), 1)
    shapes = []
    if usual:
        upper, lower = height * (1 - usual.high / top), height * (1 - max(usual.low, 0) / top)
        shapes.append(_bar(0, upper, width, max(lower - upper, 1), BAND, 0.28))
    for place, value in enumerate(values):
        tall = max(height * max(value, 0) / top, 1.5)
        colour = ACCENT if place == len(values) - 1 else QUIET
        shapes.append(_bar(place * pitch + pitch * 0.2, height - tall, pitch * 0.6, tall, colour))
    return _svg(width, height, shapes)


def _bar(x: float, y: float, width: float, height: float, colour: str, opacity: float = 1) -> str:
    return (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" '
        f'fill="{colour}" fill-opacity="{opacity:g}"/>'
    )


def _svg(width: int, height: int, shapes: Sequence[str]) -> str:
    body = "".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{body}</svg>'
    )


def png(svg: str) -> bytes:
    """The chart as PNG at twice its size, for dense screens. The same SVG gives the same bytes."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=DENSITY, skip_system_fonts=True))
