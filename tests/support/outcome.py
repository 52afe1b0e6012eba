"""The state that events leave behind, as one value to compare."""

from __future__ import annotations

# What a permutation must not change; of suppressions that they hold, not which of several reasons came first.
# A fence only tells holders apart, and the step of what answers something only names its event.
OUTCOME = """
select jsonb_build_object(
    'touches', (select jsonb_agg(to_jsonb(t) - case t.purpose when 'prospect' then '' else 'step' end
                                 order by t.id) from touches t),
    'deliveries', (select jsonb_agg(to_jsonb(d) - 'fence' order by d.id) from deliveries d
                   where d.payload is not null),
    'planned', (select jsonb_agg(d.state order by d.id) from deliveries d where d.payload is null),
    'enrolments', (select jsonb_agg(to_jsonb(e) order by e.id) from enrolments e),
    'suppressions', (select jsonb_agg(jsonb_build_array(s.kind, s.hash, s.reach) order by s.hash, s.reach)
                     from suppressions s),
    'rollups', (select jsonb_agg(to_jsonb(r) order by to_jsonb(r)::text) from touch_rollups r),
    'usage', (select jsonb_agg(to_jsonb(u) order by u.scope, u.bucket) from cap_usage u),
    'conversations', (select jsonb_agg(to_jsonb(c) order by c.lead_id) from conversations c),
    'messages', (select jsonb_agg(to_jsonb(m) - 'id' - 'event_id' order by m.at, m.lead_id, m.body)
                 from messages m),
    'meetings', (select jsonb_agg(to_jsonb(m) - 'id' order by m.id) from meetings m),
    'dead', (select jsonb_agg(to_jsonb(l) order by l.id) from leads l),
    'dead_numbers', (select jsonb_agg(to_jsonb(p) order by p.number) from phones p))
"""
