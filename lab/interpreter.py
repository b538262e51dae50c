"""The python package of the lab: a launcher that runs the lab's one Python as the version that the package says.

Lab hosts have no Python of their own. The lab binds `lab.runtime` read-only into each host, at MOUNT; `bin/python` of
an environment starts the interpreter there through the runtime's own dynamic loader, so that neither the host's
C library nor LD_LIBRARY_PATH matters (ld.so(8): --argv0, --library-path). `pyvenv.cfg` makes the environment its
`sys.prefix` (PEP 405).
"""

from lab import package

MOUNT = "/opt/gpufleet-lab/runtime"
CERTIFICATES = f"{MOUNT}/cacert.pem"

LAUNCHER = f"""#!/bin/bash
# Stand-in of the gpufleet lab: Python {{version}} played by the interpreter in {MOUNT}.
runtime={MOUNT}
if [ ! -x "$runtime/bin/python" ]; then
    echo "$0: stand-in of the gpufleet lab: $runtime is not there; it is bound into lab hosts only" >&2
    exit 1
fi
case "${{{{1-}}}}" in -V|--version) echo "Python {{version}}"; exit 0 ;; esac
# The argument is kept as it was typed: Python finds its environment from it (PEP 405). The runtime's own site.py
# is read only without the frozen one (python3(1), -X frozen_modules).
set -- "$runtime/bin/python" -X frozen_modules=off "$@"
exec "$runtime/lib/ld-linux-x86-64.so.2" --argv0 "$0" --library-path "$runtime/lib" "$@"
"""

DEPENDS = (
    "bzip2 >=1.0.8,<2.0a0",
    "ld_impl_linux-64 >=2.36.1",
    "libexpat >=2.6.2,<3.0a0",
    "libffi >=3.4,<4.0a0",
    "libgcc >=13",
    "liblzma >=5.6.3,<6.0a0",
    "libsqlite >=3.46.1,<4.0a0",
    "libuuid >=2.38.1,<3.0a0",
    "libzlib >=1.3.1,<2.0a0",
    "ncurses >=6.5,<7.0a0",
    "openssl >=3.3.2,<4.0a0",
    "readline >=8.2,<9.0a0",
    "tk >=8.6.13,<8.7.0a0",
    "tzdata",
)


def minor(version: str) -> str:
    """3.12 of 3.12.7."""
    return ".".join(version.split(".")[:2])


def entries(version: str) -> dict[str, package.Entry]:
    """The files of python `version`, with the link lib/python3.1 that conda-forge's python packages carry too."""
    short = minor(version)
    settings = f"home = {MOUNT}/bin\ninclude-system-site-packages = false\nversion = {version}\n"
    return {
        f"bin/python{short}": package.text(LAUNCHER.format(version=version), 0o755),
        "bin/python3": package.Entry(link=f"python{short}"),
        "bin/python": package.Entry(link=f"python{short}"),
        "pyvenv.cfg": package.text(settings),
        f"lib/python{short}/site-packages/README.txt": package.text(package.STAND_IN + "\n"),
        "lib/python3.1": package.Entry(link=f"python{short}"),
    }


def tag(version: str) -> str:
    """The interpreter's word in build strings: cpython until 3.12, then cp313 (conda-forge/python-feedstock)."""
    return "cpython" if minor(version) in ("3.11", "3.12") else f"cp{minor(version).replace('.', '')}"


def python(version: str) -> package.Package:
    return package.Package(
        name="python",
        version=version,
        build=f"h9e4cc4f_{1 if tag(version) == 'cpython' else 100}_{tag(version)}",
        depends=DEPENDS,
        constrains=(f"python_abi {minor(version)}.* *_cp{minor(version).replace('.', '')}",),
        entries=entries(version),
        license="Python-2.0",
    )


def certificates(version: str = "2025.8.3") -> package.Package:
    """ca-certificates: `ssl/cacert.pem` is what an environment's Python trusts, and not the host's own store."""
    return package.Package(
        name="ca-certificates",
        version=version,
        build="hbd8a1cb_0",
        subdir="noarch",
        entries={"ssl/cacert.pem": package.Entry(link=CERTIFICATES)},
        license="ISC",
    )
