"""The CUDA toolkits of NVIDIA's repository as packages: metapackages, compiler, libraries and tools."""

import json

from lab import deb, elf, payload
from lab.packages.toolkit import DISTROS, TOOLKITS, Toolkit

LIBRARIES = {
    "cuda-nvrtc": "libnvrtc",
    "libcublas": "libcublas",
    "libcufft": "libcufft",
    "libcurand": "libcurand",
    "libcusolver": "libcusolver",
    "libcusparse": "libcusparse",
    "libnpp": "libnppc",
    "libnvjitlink": "libnvJitLink",
    "libnvjpeg": "libnvjpeg",
}
TOOLS = {
    "cuda-cuobjdump": "cuobjdump",
    "cuda-nvprune": "nvprune",
    "cuda-gdb": "cuda-gdb",
    "cuda-sanitizer": "compute-sanitizer",
}
PLAIN = ("cuda-cccl", "cuda-cupti", "cuda-driver-dev", "cuda-nvml-dev", "cuda-nvtx", "cuda-profiler-api")
# One library is really large on disk, so that an install can fill a small file system; it compresses a thousandfold.
LARGE_LIBRARY, LARGE_SIZE = "libcublas-12-9", 64 * 1024 * 1024


def packages(distro: str) -> list[deb.Package]:
    """All toolkits that one release's repository carries, and the unversioned metapackages that follow the newest."""
    kits = [kit for kit in TOOLKITS if distro in DISTROS[kit.dotted]]
    found = [package for kit in kits for package in _toolkit(kit)]
    for kit in kits:
        found += _newest(kit, newest_of_major=kit == [one for one in kits if one.major == kit.major][-1])
    return found + _latest(kits[-1])


def _toolkit(kit: Toolkit) -> list[deb.Package]:
    return [*_common(kit), *_compiler(kit), *_runtime(kit), *_libraries(kit), *_plain(kit), *_metapackages(kit)]


def _common(kit: Toolkit) -> list[deb.Package]:
    # That this package registers the alternatives, with the version without its dot as priority, is NVIDIA's.
    number = kit.dotted.replace(".", "")
    values = {"DOTTED": kit.dotted, "MAJOR": str(kit.major), "PRIORITY": number}
    scripts = {step: payload.rendered(f"cuda-config-common.{step}", **values) for step in ("postinst", "prerm")}
    depends = (f"cuda-toolkit-{kit.major}-config-common", "cuda-toolkit-config-common")
    name = f"cuda-toolkit-{kit.dashed}-config-common"
    return [kit.package(name, "Common config", kit.cudart, architecture="all", depends=depends, scripts=scripts)]


def _newest(kit: Toolkit, newest_of_major: bool) -> list[deb.Package]:
    if not newest_of_major:
        return []
    conf = {
        f"etc/ld.so.conf.d/988_cuda-{kit.major}.conf": deb.text(
            f"/usr/local/cuda-{kit.major}/targets/x86_64-linux/lib\n"
        )
    }
    meta = (f"{kit.named('cuda-toolkit')} (>= {kit.version})",)
    common = f"cuda-toolkit-{kit.major}-config-common"
    return [
        kit.package(common, "Common config", kit.cudart, architecture="all", entries=conf, conffiles=tuple(conf)),
        kit.package(f"cuda-toolkit-{kit.major}", f"CUDA Toolkit {kit.major} meta-package", depends=meta),
    ]


def _latest(kit: Toolkit) -> list[deb.Package]:
    conf = {"etc/ld.so.conf.d/000_cuda.conf": deb.text("/usr/local/cuda/targets/x86_64-linux/lib\n")}
    return [
        kit.package(
            "cuda-toolkit-config-common",
            "Common config",
            kit.cudart,
            architecture="all",
            entries=conf,
            conffiles=tuple(conf),
        ),
        kit.package(
            "cuda-toolkit", "CUDA Toolkit meta-package", depends=(f"{kit.named('cuda-toolkit')} (>= {kit.version})",)
        ),
        kit.package(
            "cuda", "CUDA meta-package, which brings a driver", depends=(f"{kit.named('cuda')} (>= {kit.version})",)
        ),
    ]


def _compiler(kit: Toolkit) -> list[deb.Package]:
    values = {"DOTTED": kit.dotted, "VERSION": kit.nvcc, "BUILD": kit.build, "YEAR": kit.build[-4:]}
    nvcc = {f"{kit.prefix}/bin/nvcc": deb.text(payload.rendered("nvcc", **values), 0o755)}
    found = [kit.package(kit.named("cuda-nvcc"), "CUDA nvcc", kit.nvcc, entries=nvcc)]
    for base, program in TOOLS.items():
        script = deb.text(f"#!/bin/sh\necho '{program} {kit.nvcc} (stand-in)'\n", 0o755)
        found.append(
            kit.package(kit.named(base), f"CUDA {program}", kit.nvcc, entries={f"{kit.prefix}/bin/{program}": script})
        )
    return found


