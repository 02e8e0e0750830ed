"""Compose files and Kubernetes manifests, as far as containers and their variables go."""

from __future__ import annotations

from aiaudit.model.compose import read_compose
from aiaudit.model.kubernetes import read_manifests
from aiaudit.sources.deploy.yaml import extract

COMPOSE = """\
x-env: &env
  LEVEL: info
services:
  api:
    build: {context: ./api, dockerfile: Dockerfile.gpu, args: {VERSION: "1", TOKEN: }}
    env_file: [.env, {path: api.env}]
    command: ["uvicorn", "app:app"]
    environment:
      <<: *env
      TOKEN:
  db:
    image: postgres:16
    env_file: db.env
    command: postgres -c x=y
    environment:
      - POSTGRES_PASSWORD=a=b
      - PASSED_THROUGH
  web:
    build: .
"""

OBJECTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  template:
    spec:
      initContainers:
        - {name: migrate, image: "api:1", command: [alembic, upgrade]}
      containers:
        - name: api
          image: api:1
          args: [--port, "80"]
          env:
            - {name: LEVEL, value: info}
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: t}}}
          envFrom:
            - configMapRef: {name: c}
            - secretRef: {name: s}
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {A: "1"}}
  - {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {t: YQ==}}
---
other: document
"""


def test_compose_services() -> None:
    """Both forms of everything."""
    file = read_compose("compose.yaml", extract(COMPOSE))
    assert file is not None
    api, db, web = file.services

    assert (api.context, api.dockerfile, api.image) == ("./api", "Dockerfile.gpu", "")
    assert [(variable.name, variable.value) for variable in api.environment] == [("TOKEN", None), ("LEVEL", "info")]
    assert [(variable.name, variable.value) for variable in api.arguments] == [("VERSION", "1"), ("TOKEN", None)]
    assert api.env_files == (".env", "api.env")
    assert api.command == ("uvicorn", "app:app")
    assert [(v.name, v.value) for v in db.environment] == [("POSTGRES_PASSWORD", "a=b"), ("PASSED_THROUGH", None)]
    assert (db.env_files, db.command, db.image) == (("db.env",), ("postgres -c x=y",), "postgres:16")
    assert web.context == "."
    assert file.at(15) == db
    assert file.at(1) is None


def test_other_documents_are_no_compose_files() -> None:
    """A `services` key alone makes none."""
    assert read_compose("a.yaml", extract("services: [a, b]\n")) is None
    assert read_compose("a.yaml", extract("services: {a: {port: 1}}\n")) is None
    assert read_compose("a.yaml", extract("")) is None


def test_kubernetes_objects() -> None:
    """Containers wherever the pod template lies, data of maps and secrets, lists opened."""
    deployment, config, secret = read_manifests("k.yaml", extract(OBJECTS))

    assert (deployment.kind, deployment.name) == ("Deployment", "api")
    migrate, api = deployment.containers
    assert migrate.command == ("alembic", "upgrade")
    assert [(v.name, v.value, v.source) for v in api.environment] == [
        ("LEVEL", "info", ""), ("TOKEN", None, "secretKeyRef"),
    ]  # fmt: skip
    assert api.sources == ("c", "s")
    assert api.arguments == ("--port", "80")
    assert [(v.name, v.value) for v in config.data] == [("A", "1")]
    assert (secret.encoded, config.encoded) == (True, False)
