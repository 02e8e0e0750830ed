"""What else in the container may stand before a server: a proxy, a supervisor, an adapter of the platform."""

from __future__ import annotations

from aiaudit.model.image.commands import commands_in, names_in
from aiaudit.model.image.values import Image

_FRONTS = names_in(
    "nginx caddy haproxy traefik envoy httpd apache2 apache2ctl lighttpd openresty angie squid varnishd socat"
    " cloudflared ngrok tailscaled supervisord supervisorctl circusd s6-svscan runsvdir honcho foreman goreman pm2"
    " pm2-runtime unitd aws-lambda-web-adapter"
)
_ADAPTERS = ("aws-lambda-adapter", "lambda-adapter")


def has_front(image: Image) -> bool:
    """Whether the image brings or starts something that takes connections for its server."""
    for layer in image.final.inherited_layers:
        origin = layer.instruction.flag("from") or ""
        if any(adapter in origin for adapter in _ADAPTERS):
            return True
    command = image.command
    if command is None:
        return False
    words = {word.text.rpartition("/")[2] for item in command.commands for word in item.words}
    if command.script:
        script = commands_in(image.service.tree.text(command.script))
        words.update(word.text.rpartition("/")[2] for item in script for word in item.words)
    return not _FRONTS.isdisjoint(words)
