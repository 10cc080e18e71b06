"""What a world has counted, as Prometheus reads it."""

from prometheus_client.parser import text_string_to_metric_families

from ostiary.telemetry.exposition import expose
from ostiary.telemetry.instruments import Instruments
from tests.kit.world import World


def samples(exposed: bytes) -> dict[str, float]:
    """By name and labels, as they stand in the text; a label without a value is left out."""
    found = {}
    for family in text_string_to_metric_families(exposed.decode()):
        for name, labels, value, *_ in family.samples:
            told = ",".join(f"{key}={labels[key]}" for key in labels if labels[key])
            found[f"{name}{{{told}}}" if told else name] = value
    return found


def counted(instruments: Instruments) -> dict[str, float]:
    """What is not zero."""
    return {name: value for name, value in samples(expose(instruments)).items() if value}


def counted_in(world: World) -> dict[str, float]:
    return counted(world.ostiary.telemetry.instruments)
