"""build(settings) → Services: the only place that chooses real things."""

from __future__ import annotations
