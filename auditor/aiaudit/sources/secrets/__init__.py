"""Candidate credentials in any text: keys of known providers, literals bound to a secret's name, passwords in URLs.

The value itself is never kept: facts hold its first characters, its length and a digest.
"""

from __future__ import annotations

from aiaudit.sources.secrets.facts import SecretFact, SecretFacts, SecretProblem
from aiaudit.sources.secrets.names import is_secret_name
from aiaudit.sources.secrets.scan import extract

VERSION = 9

__all__ = ["VERSION", "SecretFact", "SecretFacts", "SecretProblem", "extract", "is_secret_name"]
