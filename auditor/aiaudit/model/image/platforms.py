"""Platforms that a repository deploys to, as far as they check containers by themselves and ignore HEALTHCHECK."""

from __future__ import annotations

import posixpath
import re

from aiaudit.model.compose import compose_file
from aiaudit.model.kubernetes import is_manifest_template, manifests_in
from aiaudit.model.service import Service
from aiaudit.patterns import regex

_FILES = frozenset(
    (
        "fly.toml", "render.yaml", "railway.json", "railway.toml", "app.yaml", "heroku.yml", "Procfile", "Chart.yaml",
        "serverless.yml", "serverless.yaml", "samconfig.toml", "cdk.json", "apprunner.yaml", "Dockerrun.aws.json",
        "captain-definition", "koyeb.yaml", "azure.yaml", "kustomization.yaml", "kustomization.yml", "skaffold.yaml",
        "modal.toml", "cloudbuild.yaml", "cloudbuild.yml", "copilot.yml",
    )
)  # fmt: skip
_ORCHESTRATORS = ("kubectl ", "helm ", "gcloud run", "aws ecs", "amazon-ecs-", "azure/webapps-deploy",
                  "az containerapp", "flyctl", "sam deploy", "cdk deploy", "railway up", "az webapp")  # fmt: skip
_SPACE = regex(r"\A---\n.{0,585}?sdk: docker", re.DOTALL)  # the head of a README that Hugging Face reads


def has_own_checks(service: Service) -> bool:
    """Whether anything of the repository deploys to Kubernetes or a platform with checks of its own."""
    return bool(service.part("platforms with checks", _found))


def _found(service: Service) -> bool:
    tree = service.tree
    if any(posixpath.basename(path) in _FILES or path.endswith(".tf") for path in tree.files()):
        return True
    for path in tree.files("yaml"):
        if ".github" in path.split("/"):
            if tree.mentions(path, _ORCHESTRATORS):
                return True
        elif (
            is_manifest_template(service, path)
            or any(item.containers for item in manifests_in(service, path))
            or (compose_file(service, path) is None and tree.mentions(path, ("containerDefinitions",)))
        ):
            return True
    return tree.exists("README.md") and tree.mentions("README.md", _SPACE)
