"""Home, the drift: three headlines with target 0 and their course, every other number, and how fresh it all is."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspector.access import lookers_only
from inspector.display.causes import clusters_view
from inspector.display.course import counted_words, headlines, summary, window_links, window_of
from inspector.display.drift import count_tables, freshness, state_table, unknown_words
from inspector.display.proof import badge
from inspector.display.sweeping import sweep_view
from inspector.rendering import render_page
from recon.queries.clusters import clusters
from recon.queries.course import counted_since, history
from recon.queries.failed_reads import failed_reads
from recon.queries.points import counted_now, read_count
from recon.queries.runs import mirror_state, sweeps
from recon.queries.schedule import next_sweep_at
from recon.queries.verifications import audit_proof

MOST_CLUSTERS = 10


@require_safe
@lookers_only
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    count, swept = read_count(), sweeps()
    since = counted_since(count)
    counted = counted_now(count)
    numbers = counted.numbers
    window = window_of(request.GET.get("over", ""), since, now)
    context = {
        "summary": summary(numbers),
        "windows": window_links(window),
        "headlines": headlines(numbers, history(window, count, since=since, now=now)),
        "unknown": unknown_words(numbers),
        "clusters": clusters_view(clusters(count.point, most=MOST_CLUSTERS), now),
        "tables": (*count_tables(numbers), state_table(numbers)),
        "counted": counted_words(counted.at, now),
        "sweep": sweep_view(swept, next_sweep_at(now), now),
        "freshness": freshness(swept.latest, mirror_state(), failed_reads(), now),
        "proof": badge(audit_proof(), now),
        "is_empty": numbers.accounts == 0,
    }
    return render_page(request, "home", context)
