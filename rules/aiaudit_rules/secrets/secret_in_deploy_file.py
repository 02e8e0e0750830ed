"""A secret is written into a deploy file.

## What it does
Flags literal credentials in Compose files, Kubernetes manifests (environment, arguments, ConfigMaps, and Secrets,
whose base64 is no protection) and the files of platforms: fly.toml, render.yaml, app.yaml, Terraform, Helm values,
ECS task definitions. `${NAME}` is right; `${NAME:-literal}` is judged by its literal. A guessable password, such as
that of a local Compose database, gets medium severity and confidence; what a service of a pipeline's run (`CI: true`)
gets is left alone.

## Why is this bad
The file is committed, copied into pipelines and shown by `docker inspect` and `kubectl describe`; everybody who may
read the deployment may use the account.

## Example
```yaml
services:
  api:
    image: registry.example.com/api:1.4.2
    environment:
      ANTHROPIC_API_KEY: 9f3Kd72LmQ0xZtVb58RnWy1cHs64JpGe
```

## Use instead
```yaml
services:
  api:
    image: registry.example.com/api:1.4.2
    environment:
      ANTHROPIC_API_KEY: ${ANTHROPIC_API_KEY:?is not set}
```

## References
- https://docs.docker.com/compose/how-tos/use-secrets/
- https://kubernetes.io/docs/concepts/security/secrets-good-practices/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.secrets import DEPLOY, Secret
from aiaudit.rule import CRITICAL, Rule

rule = Rule(
    id="KEY107",
    name="secret-in-deploy-file",
    summary="A secret is written into a deploy file",
    severity=CRITICAL,
    since="0.1.0",
    aliases=("KSV-0109",),
)


@rule.check(Secret)
def secret_in_deploy_file(secret: Secret) -> Iterator[Finding]:
    """Credentials in Compose, Kubernetes and platform files."""
    if secret.place != DEPLOY:
        return
    yield rule.at(
        secret.span,
        f"{secret.title}{secret.bound} is written into {secret.where}",
        help="take it from the environment, a secret object or the platform's secret store",
        severity=secret.severity,
        confidence=secret.confidence,
        related=secret.related,
    )
