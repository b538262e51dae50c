"""Single readings of the facts: forms that no lab host shows."""

import pytest

from facts import driver, environments, exclusions, gpu, host, kernel, probe, sources, text
from schema.driver import Service


def found(**sections: str) -> probe.Sections:
    """`gpu_devices="..."` is the section gpu/devices."""
    names = {key.replace("__", "-").replace("_", "/", 1): value for key, value in sections.items()}
    return probe.Sections({name: tuple(value.split("\n")) for name, value in names.items()}, dict.fromkeys(names, "0"))


def test_versions_sort_as_versions() -> None:
    kernels = ["6.8.0-51-generic", "6.8.0-9-generic", "6.11.0-8-generic", "5.15.0-1071-azure", "6.8.0-9-generic"]
    assert text.in_version_order(kernels) == (
        "5.15.0-1071-azure",
        "6.8.0-9-generic",
        "6.8.0-51-generic",
        "6.11.0-8-generic",
    )


@pytest.mark.parametrize(
    ("said", "value"), [("81559 MiB", 81559), ("16x", 16), ("N/A", None), ("", None), ("9" * 40, None)]
)
def test_numbers(said: str, value: int | None) -> None:
    assert text.number(said) == value


def test_the_newest_image_boots_next_and_a_leftover_folder_is_no_kernel() -> None:
    state = kernel.parse(
        found(
            kernel_releases="running 6.8.0-9-generic\nkernel 6.8.0-9-generic modules headers\nkernel 6.5.0-1-generic \n"
            "image 6.8.0-9-generic\nimage 6.8.0-51-generic\nlockdown none [integrity] confidentiality"
        )
    )
    assert (state.next_boot, state.installed, state.headers) == (
        "6.8.0-51-generic",
        ("6.8.0-9-generic",),
        ("6.8.0-9-generic",),
    )
    assert (state.lockdown, state.secure_boot) == ("integrity", None)


@pytest.mark.parametrize(
    ("bytes_", "on"), [("   6   0   0   0   1", True), ("   6   0   0   0   0", False), ("", None)]
)
def test_secure_boot_is_the_last_byte(bytes_: str, on: bool | None) -> None:
    assert kernel.parse(found(kernel_secure__boot=bytes_)).secure_boot is on


@pytest.mark.parametrize(
    ("line", "listed"),
    [
        ("blacklist nouveau", True),
        ("  blacklist  nouveau  ", True),
        ("install nouveau /bin/false", True),
        ("alias nouveau off", True),
        ("# blacklist nouveau", False),
        ("blacklist nouveau_x", False),
        ("options nouveau modeset=0", False),
    ],
)
def test_nouveau_is_blacklisted_by_a_line_that_says_so(line: str, listed: bool) -> None:
    assert kernel.parse(found(kernel_modprobe=f"/etc/modprobe.d/x.conf:{line}")).nouveau_blacklisted is listed


def test_nouveau_is_blacklisted_by_the_command_line() -> None:
    state = kernel.parse(found(kernel_releases="cmdline modprobe.blacklist=radeon,nouveau"))
    assert state.nouveau_blacklisted


def test_devices_that_do_not_answer_have_no_width() -> None:
    state = gpu.parse(
        found(
            gpu_devices="0000:01:00.0 0x10de 0x1b80 0x030000 nvidia 255 16\nnonsense\n0000:02:00.0 0x1002 0x1 x - - -"
        )
    )
    assert [(device.slot, device.link_width, device.max_link_width) for device in state.devices] == [
        ("0000:01:00.0", None, 16)
    ]


@pytest.mark.parametrize(("status", "code"), [("124", 124), ("137", 124), ("unloaded", 9)])
def test_nvidia_smi_that_gave_no_answer(status: str, code: int) -> None:
    smi = gpu.parse(probe.Sections({"gpu/smi": ()}, {"gpu/smi": status})).smi
    assert smi is not None
    assert smi.exit_code == code
    assert smi.text


def test_garbage_with_success_is_not_seen() -> None:
    assert gpu.unseen(found(gpu_smi="%%%\n@exit 0")) == {"gpu/smi"}
    assert gpu.unseen(found(gpu_smi="No devices were found\n@exit 6")) == frozenset()


