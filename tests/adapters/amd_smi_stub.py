"""A stub of AMD's library, compiled from C, for AMD's own Python package to load."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import files
from pathlib import Path

HERE = Path(__file__).with_name("amdsmi")
_ANSWERED = re.compile(r"^int (amdsmi_\w+)\(", re.MULTILINE)
_ASKED_FOR = re.compile(r"_libraries\['libamd_smi\.so'\]\.(amdsmi_\w+)")


def build(folder: Path) -> Path:
    """Compile the library below a folder, which may then be named by ROCM_PATH."""
    source = HERE / "stub.c"
    (wrapper,) = (file for file in files("amdsmi") or () if file.name == "amdsmi_wrapper.py")
    names = set(_ASKED_FOR.findall(wrapper.read_text()))
    names -= set(_ANSWERED.findall(source.read_text()))
    (folder / "names.h").write_text("\n".join(f"UNSUPPORTED({name})" for name in sorted(names)))
    library = folder / "lib" / "libamd_smi.so"
    library.parent.mkdir()
    command = ["cc", "-shared", "-fPIC", "-O1", f"-I{folder}", "-o", str(library), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return library


def state(name: str) -> str:
    """The path of a state to answer from."""
    return str(HERE / f"{name}.txt")
