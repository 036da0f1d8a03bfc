"""Which promise a request falls under: the most particular one that was stated. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edge.promise.judgement import Line
from tidegate.risk.promise import Promise
from tidegate.risk.task import Task

DEVICE = "device"
CLASS = "class"
APPLICATION = "application:"


@dataclass(frozen=True, slots=True)
class Promises:
    """What the operator stated. An application's own promise goes before that of a task class, and that before the device's."""

    device: Promise | None = None
    applications: Mapping[str, Promise] = field(default_factory=dict)
    classes: Mapping[Task, Promise] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        return self.device is not None or bool(self.applications) or bool(self.classes)

    def line(self, application: str, task: Task) -> Line | None:
        """The line of a request; None where nothing was promised."""
        if application in self.applications:
            return Line(APPLICATION + application, task, self.applications[application])
        if task in self.classes:
            return Line(CLASS, task, self.classes[task])
        return Line(DEVICE, task, self.device) if self.device is not None else None

    def lines(self) -> Iterator[Line]:
        """Every line that a request can fall under."""
        for application, promise in sorted(self.applications.items()):
            for task in Task:
                yield Line(APPLICATION + application, task, promise)
        for task in Task:
            found = self.line("", task)
            if found is not None:
                yield found
