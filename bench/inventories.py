"""Inventories of any number of hosts that look like people's own, from a seed: each run has the same."""

import random
from pathlib import Path

# A kind of machine: its GPUs, as people spell them, the driver, and toolkits that go with both.
KINDS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    ("hgx", ("H100 SXM", "H200", "A100 SXM 80GB"), ("580.95.05", "580.82.07"), ("13.0", "12.9", "12.8")),
    ("serving", ("L40S", "L4", "A10", "T4"), ("580.95.05", "570.172.08"), ("12.8", "12.6")),
    (
        "desk",
        ("GTX 1080", "GTX 1080 Ti", "GTX 1060", "Titan Xp"),
        ("580.95.05", "570.172.08"),
        ("12.8", "12.6"),
    ),
    ("work", ("RTX 4090", "RTX 3090", "RTX A6000", "rtx2080ti"), ("595.58.03", "580.95.05"), ("13.0", "12.9", "12.6")),
    ("old", ("V100", "P100", "P40"), ("570.172.08", "535.230.02"), ("12.4", "12.2", "11.8")),
)
PACKAGES = (
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "matplotlib",
    "seaborn",
    "jupyterlab",
    "polars",
    "pyarrow",
    "xgboost",
)
WHEELS = ("transformers", "accelerate", "datasets", "einops", "timm", "lightning", "safetensors", "diffusers")
WHEEL_INDEX = "https://download.pytorch.org/whl"
FLEET = """# One site: what holds for all, and a group for each kind of machine.
requires: ">=0.1"
rollout: {max_unavailable: 2}
defaults:
  ubuntu: "22.04"
  connection: {user: ops, timeout: 20}
  conda: {version: 25.3.1-0, prefix: /opt/conda}
  reboot: never
  proxy: {https: "http://proxy.example:3128", no_proxy: [mirror.example, 10.0.0.0/8]}
groups:
  hgx: {driver: {modules: open, install: compute}, reboot: if-needed}
  serving: {driver: {install: compute}}
  desk: {ubuntu: "24.04", driver: {modules: proprietary}}
  work: {ubuntu: "24.04", connection: {user: ubuntu}}
  old: {driver: {modules: proprietary}}
  rack-a: {connection: {jump: bastion-a}}
  rack-b: {connection: {jump: bastion-b}}
  noted: {accept: [{code: GPU110, reason: "until the next maintenance window", until: 2099-12-31}]}
"""
# Mistakes that people make, each in a host of its own: the keys they replace or add.
MISTAKES = (
    "driver: {branch: 5800}",
    'cuda: {toolkit: ["12.9"]}',
    "driver: {branch: 390}",
    "reboot: sometimes",
    "gpu: [H100]",
)


def write(folder: Path, hosts: int, *, distinct: bool, seed: int = 1) -> int:
    """An inventory in `folder`; bytes of its host files. `distinct`: nearly every value is met once, so that no
    memory of earlier values helps; else hosts of a kind have versions and packages in common, as in most fleets."""
    dice, size = random.Random(seed), 0  # noqa: S311 - nothing here is secret.
    (folder / "fleet.yaml").write_text(FLEET)
    for number in range(hosts):
        text = host(number, dice, distinct=distinct)
        file = folder / "hosts" / f"row-{number // 100:03}" / f"node-{number:05}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        size += len(text)
    return size


def host(number: int, dice: random.Random, *, distinct: bool) -> str:
    """One host file of about 1 kB; one in twenty has a mistake in it."""
    kind, gpus, drivers, toolkits = dice.choice(KINDS)
    listed = [kind, dice.choice(("rack-a", "rack-b"))] + (["noted"] if dice.random() < 0.2 else [])
    chosen = sorted(dice.sample(toolkits, k=dice.randint(1, len(toolkits))), reverse=True)
    lines = [
        f"# {kind} {number}, row {number // 100}",
        f"groups: [{', '.join(listed)}]",
        f"connection: {{address: 10.{number // 60000}.{number // 250 % 240}.{number % 250 + 1}}}",
        *_gpus(gpus, dice),
    ]
    if dice.random() < 0.05:
        return "\n".join([*lines, dice.choice(MISTAKES), *_environments(number, kind, dice, distinct=distinct), ""])
    lines += [f"driver: {{version: {dice.choice(drivers)}, persistence: {dice.choice(('true', 'false'))}}}"]
    quoted = ", ".join(f'"{version}"' for version in chosen)
    lines += ["cuda:", f"  toolkits: [{quoted}]", f'  default: "{dice.choice(chosen)}"', "  path: true"]
    lines += [f"cudnn: {{version: {_cudnn(chosen, dice)}}}"] if dice.random() < 0.7 else []
    return "\n".join([*lines, *_environments(number, kind, dice, distinct=distinct), ""])


def _cudnn(toolkits: list[str], dice: random.Random) -> str:
    """One version, or one for each CUDA major: there is none for 11 and 13."""
    newest = {"11": ("9.10.2", "9.5.1"), "12": ("9.10.2", "9.8.0", "9.5.1"), "13": ("9.17.0", "9.13.0")}
    majors = sorted({version.split(".")[0] for version in toolkits})
    chosen = {major: dice.choice(newest[major]) for major in majors}
    pairs = ", ".join(f'"{major}": "{version}"' for major, version in chosen.items())
    return f'"{chosen[majors[0]]}"' if len(majors) == 1 else f"{{{pairs}}}"


def _gpus(names: tuple[str, ...], dice: random.Random) -> list[str]:
    found = dice.sample(names, k=1 if dice.random() < 0.8 else 2)
    if len(found) == 1 and dice.random() < 0.3:
        return [f"gpus: [{found[0]}]"]
    return ["gpus:", *(f"  - {{model: {name}, count: {dice.choice((1, 2, 4, 8))}}}" for name in found)]


def _environments(number: int, kind: str, dice: random.Random, *, distinct: bool) -> list[str]:
    def pinned(names: list[str]) -> list[str]:
        versions = [f"=={dice.randint(0, 40)}.{dice.randint(0, 99)}.{dice.randint(0, 999)}" for _ in names]
        return [f'"{name}{version if distinct else ""}"' for name, version in zip(names, versions, strict=True)]

    # PyTorch's CUDA 12.6 wheels have code for Pascal and Volta, its later ones have not.
    lines, tag = ["environments:"], "cu126" if kind in {"desk", "old"} else dice.choice(("cu126", "cu128"))
    for name in dice.choice((("ds",), ("ds", "train"))):
        pip = [f'"torch=={dice.choice(("2.8.0", "2.7.1"))}"', *pinned(dice.sample(WHEELS, k=dice.randint(1, 5)))]
        lines += [
            f"  {name}{f'-{number}' if distinct else ''}:",
            f'    python: "{dice.choice(("3.10", "3.11", "3.12"))}"',
            f"    packages: [{', '.join(pinned(dice.sample(PACKAGES, k=dice.randint(3, 7))))}]",
            "    pip:",
            f"      packages: [{', '.join(pip)}]",
            f'      indexes: [{{url: "{WHEEL_INDEX}/{tag}", packages: [torch]}}]',
            f"    kernel: {dice.choice(('true', 'false'))}",
        ]
    return lines
