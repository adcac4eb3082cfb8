"""What can be read and not be written to, as the stores were last asked: no plan that writes there is approved."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.db import connection

from recon.models import Pulse

READ_ONLY: Final = f"""
select coalesce(jsonb_object_agg(place, why), '{{}}')
from pulse cross join lateral jsonb_each_text(pulse.detail -> 'read_only') as _ (place, why)
where starts_with(pulse.name, '{Pulse.STORE}')
"""
"""Place (`store`, `store.table` or `store.table.column`) → why not, and what to do; without a parameter."""


def read_only_places() -> Mapping[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(READ_ONLY)
        told: Mapping[str, str] = json.loads(cursor.fetchone()[0])
        return told


def why_read_only(places: Iterable[str], read_only: Mapping[str, str]) -> str:
    """Why not all of these (`store.table.column`) can be written, and what to do; empty where they can."""
    wanted = [f"{place}." for place in places]
    met = [why for place, why in read_only.items() if any(one.startswith(f"{place}.") for one in wanted)]
    return " ".join(dict.fromkeys(met))


def places_of(writes: Collection[Mapping[str, Any]]) -> frozenset[str]:
    """Of a plan's cells, as JSON."""
    return frozenset(f"{cell['store']}.{cell['table']}.{cell['column']}" for cell in writes)
