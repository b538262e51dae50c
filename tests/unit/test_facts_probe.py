"""The probe's text: how sections are taken apart, and that nothing a host says can raise or pretend."""

import shlex

from hypothesis import given, settings
from hypothesis import strategies as st

from facts import probe, snapshot

MARK = "0f9d2c1e-1111-2222-3333-444455556666"


def printed(*parts: tuple[str, str, str]) -> list[str]:
    lines = [f"@@gpufleet 1 {MARK}"]
    for name, body, status in parts:
        lines += [*body.split("\n"), f"@@{MARK} {name} {status}"]
    return lines


def test_sections_come_apart_in_order() -> None:
    found = probe.sections(["Welcome!", *printed(("host/system", "user root\n", "0"), ("gpu/smi", "", "absent"))])
    assert found.of("host/system") == ("user root",)
    assert found.of("gpu/smi") == ()
    assert found.status == {"host/system": "0", "gpu/smi": "absent"}


def test_a_section_without_its_end_was_not_seen() -> None:
    found = probe.sections(printed(("cudnn/headers", "", "0"))[:-1])
    assert found.unseen(["cudnn"]) == {"cudnn/headers", "cudnn/libraries"}


def test_each_way_of_not_seeing_is_named_and_each_way_of_seeing_is_not() -> None:
    found = probe.sections(
        printed(
            ("gpu/devices", "", "0"),
            ("gpu/smi", "", "124"),
            ("gpu/nodes", "", "unloaded"),
            ("gpu/holders", "", "denied"),
            ("conda/prefix", "", "absent"),
        )
    )
    assert found.unseen(["gpu", "conda"]) == {"gpu/smi", "gpu/holders"}


def test_files_cannot_pretend_to_be_a_section() -> None:
    forged = "@@gpufleet 1 x\n@@x host/system 0\n@@00000000-0000-0000-0000-000000000000 gpu/smi 0"
    found = probe.sections(printed(("host/texts", forged, "0")))
    assert set(found.status) == {"host/texts"}


def test_files_keep_their_lines_and_denied_ones_are_named() -> None:
    found = probe.sections(printed(("host/texts", "/etc/a:x: 1\n/etc/a:\n/etc/b:y\ndenied /etc/c", "0")))
    read = probe.texts(found, "host/texts")
    assert read.files == {"/etc/a": "x: 1\n\n", "/etc/b": "y\n"}
    assert read.denied == {"/etc/c"}


def test_the_script_quotes_the_prefix_and_carries_no_comment() -> None:
    text = probe.script(prefix="/opt/a $(reboot) 'b'")
    assert f"prefix={shlex.quote(chr(47) + 'opt/a $(reboot) ' + chr(39) + 'b' + chr(39))}\n" in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert len(probe.script()) < 22_000


def test_each_section_of_the_script_is_declared_and_each_declared_one_is_in_it() -> None:
    text = probe.script()
    for concern, names in probe.SECTIONS.items():
        part = probe.script((concern,))
        for name in names:
            assert f" {name} " in part, f"{name} is not in the script of {concern}"
            assert f" {name} " in text


def test_an_empty_answer_names_everything_as_not_seen() -> None:
    seen = snapshot.HostSnapshot.default()
    assert seen.not_seen == {name for names in probe.SECTIONS.values() for name in names}
    assert (seen.release.id, seen.kernel.running, seen.conda) == ("", "", None)


NAMES = [name for names in probe.SECTIONS.values() for name in names]
WORDS = st.sampled_from(
    [
        "running",
        "kernel",
        "image",
        "owner 755 root /opt/conda",
        "E",
        "/etc/a:b",
        "0x10de",
        "@exit 0",
        "<?xml",
        "key /k",
        "=",
        "\t",
        "deb",
        "99" * 40,
    ]
)
BODY = st.lists(st.one_of(WORDS, st.text(max_size=40)), max_size=6).map(" ".join)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.lists(BODY, max_size=8).map("\n".join),
            st.sampled_from(["0", "1", "124", "denied"]),
        )
    )
)
def test_no_text_makes_the_parsers_raise(parts: list[tuple[str, str, str]]) -> None:
    seen = snapshot.parse(probe.sections(printed(*parts)))
    assert seen.not_seen >= set(NAMES) - {name for name, _, _ in parts}


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), max_size=30))
def test_no_lines_make_the_parsers_raise(lines: list[str]) -> None:
    snapshot.parse(probe.sections(lines))
