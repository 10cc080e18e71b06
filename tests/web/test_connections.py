"""Who makes room when there is none for a further connection."""

from dataclasses import dataclass

import pytest

from ostiary.web.connections import Awaited, ConnectionLimits, Crowd

MOST = 32
CROWDED, HONEST = "198.51.100.7", "203.0.113.80"


@dataclass(eq=False, kw_only=True)
class Visitor:
    address: str | None
    awaited: Awaited
    since: float = 0.0
    unread_since: float | None = None
    is_gone: bool = False

    def show_out(self) -> None:
        self.is_gone = True

    def cut_off(self) -> None:
        self.is_gone = True


def crowd_of(*present: Visitor) -> Crowd:
    crowd = Crowd(ConnectionLimits(connections=len(present)))
    assert all(crowd.enter(each) for each in present)
    return crowd


def visitors(address: str | None, awaited: Awaited, number: int, since: int = 0) -> list[Visitor]:
    return [Visitor(address=address, awaited=awaited, since=since + each) for each in range(number)]


@pytest.mark.parametrize("awaited", [Awaited.HEAD, Awaited.BODY])
def test_the_address_that_holds_the_most_makes_room_the_slowest_first(awaited: Awaited) -> None:
    many = visitors(CROWDED, awaited, MOST, since=100)
    honest = visitors(HONEST, Awaited.HEAD, 5) + visitors(HONEST, Awaited.BODY, 5)
    crowd = crowd_of(*honest, *many)
    assert crowd.enter(Visitor(address=HONEST, awaited=Awaited.HEAD))
    assert [each for each in (*honest, *many) if each.is_gone] == many[:2]


def test_of_one_address_those_go_first_who_can_come_back_and_ask() -> None:
    bodies = visitors(None, Awaited.BODY, MOST)
    idle = visitors(None, Awaited.HEAD, MOST, since=100)
    crowd = crowd_of(*bodies, *idle)
    assert crowd.enter(Visitor(address=None, awaited=Awaited.HEAD))
    assert [each for each in (*bodies, *idle) if each.is_gone] == idle[:4]


def test_who_is_being_answered_makes_no_room() -> None:
    crowd = crowd_of(*visitors(CROWDED, Awaited.NOTHING, MOST))
    assert not crowd.enter(Visitor(address=HONEST, awaited=Awaited.HEAD))
