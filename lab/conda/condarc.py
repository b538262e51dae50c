"""conda's settings: the .condarc files in conda's search order, merged, and the CONDA_* variables over them.

The order and the merge rules are those of https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/settings.html:
of a scalar the highest file wins; lists are joined with the highest file's items first; mappings are merged.
"""

import os
from pathlib import Path

import yaml

from lab.conda.errors import CondaError

Settings = dict[str, object]
# conda's own environment; what apply_network changes is for py-rattler and not for the programs that conda starts.
STARTED_WITH = dict(os.environ)
LISTS = ("channels", "default_channels", "envs_dirs", "pkgs_dirs", "create_default_packages", "pinned_packages")
MAPPINGS = ("custom_channels", "custom_multichannels", "proxy_servers")
SCALARS = (
    "channel_alias", "channel_priority", "ssl_verify", "auto_activate_base", "auto_activate", "always_yes", "offline",
    "notify_outdated_conda", "report_errors", "show_channel_urls", "remote_read_timeout_secs", "remote_max_retries",
    "remote_connect_timeout_secs", "changeps1", "solver", "auto_update_conda", "plugins",
)  # fmt: skip
ALIASES = {"channel": "channels", "add_pip_as_python_dependency": "add_pip"}


def files(root: Path) -> list[Path]:
    """The files that exist, lowest priority first; CONDA_PREFIX's own and CONDARC come last."""
    home = Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    candidates = [
        Path("/etc/conda/.condarc"), Path("/etc/conda/condarc"), *_drop_ins(Path("/etc/conda/condarc.d")),
        Path("/var/lib/conda/.condarc"), Path("/var/lib/conda/condarc"), *_drop_ins(Path("/var/lib/conda/condarc.d")),
        root / ".condarc", root / "condarc", *_drop_ins(root / "condarc.d"),
        config / "conda/.condarc", config / "conda/condarc", home / ".conda/.condarc", home / ".conda/condarc",
        home / ".condarc",
    ]  # fmt: skip
    if prefix := os.environ.get("CONDA_PREFIX"):
        candidates += [Path(prefix) / ".condarc", Path(prefix) / "condarc"]
    if named := os.environ.get("CONDARC"):
        candidates.append(Path(named))
    return [path for path in candidates if path.is_file()]


def _drop_ins(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]) if folder.is_dir() else []


def read(path: Path) -> Settings:
    """One file as a mapping; raises CondaError in conda's words when it is no YAML."""
    try:
        content = yaml.safe_load(path.read_text()) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise CondaError(
            "ConfigurationLoadError", f"Unable to load configuration file.\n  path: {path}\n{problem}"
        ) from None
    if not isinstance(content, dict):
        raise CondaError("ConfigurationLoadError", f"Unable to load configuration file.\n  path: {path}")
    return content


def load(root: Path) -> Settings:
    """The merged settings of everything that applies to the conda in `root`."""
    merged: Settings = {}
    for path in files(root):
        for key, value in read(path).items():
            merged[key] = _merge(merged.get(key), value)
    for key in (*LISTS, *SCALARS):
        if (value := os.environ.get(f"CONDA_{key.upper()}")) is not None:
            given: object = value.split(",") if key in LISTS else yaml.safe_load(value)
            merged[key] = _merge(merged.get(key), given)
    return merged


def _merge(low: object, high: object) -> object:
    if isinstance(low, list) and isinstance(high, list):
        return high + [item for item in low if item not in high]
    if isinstance(low, dict) and isinstance(high, dict):
        return low | high
    return high


def strings(settings: Settings, key: str) -> list[str]:
    """A setting that is a list; empty when it is not set."""
    value = settings.get(key)
    return [str(item) for item in value] if isinstance(value, list) else []


def mapping(settings: Settings, key: str) -> Settings:
    """A setting that is a mapping; empty when it is not set."""
    value = settings.get(key)
    return {str(name): item for name, item in value.items()} if isinstance(value, dict) else {}


def write(path: Path, content: Settings) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False, default_flow_style=False))


def apply_network(settings: Settings, bundle: Path) -> None:
    """Give py-rattler the trust and the proxies that conda would use: certifi's bundle, not the host's store.

    REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE count where ssl_verify is left at its default, as in
    conda/gateways/connection/session.py.
    """
    verify = settings.get("ssl_verify", True)
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if verify == "truststore":
        trusted = "/etc/ssl/certs/ca-certificates.crt"
    elif isinstance(verify, str):
        trusted = verify
    else:
        trusted = named or str(bundle)
    if not Path(trusted).is_file():
        raise CondaError("CondaSSLError", f"the certificate bundle {trusted!r} that ssl_verify names does not exist")
    os.environ["SSL_CERT_FILE"] = trusted
    os.environ.pop("SSL_CERT_DIR", None)
    for scheme, proxy in mapping(settings, "proxy_servers").items():
        os.environ[f"{scheme}_proxy"] = os.environ[f"{scheme.upper()}_PROXY"] = str(proxy)
