"""What is known of base images: whether they hold an application of their own, and the folder that they start in."""

from __future__ import annotations

from aiaudit.model.image.commands import names_in
from aiaudit.model.image.origins import reference

# The folder of a base image whose WORKDIR nobody here knows; relative paths stay comparable below it.
UNKNOWN_FOLDER = "/<workdir of the base image>"

# Images that hold a distribution or a language, and nothing that a service would start.
_PLAIN = names_in(
    "scratch python pypy debian ubuntu alpine busybox node golang rust ruby php openjdk eclipse-temurin amazoncorretto"
    " amazonlinux fedora centos rockylinux almalinux oraclelinux opensuse nginx httpd buildpack-deps gcc bash docker"
    " nvidia/cuda nvidia/cudagl continuumio/miniconda3 continuumio/anaconda3 condaforge/miniforge3 astral-sh/uv"
    " condaforge/mambaforge circleci/python cimg/python bitnami/python bitnami/minideb tensorflow/tensorflow"
    " distroless/base distroless/base-debian11 distroless/base-debian12 distroless/python3 distroless/cc"
    " distroless/python3-debian11 distroless/python3-debian12 distroless/static rocm/dev-ubuntu-22.04 intel/oneapi"
    " ubi8 ubi9 ubi8/ubi ubi9/ubi ubi8/ubi-minimal ubi9/ubi-minimal oven/bun denoland/deno"
)
_FOLDERS = {
    "pytorch/pytorch": "/workspace",
    "lambda/python": "/var/task",
    "golang": "/go",
    "ubi8/python-311": "/opt/app-root/src",
    "ubi9/python-311": "/opt/app-root/src",
    "ubi9/python-312": "/opt/app-root/src",
}


def repository(base: str) -> str:
    """An image's name without registry, tag and digest: `docker.io/library/python:3.12` is `python`."""
    return reference(base).name


def starting_folder(base: str) -> str:
    """The folder that an image starts in, UNKNOWN_FOLDER where that is not known."""
    name = repository(base)
    return _FOLDERS.get(name, "/" if is_plain(base) else UNKNOWN_FOLDER)


def is_plain(base: str) -> bool:
    """Whether a base surely holds no application of its own."""
    if "$" in base or "onbuild" in base:
        return False
    name = repository(base)
    return name in _PLAIN or name in _FOLDERS


# Images that bring a heavy package with them.
_CARRIED = {
    "pytorch/pytorch": "torch",
    "nvidia/pytorch": "torch",
    "huggingface/transformers-pytorch-gpu": "torch",
    "huggingface/transformers-all-latest-gpu": "torch",
    "rocm/pytorch": "torch",
    "openmmlab/lmdeploy": "torch",
    "vllm/vllm-openai": "torch",
    "tensorflow/tensorflow": "tensorflow",
    "nvidia/tensorflow": "tensorflow",
}


def heavy_package_of(base: str) -> str:
    """The heavy package that a base image brings, "" for none that is known."""
    return _CARRIED.get(repository(base), "")


# Images whose Python lies in /usr/local, by the last part of their name.
_LOCAL_PYTHON = names_in(
    "python uvicorn-gunicorn uvicorn-gunicorn-fastapi uvicorn-gunicorn-starlette meinheld-gunicorn"
)


def holds_python_in_local(base: str) -> bool:
    """Whether a base image surely has a Python of its own in /usr/local."""
    name = repository(base)
    return name == "python" or (name.startswith("tiangolo/") and name.rpartition("/")[2] in _LOCAL_PYTHON)


DEVELOPMENT, FULL = "development", "full"
_FULL_PYTHON = names_in("python tiangolo/uvicorn-gunicorn tiangolo/uvicorn-gunicorn-fastapi pypy")
_LEAN = names_in("slim alpine")


def workshop_kind(base: str) -> str:
    """What makes a base a workshop: DEVELOPMENT for CUDA's toolkit, FULL for Python on Debian's toolchain, or ""."""
    image = reference(base)
    parts = image.tag.lower().split("-")
    if image.digest and not image.tag:
        return ""  # may be any variant
    if "devel" in parts and ("cuda" in base or heavy_package_of(base)):
        return DEVELOPMENT
    if not _LEAN.isdisjoint(parts) or any("alpine" in part for part in parts):
        return ""
    if image.name in _FULL_PYTHON:
        return FULL
    return FULL if image.name == "astral-sh/uv" and parts[0].startswith("python") else ""
