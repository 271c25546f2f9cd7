"""Drawings of a report, by matplotlib, as PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from t2t_multimodel.report.history import Curve

_INCH_WIDE, _INCH_HIGH = 3.4, 2.5
_MOST_IN_A_ROW = 3
_FEW_POINTS = 60  # more are drawn pale, under their running mean
_FEW_COLUMNS = 12  # each gets its number
_COLOURS = ("#1f6fb4", "#d1541f", "#2b8a3e", "#7b4fa3")


@dataclass(frozen=True)
class Panel:
    """Axes over the steps: curves, and levels that go through."""

    title: str
    curves: dict[str, Curve]
    levels: dict[str, float] = field(default_factory=dict)
    log: bool = False


@dataclass(frozen=True)
class HeatMap:
    """Axes with a coloured field for each number."""

    title: str
    values: np.ndarray
    """[rows, columns]"""
    x_label: str
    y_label: str
    row_names: Sequence[str] = ()
    """Empty: rows are numbered."""
    x_range: tuple[float, float] | None = None
    """First and last x; None: columns are numbered."""


@dataclass(frozen=True)
class Bars:
    """Axes with a bar for each part, side by side for several series."""

    title: str
    heights: Mapping[str, Sequence[float]]
    """Series -> the height of each bar."""
    x_label: str
    names: Sequence[str] = ()
    """A word below each bar; without them `edges` are numbers."""
    edges: Sequence[float] = ()
    """Where bars begin and end on the axis, one more than bars."""


def draw_bars(charts: Sequence[Bars]) -> bytes:
    """Bar charts side by side."""
    figure, axes = _grid(len(charts), 1.3 * _INCH_WIDE, _INCH_HIGH)
    for ax, chart in zip(axes, charts, strict=True):
        count = len(chart.heights)
        for number, (name, heights) in enumerate(chart.heights.items()):
            places = np.asarray(chart.edges[:-1] if len(chart.edges) else range(len(heights)))
            wide = np.diff(chart.edges) if len(chart.edges) else np.full(len(heights), 0.9)
            ax.bar(
                places + wide * number / count,
                heights,
                wide / count,
                align="edge",
                color=_COLOURS[number % len(_COLOURS)],
                label=name,
            )
        if chart.names:
            turned = 60 if max(map(len, chart.names)) > 3 else 0
            ax.set_xticks(np.arange(len(chart.names)) + 0.45, chart.names, rotation=turned)
        ax.set_title(chart.title, fontsize=10)
        ax.set_xlabel(chart.x_label, fontsize=8)
        ax.set_ylabel("share", fontsize=8)
        if count > 1:
            ax.margins(y=0.2)  # above the bars, where the legend hides none of them
            ax.legend(fontsize=7, frameon=False, ncols=count, loc="upper right")
    return _png(figure)


@dataclass(frozen=True)
class Span:
    """A number with the interval in which it lies."""

    name: str
    value: float
    low: float
    high: float


def draw_spans(spans: Sequence[Span], x_label: str) -> bytes:
    """Numbers below each other, with their intervals, and a line at 0."""
    figure, (ax,) = _grid(1, 2.4 * _INCH_WIDE, 0.9 + 0.26 * len(spans))
    for place, one in enumerate(spans):
        colour = _COLOURS[0] if one.low > 0 else _COLOURS[1] if one.high < 0 else "#777"
        ax.plot([one.low, one.high], [place, place], color=colour, linewidth=1.4)
        ax.plot([one.value], [place], color=colour, marker="o", ms=4)
    ax.axvline(0, color="#555", linewidth=1, linestyle="--")
    ax.set_yticks(range(len(spans)), [one.name for one in spans], fontsize=8)
    ax.set_ylim(len(spans) - 0.5, -0.5)
    ax.set_xlabel(x_label, fontsize=8)
    return _png(figure)


def draw(panels: Sequence[Panel], last_step: int) -> bytes:
    """Panels side by side, three in a row, all from step 0 to the same last step."""
    figure, axes = _grid(len(panels), _INCH_WIDE, _INCH_HIGH)
    for ax, panel in zip(axes, panels, strict=True):
        for number, (name, curve) in enumerate(panel.curves.items()):
            _curve(ax, name, curve, _COLOURS[number % len(_COLOURS)])
        for (name, level), style in zip(panel.levels.items(), ("--", ":", "-."), strict=False):
            ax.axhline(level, color="#555", linewidth=1, linestyle=style, label=name)
        ax.set_title(panel.title, fontsize=10)
        ax.set_xlabel("step", fontsize=8)
        ax.set_xlim(0, max(1, last_step) * 1.02)
        if panel.log:
            ax.set_yscale("log")
        if len(panel.curves) + len(panel.levels) > 1:
            ax.legend(fontsize=7, frameon=False)
    return _png(figure)


def _curve(ax: Any, name: str, curve: Curve, colour: str) -> None:
    steps, values = (np.asarray(part, float) for part in zip(*curve, strict=True))
    if len(steps) > _FEW_POINTS:
        ax.plot(steps, values, color=colour, linewidth=0.6, alpha=0.3)
        values = running_mean(values, len(values) // 25)
        ax.plot(steps, values, color=colour, linewidth=1.4, label=name)
    else:
        marker = "o" if len(steps) < 12 else None
        ax.plot(steps, values, color=colour, linewidth=1.4, marker=marker, ms=3, label=name)


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """The mean of each value and up to `width` before it, of as many as there are."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    last = np.arange(1, len(values) + 1)
    first = np.maximum(0, last - width - 1)
    return (sums[last] - sums[first]) / (last - first)


def draw_heat(maps: Sequence[HeatMap], signed: bool = False) -> bytes:
    """Heat maps side by side on one scale of colours: from 0, or of both signs with 0 white."""
    rows = max(len(one.row_names) for one in maps)
    wide = 1.6 * _INCH_WIDE if rows else _INCH_WIDE * 1.3
    figure, axes = _grid(len(maps), wide, max(_INCH_HIGH, 0.9 + 0.28 * rows))
    top = max(float(np.nanmax(np.abs(one.values), initial=0.0)) for one in maps)
    colours: dict[str, Any] = {"vmin": -top, "cmap": "RdBu"} if signed else {"vmin": 0.0}
    for ax, one in zip(axes, maps, strict=True):
        height = len(one.values)
        extent = (*one.x_range, height - 0.5, -0.5) if one.x_range else None
        image = ax.imshow(
            one.values,
            vmax=top,
            aspect="auto",
            extent=extent,
            interpolation="nearest",
            **colours,
        )
        ax.set_title(one.title, fontsize=10)
        ax.set_xlabel(one.x_label, fontsize=8)
        ax.set_ylabel(one.y_label, fontsize=8)
        if not one.x_range and one.values.shape[1] <= _FEW_COLUMNS:
            ax.set_xticks(range(one.values.shape[1]))
        if one.row_names:
            ax.set_yticks(range(height), one.row_names, fontsize=8)
        figure.colorbar(image, ax=ax, format="%.2f").ax.tick_params(labelsize=7)
    return _png(figure)


def _grid(number: int, wide: float, high: float) -> tuple[Figure, list[Any]]:
    columns = min(number, _MOST_IN_A_ROW)
    rows = -(-number // columns)
    figure = Figure(figsize=(columns * wide, rows * high), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for ax in axes:
        ax.tick_params(labelsize=8)
    for unused in axes[number:]:
        unused.remove()
    return figure, axes[:number]


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()
