"""Draw `build/bench/synthesis.json`.

`synthesis.py FROM TO.svg`, by a Python that has matplotlib.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

OURS = "this library"
# Reads well on white and on black alike.
INK = "#7d8590"


def main(source: Path, target: Path) -> None:
    """Draw CPU seconds over the number of workers, a line for each variant."""
    measured = json.loads(source.read_text())["workers"]
    settings = {"font.size": 9, "svg.hashsalt": "bench", "svg.fonttype": "none"}
    inks = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color")
    mpl.rcParams.update({**settings, **dict.fromkeys((*inks, "ytick.color"), INK)})
    figure, axes = plt.subplots(figsize=(9, 4.5))
    for name, costs in measured.items():
        counts = sorted(map(int, costs))
        seconds = [costs[str(count)]["cpu_seconds"] for count in counts]
        ours = name == OURS
        axes.plot(
            counts,
            seconds,
            marker="o",
            linewidth=2.5 if ours else 1.3,
            zorder=3 if ours else 2,
            label=name,
        )
    axes.set_xlabel("workers behind queues in one app")
    axes.set_ylabel("CPU seconds of a synthesis")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1))
    figure.tight_layout()
    figure.savefig(target, transparent=True, metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
