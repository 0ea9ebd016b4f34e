"""Questions to NVIDIA's driver, any of which may be unsupported, missing or the last one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pynvml

NOT_AVAILABLE = 1 << 32
"""32-bit answers as large as this less a few, and 64-bit ones beyond 2**60, are no figures."""

_LARGEST = 1 << 60
_FEW = 64
_GONE = frozenset(
    (
        pynvml.NVML_ERROR_GPU_IS_LOST,
        pynvml.NVML_ERROR_RESET_REQUIRED,
        pynvml.NVML_ERROR_UNINITIALIZED,
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
    )
)


class NvmlLost(Exception):
    """The GPU does not answer any more."""


def ask(function: Callable[..., Any], *arguments: Any) -> Any:
    """The driver's answer; None where it gives none. Raises NvmlLost."""
    return ask_first((function,), *arguments)


def ask_first(functions: tuple[Callable[..., Any], ...], *arguments: Any) -> Any:
    """The same of the first function that the driver's library has: newer names come first."""
    for function in functions:
        try:
            return function(*arguments)
        except pynvml.NVMLError as error:
            code = getattr(error, "value", None)
            if code in _GONE:
                raise NvmlLost(why(error)) from None
            if code != pynvml.NVML_ERROR_FUNCTION_NOT_FOUND:
                return None
        except UnicodeDecodeError:
            return None
    return None


def figure(value: Any) -> int | None:
    """A number that can be meant: not one of those that say "not available"."""
    if value is None or not 0 <= value < _LARGEST:
        return None
    return None if NOT_AVAILABLE - _FEW <= value < NOT_AVAILABLE else int(value)


def why(error: BaseException) -> str:
    """What NVML says of an error, in half a sentence."""
    codes = {
        pynvml.NVML_ERROR_LIBRARY_NOT_FOUND: "its library (libnvidia-ml.so.1) is missing or cannot "
        "be loaded",
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "the driver is not loaded",
        pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: "the driver and its library are of different "
        "versions (a reboot, or loading the driver again, helps)",
        pynvml.NVML_ERROR_NO_PERMISSION: "this user may not ask it",
        pynvml.NVML_ERROR_GPU_IS_LOST: "it has fallen off the bus",
        pynvml.NVML_ERROR_RESET_REQUIRED: "it has to be reset",
        pynvml.NVML_ERROR_INSUFFICIENT_POWER: "its power cables are not attached properly",
    }
    known = codes.get(getattr(error, "value", None))
    return known or str(error).lower().rstrip(".") or type(error).__name__
