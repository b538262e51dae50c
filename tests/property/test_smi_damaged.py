"""nvidia-smi's output damaged in any way: a NvidiaSmi comes of it, bounded, and nothing is raised."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from facts import gpu
from schema.gpu import NvidiaSmi

FILES = [file.read_text() for file in sorted((Path(__file__).parents[1] / "captures" / "nvidia-smi").iterdir())]
DOCUMENTS = st.sampled_from(FILES)
NOISE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "<",
            ">",
            "</gpu>",
            "<gpu>",
            "&",
            "&x;",
            "&#0;",
            "\x00",
            "\x1b[2J",
            "]]>",
            "<!--",
            "<![CDATA[",
            "\ud800",
            "</nvidia_smi_log>",
            "<nvidia_smi_log>",
            "<?xml ?>",
            "9" * 400,
            "{0}",
            "%s",
            "\u202e",
        ]
    ),
)


def bounded(seen: NvidiaSmi) -> None:
    assert len(seen.text) <= 2000
    assert len(seen.model_dump_json()) < 4_000_000


@given(DOCUMENTS, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), NOISE), max_size=6))
def test_any_damaged_document_gives_an_answer(document: str, damages: list[tuple[float, float, str]]) -> None:
    for start, length, noise in damages:
        place = int(start * len(document))
        document = document[:place] + noise + document[place + int(length**4 * len(document)) :]
    bounded(gpu.parse_nvidia_smi(document))


@given(DOCUMENTS, st.floats(0, 1))
def test_a_document_cut_off_claims_no_more_than_the_whole(document: str, place: float) -> None:
    whole, cut = gpu.parse_nvidia_smi(document), gpu.parse_nvidia_smi(document[: int(place * len(document))])
    assert cut.gpus == whole.gpus[: len(cut.gpus)]
    assert cut.driver_version in {None, whole.driver_version}
    assert cut.exit_code != 0 or cut == whole


@given(st.text(max_size=200))
def test_any_text_gives_an_answer(text: str) -> None:
    bounded(gpu.parse_nvidia_smi(text))


def test_documents_made_to_exhaust_their_reader() -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>'
    inner = "<driver_version>&a11;</driver_version>"
    deep = "<gpu>" * 200_000
    for text in (
        f"{bomb}<nvidia_smi_log>{inner}</nvidia_smi_log>",
        f"<nvidia_smi_log>{deep}</nvidia_smi_log>",
        f"<nvidia_smi_log>{deep}",
        f"<nvidia_smi_log>{'<gpu/>' * 300_000}</nvidia_smi_log>",
        f"<nvidia_smi_log>{'<a/>' * 1_000_000}</nvidia_smi_log>",
        "<nvidia_smi_log><driver_version>" + "1" * 8_000_000 + "</driver_version></nvidia_smi_log>",
        "<nvidia_smi_log>\n" + "<process_name>" * 500_000 + "</nvidia_smi_log>",
        "<nvidia_smi_log" * 500_000,
        "<?xml" * 500_000,
        "&" * 4_000_000 + "<nvidia_smi_log>" + "&" * 4_000_000 + "</nvidia_smi_log>",
        f"<nvidia_smi_log><gpu id='{'x' * 4_000_000}'/></nvidia_smi_log>",
        " " * 8_000_000,
    ):
        bounded(gpu.parse_nvidia_smi(text))
