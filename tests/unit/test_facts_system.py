"""What the probe prints of the system's ailments, taken apart: DKMS, keys, boot files, loader, upgrades, disks."""

import base64

import pytest

from facts import cuda, driver, exclusions, host, kernel, probe, repository, sources
from schema import openpgp
from tests.unit.test_facts_probe import printed

RUNNING, NEXT = "6.8.0-51-generic", "6.8.0-52-generic"
# The tree and the log of a driver that does not build for a newer kernel (dkms 3.0.11, gcc 13).
DKMS = f"""version nvidia-fs 2.26.6
built {RUNNING}/x86_64/module
version nvidia-srv 580.95.05
built {RUNNING}/x86_64/module
installed 580.95.05/{RUNNING}/x86_64
log /var/lib/dkms/nvidia-srv/580.95.05/build/make.log
DKMS make.log for nvidia-srv-580.95.05 for kernel {NEXT} (x86_64)
nvidia/nv-pci.c:237:9: error: too few arguments to function 'pci_resize_resource'
make[2]: *** [scripts/Makefile.build:207: nvidia/nv-pci.o] Error 1
version nvidia-srv 570.172.08
broken /var/lib/dkms/nvidia-srv/570.172.08/source
"""


def test_dkms_tells_builds_links_and_failures_by_version() -> None:
    failed, gone = driver.parse(probe.sections(printed(("driver/dkms", DKMS, "0")))).dkms
    assert (failed.name, failed.version, failed.built, failed.installed) == (
        "nvidia-srv",
        "580.95.05",
        (RUNNING,),
        (RUNNING,),
    )
    assert failed.log == "/var/lib/dkms/nvidia-srv/580.95.05/build/make.log"
    assert "error: too few arguments" in failed.failure[1]
    assert (gone.version, gone.broken, gone.failure) == ("570.172.08", True, ())


KEYS = """key Canonical Ltd. Kernel Module Signing: 88f752e560a1e0737e31163a466ad7b70a850c19: X509.rsa 0a850c19 []
key node Secure Boot Module Signature key: 1108b3da28d32991ed110eeb901384dcdd361bba: X509.rsa dd361bba []
mok /var/lib/shim-signed/mok/MOK.der
"""


def test_keys_of_the_kernel_by_name_and_unknown_where_they_were_not_seen() -> None:
    seen = kernel.parse(probe.sections(printed(("kernel/keyring", KEYS, "0"))))
    assert seen.trusted == ("Canonical Ltd. Kernel Module Signing", "node Secure Boot Module Signature key")
    assert seen.mok
    assert kernel.parse(probe.sections(printed(("kernel/keyring", "", "denied")))).trusted is None


def test_only_blacklists_that_are_newer_than_the_next_kernels_image() -> None:
    releases = f"running {RUNNING}\nimage {RUNNING}\nimage {NEXT}\nnouveau-file {NEXT}\nenforced Y\n"
    releases += f"later {RUNNING} /etc/modprobe.d/old.conf\nlater {NEXT} /etc/modprobe.d/a.conf\n"
    releases += f"later {NEXT} /etc/modprobe.d/sound.conf\n"
    files = "/etc/modprobe.d/a.conf:blacklist nouveau\n/etc/modprobe.d/old.conf:blacklist nouveau\n"
    files += "/etc/modprobe.d/sound.conf:# nothing of nouveau\n"
    sizes = f"644 root 14952840 /boot/vmlinuz-{NEXT}\n644 root 99 /usr/share/keyrings/x-cuda.gpg\n"
    parts = printed(
        ("kernel/releases", releases, "0"), ("kernel/modprobe", files, "0"), ("repository/modes", sizes, "0")
    )
    seen = kernel.parse(probe.sections(parts))
    assert seen.blacklist_later == ("/etc/modprobe.d/a.conf",)
    assert (seen.nouveau_file, seen.enforced, seen.signed_only) == (
        True,
        True,
        "sig_enforce = Y in /sys/module/module/parameters",
    )
    assert seen.boot_files == {f"/boot/vmlinuz-{NEXT}": 14952840}


