"""The GPUs' memory: errors since the driver was loaded, rows and pages taken out of use, and worn boards."""

from typing import TYPE_CHECKING

from schema.errors import Finding
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
RECOVERY = {
    "Reset": "end its work, then: sudo nvidia-smi --gpu-reset -i {index}",
    "GPU Reset": "end its work, then: sudo nvidia-smi --gpu-reset -i {index}",
    "Reboot": "end the work on the host, then reboot it",
    "Node Reboot": "end the work on the host, then reboot it",
    "Drain P2P": "let the jobs that use this GPU together with others end, and start them again",
    "Drain and Reset": "start nothing more on it, let its work end, then: sudo nvidia-smi --gpu-reset -i {index}",
}


def condition(_spec: "HostSpec", snapshot: "Snapshot") -> list[Finding]:
    """What the GPUs say of their memory and of their recovery."""
    gpus = snapshot.gpu.smi.gpus if snapshot.gpu.smi is not None else ()
    return [item for gpu in gpus for item in (*_rows(gpu), *_errors(gpu), *_worn(gpu), *_recovery(gpu))]


def _rows(gpu: Gpu) -> list[Finding]:
    found = []
    if gpu.remapped_failure:
        message = "a memory row could not be remapped: the board is to be replaced"
        line, hint = f"{gpu.title}: remapped_row_failure Yes", "take it out of service and ask the vendor (RMA)"
        found.append(finding("GPU128", "error", message, [line], hint))
    waiting = [field for field, pending in PENDING.items() if getattr(gpu, pending)]
    if waiting:
        message = "a memory row, page or channel waits to be taken out of use"
        line, hint = f"{gpu.title}: {', '.join(waiting)} Yes", "end its work, then reset the GPU or reboot"
        found.append(finding("GPU127", "warning", message, [line], hint))
    return found


def _errors(gpu: Gpu) -> list[Finding]:
    count = gpu.ecc_uncorrected_volatile
    if not count:
        return []
    message = f"{count} uncorrectable memory errors since the driver was loaded"
    line = (
        f"{gpu.title}: ecc_errors volatile, uncorrectable {count}; aggregate {gpu.ecc_uncorrected_aggregate or 'N/A'}"
    )
    hint = "end its work and reset it; replace it if they return"
    return [finding("GPU126", "warning", message, [line], hint)]


def _worn(gpu: Gpu) -> list[Finding]:
    """Criteria by which the vendor takes a board back, beside a failed remapping (GPU128)."""
    lines = []
    if gpu.sram_threshold_exceeded:
        total = gpu.ecc_uncorrected_aggregate
        lines.append(f"{gpu.title}: sram_threshold_exceeded Yes; aggregate uncorrectable errors {total}")
    if gpu.exhausted_banks:
        lines.append(f"{gpu.title}: row_remapper_histogram_none {gpu.exhausted_banks} banks, without a spare row")
    if gpu.retired_pages is not None and gpu.retired_pages >= MANY_PAGES:
        lines.append(f"{gpu.title}: retired_pages {gpu.retired_pages} of at most 64")
    hint = "take it out of service when it suits, run the vendor's field diagnostics, and ask for a replacement (RMA)"
    return [finding("GPU247", "warning", "the memory of a GPU is worn out", lines, hint)] if lines else []


def _recovery(gpu: Gpu) -> list[Finding]:
    if gpu.recovery_action is None:
        return []
    message = f"the GPU asks for recovery: {gpu.recovery_action}"
    hint = RECOVERY.get(gpu.recovery_action, "end its work, then do what it asks").format(index=gpu.index)
    return [finding("GPU129", "error", message, [f"{gpu.title}: gpu_recovery_action {gpu.recovery_action}"], hint)]
