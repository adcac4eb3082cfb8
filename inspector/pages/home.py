"""Home, the drift: three headlines with target 0, every other number, and how fresh the numbers are."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspector.access import lookers_only
from inspector.display.drift import count_tables, freshness, headlines, state_table
from inspector.rendering import render_page
from recon.queries.drift import drift_numbers
from recon.queries.failed_reads import failed_reads
from recon.queries.runs import latest_sweep, mirror_state


@require_safe
@lookers_only
def home(request: HttpRequest) -> HttpResponse:
    numbers = drift_numbers()
    context = {
        "headlines": headlines(numbers),
        "tables": (*count_tables(numbers), state_table(numbers)),
        "freshness": freshness(latest_sweep(), mirror_state(), failed_reads(), timezone.now()),
        "is_empty": numbers.accounts == 0,
    }
    return render_page(request, "home", context)
