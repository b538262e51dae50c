"""How the lab's conda reads settings, channels, history and explicit locks."""

import os
from pathlib import Path

import pytest

from lab.conda import condarc, context, explicit, history
from lab.conda.errors import CondaError


def test_lists_join_with_the_higher_file_first_and_scalars_take_the_highest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, root, named = tmp_path / "home", tmp_path / "conda", tmp_path / "named.yml"
    for folder in (home, root):
        folder.mkdir()
    (root / ".condarc").write_text("channels: [conda-forge]\nssl_verify: true\ncustom_channels: {a: https://one}\n")
    (home / ".condarc").write_text("channels: [bioconda, conda-forge]\ncustom_channels: {b: https://two}\n")
    named.write_text("ssl_verify: /etc/ssl/site.pem\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CONDARC", str(named))
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    settings = condarc.load(root)
    assert settings["channels"] == ["bioconda", "conda-forge"]
    assert settings["ssl_verify"] == "/etc/ssl/site.pem"
    assert settings["custom_channels"] == {"a": "https://one", "b": "https://two"}


@pytest.mark.parametrize(
    ("settings", "name", "urls"),
    [
        ({}, "conda-forge", ["https://conda.anaconda.org/conda-forge"]),
        ({"channel_alias": "https://m/conda/"}, "conda-forge", ["https://m/conda/conda-forge"]),
        ({"custom_channels": {"conda-forge": "https://c"}}, "conda-forge", ["https://c/conda-forge"]),
        ({}, "defaults", ["https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"]),
        ({"default_channels": ["https://m/conda/main"]}, "defaults", ["https://m/conda/main"]),
        ({"channel_alias": "https://m"}, "https://x/y/", ["https://x/y"]),
    ],
)
def test_a_channel_name_becomes_urls(settings: condarc.Settings, name: str, urls: list[str]) -> None:
    assert context.channel_url(settings, name) == urls


def test_override_channels_needs_a_channel() -> None:
    with pytest.raises(CondaError, match="At least one -c / --channel flag"):
        context.channel_urls({"channels": ["conda-forge"]}, [], override=True)


def test_the_history_gives_the_last_spec_of_each_name(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta/history").write_text(
        "# update specs: ['python=3.11', 'conda-forge::numpy', 'scipy']\n"
        "# update specs: ['numpy<2']\n# remove specs: ['scipy']\n"
    )
    assert history.specs(tmp_path) == ["python=3.11", "numpy<2"]


@pytest.mark.parametrize("line", ["@EXPLICIT", "# platform: linux-64\n@EXPLICIT\nhttps://h/linux-64/a-1-0.conda"])
def test_an_explicit_file_is_known_by_its_marker(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"{line}\n")
    assert explicit.is_explicit(lock)
    lock.write_text("numpy=2\n")
    assert not explicit.is_explicit(lock)


def test_default_trust_is_the_prefixs_own_bundle_and_not_the_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "cacert.pem"
    bundle.write_text("")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    condarc.apply_network({}, bundle)
    assert os.environ["SSL_CERT_FILE"] == str(bundle)
    with pytest.raises(CondaError, match="does not exist"):
        condarc.apply_network({"ssl_verify": "/nowhere.pem"}, bundle)
