\set VERBOSITY verbose
select 1 as one, null as nothing, 'é€😀' as text, '\x00ff'::bytea;
select generate_series(1, 5) as g;
select * from customers order by id limit 3;
select count(*), max(length(email)) from customers;
select;
;
select 1; select 2; select 'three' as a, 3 as b;
select 1/0;
select * from no_such_table;
selec 1;
select 'unterminated
';
create temp table t (id int primary key, name text not null, born date default '2000-01-01');
insert into t values (1, 'one'), (2, 'two'), (3, 'three');
insert into t values (1, 'again');
insert into t (id) values (9);
update t set name = upper(name) where id < 3;
delete from t where id = 2 returning *;
table t;
begin;
insert into t values (4, 'four');
select * from nope;
select 'skipped';
rollback;
begin; savepoint a; insert into t values (5, 'five'); rollback to a; commit;
table t;
begin isolation level serializable read only;
insert into t values (6, 'six');
commit;
prepare p (int) as select $1 * 2 as doubled;
execute p (21);
execute p ('x');
deallocate p;
execute p (1);
begin; declare c cursor for select g from generate_series(1, 10) g; fetch 3 from c; move 2 from c; fetch all from c; close c; commit;
do $$ begin raise notice 'a notice %', 7; raise warning 'a warning'; end $$;
do $$ begin raise exception 'an error' using errcode = 'P0042', detail = 'its detail', hint = 'its hint'; end $$;
set statement_timeout = '50ms'; select pg_sleep(5);
reset statement_timeout;
show statement_timeout;
set application_name = 'renamed'; show application_name;
set client_encoding = 'LATIN1'; select 'caf' || chr(233); reset client_encoding;
set datestyle = 'German'; select date '2026-11-22'; reset datestyle;
explain (costs off) select * from customers where id = 7;
listen channel; notify channel, 'payload'; select 'after';
copy (select g, g * g from generate_series(1, 4) g) to stdout with (format csv, header);
copy t (id, name) from stdin;
7	seven
8	eight
\.
copy t (id, name) from stdin;
x	not a number
\.
table t;
select repeat('x', 100000) as long;
select g, repeat(md5(g::text), 20) from generate_series(1, 2000) g;
with recursive f(a, b) as (values (0, 1) union all select b, a + b from f where b < 100) select a from f;
select array[1, 2, null], row(1, 'a'), '{"a": 1}'::jsonb, now() is not null, interval '1 day';
select current_database(), session_user = current_user;
\d t
\dt
select $1 as bound \bind_is_not_known_here
select 42 as answer \gset
select :answer;
select g from generate_series(1, 3) g \gdesc
\set FETCH_COUNT 3
select g from generate_series(1, 10) g;
