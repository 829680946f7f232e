"""Writes of which the vendor left out a part: they had an effect, and are not what was asked."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOVES = """
    create or replace function gateway.check_move() returns trigger language plpgsql as $$
    begin
        if (old.state, new.state) not in (
            ('sending', 'done'), ('sending', 'partial'), ('sending', 'failed'), ('sending', 'unknown'),
            ('sending', 'sending'),
            ('unknown', 'done'), ('unknown', 'partial'), ('unknown', 'failed'), ('unknown', 'sending'),
            ('unknown', 'unknown'),
            ('proposed', 'approved'), ('proposed', 'denied'), ('proposed', 'expired'),
            ('approved', 'sending'), ('approved', 'proposed'), ('approved', 'failed'),
            ('sending', 'approved'), ('unknown', 'approved')
        ) then
            raise exception using errcode = 'check_violation',
                message = format('effect %s is %s and cannot become %s', old.id, old.state, new.state);
        end if;
        return new;
    end $$
"""


def upgrade() -> None:
    op.execute("""
        alter table gateway.effects
            drop constraint effects_states,
            add constraint effects_states check (state in
                ('proposed', 'approved', 'denied', 'expired', 'sending', 'done', 'partial', 'failed', 'unknown'))
    """)
    op.execute(MOVES)
