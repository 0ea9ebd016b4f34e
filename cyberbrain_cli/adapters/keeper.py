"""A program that does nothing but wait, to keep a container's volumes alive.

A volume in memory lives as long as a running container has it mounted. The container that writes
into it ends before its outputs are collected, and its image may have no program that waits, so a
second container runs this one: an ELF file without libraries that sleeps until it is killed.
"""

from __future__ import annotations

import struct

_BASE = 0x400000
_HEADERS = 64 + 56

# The code of each architecture, with ELF's number for it: pause(2), again and again.
_CODE = {
    # mov eax, 34; syscall; jmp back
    "x86_64": (62, bytes.fromhex("b822000000 0f05 ebf7")),
    # ppoll(0, 0, 0, 0), for there is no pause: mov x0 to x3, 0; mov x8, 73; svc 0; b back
    "aarch64": (
        183,
        struct.pack(
            "<7I",
            *(0xD2800000, 0xD2800001, 0xD2800002, 0xD2800003, 0xD2800928, 0xD4000001, 0x17FFFFFA),
        ),
    ),
}


def program(architecture: str) -> bytes | None:
    """The program for an architecture as the daemon names it; None for one not known here."""
    if architecture not in _CODE:
        return None
    machine, code = _CODE[architecture]
    entry, size = _BASE + _HEADERS, _HEADERS + len(code)
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return identity + header + segment + code
