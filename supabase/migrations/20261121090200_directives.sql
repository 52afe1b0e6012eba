-- Directives: every version that was ever in force, and which one is now.

create table public.directive_versions (
    key text not null,
    content_hash text not null,
    kind text not null,
    body text not null,
    author text not null,
    created_at timestamptz not null,
    primary key (key, content_hash),
    constraint an_author_is_the_owner_or_the_loop check (author in ('owner', 'loop'))
);
create function public.refuse_new_body() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    raise exception 'a version in use is immutable: write a new one' using errcode = 'GL001';
end
$$;
create trigger versions_are_immutable before update or delete on public.directive_versions
for each row execute function public.refuse_new_body();
create trigger versions_are_not_truncated before truncate on public.directive_versions
execute function public.refuse_new_body();

create table public.directive_heads (
    key text primary key,
    content_hash text not null,
    revision int not null,
    seeded_hash text not null,
    set_at timestamptz not null,
    set_by text not null,
    constraint a_head_is_a_version foreign key (key, content_hash) references public.directive_versions
);

-- Files of a deploy: [{key, kind, hash, text}]. A file that is as it was when last offered changes nothing, so a learned
-- head survives a deploy; any other text, also an earlier one, is a revision by the owner and wins.
create function public.seed_directives_v1(files jsonb, release text) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    f jsonb;
    t timestamptz := loop_now();
    old directive_heads;
    changed jsonb := '[]';
begin
    perform pg_advisory_xact_lock(hashtextextended('directives', 0));
    for f in select * from jsonb_array_elements(files) loop
        select * into old from directive_heads h where h.key = f ->> 'key' for update;
        continue when old.seeded_hash = f ->> 'hash';
        insert into directive_versions (key, content_hash, kind, body, author, created_at)
        values (f ->> 'key', f ->> 'hash', f ->> 'kind', f ->> 'text', 'owner', t)
        on conflict on constraint directive_versions_pkey do nothing;
        insert into directive_heads as h (key, content_hash, revision, seeded_hash, set_at, set_by)
        values (f ->> 'key', f ->> 'hash', 1, f ->> 'hash', t, 'owner')
        on conflict on constraint directive_heads_pkey do update
        set content_hash = excluded.content_hash, revision = h.revision + 1, seeded_hash = excluded.seeded_hash,
            set_at = t, set_by = 'owner';
        insert into evolution_log (changed_at, subject, change, before, after, approver)
        values (t, f ->> 'key', 'directive revised by a deploy',
                case when old.key is not null then
                    jsonb_build_object('content_hash', old.content_hash, 'revision', old.revision) end,
                jsonb_build_object('content_hash', f ->> 'hash'), 'owner');
        changed := changed || jsonb_build_object('key', f -> 'key');
    end loop;
    insert into settings as s (key, value, updated_at, updated_by)
    values ('seeded_release', to_jsonb(release), t, 'deploy')
    on conflict on constraint settings_pkey do update
    set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by;
    return changed;
end
$$;

create function public.directive_heads_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'release', (select s.value from settings s where s.key = 'seeded_release'),
        'heads', coalesce(jsonb_agg(jsonb_build_object(
            'key', v.key, 'kind', v.kind, 'content_hash', v.content_hash, 'text', v.body,
            'revision', h.revision, 'author', h.set_by) order by v.key), '[]'))
    from directive_heads h join directive_versions v using (key, content_hash)
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
