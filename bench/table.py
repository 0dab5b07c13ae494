"""One figure, a peer's figure, and the ratio of the two."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """``ours`` and ``theirs`` in ``unit``, measured in the same run; ``peer`` says who they are."""

    what: str
    ours: float
    peer: str
    theirs: float
    unit: str

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs if self.theirs else float("inf")

    def __str__(self) -> str:
        ours, theirs = f"{_short(self.ours)} {self.unit}", f"{_short(self.theirs)} {self.unit}"
        return f"| {self.what:<44} | {ours:>12} | {self.peer:<28} | {theirs:>12} | {self.ratio:>6.2f} |"


HEAD = (
    f"| {'what':<44} | {'ours':>12} | {'peer':<28} | {'theirs':>12} | {'ratio':>6} |\n"
    f"|{'-' * 46}|{'-' * 13}:|{'-' * 30}|{'-' * 13}:|{'-' * 7}:|"
)


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