def _runtime(kit: Toolkit) -> list[deb.Package]:
    soname = f"libcudart.so.{kit.major if kit.major >= 12 else '11.0'}"
    libraries = f"{kit.prefix}/targets/x86_64-linux/lib"
    headers = f"{kit.prefix}/targets/x86_64-linux/include"
    major, minor = kit.dotted.split(".")
    number = int(major) * 1000 + int(minor) * 10
    entries = {
        f"{libraries}/libcudart.so.{kit.cudart}": deb.Entry(data=elf.shared_object(soname)),
        f"{libraries}/{soname}": deb.link(f"libcudart.so.{kit.cudart}"),
        f"{kit.prefix}/lib64": deb.link("targets/x86_64-linux/lib"),
    }
    development = {
        f"{libraries}/libcudart.so": deb.link(soname),
        f"{headers}/cuda_runtime_api.h": deb.text(f"#define CUDART_VERSION {number}\n"),
        f"{headers}/cuda.h": deb.text(f"#define CUDA_VERSION {number}\n"),
        f"{kit.prefix}/include": deb.link("targets/x86_64-linux/include"),
    }
    common = f"{kit.named('cuda-toolkit')}-config-common"
    runtime = f"{kit.named('cuda-cudart')} (>= {kit.cudart})"
    return [
        kit.package(
            kit.named("cuda-cudart"), "CUDA Runtime native Libraries", kit.cudart, entries=entries, depends=(common,)
        ),
        kit.package(
            kit.named("cuda-cudart-dev"),
            "CUDA Runtime native dev links",
            kit.cudart,
            entries=development,
            depends=(runtime,),
        ),
    ]


def _libraries(kit: Toolkit) -> list[deb.Package]:
    found = []
    folder = f"{kit.prefix}/targets/x86_64-linux/lib"
    for base, library in LIBRARIES.items():
        soname = f"{library}.so.{kit.major}"
        name = kit.named(base)
        padding = bytes(LARGE_SIZE) if name == LARGE_LIBRARY else b""
        # The version of each library is the stand-in's own: NVIDIA's have numbers of their own.
        entries = {
            f"{folder}/{library}.so.{kit.nvcc}": deb.Entry(data=elf.shared_object(soname) + padding),
            f"{folder}/{soname}": deb.link(f"{library}.so.{kit.nvcc}"),
        }
        links = {f"{folder}/{library}.so": deb.link(soname)}
        development = kit.named(f"{base}-dev")
        depends = (f"{name} (>= {kit.nvcc})",)
        found.append(kit.package(name, f"{library} native runtime libraries", kit.nvcc, entries=entries))
        found.append(kit.package(development, f"{library} native dev links", kit.nvcc, entries=links, depends=depends))
    return found


def _plain(kit: Toolkit) -> list[deb.Package]:
    versions = {"cuda": ("CUDA SDK", kit.version), "cuda_cudart": ("CUDA Runtime (cudart)", kit.cudart)}
    versions |= {"cuda_nvcc": ("CUDA NVCC", kit.nvcc), "nvidia_driver": ("NVIDIA Linux Driver", kit.driver)}
    body = json.dumps({key: {"name": name, "version": number} for key, (name, number) in versions.items()}, indent=3)
    documents = {f"{kit.prefix}/version.json": deb.text(body + "\n"), f"{kit.prefix}/EULA.txt": deb.text("Stand-in.\n")}
    found = [kit.package(kit.named(base), f"{base} (headers and tools)", kit.nvcc) for base in PLAIN]
    # Which package owns version.json is the stand-in's own; its path and keys are not.
    return [*found, kit.package(kit.named("cuda-documentation"), "CUDA documentation", kit.nvcc, entries=documents)]


def _metapackages(kit: Toolkit) -> list[deb.Package]:
    def needs(*bases: str) -> tuple[str, ...]:
        return tuple(f"{kit.named(base)} (>= {kit.version if base in metas else kit.dotted})" for base in bases)

    metas = {"cuda-compiler", "cuda-libraries", "cuda-libraries-dev", "cuda-tools", "cuda-toolkit", "cuda-runtime"}
    branch = kit.driver.split(".")[0]
    # Up to 12.9 this is the proprietary driver, from 13.0 on the open one (the stand-in's own reading).
    driver = f"{'cuda-drivers' if kit.major < 13 else 'nvidia-open'} (>= {branch})"
    contents = {
        "cuda-compiler": needs("cuda-nvcc", "cuda-cuobjdump", "cuda-nvprune"),
        "cuda-libraries": needs("cuda-cudart", *LIBRARIES),
        "cuda-libraries-dev": needs(
            "cuda-libraries", "cuda-cudart-dev", *(f"{base}-dev" for base in LIBRARIES), "cuda-cccl", "cuda-driver-dev"
        ),
        "cuda-tools": needs("cuda-cupti", "cuda-gdb", "cuda-nvtx", "cuda-profiler-api", "cuda-sanitizer"),
        "cuda-toolkit": needs(
            "cuda-compiler", "cuda-libraries", "cuda-libraries-dev", "cuda-tools", "cuda-documentation", "cuda-nvml-dev"
        ),
        "cuda-runtime": (driver, *needs("cuda-libraries")),
        "cuda": needs("cuda-runtime", "cuda-toolkit"),
    }
    return [
        kit.package(kit.named(base), f"{base} {kit.dotted} meta-package", depends=names)
        for base, names in contents.items()
    ]
