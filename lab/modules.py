"""The Python modules inside the lab's conda packages and wheels: a version, and what Jupyter and CUDA checks ask."""

import re

from lab import package
from lab.package import Entry

PLAIN = '"""{stand_in}"""\n\n__version__ = "{version}"\n'

# torch answers what a smoke test asks: with a loaded driver it says so, without one it fails in torch's own words. Its
# faults are lines in /var/lib/gpufleet-lab/torch-faults: wrong, unavailable TEXT, hang.
TORCH = '''"""{stand_in}"""
import operator
import os
import time
import warnings

__version__ = "{version}"


FAULTS = "/var/lib/gpufleet-lab/torch-faults"
BUILT = {{"11": "50 60 70 75 80 86 90", "12.6": "50 60 70 75 80 86 90", "12": "70 75 80 86 90 100 120"}}
float32 = "float32"


class version:
    cuda = {cuda!r}
    hip = None


def fault(name):
    try:
        with open(FAULTS) as stream:
            return next((line.strip()[len(name):].strip() or name for line in stream if line.startswith(name)), "")
    except OSError:
        return ""


class Tensor:
    def __init__(self, rows, device="cpu"):
        self.rows, self.device = rows, device

    def to(self, device):
        if device.startswith("cuda") and not cuda.is_available():
            raise RuntimeError("Found no NVIDIA driver on your system. (stand-in)")
        return Tensor(self.rows, device)

    def cuda(self):
        return self.to("cuda")

    def cpu(self):
        return Tensor(self.rows)

    def __getitem__(self, place):
        return self.rows[place]


def tensor(rows):
    return Tensor(rows)


def mm(a, b):
    if a.device != "cpu":
        while fault("hang"):
            time.sleep(1)
    columns = list(zip(*b.rows))
    made = [[sum(map(operator.mul, row, column)) for column in columns] for row in a.rows]
    if a.device != "cpu" and fault("wrong"):
        made[3][17] += 1.0
    return Tensor(made, a.device)


def equal(a, b):
    return a.rows == b.rows


class cuda:
    @staticmethod
    def is_available():
        said = fault("unavailable")
        if said:
            warnings.warn("CUDA initialization: " + said)
            return False
        return version.cuda is not None and os.path.exists("/proc/driver/nvidia/version")

    @staticmethod
    def device_count():
        if os.environ.get("CUDA_VISIBLE_DEVICES"):
            return 1
        root = "/proc/driver/nvidia/gpus"
        return len(os.listdir(root)) if cuda.is_available() and os.path.isdir(root) else 0

    @staticmethod
    def get_arch_list():
        release = version.cuda or ""
        built = BUILT.get(release) or BUILT.get(release.split(".")[0]) or "75 80 86 90 100 120"
        return ["sm_" + number for number in built.split()]
'''

# `python -m ipykernel install`, with the flags and the kernel.json of ipykernel.kernelspec.
KERNEL = '''"""{stand_in}"""
import argparse
import json
import os
import sys


def main():
    parser = argparse.ArgumentParser(prog="ipython-kernel-install")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--user", action="store_true")
    place.add_argument("--sys-prefix", action="store_true")
    place.add_argument("--prefix")
    parser.add_argument("--name", default="python3")
    parser.add_argument("--display-name")
    options = parser.parse_args(sys.argv[2:] if sys.argv[1:2] == ["install"] else ["--help"])
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    prefix = options.prefix or (sys.prefix if options.sys_prefix else None)
    root = os.path.join(prefix, "share/jupyter") if prefix else "/usr/local/share/jupyter"
    folder = os.path.join(home + "/jupyter" if options.user else root, "kernels", options.name.lower())
    os.makedirs(folder, exist_ok=True)
    shown = options.display_name or ("Python 3 (ipykernel)" if options.name == "python3" else options.name)
    argv = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]
    spec = {{"argv": argv, "display_name": shown, "language": "python", "metadata": {{"debugger": True}}}}
    with open(os.path.join(folder, "kernel.json"), "w") as stream:
        json.dump(spec, stream, indent=1)
    print("Installed kernelspec", options.name, "in", folder)


if __name__ == "__main__":
    main()
'''

JUPYTER = '''"""{stand_in}"""
import glob
import json
import os
import sys


def folders():
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    named = [part for part in os.environ.get("JUPYTER_PATH", "").split(":") if part]
    return [*named, data + "/jupyter", sys.prefix + "/share/jupyter", "/usr/local/share/jupyter", "/usr/share/jupyter"]


def main():
    if sys.argv[1:3] != ["kernelspec", "list"]:
        sys.exit("jupyter: a stand-in of the gpufleet lab; it knows `jupyter kernelspec list [--json]` only")
    found = {{}}
    for folder in folders():
        for path in sorted(glob.glob(folder + "/kernels/*/kernel.json")):
            with open(path) as stream:
                row = {{"resource_dir": os.path.dirname(path), "spec": json.load(stream)}}
            found.setdefault(os.path.basename(os.path.dirname(path)), row)
    if "--json" in sys.argv:
        print(json.dumps({{"kernelspecs": found}}, indent=2))
    else:
        print("Available kernels:")
        for name, row in found.items():
            print(f"  {{name:<12}} {{row['resource_dir']}}")
'''


def files(module: str, version: str, cuda: str | None = None) -> dict[str, Entry]:
    """The module's files, relative to site-packages; none for a package without one (module "")."""
    if not module:
        return {}
    values = {"stand_in": package.STAND_IN, "version": version, "cuda": cuda}
    found = {f"{module}/__init__.py": package.text((TORCH if module == "torch" else PLAIN).format(**values))}
    if module == "ipykernel":
        found["ipykernel/__main__.py"] = package.text(KERNEL.format(**values))
        found["ipykernel_launcher.py"] = package.text(PLAIN.format(**values))
    if module == "jupyter_core":
        found["jupyter_core/command.py"] = package.text(JUPYTER.format(**values))
    return found


def metadata(distribution: str, version: str, requires: tuple[str, ...] = ()) -> str:
    """The METADATA file of a distribution (core metadata 2.1)."""
    lines = ["Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {version}", f"Summary: {package.STAND_IN}"]
    return "\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires)]) + "\n"


def dist_info(distribution: str, version: str, installer: str) -> dict[str, Entry]:
    """The .dist-info folder that conda packages of Python projects carry, relative to site-packages."""
    folder = f"{re.sub(r'[-_.]+', '_', distribution)}-{version}.dist-info"
    return {
        f"{folder}/METADATA": package.text(metadata(distribution, version)),
        f"{folder}/INSTALLER": package.text(f"{installer}\n"),
        f"{folder}/RECORD": package.text(f"{folder}/METADATA,,\n{folder}/INSTALLER,,\n{folder}/RECORD,,\n"),
    }