LOADER = r"""/etc/ld.so.conf.d/cuda.conf:/usr/local/cuda/lib64/stubs
/etc/ld.so.conf.d/000_cuda.conf:# /usr/local/cuda/compat
/etc/environment:LD_LIBRARY_PATH="/usr/local/cuda/lib64:/usr/local/cuda-12.9/compat"
/etc/environment:LD_LIBRARY_PATH=/usr/local/cuda/lib64
/etc/profile.d/site.sh:export LD_LIBRARY_PATH=/opt/compatibility/lib
/lib/systemd/system/nvidia-suspend.service:ExecCondition=/bin/sh -c "modinfo -F license nvidia | grep -q '^NVIDIA$'"
"""


def test_only_lines_that_name_stubs_or_compatible_libraries_are_shadows() -> None:
    seen = driver.parse(probe.sections(printed(("driver/loader", LOADER, "0"))))
    assert seen.shadows == (
        '/etc/environment: LD_LIBRARY_PATH="/usr/local/cuda/lib64:/usr/local/cuda-12.9/compat"',
        "/etc/ld.so.conf.d/cuda.conf: /usr/local/cuda/lib64/stubs",
    )
    assert seen.suspend_condition.startswith("ExecCondition=/bin/sh")


# Ubuntu 24.04's own files, as the probe prints them, and a site's.
CONF = """timer enabled
ran yes
Unattended-Upgrade::Allowed-Origins {
        "${distro_id}:${distro_codename}";
        "${distro_id}:${distro_codename}-security";
};
Unattended-Upgrade::Package-Blacklist {
};
APT::Periodic::Unattended-Upgrade "1";
"""


def test_upgrades_that_run_with_their_origins() -> None:
    seen = repository.parse(probe.sections(printed(("repository/exclusions", CONF, "0"))))
    assert seen.upgrade_origins == ("${distro_id}:${distro_codename}", "${distro_id}:${distro_codename}-security")
    assert (seen.exclusions, seen.upgrade_days, seen.upgrade_timer, seen.upgraded_unattended) == (
        (),
        1,
        "enabled",
        True,
    )


def test_every_spelling_of_lists_and_days() -> None:
    single = 'Unattended-Upgrade::Origins-Pattern:: "origin=*";\nUnattended-Upgrade::Package-Blacklist { "nvidia-"; };'
    assert (exclusions.origins(single), exclusions.parse(single)) == (("origin=*",), ("nvidia-",))
    cut = 'Unattended-Upgrade::Allowed-Origins { "a:b";'
    assert exclusions.origins(cut) == ("a:b",)
    days = {'"0"': 0, '"7"': 7, '"always"': 1, '"1d"': 1}
    assert {text: exclusions.days(f"APT::Periodic::Unattended-Upgrade {text};") for text in days} == days
    off = 'APT::Periodic::Unattended-Upgrade "1";\nAPT::Periodic::Enable "0";'
    assert (exclusions.days(off), exclusions.days("")) == (0, 0)


def test_disks_of_both_kinds_of_df() -> None:
    whole = (
        " 1K-blocks  Avail   Inodes  IFree Mounted on\n 98304000 51200000 6553600 6000000 /\n 524288 1024 - - /boot\n"
    )
    root, boot = host.parse(probe.sections(printed(("host/disks", whole, "0")))).disks
    assert (root.path, root.total_mib, root.free_mib, root.files_total, root.files_free) == (
        "/",
        96000,
        50000,
        6553600,
        6000000,
    )
    assert (boot.path, boot.free_mib, boot.files_total, boot.files_free) == ("/boot", 1, None, None)
    plain = "/dev/sda1 98304000 47104000 51200000 48% /\n"
    (only,) = host.parse(probe.sections(printed(("host/disks", plain, "0")))).disks
    assert (only.total_mib, only.files_total) == (96000, None)


def test_packages_with_and_without_their_size() -> None:
    lines = "a\t1-1\tii \tamd64\tX <x@nvidia.com>\t204800\nb\t1-1\tii \tamd64\tX <x@ubuntu.com>\t\nc\t1\tii \tall\tX"
    packages = repository.parse(probe.sections(printed(("repository/packages", lines, "0")))).packages
    assert {name: item.size_kib for name, item in packages.items()} == {"a": 204800, "b": None, "c": None}


