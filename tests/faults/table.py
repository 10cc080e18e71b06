"""A pytest plugin: prints the table of `make faults`, one line for each fault that was survived."""

from dataclasses import dataclass, field

import pytest

_lines: list[str] = []


@dataclass(slots=True)
class Figures:
    """What a test measured, for the table."""

    lines: list[str] = field(default_factory=list)

    def note(self, fault: str, **values: object) -> None:
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
        self.lines.append(f"{fault}: {told}" if told else fault)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    outcome = yield
    if call.when == "call":
        figures = getattr(item, "funcargs", {}).get("figures")
        told = figures.lines if figures is not None and figures.lines else [item.name]
        word = "survived" if outcome.get_result().passed else "BROKEN"
        _lines.extend(f"{word}  {line}" for line in told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _lines:
        terminalreporter.section("faults")
        for line in _lines:
            terminalreporter.write_line(line)
