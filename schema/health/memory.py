"""The GPUs' memory: errors since the driver was loaded, rows and pages taken out of use, and worn boards."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from schema.errors import Finding, Severity
from schema.gpu import Gpu
from schema.health.gpu import finding

if TYPE_CHECKING:
    from schema.host import HostSpec
    from schema.snapshot import Snapshot

# A board before Ampere can retire 64 pages (docs.nvidia.com/deploy/dynamic-page-retirement), and is near that at 60.
MANY_PAGES = 60
# nvidia-smi's field, and ours, of what waits for a reset.
PENDING = {
    "remapped_row_pending": "remapped_pending",
    "retired pages, pending_retirement": "retired_pending",
    "channel_repair_pending or tpc_repair_pending": "repair_pending",
}
RESET = "end its work, then: sudo nvidia-smi --gpu-reset -i INDEX; where that is refused, reboot the host"
REBOOT = "end the work on the host, then reboot it"
RECOVERY = {
    "Reset": RESET,
    "GPU Reset": RESET,
    "Reboot": REBOOT,
    "Node Reboot": REBOOT,
    "Drain P2P": "let the jobs that use it together with other GPUs end, and start them again",
    "Drain and Reset": f"start nothing more on it, let its work end; {RESET}",
}


class Ailment(NamedTuple):
    """What one GPU says; INDEX in the hint stands for the GPUs' numbers."""

    code: str
    severity: Severity
    words: str
    line: str
    hint: str
    number: int


def condition(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """What the GPUs say of their memory and of their recovery; those that say the same in one finding."""
    gpus = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    return _grouped(item for gpu in gpus for item in (*_rows(gpu), *_errors(gpu), *_worn(gpu), *_recovery(gpu)))


def _grouped(ailments: Iterable[Ailment]) -> list[Finding]:
    groups: dict[tuple[str, str], list[Ailment]] = {}
    for one in ailments:
        groups.setdefault((one.code, one.words), []).append(one)
    found = []
    for same in groups.values():
        first, indices = same[0], list(dict.fromkeys(str(one.number) for one in same))
        who = f"GPU {indices[0]}" if len(indices) == 1 else f"{len(indices)} GPUs"
        hint = first.hint.replace("INDEX", ",".join(indices))
        found.append(finding(first.code, first.severity, f"{who}: {first.words}", (one.line for one in same), hint))
    return found


def _rows(gpu: Gpu) -> Iterator[Ailment]:
    if gpu.remapped_failure:
        words, hint = "a memory row could not be remapped", "take it out of service and ask the vendor for a new board"
        yield Ailment("GPU128", "error", words, f"{gpu.title}: remapped_row_failure Yes", hint, gpu.index)
    waiting = [field for field, pending in PENDING.items() if getattr(gpu, pending)]
    if waiting:
        words = "a memory row, page or channel waits to be taken out of use"
        yield Ailment("GPU127", "warning", words, f"{gpu.title}: {', '.join(waiting)} Yes", RESET, gpu.index)


def _errors(gpu: Gpu) -> Iterator[Ailment]:
    count, ever = gpu.ecc_uncorrected_volatile, gpu.ecc_uncorrected_aggregate
    if count:
        words, hint = "uncorrectable memory errors since the driver was loaded", f"{RESET}; replace it if they return"
        told = f"ecc_errors volatile, uncorrectable {count}; aggregate {'N/A' if ever is None else ever}"
        yield Ailment("GPU126", "warning", words, f"{gpu.title}: {told}", hint, gpu.index)


def _worn(gpu: Gpu) -> Iterator[Ailment]:
    """Criteria by which the vendor takes a board back, beside a failed remapping (GPU128)."""
    lines = []
    if gpu.sram_threshold_exceeded:
        lines.append(f"sram_threshold_exceeded Yes; aggregate uncorrectable errors {gpu.ecc_uncorrected_aggregate}")
    if gpu.exhausted_banks:
        lines.append(f"row_remapper_histogram_none {gpu.exhausted_banks} banks, without a spare row")
    if gpu.retired_pages is not None and gpu.retired_pages >= MANY_PAGES:
        lines.append(f"retired_pages {gpu.retired_pages} of at most 64")
    hint = "take it out of service when it suits, run the vendor's field diagnostics, and ask for a replacement (RMA)"
    for line in lines:
        yield Ailment("GPU247", "warning", "the memory is worn out", f"{gpu.title}: {line}", hint, gpu.index)


def _recovery(gpu: Gpu) -> Iterator[Ailment]:
    action = gpu.recovery_action
    if action is not None:
        hint = RECOVERY.get(action, "end its work, then do what it asks")
        line = f"{gpu.title}: gpu_recovery_action {action}"
        yield Ailment("GPU129", "error", f"recovery is asked for: {action}", line, hint, gpu.index)
