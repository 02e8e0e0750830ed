"""What BuildKit's clients write: recordings of docker 20.10 (plain), and of buildx 0.13 (JSON over many lines)."""

from __future__ import annotations

import base64
import json

from aiaudit.boot.build.progress import Progress, Vertex, reader

PLAIN = """\
#4 [a 1/2] FROM docker.io/library/python:3.11-slim
#4 sha256:393f53992145d4e66db06c6fc234cc485994eafdf13c53302514ff86dbc4b283
#4 DONE 0.0s

#6 [b 2/4] COPY f.txt /f.txt
#6 sha256:0295045f7b8f2589718424098a56e790612bfde15767d9bcb46005675e5a955a
#6 ...

#9 [a 2/2] RUN echo hello && sleep 1
#9 sha256:9e4f352c33110a4246ee1df40ab7ab6c4c2b6c2ef0749ace470d886bac17c028
#9 0.124 hello
#9 0.125 #6 CACHED
#9 DONE 1.2s

#6 [b 2/4] COPY f.txt /f.txt
#6 sha256:0295045f7b8f2589718424098a56e790612bfde15767d9bcb46005675e5a955a
#6 DONE 0.3s

#7 [b 3/4] WORKDIR /w
#7 sha256:147a0a88b6e83c48345c65281e8da49953758eb855facc9c00dfb5e37cef0eb5
#7 CACHED

#14 [stage-2 4/4] RUN exit 3
#14 sha256:a36f2bd9329336f5240df41d2174daeb7112623f6a1b832ce4dc069fca82ad19
#14 ERROR: executor failed running [/bin/sh -c exit 3]: exit code: 3
------
 > [stage-2 4/4] RUN exit 3:
------
executor failed running [/bin/sh -c exit 3]: exit code: 3
"""

_RUN = "sha256:120b3affdba8c0b02c417fd183775d4ff6ba3d414b6d06a37ec74aec2c5ed09b"
_COPY = "sha256:dca594708f1a3c58c3a0aea2994be83ed4a5591bf4f287c0adb677c569348707"
_BEGUN = {"digest": _RUN, "name": "[stage-2 2/2] RUN echo y && exit 4", "started": "2026-11-29T22:25:42.301683338Z"}
_FAILED = _BEGUN | {"completed": "2026-11-29T22:25:42.55269195Z", "error": "executor failed running: exit code: 4"}
_CACHED = {
    "digest": _COPY, "name": "[stage-2 1/2] COPY --from=a /etc/hostname /h", "cached": True,
    "started": "2026-11-29T22:25:42.301604721Z", "completed": "2026-11-29T22:25:42.301621346Z",
}  # fmt: skip
STATUSES = (
    {"vertexes": [_CACHED | {"cached": False, "completed": None}]},
    {"vertexes": [_CACHED]},
    {"vertexes": [_BEGUN]},
    {"logs": [{"vertex": _RUN, "stream": 1, "data": base64.b64encode(b"y\n}\n").decode()}]},
    {"vertexes": [_FAILED]},
)


def _read(form: str, text: str) -> Progress:
    progress = reader(form)
    for line in text.splitlines():
        progress.take(line)
    return progress


def _by_name(progress: Progress) -> dict[str, Vertex]:
    return {vertex.text: vertex for vertex in progress.vertices()}


def test_plain_lines_tell_what_was_cached_done_or_failed() -> None:
    progress = _read("plain", PLAIN)
    found = _by_name(progress)
    assert [(v.cached, v.is_done) for v in found.values()] == [
        (False, True), (False, True), (False, True), (True, False), (False, False),
    ]  # fmt: skip
    assert found["RUN echo hello && sleep 1"].seconds == 1.2
    assert progress.failed is found["RUN exit 3"]
    assert progress.failed.error == "executor failed running [/bin/sh -c exit 3]: exit code: 3"


def test_what_a_step_prints_tells_nothing_about_other_steps() -> None:
    found = _by_name(_read("plain", PLAIN))
    assert found["RUN echo hello && sleep 1"].output == ["hello", "#6 CACHED"]
    assert not found["COPY f.txt /f.txt"].cached


def test_json_over_many_lines_and_on_one_line_tell_the_same() -> None:
    wide = "\n".join(json.dumps(status, indent=2) for status in STATUSES)
    narrow = "\n".join(json.dumps(status) for status in STATUSES)
    for text in (wide, narrow):
        progress = _read("rawjson", f"{text}\nERROR: failed to solve: exit code: 4\n")
        found = _by_name(progress)
        assert found["COPY --from=a /etc/hostname /h"].cached
        failed = progress.failed
        assert failed is found["RUN echo y && exit 4"]
        assert (failed.seconds, failed.output) == (0.251008, ["y", "}"])
        assert progress.log[-1] == "ERROR: failed to solve: exit code: 4"


def test_json_that_is_none_is_kept_as_text_and_reading_goes_on() -> None:
    progress = _read("rawjson", '{"vertexes": [\n}\n' + json.dumps(STATUSES[1]))
    assert progress.log[0] == '{"vertexes": ['
    assert [vertex.cached for vertex in progress.vertices()] == [True]
