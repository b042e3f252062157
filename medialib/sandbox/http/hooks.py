"""What a test does at an exact moment of a call: right before its work, or right after it, before the answer leaves.

A hook runs in the call's own thread and outside of the library's lock, so it may change the world, make calls of its
own, or wait for another thread. It is used up by a call that really works: not by one that the key, the rate or a
fault has stopped.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

from medialib.sandbox.http.calls import Call

Action = Callable[..., object]  # Takes the call, or nothing.
Match = Callable[[Call], bool]
_PLAIN = inspect.Parameter.POSITIONAL_OR_KEYWORD


@dataclass(eq=False)
class Hook:
    moment: str  # before, after
    kind: str
    action: Action
    times: int
    match: Match | None

    def fits(self, moment: str, call: Call) -> bool:
        return moment == self.moment and self.kind in ("any", call.kind) and (self.match is None or self.match(call))


class Hooks:
    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds = kinds
        self._lock = threading.Lock()
        self._hooks: list[Hook] = []
        self._errors: list[BaseException] = []

    def add(self, hook: Hook) -> None:
        if hook.kind != "any" and hook.kind not in self._kinds:
            raise ValueError(f"No call is of the kind {hook.kind!r}. There are: any, {', '.join(sorted(self._kinds))}.")
        with self._lock:
            self._hooks.append(hook)

    def run(self, moment: str, call: Call) -> None:
        """Run what waits for this moment, in the order in which it was added."""
        for hook in self._taken(moment, call):
            try:
                hook.action(*([call] if _takes_the_call(hook.action) else []))
            except BaseException as error:
                with self._lock:
                    self._errors.append(error)
                raise

    def _taken(self, moment: str, call: Call) -> list[Hook]:
        with self._lock:
            taken = [hook for hook in self._hooks if hook.fits(moment, call)]
            for hook in taken:
                hook.times -= 1
            self._hooks = [hook for hook in self._hooks if hook.times > 0]
            return taken

    def waiting(self) -> int:
        with self._lock:
            return sum(hook.times for hook in self._hooks)

    def raise_error(self) -> None:
        """Raise the first error of an action: its caller only saw a 500, and may have taken that for ImageKit's."""
        with self._lock:
            errors, self._errors = self._errors, []
        if errors:
            raise errors[0]


def _takes_the_call(action: Action) -> bool:
    """Whether it must be given something. A lambda's `file_id=file_id` is its own affair."""
    parameters = inspect.signature(action).parameters.values()
    return any(
        parameter.default is parameter.empty and parameter.kind in (parameter.POSITIONAL_ONLY, _PLAIN)
        for parameter in parameters
    )
