"""What is known of the users and shells that base images come with."""

from __future__ import annotations

from aiaudit.model.image.commands import commands_in, names_in
from aiaudit.model.image.values import Image, Stage
from aiaudit.sources.dockerfile.facts import Command
from aiaudit.sources.dockerfile.references import ASH as ASH
from aiaudit.sources.dockerfile.references import BASH as BASH
from aiaudit.sources.dockerfile.references import DASH as DASH
from aiaudit.sources.dockerfile.references import Reference as Reference
from aiaudit.sources.dockerfile.references import reference as reference
from aiaudit.sources.dockerfile.references import shell_of

ROOT = "root"

# Images whose configuration names no user, so that containers run as root.
_ROOT_IMAGES = names_in(
    "alpine almalinux amazonlinux archlinux astral-sh/uv buildpack-deps busybox caddy centos continuumio/anaconda3"
    " continuumio/miniconda3 condaforge/miniforge3 condaforge/mambaforge debian fedora golang node nvidia/cuda"
    " oraclelinux oven/bun pypy python pytorch/pytorch rockylinux ruby rust tensorflow/tensorflow ubuntu"
    " tiangolo/uvicorn-gunicorn tiangolo/uvicorn-gunicorn-fastapi tiangolo/meinheld-gunicorn-flask"
    " tiangolo/uwsgi-nginx-flask ollama/ollama vllm/vllm-openai"
)
# Images that come with another user; the beginning of their name without the registry.
_OTHER_USERS = {
    "apache/airflow": "airflow",
    "apache/superset": "superset",
    "bitnami/": "1001",
    "bitnamilegacy/": "1001",
    "bitnamisecure/": "1001",
    "elasticsearch/": "elasticsearch",
    "grafana/grafana": "472",
    "jenkins/jenkins": "jenkins",
    "jupyter/": "jovyan",
    "mambaorg/micromamba": "mambauser",
    "n8nio/n8n": "node",
    "nginxinc/nginx-unprivileged": "101",
    "nim/": "1000",
    "prom/": "nobody",
    "selenium/": "seluser",
}
_SOURCE_TO_IMAGE = ("/python-", "/nodejs-", "/nginx-", "/httpd-", "/ruby-", "/php-", "/openjdk-", "/perl-")
# Images whose own entrypoint gives up root before it starts the program.
_DROP_PRIVILEGES = names_in(
    "ankane/pgvector cassandra couchdb haproxy influxdb mariadb memcached mongo mysql"
    " neo4j percona pgvector/pgvector postgis/postgis postgres rabbitmq redis redis/redis-stack valkey/valkey"
    " redis/redis-stack-server tensorchord/pgvecto-rs timescale/timescaledb timescale/timescaledb-ha"
)
# Web servers that give up root for the processes which answer requests.
_WEB_SERVERS = names_in("nginx httpd openresty angie")
_SWITCHES = names_in("gosu su-exec setpriv runuser su chpst s6-setuidgid setuidgid fixuid")


def default_shell(stage: Stage) -> str:
    """Which shell /bin/sh is: "dash", "ash" or "bash", "" where it is not known."""
    return shell_of(stage.root_base) if stage.lineage[0].base_is_known else ""


def default_user(stage: Stage) -> str | None:
    """The user that the image outside of this file comes with; None where it is not known."""
    if not stage.lineage[0].base_is_known:
        return None
    base = reference(stage.root_base)
    tag = base.tag.lower()
    if base.registry == "cgr.dev" or base.name.startswith("chainguard/"):
        return ROOT if base.last == "wolfi-base" else "65532"
    if base.registry == "dhi.io" or base.name.startswith("dhi/"):
        return None if "dev" in tag else "65532"
    if "distroless" in base.name:
        return "65532" if "nonroot" in tag else ROOT
    if base.name.startswith(("ubi", "rhel", "rhscl", "sclorg")) and any(p in f"/{base.name}" for p in _SOURCE_TO_IMAGE):
        return "1001"
    for name, user in _OTHER_USERS.items():
        if base.name.startswith(name):
            return user
    return ROOT if base.name in _ROOT_IMAGES or base.name.startswith(("ubi8", "ubi9", "ubi10")) else None


def platform_sets_user(stage: Stage) -> bool:
    """Whether the image runs where USER counts for nothing (AWS Lambda runs every container as a user of its own)."""
    return reference(stage.root_base).name.startswith("lambda/")


def gives_up_root(image: Image) -> bool:
    """Whether what the container starts changes to another user itself."""
    stage = image.final
    base = reference(stage.root_base)
    if not image.servers and base.last in _WEB_SERVERS:
        return True
    if stage.entrypoint is None and base.name in _DROP_PRIVILEGES:
        return True
    for instruction in (stage.entrypoint, stage.command):
        if instruction is not None and any(map(_switches, instruction.commands)):
            return True
    script = image.command.script if image.command else ""
    return bool(script) and any(map(_switches, commands_in(image.service.tree.text(script))))


def _switches(command: Command) -> bool:
    """Whether a command runs another one as another user, behind `exec` and the like or at once."""
    return any(word.text.rpartition("/")[2] in _SWITCHES for word in command.words[:4])