def test_services_and_display_servers_do_not_count_as_users_of_a_gpu() -> None:
    assert gpu.holders(found(gpu_holders="812 nvidia-persiste\n4711 python3\n900 Xorg\n4711 python3\n55 a b")) == (
        55,
        4711,
    )


def test_the_loaded_module_tells_version_and_flavour() -> None:
    line = "NVRM version: NVIDIA UNIX {}  580.95.05  Release Build  (dvs-builder@U22)"
    proprietary = driver.parse(found(driver_loaded=line.format("x86_64 Kernel Module")))
    opened = driver.parse(found(driver_loaded=line.format("Open Kernel Module for x86_64")))
    assert (proprietary.loaded_version, proprietary.loaded_flavour) == ("580.95.05", "proprietary")
    assert (opened.loaded_version, opened.loaded_flavour) == ("580.95.05", "open")


def test_modules_of_two_kernels_and_a_signature() -> None:
    state = driver.parse(
        found(
            driver_modules="kernel 6.8.0-51-generic\nversion:        580.95.05\nlicense:        Dual MIT/GPL\n"
            "signer:         Canonical Ltd. Kernel Module Signing\nkernel 6.8.0-52-generic\nlicense: NVIDIA\n"
            "version: 570.195.03\n"
            "kernel 6.8.0-53-generic"
        )
    )
    assert [(module.kernel, module.version, module.flavour, module.signer) for module in state.modules] == [
        ("6.8.0-51-generic", "580.95.05", "open", "Canonical Ltd. Kernel Module Signing"),
        ("6.8.0-52-generic", "570.195.03", "proprietary", None),
    ]


def test_libraries_of_two_versions_show_a_mixed_installation() -> None:
    state = driver.parse(
        found(
            driver_libraries="/usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05\n/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.580.82.07\n"
            "/usr/lib/x86_64-linux-gnu/libcuda.so.1"
        )
    )
    assert state.libraries == ("580.82.07", "580.95.05")


def test_a_failed_and_a_masked_service() -> None:
    masked = "Id=nvidia-persistenced.service\nLoadState=masked\nActiveState=inactive\nUnitFileState=masked"
    failed = "Id=nvidia-fabricmanager.service\nLoadState=loaded\nActiveState=failed\nUnitFileState=disabled"
    state = driver.parse(found(driver_services=f"{masked}\n\n{failed}"))
    assert state.persistenced == Service(installed=False, enabled=False, active="inactive")
    assert state.fabric_manager == Service(installed=True, enabled=False, active="failed")


@pytest.mark.parametrize(
    ("path", "manager"),
    [
        ("/etc/dgx-release", "dgx-os"),
        ("/run/nvidia/driver/usr", "gpu-operator"),
        ("/var/lib/waagent/Microsoft.HpcCompute.NvidiaGpuDriverLinux-1.9.0.0", "azure-extension"),
        ("/usr/lib/wsl/lib/libcuda.so.1", "wsl"),
    ],
)
def test_who_else_manages_the_driver(path: str, manager: str) -> None:
    assert driver.parse(found(driver_managers=path)).managers == (manager,)


@pytest.mark.parametrize(
    ("content", "patterns"),
    [
        ('Unattended-Upgrade::Package-Blacklist { "nvidia-"; "libnvidia-"; };', ("nvidia-", "libnvidia-")),
        ('Unattended-Upgrade::Package-Blacklist {\n  "nvidia-"; // not "x"\n  // "linux-";\n};\n', ("nvidia-",)),
        ('Unattended-Upgrade::Package-Blacklist:: "cuda-";', ("cuda-",)),
        ('Unattended-Upgrade { Package-Blacklist { "a"; }; Origins { "b"; }; };', ("a",)),
        ('Unattended-Upgrade::Package-Blacklist { "a"; };\n#clear Unattended-Upgrade::Package-Blacklist;', ()),
        ('# Unattended-Upgrade::Package-Blacklist { "a"; };\n/* Package-Blacklist { "b"; }; */', ()),
        ("", ()),
    ],
)
def test_exclusions_in_each_form_of_apt_conf(content: str, patterns: tuple[str, ...]) -> None:
    assert exclusions.parse(content) == patterns


