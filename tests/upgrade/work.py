"""What a release leaves in its databases after some real work: run by `make_data`, with that release's own code.

A small population is swept and repaired, by one approval and in bulk; another bulk repair is in its middle, and two
repairs are in doubt, cut off before and after their decision. People have left notes, tokens, a decision and a policy.
"""

import json
import lzma
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ACCOUNTS: Final = 70
AUDIT_KEY: Final = "audit key of the upgrade's data"
SECRET: Final = "secret of the upgrade's data, 32+"
ADMIN: Final = {"actor": "user:admin", "groups": ["admin"]}
FINANCE: Final = {"actor": "user:finance", "groups": ["finance"]}


class Cut(BaseException):
    """Stands for a crash: nothing in between catches it."""


def main(what: str, var: Path, told: Path) -> None:
    """`work`: on servers under `var`, left running. `go on`: on what another release left there. What is answered then
    goes into the file `told`."""
    from recon.sandbox.cluster import Sandbox

    sandbox = Sandbox(var, durable=False)
    if what == "work":
        sandbox.ensure_started()
    os.environ.update(sandbox.env())
    os.environ["AUDIT_KEY"], os.environ["AUDIT_CHECKPOINTS"] = AUDIT_KEY, str(var / "checkpoints")
    os.environ["STORE_EVENT_SECRETS"] = json.dumps({"billing_prod": [SECRET]})
    os.environ["DJANGO_SETTINGS_MODULE"] = "recon.settings"
    import django

    django.setup()
    with sandbox.hold():  # or the first command would stop them when it ends
        if what == "work":
            _work(sandbox)
        answers = _told(var)
        if what == "go on":
            _go_on(answers["checkpoints"])
    told.write_bytes(lzma.compress(json.dumps(answers, sort_keys=True).encode(), preset=9))


def _work(sandbox: Any) -> None:
    from django.core.management import call_command
    from django.utils import timezone

    from recon.sandbox import showcase

    def silent(line: str) -> None: ...

    showcase.ensure_migrated(silent)
    showcase.ensure_population(sandbox, ACCOUNTS, silent)
    call_command("sync_stripe", "--json")
    call_command("sweep", "--json")
    _policy(timezone.now())
    lenient = _drifted("lenient")
    _people(lenient[0], timezone.now())
    _repair(lenient[1])
    _bulk(lenient[2:6], to_the_end=True)
    _in_doubt(lenient[6], "all_prepared")
    _in_doubt(lenient[7], "commit_decided")
    _bulk(lenient[8:], to_the_end=False)
    _events(lenient[0])
    call_command("sweep", "--json")


def _drifted(risk: str) -> list[str]:
    from recon.models import AccountState

    rows = AccountState.objects.filter(risk=risk, writes__gt=0).order_by("account_id")
    return list(rows.values_list("account_id", flat=True))


def _policy(now: Any) -> None:
    """A second version governs, after its preview."""
    from recon.actions.activate_policy import activate_policy
    from recon.actions.draft_policy import draft_policy
    from recon.actions.preview_policy import drive_policy_previews, preview_chunk
    from recon.models import PolicyPreview, PolicyPreviewChunk, PolicyVersion
    from recon.queries.policy import in_force

    looser = {**in_force().policy.to_json(), "dust_minor": 60}
    number = draft_policy(looser, now=now, **ADMIN).number
    while not PolicyPreview.objects.filter(version_id=number, finished_at__isnull=False).exists():
        drive_policy_previews(now=now)
        for chunk in PolicyPreviewChunk.objects.filter(done_at__isnull=True):
            preview_chunk(chunk.id, now=now)
    activate_policy(number, reason="cents are not worth a call", now=now, **ADMIN)
    assert PolicyVersion.objects.get(state="active").number == number


def _people(account_id: str, now: Any) -> None:
    from recon.actions.add_note import add_note
    from recon.actions.decide_case import CaseAsked, decide_case
    from recon.actions.make_token import Wanted, make_token
    from recon.actions.snooze_account import snooze_account
    from recon.models import ApiToken
    from recon.queries.account import account_view
    from recon.queries.case_subjects import subjects_of

    add_note(account_id, "Called back on Monday.", now=now, **FINANCE)
    view = account_view(account_id)
    assert view is not None
    subject = next(one for one in subjects_of(view.findings, view.cells) if one.finding == "drift")
    until = (now.replace(year=now.year + 1)).date()
    asked = CaseAsked(finding="drift", seal=subject.seal, choice="accept", reason="a contract says so", until=until)
    assert decide_case(account_id, asked, now=now, **FINANCE).decision_id
    snooze_account(account_id, until, reason="after the audit", now=now, **FINANCE)
    wanted = Wanted("upgrade", "goes on with the next release", ("read", "repair", "bulk", "audit"), 365)
    made = make_token(wanted, now=now, **ADMIN)
    ApiToken.objects.update(expires_at=now.replace(year=2100))  # or the test of the next release would, in a year
    Path(os.environ["RECON_SANDBOX"], "token").write_text(made.text)


def _repair(account_id: str) -> None:
    from recon.actions.approve_and_apply import approve_and_apply
    from recon.queries.account import account_view

    view = account_view(account_id)
    assert view is not None
    done = approve_and_apply(
        account_id, digest=view.digest, actor="user:finance", reason="paid by wire", groups=["finance"]
    )
    assert done.outcome == "applied", done


