"""Whatever an Ansible inventory holds, it is refused in words or becomes files that say nothing unknown."""

import json
import tempfile
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from fleet.ansible import convert, read, render, report
from fleet.errors import RunError

KEYS = (
    "hosts children vars _meta hostvars ansible_host ansible_port ansible_user ansible_ssh_common_args ansible_become"
)
PLAIN = "all web a n[1:3] [web] [web:vars] [x:children] local 22 !vault ::1 é = : ' \" # ansible_connection"
SPACED = ("-J b", "-o ProxyJump=me@b:2", "{{ x }}", "\n", " ")
WORD = st.sampled_from((*KEYS.split(), *PLAIN.split(), *SPACED))
SCALAR = st.none() | st.booleans() | st.integers(-5, 70000) | WORD
TREE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=4),
    max_leaves=14,
)
NAME = st.sampled_from(["a", "b.example.org", "n[1:2]", "::1", "_x", "all", "site"])
VARIABLES = st.dictionaries(WORD, SCALAR, max_size=4)
HOSTS = st.dictionaries(NAME, st.none() | VARIABLES, max_size=3)
GROUP = st.fixed_dictionaries({}, optional={"hosts": HOSTS, "vars": VARIABLES})
SITE = st.fixed_dictionaries({}, optional={"hosts": HOSTS, "vars": VARIABLES, "children": st.dictionaries(NAME, GROUP)})
TEXTS = (
    st.lists(WORD, max_size=24).map(" ".join)
    | TREE.map(json.dumps)
    | TREE.map(yaml.safe_dump)
    | SITE.map(lambda site: json.dumps({"all": site}))
)


@given(TEXTS)
def test_an_inventory_is_refused_in_words_or_written(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inventory"
        file.write_text(text)
        try:
            made = convert.inventory(read.file(file), file, "site")
        except RunError as error:
            assert error.code in {"RUN381", "RUN382", "RUN384"}
            assert error.failure.hint
            return
    assert report.text(made, Path("site"), [])
    json.dumps(report.document(made, Path("site"), []))
    for path, content in render.files(made, "inventory").items():
        found = yaml.safe_load(content) or {}
        assert found.keys() <= {"defaults", "groups", "connection"}, path
