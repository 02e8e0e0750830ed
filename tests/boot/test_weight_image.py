"""What of the model the proof by weight uses: lines of layers, programs that sources run; and the sifted image."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from aiaudit.boot.weight.executed import executed, python_programs
from aiaudit.boot.weight.lines import keyword_of, lines_of_layers
from aiaudit.boot.weight.variant import changes, sifted
from aiaudit.boot.world import EngineError
from aiaudit.model.image import images
from tests.boot.saved_image import archive, special, stream
from tests.model.linked import service_of

DOCKERFILE = """\
FROM python:3.12-slim
ARG SHA
WORKDIR /srv
RUN apt-get install -y gcc
ENV A=1
COPY app app
CMD ["./start.sh"]
"""
LEGACY = [
    {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
    {"created_by": '/bin/sh -c #(nop)  CMD ["bash"]', "empty_layer": True},
    {"created_by": "/bin/sh -c #(nop)  ARG SHA", "empty_layer": True},
    {"created_by": "|1 SHA=1 /bin/sh -c #(nop) WORKDIR /srv", "empty_layer": True},
    {"created_by": "|1 SHA=1 /bin/sh -c apt-get install -y gcc"},
    {"created_by": "/bin/sh -c #(nop)  ENV A=1", "empty_layer": True},
    {"created_by": "/bin/sh -c #(nop) COPY dir:2 in app "},
    {"created_by": '/bin/sh -c #(nop)  CMD ["./start.sh"]', "empty_layer": True},
    {"created_by": "/bin/sh -c #(nop)  LABEL a=b", "empty_layer": True},
]
BUILDKIT = [
    {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
    {"created_by": "ARG SHA", "empty_layer": True},
    {"created_by": "WORKDIR /srv"},
    {"created_by": "RUN |1 SHA=1 /bin/sh -c apt-get install -y gcc # buildkit"},
    {"created_by": "ENV A=1", "empty_layer": True},
    {"created_by": "COPY app app # buildkit"},
    {"created_by": 'CMD ["./start.sh"]', "empty_layer": True},
]


@pytest.mark.parametrize(("history", "expected"), [(LEGACY, (0, 4, 6)), (BUILDKIT, (0, 3, 4, 6))])
def test_layers_come_from_lines(tmp_path: Path, history: list[dict[str, object]], expected: tuple[int, ...]) -> None:
    (image,) = images(service_of(tmp_path, {"Dockerfile": DOCKERFILE, "app/main.py": ""}))
    assert lines_of_layers({"history": history}, image, len(expected)) == expected


def test_layers_of_another_dockerfile_come_from_none(tmp_path: Path) -> None:
    (image,) = images(service_of(tmp_path, {"Dockerfile": DOCKERFILE, "app/main.py": ""}))
    history = [*BUILDKIT[:-1], {"created_by": "RUN something else"}]
    assert lines_of_layers({"history": history}, image, 5) == (0, 0, 0, 0, 0)
    assert keyword_of("") == "RUN"


def test_programs_of_calls_are_named() -> None:
    text = (
        "subprocess.run(['/usr/bin/ffmpeg', '-i'])\nos.system('cat x | gcc -c && ld y')\n"
        "shutil.which('pandoc')\nsubprocess.run(f'git clone {url}', shell=True)\nrun(command)\nprint('make')\n"
    )
    assert sorted(python_programs(text)) == ["cat", "ffmpeg", "gcc", "git", "ld", "pandoc"]
    assert list(python_programs("def broken(")) == []


def test_sources_scripts_and_the_start_are_looked_at(tmp_path: Path) -> None:
    files = {
        "Dockerfile": 'FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nCMD ["./start.sh"]\n',
        "start.sh": "#!/bin/sh\nexec make serve\n",
        "app.py": "import subprocess\nsubprocess.check_output(['gcc', 'x.c'])\n",
    }
    (image,) = images(service_of(tmp_path, files))
    found = executed(image)
    assert (found["gcc"], found["make"]) == ("app.py runs gcc", "start.sh runs make")
    assert "ld" not in found


def test_packages_that_compile_while_they_run_need_all_of_a_compiler(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
        "requirements.txt": "vllm==0.6.0\n",
    }
    (image,) = images(service_of(tmp_path, files))
    assert executed(image)["ld"] == "a dependency compiles while it runs"


def test_a_configuration_is_written_as_instructions() -> None:
    configuration = {
        "Env": ["PATH=/bin", 'X=a "b" \\ $c'], "User": "10001", "WorkingDir": "/srv", "ExposedPorts": {"8000/tcp": {}},
        "Entrypoint": ["tini", "--"], "Cmd": ["sh", "-c", "echo $X"],
    }  # fmt: skip
    assert changes(configuration, {"a.b": "1"}) == [
        'ENV PATH="/bin"', 'ENV X="a \\"b\\" \\\\ \\$c"', "USER 10001", "WORKDIR /srv", "EXPOSE 8000/tcp",
        'ENTRYPOINT ["tini", "--"]', 'CMD ["sh", "-c", "echo $X"]', 'LABEL a.b="1"',
    ]  # fmt: skip
    with pytest.raises(EngineError, match="line break"):
        changes({"Env": ["X=a\nUSER root"]}, {})


def test_files_and_what_is_linked_to_them_are_sifted_out() -> None:
    members = {
        "usr/bin/perl": "x" * 3000, "usr/bin/perl5": special(tarfile.LNKTYPE, "usr/bin/perl"), "etc/a": "a",
        "lib": special(tarfile.SYMTYPE, "usr/lib"),
    }  # fmt: skip
    left = b"".join(sifted(stream(archive(members)), {"/usr/bin/perl"}.__contains__))
    with tarfile.open(fileobj=io.BytesIO(left)) as opened:
        assert opened.getnames() == ["etc/a", "lib"]
        file = opened.extractfile("etc/a")
        assert file is not None
        assert file.read() == b"a"
