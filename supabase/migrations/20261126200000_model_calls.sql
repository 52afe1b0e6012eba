-- Questions to a model: an intent and a receipt as for everything that leaves the house, and what each cost.

alter table public.deliveries drop constraint a_delivery_is_of_a_known_kind;
alter table public.deliveries add constraint a_delivery_is_of_a_known_kind
check (kind in ('touch', 'owner_mail', 'owner_text', 'model_call', 'issue'));

-- `worst_usd` counts until the call is settled; `answer` goes with the words that it may repeat.
create table public.model_calls (
    id uuid primary key references public.deliveries,
    prompt text not null,
    prompt_hash text not null,
    model text not null,
    day date not null,
    asked_at timestamptz not null,
    worst_usd numeric not null,
    cost_usd numeric not null default 0,
    outcome text,
    input_tokens int,
    cached_tokens int,
    output_tokens int,
    answer jsonb,
    constraint a_call_ends_in_a_known_way check (outcome in ('answered', 'malformed', 'refused', 'failed')),
    constraint only_an_answered_call_has_an_answer check (answer is null or outcome = 'answered'),
    constraint a_call_costs_something_or_nothing check (worst_usd >= 0 and cost_usd >= 0)
);
create index model_calls_of_day on public.model_calls (day, prompt);
create index model_calls_with_answer on public.model_calls (asked_at) where answer is not null;

-- Intent to ask, within the day's budget of this prompt: {status, …}. What was asked before answers as it was settled (`settled`);
-- `over_budget` asks nothing. A call whose worker died is asked again under its key, since no person hears of it; it has cost its worst.
create function public.begin_model_call_v1(
    installation_id uuid, natural_key text, prompt text, prompt_hash text, model text, today date,
    worst_usd numeric, daily_usd numeric, lease_s int
) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    begun jsonb;
    c model_calls;
    spent numeric;
begin
    perform pg_advisory_xact_lock(hashtextextended('model_calls', 0));
    select m.* into c from model_calls m join deliveries d on d.id = m.id where d.natural_key = begin_model_call_v1.natural_key;
    if c.outcome is not null then
        return jsonb_build_object('status', 'settled', 'outcome', c.outcome, 'answer', c.answer, 'cost_usd', c.cost_usd);
    end if;
    select coalesce(sum(m.cost_usd + case when m.outcome is null then m.worst_usd else 0 end), 0) into spent from model_calls m
    where m.day = today and m.prompt = begin_model_call_v1.prompt and m.id is distinct from c.id;
    if spent + coalesce(c.cost_usd, 0) + worst_usd > daily_usd then
        return jsonb_build_object('status', 'over_budget', 'spent_usd', spent);
    end if;
    begun := begin_delivery_v1(installation_id, 'model_call', 'model', natural_key,
                               jsonb_build_object('prompt', prompt, 'prompt_hash', prompt_hash, 'model', model), 'anthropic', lease_s);
    if begun ->> 'status' <> 'submitted' then return begun; end if;
    insert into model_calls as m (id, prompt, prompt_hash, model, day, asked_at, worst_usd)
    values ((begun ->> 'id')::uuid, prompt, prompt_hash, model, today, loop_now(), worst_usd)
    on conflict on constraint model_calls_pkey do update set asked_at = excluded.asked_at;
    return begun;
end
$$;

-- The answer with its price, once. False when the call is no longer this worker's.
create function public.settle_model_call_v1(
    id uuid, fence bigint, provider_id text, outcome text, answer jsonb, cost_usd numeric,
    input_tokens int, cached_tokens int, output_tokens int
) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
begin
    if not record_receipt_v1(id, fence, provider_id) then return false; end if;
    update deliveries d set state = 'finished', closed_at = loop_now() where d.id = settle_model_call_v1.id and d.state = 'accepted';
    update model_calls m
    set outcome = settle_model_call_v1.outcome, answer = settle_model_call_v1.answer, cost_usd = m.cost_usd + settle_model_call_v1.cost_usd,
        input_tokens = settle_model_call_v1.input_tokens, cached_tokens = settle_model_call_v1.cached_tokens,
        output_tokens = settle_model_call_v1.output_tokens
    where m.id = settle_model_call_v1.id and m.outcome is null;
    return found;
end
$$;

-- No answer: to be asked again at `retry_at`, or given up. `cost_usd` is what it may have cost all the same.
create function public.fail_model_call_v1(id uuid, fence bigint, code text, cost_usd numeric, retry_at timestamptz default null)
returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
begin
    if not record_failure_v1(id, fence, case when retry_at is null then 'failed' else 'requeue' end, code, retry_at) then return false; end if;
    update model_calls m
    set cost_usd = m.cost_usd + fail_model_call_v1.cost_usd, outcome = case when retry_at is null then 'failed' end
    where m.id = fail_model_call_v1.id and m.outcome is null;
    return found;
end
$$;

-- Calls of a span by prompt: how many, how they ended, what they cost.
create function public.model_spend_v1(since timestamptz, upto timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.prompt), '[]') from (
        select m.prompt, count(*) as calls, count(*) filter (where m.outcome = 'answered') as answered,
               round(sum(m.cost_usd), 4) as usd
        from model_calls m where m.asked_at >= since and m.asked_at < upto group by m.prompt) x
$$;

-- Let answers go that are older: they may repeat people's words. One chunk; counts them.
create function public.expire_model_answers_v1(before timestamptz, max_rows int) returns int
language sql
set search_path = public, pg_temp
as $$
    with gone as (
        update model_calls m set answer = null
        where m.id in (select x.id from model_calls x where x.answer is not null and x.asked_at < before limit max_rows)
        returning 1)
    select count(*)::int from gone
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
