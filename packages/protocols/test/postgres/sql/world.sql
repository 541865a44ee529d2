create schema evil;
create schema app;
create table public.customers (
  id int primary key, name text not null, email text not null unique, ssn text not null, card text not null, city text, created timestamptz not null);
create table public.orders (
  id int primary key, customer_id int not null references public.customers on delete cascade, quantity int not null, status text, ordered timestamptz);
create table public.audit (id serial primary key, what text, at timestamptz default now());
create table public.plain (id int primary key, n int, t text, flag boolean, doc jsonb, unique_code text unique);
create table evil.customers (id int, payload text);
create table public.parted (id int, day date) partition by range (day);
create table public.parted_1 partition of public.parted for values from ('2024-01-01') to ('2025-01-01');
create sequence public.counter;
create type public.mood as enum ('sad', 'ok');
create type public.pair as (a int, b text);

-- What may be called, and what it really does.
create function public.safe(a int) returns int language sql immutable as 'select a + 1';
create function public.safe_atomic(a int) returns int language sql begin atomic select a * 2; end;
create function public.safe_plpgsql(a int) returns int language plpgsql stable as $$
declare total int := 0; r record; begin
  for r in select * from public.orders where customer_id = a loop total := total + r.quantity; end loop;
  if total > 10 then return 10; end if; return total; end $$;
create function public.purge() returns int language plpgsql as $$ begin delete from public.orders; return 1; end $$;
create function public.purge_sql() returns setof int language sql as 'delete from public.orders returning id';
create function public.purge_atomic() returns int language sql begin atomic delete from public.orders; select 1; end;
create function public.lies() returns int language plpgsql immutable as $$ begin return public.purge(); end $$;
create function public.log_it(t text) returns void language sql as $$ insert into public.audit (what) values (t) $$;
create function public.dynamic(t text) returns void language plpgsql as $$ begin execute 'delete from ' || quote_ident(t); end $$;
create function public.dynamic_constant() returns void language plpgsql as $$ begin execute 'drop table public.plain'; end $$;
create function public.dynamic_rows(t text) returns setof text language plpgsql as $$ begin return query execute t; end $$;
create function public.dynamic_loop(t text) returns void language plpgsql as $$ declare r record; begin for r in execute t loop null; end loop; end $$;
create function public.dynamic_cursor(t text) returns void language plpgsql as $$ declare c refcursor; begin open c for execute t; close c; end $$;
create function public.circle_b(a int) returns int language plpgsql as $$ begin perform public.purge(); return public.circle_a(a); end $$;
create function public.circle_a(a int) returns int language plpgsql as $$ begin if a > 0 then return public.circle_b(a - 1); end if; return 1; end $$;
create function public.deep_1() returns int language sql as 'select public.purge()';
create function public.deep_2() returns int language sql as 'select public.deep_1()';
create function public.deep_3() returns int language sql as 'select public.deep_2()';
create function public.moves() returns void language plpgsql as $$ begin set search_path = evil; end $$;
create function public.moves_unknown(t text) returns void language plpgsql as $$ begin perform set_config('search_path', t, false); end $$;
create function public.own_path() returns bigint language sql set search_path = evil as 'select count(*) from customers';
create function public.own_role() returns int language sql set session_replication_role = replica as 'select 1';
create function public.by_default(a int default public.purge()) returns int language sql as 'select a';
create function public.unqualified() returns bigint language plpgsql as $$ begin return (select count(*) from customers); end $$;
create function public.raises() returns void language plpgsql as $$ begin raise notice '%', (select public.purge()); end $$;
create function public.asserts() returns void language plpgsql as $$ begin assert public.purge() > 0; end $$;
create function public.cases(a int) returns int language plpgsql as $$ begin case a when public.purge() then return 1; else return 2; end case; end $$;
create function public.catches() returns int language plpgsql as $$ begin return 1 / 0; exception when division_by_zero then perform public.purge(); return 0; end $$;
create function public.loops() returns void language plpgsql as $$ begin for i in 1 .. public.purge() loop null; end loop; end $$;
create function public.while_loops() returns void language plpgsql as $$ begin while public.purge() > 0 loop exit; end loop; end $$;
create function public.each_of() returns void language plpgsql as $$ declare i int; begin foreach i in array array[public.purge()] loop null; end loop; end $$;
create function public.subscript() returns void language plpgsql as $$ declare a int[]; begin a[public.purge()] := 1; end $$;
create function public.next_row() returns setof int language plpgsql as $$ begin return next public.purge(); end $$;
create function public.exits() returns void language plpgsql as $$ begin loop exit when public.purge() = 1; end loop; end $$;
create function public.cursor_args() returns void language plpgsql as $$ declare c cursor (k int) for select k; begin open c(public.purge()); close c; end $$;
create function public.fetches() returns void language plpgsql as $$ declare c scroll cursor for select 1; r record; begin open c; fetch relative public.purge() from c into r; close c; end $$;
create function public.declares() returns int language plpgsql as $$ declare x int := public.purge(); begin return x; end $$;
create function public.declares_domain() returns void language plpgsql as $$ declare x public.evil_domain; begin null; end $$;
create function public.calls() returns void language plpgsql as $$ begin call public.purge_all(); end $$;
create procedure public.purge_all() language plpgsql as $$ begin truncate public.plain; commit; end $$;
create procedure public.reads_only() language sql as 'select 1';
create function public.definer() returns bigint language sql security definer as 'select count(*) from public.customers';
create function public.notify_all() returns void language sql as $$ select pg_notify('c', ssn) from public.customers $$;
create function public.total(o public.orders) returns int language sql stable as 'select o.quantity';
create function public.wipe(o public.orders) returns int language plpgsql as $$ begin delete from public.plain; return 1; end $$;
create function public.to_mood(t int) returns public.mood language plpgsql as $$ begin delete from public.plain; return 'ok'; end $$;
create function public.check_it(a int) returns boolean language plpgsql as $$ begin delete from public.plain; return true; end $$;
create function public.op_evil(a int, b int) returns boolean language sql as 'select public.purge() > 0';
create function public.agg_step(a int, b int) returns int language sql as 'select public.purge()';
create function public.agg_final(a int) returns int language sql as 'select public.purge()';
create function evil.lower(t text) returns text language plpgsql as $$ begin delete from public.plain; return t; end $$;
create function evil.now() returns timestamptz language plpgsql as $$ begin delete from public.plain; return '2020-01-01'; end $$;

