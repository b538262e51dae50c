"""What every `auto` of a host means: pure functions of its declaration and, where there is one, a look at it.

Each asks, in this order: what is written down, the fleet's lock, what works on the host or was put there by an earlier
run, the rule. So a choice that was made stays made, whatever the data or the repository learn later.
"""

from schema.choose.branches import branch
from schema.choose.choice import Choice
from schema.choose.cudnns import cudnn
from schema.choose.everything import choices
from schema.choose.flavours import modules
from schema.choose.gpus import kinds
from schema.choose.indexes import wheels
from schema.choose.packages import delivery, fabric_manager, variant
from schema.choose.settle import declared, settled
from schema.choose.toolkits import toolkit

__all__ = [
    "Choice",
    "branch",
    "choices",
    "cudnn",
    "declared",
    "delivery",
    "fabric_manager",
    "kinds",
    "modules",
    "settled",
    "toolkit",
    "variant",
    "wheels",
]
