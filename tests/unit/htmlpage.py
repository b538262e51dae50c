"""A page as HTML's parser reads it, and its data as its scripts do."""

import json
from html.parser import HTMLParser

from fleet.report.html import data, shown


class Page(HTMLParser):
    """A page as HTML's parser reads it: its elements with their attributes, scripts and style, and all other text."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[str] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self.raw.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.raw[-1] += data
        else:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    @property
    def text(self) -> str:
        return " ".join(self.words)

    @property
    def data(self) -> dict[str, list[object]]:
        scripts = [attributes for tag, attributes in self.elements if tag in {"script", "style"}]
        found = json.loads(self.raw[[one.get("id") for one in scripts].index("data")])
        assert isinstance(found, dict)
        return found


def restored(found: dict[str, list[object]], place: int) -> dict[str, list[dict[str, str]]]:
    """The detail of a host as page.js reads it: repeated texts and the host's name put back."""
    row = found["hosts"][place]
    assert isinstance(row, list)
    name = expanded(row[0], found)
    assert isinstance(name, str)
    detail = data.each_text(expanded(found["details"][row[1]], found), lambda text: text.replace(shown.HOST, name))
    assert isinstance(detail, dict)
    return detail


def expanded(value: object, found: dict[str, list[object]]) -> object:
    def text(one: str) -> str:
        return str(found["repeated"][int(one[1:], 16)]) if one.startswith(shown.REPEATED) else one

    return data.each_text(value, text) if not isinstance(value, str) else text(value)
