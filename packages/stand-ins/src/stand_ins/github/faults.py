"""Faults that only GitHub has, beyond the kit's."""

from stand_ins.github.refusal import secondary_limited
from stand_ins.kit.faults import mark, refuse_with

DROP_LABELS = "stand_in.drop_labels"
FAULTS = {
    "secondary_limit": refuse_with(lambda fault: secondary_limited(max(1, round(fault.seconds)), fault.status or 403)),
    "drop_labels": mark(DROP_LABELS),  # labels are ignored, as for an account without push access
}
