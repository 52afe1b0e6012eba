-- Reviews of calls: figures that stay, words that go after their time, and the answers to objections that led on.

create table public.call_reviews (
    touch_id uuid primary key references public.touches,
    lead_id bigint not null references public.leads,
    reviewed_at timestamptz not null,
    version int not null,
    talk_share numeric,
    disclosed boolean not null,
    early_hangup boolean not null,
    questions int not null,
    objections int not null,
    quality int not null,
    reasons text[] not null,
    constraint a_quality_is_0_to_100 check (quality between 0 and 100),
    constraint a_talk_share_is_a_share check (talk_share between 0 and 1)
);
create index call_reviews_of_lead on public.call_reviews (lead_id);
create index call_reviews_by_time on public.call_reviews (reviewed_at);

-- What we answered, without the person: the memory of what works. Counts are of people.
create table public.objection_responses (
    id bigint generated always as identity primary key,
    kind text not null,
    response text not null,
    response_hash text not null,
    heard int not null default 0,
    led_on int not null default 0,
    booked int not null default 0,
    first_heard_at timestamptz not null,
    last_heard_at timestamptz not null,
    constraint the_same_response_is_kept_once unique (kind, response_hash),
    constraint what_led_on_was_heard check (booked between 0 and led_on and led_on <= heard)
);

create table public.call_objections (
    touch_id uuid not null references public.call_reviews,
    place int not null,
    lead_id bigint not null references public.leads,
    kind text not null,
    words text,
    response_id bigint references public.objection_responses,
    led_to text,
    heard_at timestamptz not null,
    primary key (touch_id, place),
    constraint an_objection_leads_to_a_known_end check (led_to in ('conversation', 'booking'))
);
create index call_objections_of_lead on public.call_objections (lead_id);
create index call_objections_with_words on public.call_objections (heard_at) where words is not null;
create index call_objections_of_response on public.call_objections (response_id);

create index reports_of_calls on public.events (received_at) where kind = 'end-of-call-report';

-- A text of ours without the person it was said to: names, addresses and numbers become placeholders.
create function public.without_person(said text, of_lead_id bigint) returns text
language plpgsql stable
set search_path = public, pg_temp
as $$
declare x record;
begin
    for x in
        select n.name, n.mark from leads l left join companies c on c.id = l.company_id
        cross join lateral (values (c.name, '{company}'), (l.first_name, '{first name}'), (l.last_name, '{last name}'),
                                   (l.city, '{city}')) n(name, mark)
        where l.id = of_lead_id and length(trim(n.name)) > 1
    loop
        said := regexp_replace(said, '\m' || regexp_replace(trim(x.name), '([^[:alnum:][:space:]])', '\\\1', 'g') || '\M', x.mark, 'gi');
    end loop;
    said := regexp_replace(said, '[^[:space:]]+@[^[:space:]]+', '{email}', 'g');
    return regexp_replace(said, '\+?[0-9][0-9 ().-]{5,}[0-9]', '{number}', 'g');
end
$$;

-- What came of a response; once for each objection. Returns its id, null where we said nothing.
create function public.count_response(of_lead_id bigint, objection jsonb, at timestamptz) returns bigint
language plpgsql
set search_path = public, pg_temp
as $$
declare
    said text := without_person(objection ->> 'answer', of_lead_id);
    kept bigint;
begin
    if coalesce(said, '') = '' then return null; end if;
    insert into objection_responses as r (kind, response, response_hash, heard, led_on, booked, first_heard_at, last_heard_at)
    values (objection ->> 'kind', said, md5(lower(said)), 1, (objection ->> 'led_to' is not null)::int,
            (objection ->> 'led_to' is not distinct from 'booking')::int, at, at)
    on conflict on constraint the_same_response_is_kept_once do update
    set heard = r.heard + 1, led_on = r.led_on + excluded.led_on, booked = r.booked + excluded.booked,
        last_heard_at = greatest(r.last_heard_at, excluded.last_heard_at)
    returning r.id into kept;
    return kept;
end
$$;

