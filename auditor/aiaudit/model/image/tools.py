"""Packages that are there to build others: compilers, headers, git."""

from __future__ import annotations

from aiaudit.model.image.commands import names_in

_COMPILERS = names_in(
    "build-essential build-base gcc g++ gfortran clang llvm cmake make ninja-build ninja rustc cargo rustup golang"
    " golang-go go autoconf automake libtool bison flex swig nasm yasm bazel meson pkg-config pkgconf patchelf dpkg-dev"
    " base-devel gcc-c++ c-compiler cxx-compiler compilers gxx gcc_linux-64 gxx_linux-64 gfortran_linux-64 cuda-nvcc"
    " cuda-toolkit nvidia-cuda-toolkit cudatoolkit-dev musl-dev libc6-dev libc-dev glibc-devel kernel-headers"
    " linux-headers development-tools"
)
_COMPILER_STARTS = ("cuda-toolkit-", "cuda-nvcc-", "llvm-", "clang-", "gcc-", "g++-")
SMALL_TOOLS = names_in("make pkg-config pkgconf autoconf automake libtool bison flex")
GIT_TOOLS = names_in("git git-core git-all git-lfs")
HEADERS = ("-dev", "-devel")
_NO_HEADERS = ("moreutils-dev",)


def tool_kind(name: str) -> bool | None:
    """Whether a package is a compiler (True), headers or git (False), or none of these (None)."""
    base = name.lower().lstrip("@")
    stem = base.rstrip("0123456789.-")
    if base in _COMPILERS or stem in _COMPILERS or base.startswith(_COMPILER_STARTS):
        return base not in SMALL_TOOLS
    if base in GIT_TOOLS:
        return False
    return False if base.endswith(HEADERS) and base not in _NO_HEADERS else None