def test_sources_that_are_odd() -> None:
    lines = "deb-src http://a b c\ndeb [arch=amd64  signed-by=/k.gpg trusted=yes] http://h/ubuntu noble main\ndeb\n"
    inline = "Types: deb deb-src\nURIs: http://a\n  http://b\nSuites: s1 s2\nSigned-By:\n -----BEGIN\n .\n"
    files = {
        "/etc/apt/sources.list": lines,
        "/etc/apt/sources.list.d/x.sources": f"{inline}\nTypes: deb-src\nURIs: http://c\n",
    }
    one, two = sources.parse(files)
    assert (one.uris, one.suites, one.signed_by) == (("http://h/ubuntu",), ("noble",), "/k.gpg")
    assert (two.uris, two.suites, two.enabled) == (("http://a", "http://b"), ("s1", "s2"), True)


def session(name: str, kind: str, more: str) -> str:
    lines = ("UID=1000", "USER=ann", f"CLASS={kind}", more)
    return "\n".join(f"/run/systemd/sessions/{name}:{line}" for line in lines)


def test_sessions_of_people_only_and_the_own_one_is_known() -> None:
    texts = "\n".join(
        [
            session("2", "user", "TTY=tty2"),
            session("c1", "greeter", "TTY=tty1"),
            session("7", "user", "REMOTE=1"),
            session("9", "user", "STATE=closing"),
        ]
    )
    state = host.parse(
        found(
            host_texts=texts,
            host_system="cgroup 0::/user.slice/user-1000.slice/session-7.scope\ntitle 7 sshd: ann@notty",
        )
    )
    assert [(one.id, one.tty, one.remote, one.own) for one in state.sessions] == [
        ("2", "tty2", False, False),
        ("7", "", True, True),
    ]


def test_a_terminal_of_a_desktop_belongs_to_the_display_session() -> None:
    texts = session("2", "user", "TTY=tty2") + "\n/run/systemd/users/1000:DISPLAY=2"
    state = host.parse(
        found(host_texts=texts, host_system="cgroup 0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope")
    )
    assert [one.own for one in state.sessions] == [True]


@pytest.mark.parametrize(
    ("files", "platform"),
    [
        ("/etc/nv_tegra_release:# R36 (release), REVISION: 4.3", "jetson"),
        ("/sys/firmware/devicetree/base/model:NVIDIA Jetson AGX Orin Developer Kit", "jetson"),
        ("/sys/firmware/devicetree/base/model:Raspberry Pi 4 Model B Rev 1.4", "raspberry-pi"),
        ("/sys/firmware/devicetree/base/model:NVIDIA DGX Spark", "generic"),
    ],
)
def test_platforms(files: str, platform: str) -> None:
    assert host.parse(found(host_texts=files)).platform == platform


@pytest.mark.parametrize(
    ("system", "kind"),
    [
        ("sys_vendor Amazon EC2\nproduct_name p4d.24xlarge", "amazon"),
        ("sys_vendor Amazon EC2\nproduct_name g4dn.metal", "none"),
        ("sys_vendor Microsoft Corporation\nproduct_name Virtual Machine", "microsoft"),
        ("sys_vendor Dell Inc.\nproduct_name PowerEdge XE9680", "none"),
        ("container lxc\nsys_vendor QEMU", "lxc"),
    ],
)
def test_virtualisation(system: str, kind: str) -> None:
    assert host.parse(found(host_system=system)).virtualisation == kind


def test_a_record_that_is_no_record_is_not_seen() -> None:
    forged = found(host_texts='/var/lib/gpufleet/applied.json:{"version": 1, "commands": ["rm"]}')
    assert host.parse(forged).applied is None
    assert host.unseen(forged) == {"host/applied"}


def test_environment_records_with_odd_names() -> None:
    state = environments.parse(
        found(
            environments_packages="/p/envs/a\n_libgcc_mutex-0.1-main.json\nx264-1!164.3095-h_0.json\nhistory\n/p/envs/b\n*.json"
        )
    )
    assert [[(package.name, package.version) for package in one.packages] for one in state] == [
        [("_libgcc_mutex", "0.1"), ("x264", "1!164.3095")],
        [],
    ]
