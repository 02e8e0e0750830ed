"""Platforms that a repository deploys to, as far as they check containers by themselves and ignore HEALTHCHECK."""

from __future__ import annotations

import posixpath

from aiaudit.model.compose import compose_file
from aiaudit.model.kubernetes import is_manifest_template, manifests_in
from aiaudit.model.service import Service

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


def has_own_checks(service: Service) -> bool:
    """Whether anything of the repository deploys to Kubernetes or a platform with checks of its own."""
    return bool(service.part("platforms with checks", _found))


def _found(service: Service) -> bool:
    tree = service.tree
    if any(posixpath.basename(path) in _FILES or path.endswith(".tf") for path in tree.files()):
        return True
    for path in tree.files("yaml"):
        if ".github" in path.split("/"):
            if any(mark in tree.text(path) for mark in _ORCHESTRATORS):
                return True
        elif (
            is_manifest_template(service, path)
            or any(item.containers for item in manifests_in(service, path))
            or (compose_file(service, path) is None and "containerDefinitions" in tree.text(path))
        ):
            return True
    return (
        tree.exists("README.md")
        and tree.text("README.md").startswith("---\n")
        and "sdk: docker" in (tree.text("README.md")[:600])
    )
