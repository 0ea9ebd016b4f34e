"""Secrets and personal data out of text, before it reaches a model, a file or a terminal."""

from __future__ import annotations

from cyberbrain_cli.core.redaction.placeholders import UNREADABLE
from cyberbrain_cli.core.redaction.redactor import MAX_LINE, MAX_TEXT, Redactor

__all__ = ["MAX_LINE", "MAX_TEXT", "UNREADABLE", "Redactor"]
