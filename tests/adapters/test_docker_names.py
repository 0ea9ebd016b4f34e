"""What an image is pinned to."""

from __future__ import annotations

import pytest

from cyberbrain_cli.adapters.docker_names import image_digest

A, B, ID = "sha256:aaa", "sha256:bbb", "sha256:the-id"
FETCHED = {"Id": ID, "RepoDigests": [f"nginx@{A}", f"nginx@{B}", f"ghcr.example/library/nginx@{B}"]}


@pytest.mark.parametrize(
    ("reference", "digest"),
    [
        ("nginx:1", A),
        ("docker.io/library/nginx:1", A),
        ("index.docker.io/nginx", A),
        ("library/nginx", A),
        (f"nginx@{B}", B),
        (f"nginx:1@{B}", B),
        ("nginx@sha256:ccc", A),
        ("ghcr.example/library/nginx:1", B),
        ("localhost:5000/nginx:1", ID),
        ("other", ID),
        (ID, ID),
    ],
)
def test_an_image_is_pinned_to_its_digest_in_the_references_repository(
    reference: str, digest: str
) -> None:
    assert image_digest(reference, FETCHED) == digest


def test_an_image_from_no_repository_is_pinned_to_its_id() -> None:
    assert image_digest("made-here:1", {"Id": ID, "RepoDigests": None}) == ID
