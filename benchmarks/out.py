"""Where the figures go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "bench"


def write(topic: str, figures: Mapping[str, object], *, quick: bool = False) -> Path:
    """Write JSON; of a quick run, where it does not replace that of a whole one."""
    folder = OUT / "quick" if quick else OUT
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{topic}.json"
    place.write_text(json.dumps(figures, indent=2) + "\n")
    return place.relative_to(ROOT)
