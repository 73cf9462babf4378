# SPDX-License-Identifier: MIT
"""The results as a picture: each row's candidates on a logarithmic axis."""

COLOURS = {
    "floor": "#999999",
    "bridge": "#1f5fbf",
    "pyhelper": "#5fa8ff",
    "lupa": "#d9822b",
    "native": "#3c9d4f",
    "torch7": "#8e44ad",
    "pytorch": "#c0392b",
}


def draw(summary, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = {name: row for name, row in summary["rows"].items() if not name.startswith("bytes")}
    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.27 * len(rows)))
    for at, candidates in enumerate(rows.values()):
        times = [figure["ns"] for figure in candidates.values()]
        axes.plot([min(times), max(times)], [at, at], color="#dddddd", zorder=1)
    for who, colour in COLOURS.items():
        at = [i for i, candidates in enumerate(rows.values()) if who in candidates]
        times = [c[who]["ns"] for c in rows.values() if who in c]
        if at:
            axes.scatter(times, at, color=colour, label=who, s=28, zorder=2)
    axes.set_yticks(range(len(rows)), rows)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("CPU time per operation or element, ns")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="upper right")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
