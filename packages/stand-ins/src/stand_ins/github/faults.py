"""Faults that only GitHub has, beyond the kit's."""

from stand_ins.github.refusal import access_blocked, secondary_limited, single_sign_on
from stand_ins.kit.faults import mark, refuse_with

DROP_LABELS = "stand_in.drop_labels"
FAULTS = {
    # without seconds GitHub does not say how long
    "secondary_limit": refuse_with(
        lambda fault: secondary_limited(max(1, round(fault.seconds)) if fault.seconds else None, fault.status or 403)
    ),
    "single_sign_on": refuse_with(lambda _: single_sign_on("octocat")),
    "access_blocked": refuse_with(lambda fault: access_blocked("dmca", fault.status or 451)),
    "drop_labels": mark(DROP_LABELS),  # labels are ignored, as for an account without push access
}
