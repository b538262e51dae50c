"""Reports to look at in a browser: a fleet with something of everything, and one in which every text is hostile."""

from datetime import datetime
from typing import Any

from fleet.errors import Failure
from fleet.report import baseline
from fleet.report.model import Facts, GpuKind, HostReport, Report, counts
from schema.compute import Compute
from schema.errors import Finding
from schema.history import Cause
from schema.plan import Change

TIME = "2026-11-24T03:01:12Z"
LOST = Finding(
    code="GPU120",
    severity="error",
    message="2 GPUs are declared and 1 is on the bus",
    evidence="0000:01:00.0 10de:2330\nnothing at 0000:02:00.0",
    hint="Look for Xid 79 in the kernel's log.",
)
ODD = Finding(code="GPU101", severity="warning", message="a reboot is not allowed", evidence="reboot: never")
KNOWN = Finding(code="GPU110", severity="error", accepted=True, message="known and accepted", evidence="so it is")
TOLD = Finding(code="GPU112", severity="info", message="told for information")
GPU = {"way": "driver", "uuid": "GPU-0", "device": "GPU 0 NVIDIA H100", "rate_tflops": 51.2, "peak_tflops": 64.0}
HUNG = {"way": "torch", "environment": "ds", "outcome": "failed", "reason": "hang", "text": "no answer in 60 seconds"}
COMPUTE = Compute.model_validate({"ran": True, "results": ({**GPU, "outcome": "passed", "seconds": 1.5}, HUNG)})
CAUSE = Cause(
    time=datetime.fromisoformat("2026-11-20T06:25:00+01:00"),
    since=datetime.fromisoformat("2026-11-14T06:25:00+01:00"),
    by="unattended-upgrades",
    command="/usr/bin/unattended-upgrade",
    package="cuda-drivers-580",
    action="upgrade",
    before="580.95.05-0ubuntu1",
    after="580.82.07-0ubuntu1",
)
DRIVER = Change(
    concern="driver",
    item="cuda-drivers-580",
    observed="580.82.07-0ubuntu1",
    desired="580.95.05",
    disruption="reboot",
    cause=CAUSE,
)
TORCH = Change(concern="environments", item="ds/torch", observed=None, desired="2.8.0")
FACTS = Facts(
    ubuntu="24.04",
    arch="x86_64",
    kernel="6.8.0-51-generic",
    driver="580.95.05",
    modules="open",
    cuda=("12.9", "12.6"),
    cuda_default="12.9",
    cudnn=("9.10.2",),
    conda="25.3.1",
    gpus=(GpuKind(name="NVIDIA H100 80GB HBM3", count=8),),
    gpus_on_bus=8,
)


def host(name: str, status: str = "in-sync", **more: Any) -> HostReport:
    group = f"rack-{'ab'[len(name) % 2]}"
    found = {"host": name, "status": status, "groups": (group,), "seen": TIME, "seconds": 1.25, "facts": FACTS}
    return HostReport.model_validate(found | more)


def away(name: str) -> HostReport:
    said = f"cannot reach {name}: the connection timed out after 10 seconds"
    error = Failure(code="RUN201", message=said, hint=f"ping {name}")
    return host(name, "unreachable", error=error, facts=None, seen=None, last_seen="2026-11-23T03:00:01Z")


def report(*hosts: HostReport, old: Report | None = None, name: str = "west") -> Report:
    since = baseline.compare(old, hosts, [one.host for one in hosts]) if old is not None else None
    return Report(time=TIME, inventory=name, hosts=hosts, summary=counts(hosts), baseline=since)


def small() -> Report:
    """Forty hosts: one or more of each status, an odd driver, and what is new and gone since the day before."""
    quiet = [host(f"gpu-{number:02}") for number in range(1, 31)]
    drifting = [host(f"node-{number}", "drift", changes=(DRIVER, TORCH), pending="reboot") for number in (1, 2, 3)]
    odd = FACTS.model_copy(update={"driver": "535.274.02", "conda": None, "unseen": ("cudnn",)})
    hosts = (
        *quiet,
        *drifting,
        host("bad-1", "unhealthy", findings=(TOLD, KNOWN, ODD, LOST), not_seen=("gpu/log",), facts=odd),
        host("bad-2", "unhealthy", findings=(LOST,), compute=COMPUTE),
        *(away(f"away-{number}") for number in (1, 2, 3, 4)),
        host(
            "lost", "failed", error=Failure(code="RUN236", message="the look at lost did not see enough", hint="sudo")
        ),
    )
    gone = host("bad-2", "drift", changes=(TORCH,))
    then = [gone if one.host == "bad-2" else one for one in hosts if one.host != "gpu-01"]
    old = report(*then, host("retired")).model_copy(update={"time": "2026-11-23T03:01:12Z"})
    return report(*hosts, old=old)


def large(size: int) -> Report:
    """One of ten hosts with the same trouble, each with evidence of its own."""
    hosts = []
    for number in range(size):
        lost = LOST.model_copy(update={"evidence": f"nothing at 0000:{number:05x}:00.0"})
        ill = number % 10 == 0
        hosts.append(host(f"gpu-{number:05}", "unhealthy" if ill else "in-sync", findings=(lost,) if ill else ()))
    return report(*hosts)


def hostile(*texts: str) -> Report:
    """Hosts with each text in every field; their names are the inventory's: letters, digits, dots and dashes."""
    then, today = [], []
    for place, text in enumerate(texts):
        finding = Finding(code="GPU120", severity="error", message=text, evidence=text, hint=text)
        change = Change(concern=text, item=text, observed=text, desired=text)
        facts = Facts(ubuntu=text, kernel=text, driver=text, cuda=(text,), cudnn=(text,), conda=text)
        error = Failure(code="RUN201", message=text, evidence=text, state=text, hint=text)
        told = {"groups": (text,), "facts": facts, "not_seen": (text,)}
        today += [
            host(f"a{place}", "drift", changes=(change,), findings=(finding,), **told),
            host(f"b{place}", "unreachable", error=error),
            host(f"c{place}", findings=(finding.model_copy(update={"severity": "info", "code": "GPU999"}),), **told),
        ]
        then += [host(f"a{place}"), host(f"c{place}", "unreachable", error=error), host(f"d{place}")]
    return report(*today, old=report(*then), name=texts[0])