def _bulk(account_ids: list[str], *, to_the_end: bool) -> None:
    """By hand, as the schedule and the workers would; or until the canary is through."""
    from django.utils import timezone

    from recon.actions.draft_bulk_repair import Selection, draft_bulk_repair
    from recon.actions.drive_bulk_repairs import drive_bulk_repairs
    from recon.actions.repair_bulk_items import repair_bulk_items
    from recon.actions.start_bulk_repair import start_bulk_repair
    from recon.models import BulkRepair, BulkRepairItem

    drafted = draft_bulk_repair(Selection(account_ids=account_ids), request_key="", now=timezone.now(), **FINANCE)
    assert drafted.run_id is not None, drafted
    start_bulk_repair(drafted.run_id, reason="late webhooks of 3 March", now=timezone.now(), **FINANCE)
    run = BulkRepair.objects.get(id=drafted.run_id)
    while run.state == "running" and (to_the_end or run.done < 5):
        drive_bulk_repairs(now=timezone.now())
        open_items = BulkRepairItem.objects.filter(bulk_repair=run, done_at=None, lease_until__gt=timezone.now())
        for item in list(open_items.values_list("id", "tries")):
            repair_bulk_items([item], clock=timezone.now)
        run.refresh_from_db()
    assert run.state == ("done" if to_the_end else "running"), run.state


def _in_doubt(account_id: str, step: str) -> None:
    """A repair whose coordinator dies at the step."""
    from dataclasses import replace

    from django.conf import settings
    from django.utils import timezone

    from recon import bootstrap
    from recon.actions import equipment
    from tests.support import applying

    def observe(reached: Any) -> None:
        if reached == step:
            raise Cut

    stores, rules = bootstrap.stores(), equipment.rules()
    applying.RULES, applying.INSTANCE = rules, settings.RECON_INSTANCE
    now = timezone.now()
    evaluation = applying.evaluation(stores, account_id, now)
    order = replace(applying.order(evaluation), actor="user:finance", reason="cut off")
    coordinator = applying.coordinator(stores, timezone.now, observe)
    try:
        applying.carry_out(coordinator, applying.approve(order, evaluation, now))
    except Cut:
        return
    raise AssertionError(f"the repair of {account_id} never came to {step}")


def _events(account_id: str) -> None:
    """One is looked at, one waits."""
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from recon import bootstrap
    from recon.actions import equipment
    from recon.actions.checkpoint_audit import checkpoint_audit
    from recon.actions.keep_point import keep_point
    from recon.actions.publish_events import publish_events
    from recon.actions.recompute_dirty import recompute_dirty

    client = Client(headers={"authorization": f"Bearer {SECRET}", "host": "localhost"})
    for number in (1, 2):
        event = {
            "store": "billing_prod",
            "event_id": f"event_{number}",
            "account_id": account_id,
            "occurred_at": timezone.now().isoformat().replace("+00:00", "Z"),
        }
        answer = client.post("/api/v1/store-events/", event, content_type="application/json")
        assert answer.status_code == 202, answer.content
        if number == 1:
            recompute_dirty(equipment.sweeper(), limit=1_000)
    publish_events(bootstrap.event_stream(), now=timezone.now(), most_kept=1_000)
    keep_point(now=timezone.now())
    file = Path(os.environ["AUDIT_CHECKPOINTS"])
    checkpoint_audit(installation=settings.RECON_INSTANCE, key=AUDIT_KEY.encode(), now=timezone.now(), file=file)


def _go_on(checkpoints: list[str]) -> None:
    """All that was under way comes to its end."""
    from recon.actions import equipment
    from recon.actions.recover import recover
    from recon.actions.run_sweep import Reports, run_sweep, work_here
    from recon.actions.verify_audit import read_checkpoints, verify_audit
    from recon.models import Apply, BulkRepair
    from tests.support.bulk import work_to_the_end

    silent = Reports(lambda *_: None, lambda *_: None)
    recover(whatever_lease=True)
    work_to_the_end(BulkRepair.objects.latest("id"))
    work = work_here(equipment.sweeper)
    run = run_sweep(equipment.sweeper(), actor="test", pace=equipment.pace(), work=work, reports=silent)
    found = verify_audit(read_checkpoints(checkpoints), key=AUDIT_KEY.encode())
    open_still = Apply.objects.exclude(state__in=("done", "aborted")).count()
    done = (found.problem, open_still, run.counts["verdicts"], BulkRepair.objects.latest("id").state)
    assert done == ("", 0, {"known": ACCOUNTS, "unknown": 0}, "done"), done


def _told(var: Path) -> dict[str, Any]:
    """What programs and people are answered, by address, and what proves the audit."""
    from django.test import Client

    from recon.models import Apply, BulkRepair

    token = (var / "token").read_text()
    client = Client(headers={"authorization": f"Bearer {token}", "host": "localhost"})
    repairs = Apply.objects.filter(state="done").order_by("created_at").values_list("id", "account_id")
    runs = BulkRepair.objects.order_by("id").values_list("id", flat=True)
    addresses = [
        "/api/v1/accounts/?page_size=100",
        *(f"/api/v1/repairs/{repair}/" for repair, _ in repairs[:2]),
        *(f"/api/v1/accounts/{account}/entitlement/" for _, account in repairs[:2]),
        *(f"/api/v1/bulk-repairs/{run}/outcomes/" for run in runs),
        f"/api/v1/bulk-repairs/{runs[0]}/",
        "/api/v1/audit/?page_size=100",
        "/api/v1/events/?limit=100",
    ]
    answers: Mapping[str, Any] = {url: client.get(url).json() for url in addresses}
    return {"token": token, "answers": answers, "checkpoints": (var / "checkpoints").read_text().splitlines()}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
