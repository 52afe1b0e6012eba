-- Lead models: immutable versions, how each was judged, which one is in force, and what it says of each lead.

create table public.lead_models (
    id bigint generated always as identity primary key,
    version text not null,
    model jsonb not null,
    leads int not null,
    outcomes int not null,
    judgement jsonb not null,
    trained_at timestamptz not null,
    state text not null default 'off',
    constraint a_model_is_kept_once unique (version),
    constraint a_model_is_in_a_known_state check (state in ('off', 'in_force', 'stepped_back', 'replaced')),
    constraint outcomes_are_those_of_leads check (outcomes between 0 and leads)
);
create unique index one_lead_model_is_in_force on public.lead_models (state) where state = 'in_force';

create function public.refuse_another_model() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    raise exception 'a model is immutable: what is learned anew is a new version' using errcode = 'GL001';
end
$$;
create trigger lead_models_are_immutable before update on public.lead_models
for each row when (new.version <> old.version or new.model <> old.model) execute function public.refuse_another_model();
create trigger lead_models_are_kept before delete on public.lead_models
for each row execute function public.refuse_another_model();

-- Which model gave the score; null for the points of intent.
alter table public.leads add column scored_by bigint references public.lead_models;

-- What a model may know of a lead: nothing protected, nothing that stands for it (no name, no place below the state), nothing
-- that is known only after a contact.
create function public.lead_traits(l public.leads) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'industry', c.industry, 'employees', c.employees, 'region', l.region, 'source', l.source, 'title', l.title,
        'signals', to_jsonb(l.signals), 'mailbox', case
            when l.email is null then null
            when split_part(l.email, '@', 2) in ('gmail.com', 'yahoo.com', 'hotmail.com', 'outlook.com', 'aol.com', 'icloud.com',
                                                 'live.com', 'msn.com') then 'free mail'
            else 'of the company' end,
        'phones', coalesce((select jsonb_agg(distinct p.label) from phones p where p.lead_id = l.id), '[]'))
    from (select 1) one left join companies c on c.id = l.company_id
$$;

-- What was known when somebody was first contacted: signs and numbers that come later, which an answer may have brought, are
-- not known then. It goes with the person.
alter table public.first_contacts add column traits jsonb;
update public.first_contacts f
set traits = lead_traits(l)
from public.touches as o
inner join public.leads as l on o.lead_id = l.id
where f.touch_id = o.id and f.channel = 'any' and l.erased_at is null;

create function public.keep_traits() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    new.traits := (select lead_traits(l) from touches o join leads l on l.id = o.lead_id where o.id = new.touch_id);
    return new;
end
$$;
create trigger a_first_contact_keeps_what_was_known before insert on public.first_contacts
for each row when (new.channel = 'any') execute function public.keep_traits();

create function public.forget_traits() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update first_contacts f set traits = null from touches o where o.id = f.touch_id and o.lead_id = new.id;
    return new;
end
$$;
create trigger the_erased_take_their_traits_along after update of erased_at on public.leads
for each row when (new.erased_at is not null and old.erased_at is null) execute function public.forget_traits();

-- Companies by their first contact, newest first, in pages after (day, unit): whether they came to one of `metrics` since.
create function public.lead_history_v1(metrics text[], upto date, after_day date, after_unit text, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.day desc, x.unit), '[]') from (
        select f.day, f.unit, f.reached && metrics as outcome, f.traits
        from first_contacts f
        where f.channel = 'any' and f.traits is not null and f.day <= upto
            and (after_day is null or f.day < after_day or (f.day = after_day and f.unit > after_unit))
        order by f.day desc, f.unit limit max_rows) x
$$;

create function public.lead_models_v1(max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) - 'model' order by x.id desc), '[]') from (
        select * from lead_models m order by m.id desc limit max_rows) x
$$;

create function public.lead_model_in_force_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$ select to_jsonb(m) from lead_models m where m.state = 'in_force' $$;

