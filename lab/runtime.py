"""The Python that plays every conda Python on lab hosts: Debian's interpreter, its libraries, py-rattler and pip.

The folder is bound read-only at `interpreter.MOUNT` into each host. It brings its own C library and loader, so that it
runs in any base root. Nothing of it is on a host's PATH: the tool under test cannot find it.
"""

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from lab import cached, process, sources

# An interpreter can play an older version well: what 3.13 lacks of 3.11 nobody here asks for. The other way round pip
# would call functions that are not there.
SUITE = "trixie"
PYTHON = "python3.13"
# The last pip that works with an https index named by IP address, as the lab's is: from 24.2 on it fails with
# "check_hostname requires server_hostname" (https://github.com/pypa/pip/issues/12906).
PIP = "24.1.2"
UNUSED = ("test", "idlelib", "lib2to3", "ensurepip", "turtledemo", "tkinter", "pydoc_data", "sitecustomize.py")
MODULES = ("rattler", "yaml", "certifi")

# An environment says in pyvenv.cfg which version it plays; site-packages, pip's tags and sys.version must follow.
# site.py is the first module that runs, and may still change what later ones read.
VERSION_HOOK = '''"""Stand-in of the gpufleet lab: this interpreter plays the version that pyvenv.cfg names."""
import os
import sys
from collections import namedtuple

VersionInfo = namedtuple("version_info", "major minor micro releaselevel serial")


def play():
    prefix = os.path.dirname(os.path.dirname(sys.executable))
    try:
        with open(os.path.join(prefix, "pyvenv.cfg"), encoding="utf-8") as settings:
            pairs = dict(line.strip().split(" = ", 1) for line in settings if " = " in line)
    except OSError:
        return
    played = pairs.get("version")
    if not played:
        return
    numbers = [int(part) for part in played.split(".")]
    sys.version_info = VersionInfo(*numbers, "final", 0)
    sys.version = played + " (stand-in of the gpufleet lab, Sep  1 2025, 00:00:00) [GCC 13.3.0]"
    sys.hexversion = numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | 0xF0
    bundle = os.path.join(prefix, "ssl", "cacert.pem")
    if os.path.exists(bundle):
        # conda's OpenSSL is built with this default (openssl version -d); Debian's would trust the host's own store.
        os.environ.setdefault("SSL_CERT_FILE", bundle)


play()
'''


def folder() -> Path:
    """The cached runtime, built on first use: one mmdebstrap extraction and one wheel."""
    import rattler

    made_from = [*cached.sources("runtime.py"), str(rattler.__version__).encode()]
    return cached.folder("runtime", made_from, _build)


def _build(target: Path) -> None:
    root = target / "root"
    _extract(root)
    for part in ("bin", "lib", "site-packages"):
        (target / part).mkdir()
    for libraries in (root / "lib/x86_64-linux-gnu", root / "usr/lib/x86_64-linux-gnu"):
        _copy_libraries(libraries, target / "lib")
    loader = next(root.glob("**/x86_64-linux-gnu/ld-linux-x86-64.so.2"))
    shutil.copy2(loader, target / "lib" / loader.name)
    shutil.copy2(root / "usr/bin" / PYTHON, target / "bin/python")
    ignore = shutil.ignore_patterns(*UNUSED)
    shutil.copytree(root / "usr/lib" / PYTHON, target / "lib" / PYTHON, symlinks=True, ignore=ignore)
    shutil.rmtree(root)
    _hook_version(target / "lib" / PYTHON)
    _copy_modules(target / "site-packages")
    shutil.copy2(target / "site-packages/certifi/cacert.pem", target / "cacert.pem")
    with zipfile.ZipFile(pip_wheel()) as wheel:
        wheel.extractall(target / "pip")
    _compile(target)


def _compile(target: Path) -> None:
    """Compile every module once: hosts see the folder read-only and would compile at each start."""
    library = target / "lib"
    loader: list[str | Path] = [library / "ld-linux-x86-64.so.2", "--library-path", library, target / "bin/python"]
    options = ["-I", "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    folders = [target / "lib" / PYTHON, target / "site-packages", target / "pip"]
    process.run(*loader, *options, *folders, check=False)


def _extract(root: Path) -> None:
    """Unpack the interpreter and what it depends on, without running any package's scripts (mmdebstrap(1), extract)."""
    options = ["--mode=root", "--variant=extract", "--format=directory", f"--include={PYTHON}"]
    proxies = [f"--aptopt={line}" for line in sources.proxy_options()]
    process.run("mmdebstrap", *options, *proxies, SUITE, root, sources.debian())


def _copy_libraries(source: Path, target: Path) -> None:
    for library in sorted(source.glob("*.so*")):
        if not (target / library.name).exists():
            shutil.copy2(library, target / library.name, follow_symlinks=True)


def _hook_version(stdlib: Path) -> None:
    (stdlib / "_gpufleet_lab.py").write_text(VERSION_HOOK)
    site = stdlib / "site.py"
    before, rest = site.read_text().split("import sys\n", 1)
    site.write_text(f"{before}import sys\nimport _gpufleet_lab\n{rest}")


def _copy_modules(target: Path) -> None:
    for name in MODULES:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(f"{name} is not installed in {sys.prefix}; install the lab extra: make install")
        # PyYAML's C extension is built for the controller's Python; its pure part is enough.
        shutil.copytree(
            Path(found.origin).parent, target / name, ignore=shutil.ignore_patterns("__pycache__", "_yaml*")
        )


def pip_wheel() -> Path:
    """The wheel of the real pip, fetched once through the machine's own pip configuration."""
    return next(cached.folder("pip", [PIP.encode()], _fetch_pip).glob("pip-*.whl"))


def _fetch_pip(target: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(target), f"pip=={PIP}"]
    subprocess.run(command, check=True)
