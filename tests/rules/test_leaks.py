"""Environment files in an image: every one is named once, by one rule alone."""

from __future__ import annotations

from pathlib import Path

from aiaudit.model.image import Image
from aiaudit.model.service import Service
from aiaudit.sources.store import Store
from aiaudit.workspace import Scope, Workspace
from aiaudit_rules.image.whole_context_without_dockerignore import whole_context_without_dockerignore
from aiaudit_rules.secrets.env_file_copied_into_image import env_file_copied_into_image
from tests.support import write_tree


def image_of(folder: Path, ignored: str) -> Image:
    files = {
        "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\n",
        ".dockerignore": ignored,
        ".env": "OPENAI_API_KEY=made-up-for-this-test\n",
        ".env.local": "SERVICE_API_KEY=made-up-for-this-test\n",
    }
    write_tree(folder, files)
    (made,) = Service(Workspace(Scope(str(folder)), Store())).subjects(Image)
    return made


def test_all_environment_files_are_named_in_one_finding(tmp_path: Path) -> None:
    image = image_of(tmp_path, ".git\n")

    (finding,) = env_file_copied_into_image(image)

    assert finding.message == ".env gets into the image with OPENAI_API_KEY; so does .env.local"
    assert list(whole_context_without_dockerignore(image)) == []


def test_what_else_gets_in_is_told_without_them(tmp_path: Path) -> None:
    (finding,) = whole_context_without_dockerignore(image_of(tmp_path, "docs\n"))

    assert finding.message == "the whole context is copied and .dockerignore does not keep out .git"
