"""Defects of single instructions: a line too many in the final stage of the golden Dockerfile."""

from __future__ import annotations

from tests.mutation.mutation import Mutation, mutation

_DOCKERFILE = "Dockerfile"
_USER = "RUN useradd --system --uid 10001 --no-create-home assistant\n"
_BUILDER = "FROM python:3.11-slim-bookworm AS builder\n"
_FINAL = "FROM python:3.11-slim-bookworm\n\nENV PATH"
_CLEAN = "&& rm -rf /var/lib/apt/lists/*"
_INSTALL = "apt-get install --no-install-recommends"

# Rule, what the line that it points at holds, and the lines that are put in while the stage is still root.
_LINES = (
    ("IMG611", "--from=1", "COPY --from=1 /etc/hosts /etc/hosts.old"),
    ("IMG612", "--from=bilder", "COPY --from=bilder /etc/hosts /etc/hosts.old"),
    ("IMG614", "", "RUN python -V \\\n\n    && python -VV"),
    ("IMG616", "RUN ['python'", "RUN ['python', '-V']"),
    ("IMG618", "ONBUILD ONBUILD", "ONBUILD ONBUILD RUN python -V"),
    ("IMG620", '"-V"', 'CMD ["python", "-V"]'),
    ("IMG622", '"-V"', 'HEALTHCHECK CMD ["python", "-V"]'),
    ("IMG627", "sudo", "RUN sudo mkdir /data"),
    ("IMG628", "chpasswd", "RUN cat /run/passwords | chpasswd"),
    ("IMG629", "useradd --uid 1000", "RUN useradd --uid 1000660000 other"),
    ("IMG633", "/opt/lists", "COPY app/main.py app/__init__.py /opt/lists"),
    ("IMG634", "main.py main.py", "COPY app/main.py main.py"),
    ("IMG635", "WORKDIR data", "WORKDIR data"),
    ("IMG636", "/proc", "WORKDIR /proc/self"),
    ("IMG638", "80000", "EXPOSE 80000"),
    ("IMG639", "127.0.0.1", "EXPOSE 127.0.0.1:8000:8000"),
    ("IMG641", "EXPOSE 22", "EXPOSE 22"),
    ("IMG642", "DATA=", "ENV BASE=/data DATA=$BASE/texts"),
    ("IMG643", "$HOME", "ENV TEXTS=$HOME/texts"),
    ("IMG646", _INSTALL, f"RUN apt-get update && {_INSTALL} libgomp1 {_CLEAN}"),
    ("IMG649", "--force-yes", f"RUN apt-get update && {_INSTALL} -y --force-yes libgomp1 {_CLEAN}"),
    ("IMG651", "apk add", "RUN apk add tini"),
    ("IMG653", "--allow-untrusted", "RUN apk add --no-cache --allow-untrusted tini"),
    ("IMG654", "dnf install", "RUN dnf install tini && dnf clean all"),
    ("IMG655", "dnf install", "RUN dnf install -y tini"),
    ("IMG658", "--nogpgcheck", "RUN dnf install -y --nogpgcheck tini && dnf clean all"),
    ("IMG659", "zypper install", "RUN zypper install tini && zypper clean"),
    ("IMG660", "zypper -n", "RUN zypper -n install tini"),
    ("IMG663", "PIP_TRUSTED_HOST", "ENV PIP_TRUSTED_HOST=mirror.example.com"),
    ("IMG664", "PYTHONHTTPSVERIFY", "ENV PYTHONHTTPSVERIFY=0"),
    ("IMG667", "NODE_TLS", "ENV NODE_TLS_REJECT_UNAUTHORIZED=0"),
    ("IMG673", "curl", "RUN curl -fsSLk -o /opt/words.txt https://example.com/words.txt"),
    ("IMG674", "openssl", "RUN curl -fsSLO https://www.openssl.org/source/openssl-3.0.5.tar.gz"),
    ("IMG901", "RUN [", 'RUN ["python", 8]'),
    ("IMG902", "RUM", "RUM python -V"),
)


def _final(rule: str, text: str, start: str) -> Mutation:
    """Another FROM for the final stage."""
    return mutation(rule, _DOCKERFILE, text, (_DOCKERFILE, _FINAL, f"{start}\n\nENV PATH"))


MUTATIONS = (
    *(mutation(rule, _DOCKERFILE, text, (_DOCKERFILE, _USER, f"{_USER}{lines}\n")) for rule, text, lines in _LINES),
    _final("IMG604", "arm64v8", "FROM --platform=linux/amd64 arm64v8/python:3.11-slim-bookworm"),
    _final("IMG605", "VARIANT", "FROM python:3.11-slim-bookworm$VARIANT"),
    _final("IMG608", "AS context", "FROM python:3.11-slim-bookworm AS context"),
    mutation(
        "IMG607",
        _DOCKERFILE,
        "python:3.11-slim-bookworm AS builder",
        (_DOCKERFILE, _BUILDER, f"FROM debian:12-slim AS builder\n{_BUILDER}"),
    ),
    mutation("IMG613", _DOCKERFILE, "LABEL", (_DOCKERFILE, _BUILDER, f"LABEL stage=build\n{_BUILDER}")),
)
