"""What of a GPU a container was given, in the words of whoever made the container."""

from __future__ import annotations

from cyberbrain_cli.core.records import GpuClaim, GpuFacts

_MAKERS = {"nvidia.com/": "nvidia", "amd.com/": "amd"}
_DEFAULT_MAKER = "nvidia"
_SHORTEST_ADDRESS = len("3b:00.0")


def given(claim: GpuClaim, facts: GpuFacts) -> set[str | None]:
    """UUIDs of the GPU's parts, None for all of it; empty if the container was given nothing of it.

    A count means the first GPUs, as Docker takes it.
    """
    found = {place for device in claim.devices for place in _place(device, facts)}
    if claim.count and facts.vendor == _DEFAULT_MAKER and facts.index < claim.count:
        found.add(None)
    return {None} if None in found else found


def _place(device: str, facts: GpuFacts) -> set[str | None]:
    maker = next((start for start in _MAKERS if device.startswith(start)), None)
    if facts.vendor != (_MAKERS[maker] if maker else _DEFAULT_MAKER):
        return set()
    word = (device.partition("=")[2] if maker else device).casefold()
    if word == "all" or word == str(facts.index) or _is_named(word, facts):
        return {None}
    return {
        part.uuid
        for part in facts.instances
        if word == f"{facts.index}:{part.index}" or _begins(part.uuid, word, "mig-")
    }


def _is_named(word: str, facts: GpuFacts) -> bool:
    """By UUID or its beginning, by PCI address, or by a part's old name that has the GPU's UUID."""
    address = (facts.pci_address or "").casefold()
    if len(word) >= _SHORTEST_ADDRESS and address.endswith(word):
        return True
    older = word.startswith("mig-gpu-") and not facts.instances
    whole = word.removeprefix("mig-").partition("/")[0] if older else word
    return _begins(facts.uuid, whole, "gpu-")


def _begins(uuid: str, word: str, kind: str) -> bool:
    """Whether a word is a UUID or the beginning of one: more than what all of its kind share."""
    known = uuid.casefold()
    part = word.startswith(kind) and len(word) > len(kind) and known.startswith(word)
    return part or word == known
