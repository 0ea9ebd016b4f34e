"""What a container writes is data: on a terminal, in a report, in the records."""

from __future__ import annotations

import json

from tests.acceptance.boxes import Launch, artifact, audited
from tests.acceptance.support import document, embedded
from tests.adapters import nvml_stub
from tests.conftest import Cyberbrain
from tests.stack import docker as stack

HOSTILE = r"""
    cd /outputs
    echo a > "$(printf 'e\\033[31m[red]x[')"
    name=$(printf 'l\\033[31m\\n# Head[bold]\\n| a | `x` ![i](http://evil \\342\\200\\256')
    mkdir -p "${name%/*}" 2>/dev/null; ln -s /etc "$name"
    mkdir -p sub; echo 1 > sub/data.csv; echo 2 > sub__data.csv; echo 3 > SUB__DATA.csv
    printf '\\033]0;title\\007[bold]b[/bold]\\r\\n# not a heading\\n' >&2
"""


def test_names_and_lines_of_a_container_are_never_obeyed(
    cyberbrain: Cyberbrain, directive: Launch
) -> None:
    script = HOSTILE.replace("\\\\", "\\")
    launch = [word for word in directive(script, outputs={}) if word not in ("-o", "json")]
    done = cyberbrain(*launch)
    assert done.code == 0, done.stderr
    shown = cyberbrain("runs", "show", "1")
    report = artifact(cyberbrain, 1, "report.md")
    for text in (done.stdout, done.stderr, shown.stdout, report):
        assert not set(text) & set("\033\007\r\u202e")
    assert "[bold]b[/bold]" in done.stdout, "told as it is, not as bold letters"
    headings = [line for line in report.splitlines() if line.startswith("#")]
    assert not any("Head" in line or "not a heading" in line for line in headings)
    told = json.loads(artifact(cyberbrain, 1, "container.json"))
    names = {item["path"]: item["artifact"] for item in told["outputs"]}
    contents = [artifact(cyberbrain, 1, names[path]) for path in
                ("sub/data.csv", "sub__data.csv", "SUB__DATA.csv")]  # fmt: skip
    assert contents == ["1\n", "2\n", "3\n"], "no name is taken twice"
    assert all(name.isascii() and name.isprintable() for name in names.values())


def test_a_gpu_is_chosen_and_a_daemon_without_the_toolkit_says_so(
    cyberbrain: Cyberbrain, directive: Launch
) -> None:
    library = nvml_stub.build(cyberbrain.home).parent
    state = cyberbrain.home / "state.txt"
    card = "{0} name A\n{0} uuid GPU-{0}\n{0} memory_total 8000000000\n{0} memory_used {1}\n"
    card += "{0} utilization {2}\n{0} memory_utilization 0\n{0} compute none\n{0} graphics none\n"
    cards = (
        card.format(*values) for values in ((0, 7900000000, 0), (1, 1000000000, 5), (2, 0, 99))
    )
    state.write_text("driver count 3\n" + "".join(cards))
    cyberbrain.environment |= {"LD_LIBRARY_PATH": str(library), "NVML_STUB": str(state)}
    launch = directive("true", resources={"gpus": "auto"})
    refused = cyberbrain(*launch)
    assert refused.code == 5
    assert "--allow gpu" in document(refused)["run"]["error"]["hint"]
    assert cyberbrain("allowlist", "add", "--image", stack.IMAGE, "--allow", "gpu").code == 0
    done = cyberbrain(*launch)
    assert done.code == 1
    assert "cannot give a container NVIDIA's GPUs" in document(done)["run"]["error"]["message"]
    records = embedded(cyberbrain)
    assert audited(records) == ["refused", "created", "failed", "removed"]
    created = "SELECT reason FROM audit_events WHERE outcome = 'created'"
    assert "; GPUs GPU-1;" in records.one(created)
    launch = directive("true", resources={"gpus": 4})
    assert cyberbrain("allowlist", "add", "--image", stack.IMAGE, "--allow", "gpu").code == 0
    few = cyberbrain(*launch)
    assert few.code == 1
    assert "4 GPUs asked for, 3 free." in document(few)["run"]["error"]["message"]
    assert cyberbrain(*directive("true", resources={"gpus": 4, "gpu_optional": True})).code == 0
