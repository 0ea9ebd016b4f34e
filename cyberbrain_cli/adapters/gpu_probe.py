"""Whether this host has a GPU that a model could run on."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path("/")


def probe(root: Path = _ROOT) -> str | None:
    """The GPUs of this host in one line; None when there are none. Runs no program."""
    return nvidia(root) or amd(root)


def nvidia(root: Path = _ROOT) -> str | None:
    """Those of NVIDIA in one line."""
    models = [_model(card / "information") for card in _entries(root / "proc/driver/nvidia/gpus")]
    if models:
        return f"NVIDIA: {', '.join(models)}"[:200]
    devices = [entry for entry in _entries(root / "dev") if _is_card(entry.name)]
    return f"NVIDIA: {len(devices)} device(s)" if devices else None


def amd(root: Path = _ROOT) -> str | None:
    """Those of AMD in one line."""
    if not (root / "dev/kfd").exists():
        return None
    nodes = [entry for entry in _entries(root / "dev/dri") if entry.name.startswith("renderD")]
    return f"AMD: {len(nodes)} device(s)"


def _is_card(name: str) -> bool:
    return name.startswith("nvidia") and name.removeprefix("nvidia").isdecimal()


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _model(information: Path) -> str:
    try:
        lines = information.read_text(errors="replace").splitlines()
    except OSError:
        return "unknown model"
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("Model:"))
    return next(named, "unknown model")
