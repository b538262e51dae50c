"""cuDNN 8 and 9 as packages of NVIDIA's repository."""

from lab import deb, elf, payload
from lab.packages import family

# CUDA majors that a release is built for (cuDNN support matrix); 9.10.2 is the last with Maxwell, Pascal and Volta.
VERSIONS = {"9.10.2.21": (11, 12), "9.17.0.29": (12, 13)}
HEADERS_PACKAGE_FROM = (9, 15)
LEGACY = {"8.9.7.29": ("11.8", "12.2")}
LIBRARIES = ("libcudnn", "libcudnn_adv", "libcudnn_cnn", "libcudnn_graph", "libcudnn_ops")


def packages(distro: str) -> list[deb.Package]:
    """The cuDNN packages of one release's repository: CUDA majors follow the toolkits that it carries."""
    majors = {"ubuntu2204": (11, 12, 13), "ubuntu2404": (12, 13), "ubuntu2604": (13,)}[distro]
    found: list[deb.Package] = []
    for version, built_for in VERSIONS.items():
        for major in built_for:
            found += _nine(version, major) if major in majors else []
    newest = {"ubuntu2204": "13", "ubuntu2404": "13", "ubuntu2604": "13"}[distro]
    found.append(_package("cudnn9", "9.17.0.29-1", depends=(f"cudnn9-cuda-{newest} (= 9.17.0.29-1)",)))
    found.append(_package("cudnn", "9.17.0.29-1", depends=("cudnn9 (= 9.17.0.29-1)",)))
    if distro == "ubuntu2204":
        for version, toolkits in LEGACY.items():
            for toolkit in toolkits:
                found += _eight(version, toolkit)
    return found


def _package(name: str, version: str, **fields: object) -> deb.Package:
    common = {"maintainer": family.NVIDIA, "section": "multiverse/libs", "summary": f"cuDNN: {name}"}
    return deb.Package.model_validate({**common, "name": name, "version": version, **fields})


def _nine(release: str, major: int) -> list[deb.Package]:
    version, suffix = f"{release}-1", f"cuda-{major}"
    separate = tuple(int(part) for part in release.split(".")[:2]) >= HEADERS_PACKAGE_FROM
    header = {f"{payload.LIBRARIES.replace('lib', 'include', 1)}/cudnn_version_v9.h": deb.text(_header(release))}
    links = {f"{payload.LIBRARIES}/{name}.so": deb.link(f"{name}.so.9") for name in LIBRARIES}
    alternatives = {step: payload.rendered(f"libcudnn9-dev.{step}") for step in ("postinst", "prerm")}
    library, headers = f"libcudnn9-{suffix}", f"libcudnn9-headers-{suffix}"
    development = [f"{library} (= {version})"]
    found = [_package(library, version, entries=_shared(release, major, 9))]
    if separate:
        found.append(_package(headers, version, entries=header, **_alone("headers", headers)))
        development.append(f"{headers} (= {version})")
    found.append(
        _package(
            f"libcudnn9-dev-{suffix}",
            version,
            depends=tuple(development),
            entries=links if separate else links | header,
            scripts=alternatives,
            **_alone("dev", f"libcudnn9-dev-{suffix}"),
        )
    )
    metas = (f"{library} (= {version})", f"libcudnn9-dev-{suffix} (= {version})")
    return [*found, _package(f"cudnn9-{suffix}", version, depends=metas)]


def _alone(kind: str, name: str) -> dict[str, object]:
    """Headers and links of two CUDA majors have the same paths, so one host has those of one (the stand-in's own)."""
    others = tuple(other for major in (11, 12, 13) if (other := f"libcudnn9-{kind}-cuda-{major}") != name)
    return {"conflicts": others}


def _eight(release: str, toolkit: str) -> list[deb.Package]:
    version = f"{release}-1+cuda{toolkit}"
    header = {"usr/include/cudnn_version.h": deb.text(_header(release))}
    links = {f"{payload.LIBRARIES}/libcudnn.so": deb.link("libcudnn.so.8")}
    return [
        _package("libcudnn8", version, entries=_shared(release, int(toolkit.split(".")[0]), 8)),
        _package("libcudnn8-dev", version, depends=(f"libcudnn8 (= {version})",), entries=header | links),
    ]


def _shared(release: str, major: int, cudnn: int) -> dict[str, deb.Entry]:
    number = ".".join(release.split(".")[:3])
    found: dict[str, deb.Entry] = {}
    for name in LIBRARIES if cudnn == 9 else ("libcudnn", "libcudnn_ops_infer"):
        soname = f"{name}.so.{cudnn}"
        found[f"{payload.LIBRARIES}/{name}.so.{number}"] = deb.Entry(data=elf.shared_object(soname))
        found[f"{payload.LIBRARIES}/{soname}"] = deb.link(f"{name}.so.{number}")
    return found


def _header(release: str) -> str:
    major, minor, patch = release.split(".")[:3]
    version = f"#define CUDNN_MAJOR {major}\n#define CUDNN_MINOR {minor}\n#define CUDNN_PATCHLEVEL {patch}\n"
    weight = 10000 if int(major) >= 9 else 1000
    return (
        f"#ifndef CUDNN_VERSION_H_\n#define CUDNN_VERSION_H_\n\n{version}\n"
        f"#define CUDNN_VERSION (CUDNN_MAJOR * {weight} + CUDNN_MINOR * 100 + CUDNN_PATCHLEVEL)\n\n#endif\n"
    )