-- Keep the review of a call once, with its objections. False when it was kept before. Of the erased only figures are kept.
create function public.keep_call_review_v1(touch_id uuid, review jsonb) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    l leads;
begin
    select x.* into l from touches o join leads x on x.id = o.lead_id where o.id = keep_call_review_v1.touch_id for no key update of x;
    if l.id is null then return false; end if;
    insert into call_reviews (touch_id, lead_id, reviewed_at, version, talk_share, disclosed, early_hangup, questions, objections,
                              quality, reasons)
    values (keep_call_review_v1.touch_id, l.id, t, (review ->> 'version')::int, (review ->> 'talk_share')::numeric,
            (review ->> 'disclosed')::boolean, (review ->> 'early_hangup')::boolean, (review ->> 'questions')::int,
            jsonb_array_length(review -> 'raised'), (review ->> 'quality')::int,
            array(select jsonb_array_elements_text(review -> 'reasons')))
    on conflict on constraint call_reviews_pkey do nothing;
    if not found then return false; end if;
    if l.erased_at is null then
        insert into call_objections (touch_id, place, lead_id, kind, words, response_id, led_to, heard_at)
        select keep_call_review_v1.touch_id, x.place, l.id, x.raised ->> 'kind', x.raised ->> 'words',
               count_response(l.id, x.raised, t), x.raised ->> 'led_to', t
        from jsonb_array_elements(review -> 'raised') with ordinality x(raised, place);
    end if;
    return true;
end
$$;

-- Calls whose report came since then and was not reviewed: {touch_id, body, disposition, duration_s}, oldest first.
create function public.calls_to_review_v1(since timestamptz, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) - 'received_at' order by x.received_at, x.touch_id), '[]') from (
        select o.id as touch_id, e.body, e.disposition, o.duration_s, e.received_at
        from events e join touches o on o.id = e.delivery_id
        where e.kind = 'end-of-call-report' and e.received_at >= since and e.body <> '{}' and o.answered_at is not null
            and not exists (select from call_reviews r where r.touch_id = o.id)
        order by e.received_at, o.id limit max_rows) x
$$;

create function public.call_reviews_v1(lead_id bigint) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(r) - 'lead_id' || jsonb_build_object('raised', coalesce((
        select jsonb_agg(jsonb_build_object('kind', j.kind, 'words', j.words, 'led_to', j.led_to,
                                            'response', (select p.response from objection_responses p where p.id = j.response_id))
                         order by j.place)
        from call_objections j where j.touch_id = r.touch_id), '[]')) order by r.reviewed_at, r.touch_id), '[]')
    from call_reviews r where r.lead_id = call_reviews_v1.lead_id
$$;

-- The talks of a span: {talks, quality, undisclosed, early_hangups, talk_share, objections {kind: n}}.
create function public.call_quality_v1(since timestamptz, upto timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'talks', count(*), 'quality', round(avg(r.quality), 1), 'undisclosed', count(*) filter (where not r.disclosed),
        'early_hangups', count(*) filter (where r.early_hangup), 'talk_share', round(avg(r.talk_share), 3),
        'objections', (select coalesce(jsonb_object_agg(x.kind, x.n), '{}') from (
            select j.kind, count(*) as n from call_objections j join call_reviews y on y.touch_id = j.touch_id
            where y.reviewed_at >= since and y.reviewed_at < upto group by j.kind) x))
    from call_reviews r where r.reviewed_at >= since and r.reviewed_at < upto
$$;

-- Answers to objections that led on, best first: by how often they did, shrunken to one in four.
create function public.objection_responses_v1(max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) - 'response_hash' order by x.nr), '[]') from (
        select r.*, row_number() over (order by (r.led_on + r.booked + 1.0) / (r.heard + 4) desc, r.heard desc, r.id) as nr
        from objection_responses r where r.led_on > 0
        order by nr limit max_rows) x
$$;

-- One chunk of words that were kept long enough; counts them.
create function public.expire_call_words_v1(before timestamptz, max_rows int) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    update call_objections j set words = null where (j.touch_id, j.place) in (
        select x.touch_id, x.place from call_objections x where x.words is not null and x.heard_at < before limit max_rows);
    get diagnostics n = row_count;
    return n;
end
$$;

-- Whoever is erased takes their objections along, and what we answered to nobody else.
create function public.forget_call_words() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    with gone as (
        delete from call_objections j where j.lead_id = new.id returning j.response_id, j.led_to
    ), counted as (
        select g.response_id, count(*) as heard, count(g.led_to) as led_on, count(*) filter (where g.led_to = 'booking') as booked
        from gone g where g.response_id is not null group by g.response_id
    )
    update objection_responses r set heard = r.heard - c.heard, led_on = r.led_on - c.led_on, booked = r.booked - c.booked
    from counted c where c.response_id = r.id;
    delete from objection_responses r where r.heard = 0;
    return new;
end
$$;
create trigger the_erased_take_their_words_along after update of erased_at on public.leads
for each row when (new.erased_at is not null and old.erased_at is null) execute function public.forget_call_words();

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
