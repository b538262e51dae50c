"""What pyinfra asks of a fact, without importing pyinfra: a look at a fleet needs the parsers and nothing else of it.

It is 60 ms of every start. It takes a fact by its attributes, not by its class (3.10, `api/facts.py`, `_get_fact`), and
tests/engine/test_contract.py holds that these are all.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar, cast

T = TypeVar("T")

if TYPE_CHECKING:
    from pyinfra.api.facts import FactBase as FactBase
else:

    class FactBase(Generic[T]):
        """`name` is the class's dotted one, as pyinfra's command shows it and takes it."""

        name: str
        abstract = True
        shell_executable = None
        command: Callable[..., object]

        def __init_subclass__(cls) -> None:
            super().__init_subclass__()
            cls.name = f"{cls.__module__}.{cls.__name__}"

        def requires_command(self, *_arguments: object, **_named: object) -> None:
            """No program that must be there: the probe looks for itself."""

        def check_preconditions(self, _state: object, _host: object) -> None:
            """None: every host can be looked at."""

        @staticmethod
        def default() -> T:
            return cast("T", None)

        def process(self, output: list[str]) -> T:
            return cast("T", "\n".join(output))