-- Keep a model with its judgement and do what it says, in one step: take_over, renew (a newer model takes the place of the one
-- in force), step_back (to the points) or nothing. Returns {id, change}; the change is null where nothing changed.
create function public.keep_lead_model_v1(
    version text, model jsonb, leads int, outcomes int, judgement jsonb, action text
) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    before lead_models;
    kept bigint;
    change bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('lead_model', 0));
    select * into before from lead_models m where m.state = 'in_force';
    insert into lead_models as m (version, model, leads, outcomes, judgement, trained_at)
    values (keep_lead_model_v1.version, keep_lead_model_v1.model, keep_lead_model_v1.leads, keep_lead_model_v1.outcomes,
            keep_lead_model_v1.judgement, loop_now())
    on conflict on constraint a_model_is_kept_once do update set judgement = excluded.judgement, trained_at = excluded.trained_at
    returning m.id into kept;
    if action not in ('take_over', 'renew', 'step_back', 'nothing') then
        raise exception 'a lead model does not %', action using errcode = '22023';
    end if;
    if action = 'nothing' or (action = 'step_back' and before.id is null) or before.id = kept and action <> 'step_back' then
        return jsonb_build_object('id', kept, 'change', null);
    end if;
    update lead_models m set state = case action when 'step_back' then 'stepped_back' else 'replaced' end where m.id = before.id;
    if action <> 'step_back' then update lead_models m set state = 'in_force' where m.id = kept; end if;
    change := note_change(
        'lead_model', case action when 'take_over' then 'took over from the points' when 'renew' then 'learned anew'
                                  else 'stepped back to the points' end,
        case when before.id is not null then jsonb_build_object('version', before.version) end,
        case when action <> 'step_back' then jsonb_build_object('version', keep_lead_model_v1.version) end,
        keep_lead_model_v1.judgement, 'loop', null);
    return jsonb_build_object('id', kept, 'change', change);
end
$$;

-- The owner's step back: the points rank again. False when no model was in force.
create function public.step_back_lead_model_v1(approver text) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare before lead_models;
begin
    perform pg_advisory_xact_lock(hashtextextended('lead_model', 0));
    update lead_models m set state = 'stepped_back' where m.state = 'in_force' returning * into before;
    if before.id is null then return false; end if;
    perform note_change('lead_model', 'stepped back to the points', jsonb_build_object('version', before.version), null, null,
                        approver, null);
    return true;
end
$$;

-- Leads whose score is not by this model (null: the points), in pages by id.
create function public.leads_to_score_v1(model_id bigint, after_id bigint, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object('lead_id', x.id, 'traits', lead_traits(x)) order by x.id), '[]') from (
        select l.* from leads l
        where l.id > after_id and l.erased_at is null and l.scored_by is distinct from model_id
        order by l.id limit max_rows) x
$$;

-- New scores, and with them the place of what is planned: {lead_id, score, priority, reasons} each.
create function public.score_leads_v1(model_id bigint, scores jsonb) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    update leads l
    set score = (s ->> 'score')::int, priority = s ->> 'priority', scored_by = model_id,
        score_reasons = array(select jsonb_array_elements_text(s -> 'reasons'))
    from jsonb_array_elements(scores) s
    where l.id = (s ->> 'lead_id')::bigint and l.erased_at is null;
    get diagnostics n = row_count;
    update touches o set score = l.score
    from jsonb_array_elements(scores) s join leads l on l.id = (s ->> 'lead_id')::bigint, deliveries d
    where o.lead_id = l.id and d.id = o.id and d.state = 'planned' and o.score <> l.score;
    return n;
end
$$;

do $$
declare t record;
begin
    for t in select tablename from pg_tables where schemaname = 'public' loop
        execute format('alter table public.%I enable row level security', t.tablename);
    end loop;
end
$$;
revoke all on all tables in schema public from public, anon, authenticated;
revoke all on all sequences in schema public from public, anon, authenticated;
revoke all on all functions in schema public from public, anon, authenticated;
grant all on all tables in schema public to service_role;
grant all on all sequences in schema public to service_role;
grant execute on all functions in schema public to service_role;
notify pgrst, 'reload schema';