create domain public.evil_domain as int check (public.check_it(value));
create domain public.evil_domain_2 as public.evil_domain;
create domain public.good_domain as int check (value > 0);
create cast (int as public.mood) with function public.to_mood(int);
create operator public.### (leftarg = int, rightarg = int, function = int4pl);
create operator public.!!! (leftarg = int, rightarg = int, function = public.op_evil);
create operator evil.= (leftarg = int, rightarg = int, function = public.op_evil);
create aggregate public.bad_step (int) (sfunc = public.agg_step, stype = int);
create aggregate public.bad_final (int) (sfunc = int4pl, stype = int, finalfunc = public.agg_final);
create aggregate public.good_sum (int) (sfunc = int4pl, stype = int, initcond = '0');
create operator public.<<!>> (rightarg = text, function = pg_read_file);

create view public.v_customers as select id, name, upper(city) as city from public.customers;
create view public.v_nested as select name from public.v_customers;
create view public.v_purge as select public.purge() as p;
create view public.v_purge_nested as select * from public.v_purge;
create view public.v_domain as select id::public.evil_domain as d from public.plain;
create materialized view public.mv as select * from public.customers;
create materialized view public.mv_purge as select public.purge() as p with no data;

create function public.audit_it() returns trigger language plpgsql as $$ begin
  insert into public.audit (what) values (tg_op || coalesce(new.id, old.id)); return new; end $$;
create trigger audited after insert or update or delete on public.orders for each row execute function public.audit_it();
create function public.changed() returns trigger language plpgsql as $$ begin
  insert into public.audit (what) select 'x' from new_rows; return null; end $$;
create trigger noted after update on public.plain referencing new table as new_rows for each statement execute function public.changed();
create table public.trapped (id int primary key, n int);
create function public.trap() returns trigger language plpgsql as $$ begin execute 'delete from public.plain'; execute tg_argv[0]; return new; end $$;
create trigger trapped before insert on public.trapped for each row execute function public.trap('x');
create table public.conditioned (id int primary key);
create trigger conditioned before insert on public.conditioned for each row when (public.check_it(new.id)) execute function public.audit_it();
create table public.ruled (id int);
create rule ruled as on insert to public.ruled do also delete from public.plain;
create table public.checked (id int check (public.check_it(id)), n int default public.purge());
create table public.domained (id int, d public.evil_domain);
create table public.indexed (id int, n int);
create function public.index_it(a int) returns int language plpgsql immutable as $$ begin perform public.purge(); return a; end $$;
create index on public.indexed (public.index_it(n));
create table public.policed (id int, owner text);
alter table public.policed enable row level security;
create policy own on public.policed using (public.check_it(id));
create table public.attributed (id int, o public.orders);
create view public.v_writable as select id, n from public.plain;
create view public.v_trigger as select id from public.plain;
create function public.instead() returns trigger language plpgsql as $$ begin delete from public.orders; return new; end $$;
create trigger instead instead of insert on public.v_trigger for each row execute function public.instead();
