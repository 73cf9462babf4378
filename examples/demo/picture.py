# SPDX-License-Identifier: MIT
"""The picture of the demo: how training went, and what was mistaken for what."""

import os

from matplotlib.figure import Figure  # no pyplot: nothing here needs a window
from matplotlib.ticker import MaxNLocator, PercentFormatter

BLUE, ORANGE, INK, GREY = "#2f6db5", "#d9730d", "#222222", "#6b7078"
TITLE = {"fontsize": 11, "color": INK, "loc": "left", "pad": 10}


def draw(path, title, names, confusion, *, loss, low, high, accuracy):
    """Writes a PNG; the arrays are the Lua script's tensors, on the same memory."""
    figure = Figure(figsize=(10, 5), dpi=150, layout="constrained")
    axes = figure.subplot_mosaic(
        [["loss", "matrix"], ["accuracy", "matrix"]], width_ratios=(1.3, 1)
    )
    epochs = range(1, len(loss) + 1)
    axes["loss"].fill_between(epochs, low, high, color=BLUE, alpha=0.2, linewidth=0)
    _draw_curve(axes["loss"], epochs, loss, BLUE, f"{loss[-1]:.3f}")
    axes["loss"].set_title("Loss of the mini-batches, mean and 95 % interval", **TITLE)
    axes["loss"].set_ylim(bottom=0)
    _draw_curve(axes["accuracy"], epochs, accuracy, ORANGE, f"{accuracy[-1]:.1%}")
    axes["accuracy"].set_title("Share of held-out passages that are right", **TITLE)
    axes["accuracy"].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes["accuracy"].set_xlabel("epoch", color=INK)
    _draw_confusion(axes["matrix"], names, confusion)
    figure.suptitle(title, fontsize=13, color=INK)
    figure.get_layout_engine().set(w_pad=0.15, h_pad=0.12)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    figure.savefig(path)


def _draw_curve(axes, epochs, values, colour, last):
    axes.plot(epochs, values, color=colour, linewidth=2)
    axes.annotate(
        last,
        (epochs[-1], values[-1]),
        (6, 0),
        color=colour,
        textcoords="offset points",
        va="center",
        annotation_clip=False,
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="#e6e8eb")
    axes.set_axisbelow(True)
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.tick_params(length=0, colors=GREY)


def _draw_confusion(axes, names, confusion):
    shares = confusion / confusion.sum(axis=1, keepdims=True)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.15)
    for (row, column), share in zip(((0, 0), (0, 1), (1, 0), (1, 1)), shares.flat):
        colour = "white" if share > 0.5 else INK
        text = f"{confusion[row, column]:.0f}"
        axes.text(column, row, text, ha="center", va="bottom", fontsize=17, color=colour)
        axes.text(column, row, f"\n{share:.0%}", ha="center", va="top", color=colour)
    axes.set_xticks(range(2), names)
    axes.set_yticks(range(2), names, rotation=90, va="center")
    axes.set_xlabel("guess", color=INK)
    axes.set_ylabel("where the passage is from", color=INK)
    axes.set_title("Held-out passages: what was taken for what", **TITLE)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
