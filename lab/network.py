"""A bridge of the lab's own, and one network namespace with one cable to it per host; no way out of the lab."""

from pathlib import Path

from lab import process

NETNS = Path("/run/netns")


def bridge(lab: str) -> str:
    """Name of the lab's bridge; interface names hold 15 characters (IFNAMSIZ, netdevice(7))."""
    return f"{lab}-br"


def cable(lab: str, octet: int) -> str:
    """Name of this machine's end of a host's cable."""
    return f"{lab}-{octet}"


def exists(interface: str) -> bool:
    return Path("/sys/class/net", interface).exists()


def up(lab: str, subnet: str) -> None:
    """Make the bridge with address SUBNET.1 where it is missing.

    The unreachable route keeps packets for a lab whose bridge is gone from leaving by the default route.
    """
    name = bridge(lab)
    if not exists(name):
        process.run("ip", "link", "add", name, "type", "bridge")
    process.run("ip", "addr", "replace", f"{subnet}.1/24", "dev", name)
    process.run("ip", "link", "set", name, "up")
    process.run("ip", "route", "replace", "unreachable", f"{subnet}.0/24", "metric", "9999")


def down(lab: str, subnet: str | None) -> None:
    """Remove every namespace, cable, bridge and route of the lab; what is not there is no error."""
    for space in namespaces(lab):
        process.run("ip", "netns", "del", space, check=False)
    for interface in Path("/sys/class/net").glob(f"{lab}-*"):
        process.run("ip", "link", "del", interface.name, check=False)
    if subnet:
        process.run("ip", "route", "del", "unreachable", f"{subnet}.0/24", "metric", "9999", check=False)


def namespaces(lab: str) -> list[str]:
    return sorted(path.name for path in NETNS.glob(f"{lab}-*"))


def attach(lab: str, space: str, octet: int, address: str) -> None:
    """Make a host's namespace with eth0 at `address`, anew if it is there: its making may have been interrupted.

    Its hardware address follows from the IPv4 address (the second lowest bit of the first byte marks a local one,
    IEEE 802), so that a host that is made anew is found under the entry its neighbours still keep for the old one.
    """
    end = cable(lab, octet)
    detach(lab, space, octet)
    hardware = "02:00:" + ":".join(f"{int(number):02x}" for number in address.split("."))
    process.run("ip", "netns", "add", space)
    peer = ("peer", "name", "eth0", "netns", space, "address", hardware)
    process.run("ip", "link", "add", end, "type", "veth", *peer)
    process.run("ip", "link", "set", end, "master", bridge(lab), "up")
    inside = f"addr add {address}/24 dev eth0\nlink set eth0 up\nlink set lo up\n"
    process.run("ip", "-n", space, "-batch", "-", stdin=inside)


def detach(lab: str, space: str, octet: int) -> None:
    """Remove a host's namespace and cable; what is not there is no error."""
    process.run("ip", "link", "del", cable(lab, octet), check=False)
    process.run("ip", "netns", "del", space, check=False)


def plug(lab: str, octet: int, plugged: bool) -> None:
    """Pull a host's cable, or put it back."""
    process.run("ip", "link", "set", cable(lab, octet), "up" if plugged else "down")


def pids(space: str) -> list[int]:
    """Ids of all processes that live in a namespace: a host's own, whatever became of its systemd-nspawn."""
    if not (NETNS / space).exists():
        return []
    return [int(word) for word in process.run("ip", "netns", "pids", space, check=False).split()]
