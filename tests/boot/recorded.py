"""Boots as they are recorded, written down: what document and reports are tested with."""

from __future__ import annotations

from dataclasses import replace

from aiaudit.boot.proofs import Mutation, Proof, RebuildProof, Rerun, Weight, WeightProof
from aiaudit.boot.record import (
    Action,
    Answer,
    Boot,
    Contact,
    Endpoint,
    EngineFacts,
    Event,
    Exit,
    ImageFacts,
    Kind,
    Latency,
    Leak,
    Listener,
    Named,
    Network,
    Observation,
    Outcome,
    Plan,
    Purpose,
    Scenario,
    Status,
    Stopping,
    Variable,
    Verdict,
)
from aiaudit.finding import Step
from aiaudit.span import Span

CANARY = "sk-proj-aiaudit-openai-api-key-0a1b2c3d"
GIVEN = "correct horse battery"
READ = Span("app/settings.py", 4, 5, 4, 24)
START = Span("Dockerfile", 9, 1, 9, 40)
RUN_LINE = "docker run --rm --network=none --cap-drop=ALL --env 'EXTRA=correct horse battery' service"

ENVIRONMENT = (("OPENAI_API_KEY", CANARY), ("PORT", "8000"), ("EXTRA", GIVEN))
HEALTH = Endpoint("GET", "/healthz", Purpose.HEALTH)
CHAT = Endpoint("POST", "/chat", Purpose.MODEL, '{"question": "Why?"}', (("content-type", "application/json"),), READ)

PLAN = Plan(
    root="/repo/service",
    image="service:latest",
    dockerfile="Dockerfile",
    start=START,
    server="uvicorn",
    variables=(
        Variable("OPENAI_API_KEY", Kind.SECRET, spoken=("openai_api_key",), provider="openai", span=READ,
                 trace=(Step("class Settings", READ),)),
        Variable("PORT", Kind.INTEGER, required=False, default="8000"),
    ),
    endpoints=(HEALTH, CHAT),
    environment=(("EXTRA", GIVEN),),
    memory=512 * 2**20,
)  # fmt: skip
IMAGE = ImageFacts(
    id="sha256:" + "5f" * 32,
    tags=("service:latest",),
    size=412_000_000,
    architecture="amd64",
    command=("uvicorn", "app.main:app", "--host", "0.0.0.0"),
    environment=(("PATH", "/usr/bin"), ("HF_TOKEN", "hf_in_the_image")),
    user="10001",
    ports=(8000,),
)
ENGINE = EngineFacts("docker", "29.1.3", "amd64", "overlay2", is_local=True, cpus=2, memory=8 * 2**30)

BASELINE = Scenario("baseline", Action.READY, ENVIRONMENT)
MISSING = Scenario("missing:OPENAI_API_KEY", Action.FAIL, ENVIRONMENT[1:], "OPENAI_API_KEY", Network.NONE)
NO_ENV = Scenario("no-env", Action.FAIL, (("PORT", "8000"),), network=Network.NONE)
STOP = Scenario("stop-stream", Action.STOP_STREAM, ENVIRONMENT)
FIRST = Scenario("first-request", Action.FIRST_REQUEST, ENVIRONMENT)

