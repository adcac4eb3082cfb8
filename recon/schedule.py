"""What is done when, without anybody's asking.

It only wakes what the database says is due, so a beat that is late, doubled or absent loses nothing.
"""

from typing import Any, Final

from celery.schedules import crontab

SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "settle what a crash left": {"task": "recon.recover", "schedule": 15.0, "options": {"expires": 14}},
    "carry out what nobody took": {"task": "recon.carry_out_waiting", "schedule": 5.0, "options": {"expires": 5}},
    "drive bulk repairs": {"task": "recon.drive_bulk_repairs", "schedule": 3.0, "options": {"expires": 3}},
    "drive policy previews": {"task": "recon.drive_policy_previews", "schedule": 5.0, "options": {"expires": 5}},
    "repair what may be repaired without a person": {
        "task": "recon.repair_automatically",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "sign the audit's end": {"task": "recon.checkpoint_audit", "schedule": 300.0, "options": {"expires": 290}},
    "prove the audit": {"task": "recon.verify_audit", "schedule": 3600.0, "options": {"expires": 3500}},
    "show signs of life": {"task": "recon.pulse", "schedule": 15.0, "options": {"expires": 60}},
    "ask the stores": {"task": "recon.check_stores", "schedule": 60.0, "options": {"expires": 55}},
    "forget what is old": {"task": "recon.prune", "schedule": crontab(minute="41", hour="3")},
    "recompute what is dirty or due": {"task": "recon.recompute_due", "schedule": 15.0, "options": {"expires": 14}},
    "find the accounts of events": {"task": "recon.resolve_events", "schedule": 15.0, "options": {"expires": 14}},
    "publish events": {"task": "recon.publish_events", "schedule": 5.0, "options": {"expires": 5}},
    "refresh the mirror of Stripe": {"task": "recon.sync_stripe", "schedule": 300.0, "options": {"expires": 290}},
    "keep the drift's course": {"task": "recon.keep_point", "schedule": 300.0, "options": {"expires": 290}},
    "compare with what others write": {"task": "recon.keep_shadow", "schedule": 300.0, "options": {"expires": 290}},
    "sweep": {"task": "recon.sweep", "schedule": crontab(minute="7", hour="*"), "options": {"expires": 3000}},
    "prove the sweeps": {
        "task": "recon.sweep",
        "schedule": crontab(minute="37", hour="2", day_of_week="sun"),
        "kwargs": {"full": True},
        "options": {"expires": 3000},
    },
}
