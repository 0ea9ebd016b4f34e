"""Files on their way into a container, as the archive that the daemon unpacks."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable

from cyberbrain_cli.core.records import InputFile


def tar_of(files: Iterable[InputFile], mode: int) -> bytes:
    """Files that belong to root, and that everybody may read."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        folders: set[str] = set()
        for file in files:
            *above, _ = file.path.split("/")
            for depth in range(1, len(above) + 1):
                folder = "/".join(above[:depth])
                if folder not in folders:
                    folders.add(folder)
                    made = tarfile.TarInfo(folder)
                    made.type, made.mode = tarfile.DIRTYPE, 0o555
                    tar.addfile(made)
            entry = tarfile.TarInfo(file.path)
            entry.size, entry.mode = len(file.content), mode
            tar.addfile(entry, io.BytesIO(file.content))
    return content.getvalue()