def test_a_link_to_a_toolkit_that_is_gone() -> None:
    text = "dangling /usr/local/cuda-11.8\nalternative manual\n"
    seen = cuda.parse(probe.sections(printed(("cuda/default", text, "0"))))
    assert (seen.default, seen.dangling) == (None, "/usr/local/cuda-11.8")


def test_a_laptop_is_told_by_its_chassis() -> None:
    assert host.parse(probe.sections(printed(("host/system", "chassis_type 10\n", "0")))).portable
    assert not host.parse(probe.sections(printed(("host/system", "chassis_type 23\n", "0")))).portable


# Two keys made with gpg for this test in 2020, one of them for a year, and thrown away.
RING = """
mDMEXgvhABYJKwYBBAHaRw8BAQdAVbMCtrP9yMM4jYc+LwDx48ilef7A/bkOWJUyNoeUG6e0HWV4cGlyZWQgPGV4cGlyZWRAZXhh
bXBsZS5vcmc+iJYEExYIAD4WIQS/V8isMTIlVEG1MhJOc15byRfMXQUCXgvhAAIbAwUJAeEzgAULCQgHAgYVCgkICwIEFgIDAQIe
AQIXgAAKCRBOc15byRfMXUZcAP9w3GCYtqLLrd7g7xEmuXE3cqdCQ2dvqLXqxFKibMBNgAD/Va7ILP43IweMxzP3a9L/m//i0Bfe
pGVOxTjXVhViLQOYMwReC+EAFgkrBgEEAdpHDwEBB0BNVHxdJXX5b1MH40BuXomPFxpRdeBXpkqDp0CzJBfmT7QdZm9yZXZlciA8
Zm9yZXZlckBleGFtcGxlLm9yZz6IkAQTFggAOBYhBHsjAXJJW5E/tMXSWDZ1tHGBmS5yBQJeC+EAAhsDBQsJCAcCBhUKCQgLAgQW
AgMBAh4BAheAAAoJEDZ1tHGBmS5ykHEA/34XT+ThnKmoKLRUqlVd+PaBNBJVFaLXwtxGnAaaLnsNAP0RnnvkTowT0nWgJ4zvjLF2
W2YUfLF4U9osiwOupV/XAQ==
"""
ENDED, ENDLESS = "BF57C8AC3132255441B532124E735E5BC917CC5D", "7B230172495B913FB4C5D2583675B47181992E72"


def test_the_end_of_a_key_is_read_from_its_own_signature() -> None:
    data = base64.b64decode(RING)
    assert openpgp.fingerprints(data) == (ENDED, ENDLESS)
    assert openpgp.expiries(data) == {ENDED: 1609372800}
    keys = f"key /usr/share/keyrings/x-nvidia.gpg\n{base64.b64encode(data).decode()}\n"
    modes = "600 root 555 /usr/share/keyrings/x-nvidia.gpg\n"
    parts = printed(("repository/keys", keys, "0"), ("repository/modes", modes, "0"))
    (key,) = repository.parse(probe.sections(parts)).keys
    assert (key.mode, key.expires) == ("600", {ENDED: 1609372800})


@pytest.mark.parametrize("end", range(0, 556, 7))
def test_a_key_that_is_cut_off_is_refused_in_words_or_read(end: int) -> None:
    try:
        assert set(openpgp.expiries(base64.b64decode(RING)[:end])) <= {ENDED}
    except ValueError as error:
        assert str(error)


def test_sources_that_are_taken_without_a_signature() -> None:
    files = {
        "/etc/apt/sources.list": "deb [arch=amd64 trusted=yes] https://a/ /\ndeb [trusted=no] https://b/ /\n",
        "/etc/apt/sources.list.d/c.sources": "Types: deb\nURIs: https://c/\nSuites: /\nAllow-Insecure: yes\n",
    }
    assert [(one.uris[0], one.trusted) for one in sources.parse(files)] == [
        ("https://a/", True),
        ("https://b/", False),
        ("https://c/", True),
    ]