READY = Outcome(
    BASELINE,
    Verdict.READY,
    Status.PASS,
    "GET /healthz answered 200 after 2.14 s and stayed so for 3 s",
    Observation(
        BASELINE,
        timeline=(Event(0.0, "start"), Event(1.9, "listens on 0.0.0.0:8000"), Event(2.14, "ready")),
        listeners=(Listener("0.0.0.0", 8000, 1.9),),
        serving=2.0,
        ready=2.14,
        ready_path="/healthz",
        stable=True,
        answers=(Answer(2.14, 0.01, "GET", "/healthz", 200, 15, GIVEN),),
        contacts=(Contact("huggingface.co", 443, "dns", 1.2),),
        processes=("uvicorn app.main:app",),
        catches_stop=True,
        memory=96 * 2**20,
        peak=120 * 2**20,
        written=("/tmp/x",),
        budget=120.0,
        log=f"INFO:     Started server process [1]\nEXTRA is {GIVEN}\nkey {CANARY}\n",
        command=RUN_LINE,
        overhead=0.4,
    ),
)
FAILED_FAST = Outcome(
    MISSING,
    Verdict.FAILED_FAST,
    Status.PASS,
    "exit 1 after 1.80 s, and the log names OPENAI_API_KEY",
    Observation(
        MISSING,
        exit=Exit(1, 1.8),
        log="Traceback (most recent call last):\nKeyError: 'OPENAI_API_KEY'\n",
        command="docker run --rm --network=none service",
    ),
    named=Named(2, "KeyError: 'OPENAI_API_KEY'", "traceback"),
)
STARTED = Outcome(
    MISSING,
    Verdict.STARTED_WITHOUT_VAR,
    Status.FAIL,
    "ready after 2.30 s without OPENAI_API_KEY",
    Observation(
        MISSING, ready=2.3, leaks=(Leak("OPENAI_API_KEY", "log", 3),), log="up\n", command="docker run service"
    ),
    runs=(Verdict.STARTED_WITHOUT_VAR, Verdict.STARTED_WITHOUT_VAR),
)
STOPPED = Outcome(
    STOP,
    Verdict.STREAM_BLOCKS_STOP,
    Status.FAIL,
    "still there 10 s after SIGTERM with an open stream",
    Observation(STOP, ready=2.2, stop=Stopping("SIGTERM", 10.0, None, "open"), command="docker run service"),
)
LAZY = Outcome(
    FIRST,
    Verdict.FIRST_REQUEST_INITIALISES,
    Status.FAIL,
    "the first POST /chat took 0.94 s, the next ones 0.01 s",
    Observation(FIRST, ready=2.2, latencies=(Latency(CHAT, 0.94, (0.01, 0.01), 0.03, (0.002,), 28 * 2**20),)),
)
SKIPPED = Outcome(NO_ENV, Verdict.SKIPPED, Status.SKIPPED, "skipped by the configuration")
MASKED = Outcome(
    NO_ENV, Verdict.WAITING_FOR, Status.INCONCLUSIVE, "waits for db.aiaudit.invalid", host="db.aiaudit.invalid"
)
BROKEN = Outcome(NO_ENV, Verdict.ENGINE_ERROR, Status.ERROR, "the engine went away")

GOOD = Boot(PLAN, IMAGE, ENGINE, (READY, FAILED_FAST), seconds=14.2, own=11.0, built=21.5)
BAD = replace(GOOD, outcomes=(READY, STARTED, STOPPED, LAZY, SKIPPED, MASKED))
INCOMPLETE = replace(GOOD, outcomes=(READY, BROKEN), problems=(f"no-env: the engine went away with {GIVEN}",))

REBUILD = RebuildProof(
    Proof.PROVEN,
    "buildkit",
    "Dockerfile",
    Span("Dockerfile", 5, 1, 5, 9),
    "a comment in app/main.py ran `pip install -r requirements.txt` again: 14.2 s",
    (Mutation("source", "app/main.py", (Rerun(6, "RUN pip install -r requirements.txt", 14.2, True),), 15.0),),
    Mutation("repaired", "app/main.py", (), 0.6),
)
WEIGHT = WeightProof(
    Proof.PROVEN,
    "Dockerfile",
    Span("Dockerfile", 3, 1, 3, 40),
    "24 packages are not needed to become ready",
    362_000_000,
    912_000_000,
    (Weight("gcc-12", "deb", 69_800_000, 3), Weight("git", "deb", 45_300_000)),
    (("libgomp1", "needed by torch/lib/libtorch.so"),),
    (("/root/.cache/pip", 12_000_000),),
    True,
)
