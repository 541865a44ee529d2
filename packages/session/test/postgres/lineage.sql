select id, ssn from customers
select * from customers
select c.* from customers c, orders o
select upper(ssn), lower(card), reverse(ssn), md5(ssn), encode(ssn::bytea,'hex'), encode(ssn::bytea,'base64') from customers
select ssn || '', '' || ssn || card, ssn::text, ssn::varchar(30), ssn::bytea, ssn::"char", fixed from customers
select c from customers c
select c.*::text from customers c
select row_to_json(c), to_json(c), to_jsonb(c), c::text, row(c.*), row(c) from customers c
select (c).ssn, (c).* from customers c
select ssn(c), c.row_to_json, row_to_json(c.*) from customers c
select json_agg(c), jsonb_agg(ssn), json_object_agg(ssn, card), array_agg(ssn), string_agg(ssn, ','), min(ssn), max(card) from customers c
select xmlelement(name x, ssn), xmlforest(card, ssn as q), xmlagg(xmlelement(name y, email)) over () from customers
select xmlconcat(xmlelement(name x, ssn), doc), xmlserialize(content doc as text), xmlpi(name foo, ssn), xmlroot(xmlparse(document '<a>'||ssn||'</a>'), version '1.0') from customers
select xpath('/a/b/text()', doc), (xpath('/a/b/text()', doc))[1]::text from customers
select x.* from customers, xmltable('/a' passing doc columns b text path 'b', o for ordinality) x
select case when true then ssn else 'x' end, coalesce(null, ssn), nullif(ssn, 'x'), greatest(ssn, card), least(ssn, 'zzz') from customers
select case ssn when 'x' then card else email end from customers
select (select ssn from customers limit 1), (select c from customers c limit 1), array(select ssn from customers)
select (select ssn from customers where id = o.id) from orders o
select exists(select ssn from customers), 'x' in (select ssn from customers), 'x' = any (select ssn from customers)
with q as (select ssn as s, * from customers) select s, q.* from q
with q(a,b) as (select id, ssn from customers), r as (select b as z from q) select * from r
with recursive t(n, x) as (select 1, 'a' union all select n+1, (select ssn from customers limit 1) from t where n < 3) select * from t
with recursive t as (select id, ssn from customers union all select id, ssn from t) cycle ssn set is_c using path select * from t
with recursive b as (select * from a), a as (select ssn from customers) select * from b
with d as (delete from customers returning ssn, card) select * from d
with i as (insert into log(message) select ssn from customers returning *) select * from i
with u as (update customers set note = ssn returning note, id) select * from u
with q as (select 1) select * from (with r as (select ssn from customers) select * from r) x, q
select ssn from customers union select note from orders
select id, name from customers union all select id, ssn from log order by 2
(select ssn from customers limit 1) union all (select card from customers limit 1) order by 1 limit 5
select ssn from customers intersect select ssn from customers
select ssn from customers except select 'x'
select id::text from customers union all (select ssn from customers union select card from customers)
values ('a', 'b'), ((select ssn from customers limit 1), 'c')
select * from (values ('a', (select card from customers limit 1))) v(x, y)
select v.x, v from (values ((select card from customers limit 1))) v(x)
select number, upper_name from v_ssn
select * from v_on_v
select * from v_hash
select * from v_union
select * from v_row
select (c).ssn, (c).*, j->>'ssn' from v_row
select * from v_cte
select * from v_agg
select (cs[1]).ssn, cs[1].card, unnest(cs) from v_agg
select (u).* from v_agg, unnest(cs) u
select u.* from v_agg, unnest(cs) u
select * from v_join
select * from v_lateral
select name, ssn from other.customers
select * from m_cards
select ssn from people
select * from people
select * from only people
select p, p::text from people p
select * from employees
select salary, ssn from managers
select * from parted
select * from parted_1
select a.ssn, b.ssn from customers a join log b using (id)
select * from customers a join log b using (id)
select * from customers natural join log
select ssn from customers full join log using (ssn)
select j.* from customers join log using (id, ssn) as j
select j.x, j.* from (customers c join orders o on c.id = o.customer_id) as j(x)
select c.ssn, o.note from customers c left join orders o on c.id = o.customer_id right join log l on true
select x, l.* from customers c, lateral (select c.ssn as x, c.card) l
select * from customers c cross join lateral (select c.ssn || 'y' as y) l where true
select e from customers, unnest(tags) e
select e.* from customers, unnest(tags, array[ssn]) with ordinality e(a, b, n)
select * from customers c, jsonb_each_text(c.data)
select * from customers c, jsonb_each(c.data) as e(k, v)
select x.* from customers c, jsonb_to_record(c.data) as x(k text, ssn text)
select x.* from customers c, jsonb_to_record(row_to_json(c)::jsonb) as x(ssn text, card text)
select * from jsonb_populate_record(null::customers, (select to_jsonb(c) from customers c limit 1))
select (jsonb_populate_record(null::customers, data)).ssn, (jsonb_populate_record(null::customers, data)).* from customers
select * from json_array_elements((select json_agg(c) from customers c))
select value->>'ssn' from json_array_elements((select json_agg(c) from customers c))
select * from json_each((select row_to_json(c) from customers c limit 1))
select u from (select array_agg(c) a from customers c) q, unnest(q.a) u
select u.ssn, u.* from (select array_agg(c) a from customers c) q, unnest(q.a) u
select (array_agg(c))[1].ssn, (array_agg(c order by id))[1] from customers c
select * from generate_series(1,3) with ordinality
select * from generate_series(1,3) g, regexp_split_to_table('a b', ' ') w
select regexp_matches(ssn, '(.*)'), regexp_replace(ssn, 'x', ''), regexp_split_to_array(ssn, 'z') from customers
select substring(ssn from 1), overlay(ssn placing '' from 1 for 0), trim(both from ssn), position('x' in ssn), left(ssn, 50), lpad(ssn, 60), repeat(ssn, 2), translate(ssn, 'z', 'y'), format('%s', ssn), concat(ssn, card), concat_ws('-', ssn), quote_literal(ssn), initcap(ssn), split_part(ssn, '!', 1) from customers
select format('%2$s %1$s', ssn, card), array_to_string(tags, ','), array_to_json(tags), tags[1], tags[1:1], array_append(tags, ssn), array_cat(tags, array[card]), string_to_array(ssn, 'q') from customers
select convert_from(convert_to(ssn, 'UTF8'), 'UTF8'), decode(encode(ssn::bytea, 'base64'), 'base64'), sha256(ssn::bytea), to_tsvector(ssn), quote_ident(ssn) from customers
select data, data->'k', data->>'k', data#>>'{n,1,x}', data['k'], jsonb_path_query(data, '$.k'), jsonb_set(data, '{z}', to_jsonb(ssn)), data || jsonb_build_object('s', ssn) from customers
select json_build_object('a', ssn), jsonb_build_array(card), json_build_array(variadic tags) from customers
select p, (p).a, (p).*, ps, ps[1].a, (ps[1]).*, cs, (cs).ssn, (cs).* from composite
select unnest(ps), (unnest(ps)).a from composite
select u.* from composite, unnest(ps) u
select row(ssn, id), (row(ssn, id)).f1, row(ssn)::text from customers
select r from (select ssn, card from customers) r
select (r).ssn, r.* from (select ssn, card from customers) r
select r.ssn from (select customers as r0, ssn from customers) r
select (r0).card, (r0).* from (select customers as r0, ssn from customers) r
select lag(ssn) over (order by id), lead(card) over w, first_value(email) over w, nth_value(ssn, 1) over w, row_number() over w, rank() over (order by ssn) from customers window w as (order by id)
select percentile_disc(0.5) within group (order by ssn), mode() within group (order by card) from customers
select count(*), count(ssn), count(distinct card), count(c), bool_and(ssn like 'C%') from customers c
select note, count(*) from customers group by note having max(ssn) > 'A'
select ssn, card, grouping(ssn) from customers group by grouping sets ((ssn), (card), ())
select ssn, count(*) from customers group by rollup (ssn)
select distinct on (id) id, ssn from customers
select ssn from customers order by 1 offset 0 limit 1
select peek(1), peek_pl(1), plain(ssn), of_row(c), c.of_row from customers c
select * from rows_of()
select * from table_of()
select (rows_of()).ssn, (rows_of()).*
select table_of(), (table_of()).y
select joined(ssn) from customers
select ssn === 'x', ssn::ssn_text from customers
select peek(id) from customers
insert into orders(id, note) select 5, ssn from customers limit 1 returning note, orders, orders.*
insert into log(message) values ((select ssn from customers limit 1)) returning message, upper(message), log
insert into customers(id, ssn) values (1, 'zz') on conflict (id) do update set note = customers.ssn || excluded.ssn returning note, ssn
update customers set note = ssn, card = email returning note, card, id
update customers set (note, name) = (select ssn, card from customers c where c.id = 1) returning note, name
update customers set (note, name) = (ssn, card) returning note, name
update orders o set note = c.ssn from customers c where c.id = o.customer_id returning o.*, c.card
update customers set data = jsonb_set(data, '{x}', to_jsonb(card)) returning data
update composite set p.a = (select ssn from customers limit 1) returning p, (p).a
update customers set tags[2] = ssn returning tags
delete from customers using log where log.id = customers.id returning customers.ssn, log.message, log
delete from people returning *
insert into gen(id, ssn) select id, card from customers returning up, ssn
select up from gen
explain select ssn from customers where ssn = 'x'
explain (analyze, verbose, format json) select ssn from customers
table customers
show search_path
select current_date, current_timestamp, localtime(1), current_user, session_user, current_catalog, current_schema, user
select 1, 'a', null, true, now(), 1+1, -5, array[1], '{}'::jsonb, interval '1 day', date '2020-01-01', row(1,2), (1), x'1f', cast(1 as text), 1::numeric(3), 'a'::name
select extract(year from born), date_trunc('day', born), born at time zone 'utc', born + 1, age(born) from customers
select not vip, vip is true, ssn is null, ssn is distinct from 'x', ssn between 'a' and 'b', ssn in ('a'), ssn similar to 'x', ssn isnull, vip and true from customers
select collation for (ssn), ssn collate "C", pg_typeof(ssn), octet_length(ssn) from customers
select normalize(ssn), ssn is normalized from customers
? select query_to_xml('select ssn from customers', true, false, '')
? select table_to_xml('customers', true, false, '')
? select database_to_xml(true, false, '')
select t.ssn from customers as t(a, b, c, ssn)
select t.* from customers as t(a, b)
select z.b from (select ssn, card from customers) as z(a, b)
select * from customers tablesample system(100)
select ssn from customers for update
select ctid, tableoid::regclass, xmin, c.ctid from customers c
select public.customers.ssn, customers.card from public.customers
select pg_get_viewdef('v_ssn'::regclass), relname from pg_class where relname = 'customers'
select * from pg_tables where schemaname = 'public'
select table_name, column_name from information_schema.columns where table_schema = 'public'
? select attname, most_common_vals, n_distinct from pg_stats where tablename = 'customers'
? select * from pg_stat_activity
select a.*, b.x from (select ssn from customers) a, lateral (select a.ssn as x) b
select * from (select c from customers c) s(r), lateral (select (s.r).ssn) t
select (s.r).* from (select c from customers c) s(r)
select * from (customers c join log l using (id)) join orders o using (id)
select x.id, x.ssn from (customers natural join (select id, ssn as other from log) y) x
select count(*) filter (where ssn like 'C%'), sum(length(ssn)) from customers
select ascii(ssn), length(ssn), ssn > 'A' from customers
? select lo_from_bytea(0, ssn::bytea), set_config('a.b', ssn, true), current_setting('a.b') from customers
select ts_headline(ssn, to_tsquery('canary')), similarity_none from customers, (select 1 as similarity_none) z
select string_agg(distinct ssn, ',' order by ssn) from customers
select array_agg(array[ssn, card]) from customers
select json_object(array[ssn, card]), json_object(array['a'], array[ssn]) from customers
select max(c.ssn || c.card) from customers c
select all_ssn from v_agg
select j.ssn from (select * from v_join) j
select * from (select 1 as a) x left join customers on true
select coalesce(c.ssn, l.ssn), c.id from customers c full join log l on false
select customers from customers
select orders.customers from (select customers from customers) orders
select * from rows from (generate_series(1,2), unnest((select tags from customers limit 1))) as r(a, b)
select * from rows_of() with ordinality
select * from rows_of() as r(q)
select r.ssn, r from rows_of() r
select f.x, f.y, f from table_of() f
select f from generate_series(1,2) f
select f.f, f.* from unnest((select tags from customers limit 1)) f
select * from current_date d
select * from cast('a' as text) q
select U&"\0073sn" from customers
select c.customers from (select customers, 1 as ssn from customers) c
select (c.customers).ssn from (select customers, 1 as ssn from customers) c
with customers as (select card as ssn from public.customers) select ssn from customers
select * from (with log as (select ssn as message from customers) select message from log) x
select id, (with c as (select ssn from customers) select ssn from c limit 1) from orders
select x.* from (select 1 as a, c from customers c) x
select (x.c).*, (x).c from (select 1 as a, c from customers c) x
select ((x).c).ssn from (select 1 as a, c from customers c) x
select (row(c.*)::customers).name, (row(c.*)::customers).ssn from customers c
select (c::customers).card from customers c
select (json_populate_record(null::pair, json_build_object('a', ssn))).a from customers
select p.* from customers c, json_populate_record(null::pair, json_build_object('a', c.ssn, 'b', c.card)) p
select p.* from json_populate_recordset(null::pair, (select json_agg(json_build_object('a', ssn)) from customers)) p
select * from jsonb_to_recordset((select jsonb_agg(c) from customers c)) as q(name text, ssn text)
select t.d from (table customers) t(a,b,c,d)
select t.a from (values (1)) s, lateral (select ssn from customers) t(a)
select j.* from (customers c cross join log l) j
select j.ssn from (customers c(a,b,c,ssn) cross join orders l) j
select * from customers c join log l using (id, ssn)
select c.ssn, ssn from customers c left join log l using (ssn)
select ssn from log right join customers using (ssn)
select x from unnest(array(select ssn from customers)) x
select x from unnest((select array_agg(ssn) from customers)) as t(x)
select ss from regexp_split_to_table((select string_agg(ssn, '!') from customers), '!') ss
select string_agg(substr(ssn, n, 1), '' order by -n) from customers, generate_series(1, 40) n where id = 1
select convert_from(decode(string_agg(lpad(to_hex(ascii(substr(ssn, n, 1))), 2, '0'), '' order by n), 'hex'), 'utf8') from customers, generate_series(1, length(ssn)) n where id = 1
with recursive r(i, acc) as (select 0, '' union all select i + 1, acc || (select substr(ssn, i + 1, 1) from customers where id = 1) from r where i < 40) select max(acc) from r
with recursive r(i, a, b, c) as (select 0, '', '', '' union all select i + 1, b, c, (select ssn from customers where id = 1) from r where i < 5) select max(a) from r
with recursive a(x) as (select ''::text union all select ssn from customers, a where x = '') , b as (select * from a) select * from b
select (select x from (select ssn as x from customers order by 1 limit 1) q)
select (select (select c.ssn)) from customers c
select array_agg(ssn) over (), array_agg(c) over (), sum(1) over (order by ssn) from customers c
select max(ssn) filter (where true) over (), nth_value(c, 1) over () from customers c
select rank('x') within group (order by ssn) from customers
select mode() within group (order by c.ssn || c.card) from customers c
select json_object_agg(ssn, 1), json_object_agg(1, ssn), jsonb_object_agg(card, c) from customers c
select xmlelement(name a, xmlattributes(ssn as x), card) from customers
select xmlforest(c.*) from (select ssn from customers) c
? select query_to_xml(format('select %L as x', ssn), true, true, '') from customers
select to_jsonb(c) - 'name', to_jsonb(c) #- '{name}', to_jsonb(c) -> 'ssn', to_jsonb(c) #>> '{ssn}', to_jsonb(c) ->> 3 from customers c
select jsonb_path_query_array(to_jsonb(c), '$.*'), jsonb_each(to_jsonb(c)), jsonb_object_keys(to_jsonb(c)) from customers c
select key, value from customers c, jsonb_each_text(to_jsonb(c)) where key = 'ssn'
select (jsonb_each(to_jsonb(c))).value, (jsonb_each_text(to_jsonb(c))).* from customers c
select (each).value from (select jsonb_each(to_jsonb(c)) as each from customers c) q
select hashtext(ssn), md5(c::text), sha256(c::text::bytea), crc from customers c, (select 1 as crc) z
select ssn::xml, xmlparse(content ssn), ssn::name, ssn::bpchar, cast(ssn as text), text(ssn), bpchar(ssn), "varchar"(ssn, 50, true) from customers
select get_byte(ssn::bytea, 0), ssn::bytea::text, substring(ssn::bytea from 1 for 60), set_byte(ssn::bytea, 0, 65), encode(convert_to(ssn, 'utf8'), 'escape') from customers
select quote_nullable(ssn), quote_literal(c), format('%s', c), concat(c), concat_ws(',', variadic array[ssn, card]) from customers c
select greatest(c.ssn, c.card), coalesce(c.ssn, 'x') || coalesce(c.card, 'y') from customers c
select case when id = 1 then ssn end as name, case id when 1 then card else ssn end from customers
select nullif(ssn, card), (array[ssn, card])[2], (array[array[ssn]])[1][1], ('{' || ssn || '}')::text[] from customers
select (string_to_array(ssn || ',' || card, ','))[2], split_part(ssn || ',' || card, ',', 2) from customers
select ssn as id, id as ssn from customers order by ssn
select distinct on (card) ssn from customers
select ssn from customers group by ssn having count(*) > 0
select min(x) from (select ssn from customers union select card from customers) t(x)
(table log union all table log) order by 1
select message from log intersect select message from log
select * from (select ssn from customers except all select card from customers) x
select 'a' union all select ssn from customers order by 1
values ('x'), ((select ssn from customers limit 1)), ((select max(card) from customers))
select * from (values ((select ssn from customers limit 1)), ('b')) x(id)
insert into log(message) values ('a') returning (select ssn from customers limit 1) as id
insert into log(id, message) select id, ssn from customers returning (select max(message) from log), message
insert into orders(id, note) select 77, c::text from customers c limit 1 returning note
insert into customers(id, name, ssn) values (1,'q','w') on conflict (id) do update set name = (select max(card) from customers), note = excluded.ssn || customers.email returning name, note, customers.*
with a as (insert into log(message) select ssn from customers returning message), b as (select message as m from a) select m from b
with a as (update customers set name = ssn returning *) select name from a
with a as (update customers set (name, note) = (select message, ssn from log limit 1) returning *) select name, note from a
with d as (delete from log using customers c returning c.ssn as message, log.id) select message from d
update orders set note = (select string_agg(ssn, ',') from customers) returning note as total
update orders set note = sub.x from (select ssn as x from customers) sub returning orders
update only people set name = ssn returning name
delete from customers c where exists (select 1) returning c, (c).ssn, row_to_json(c)
select of_row(c), (c).of_row, c.of_row from customers c
select plain(ssn), plain(card) as id from customers
select peek(id), peek_pl(id) from customers
select (rows_of()).*, (table_of()).y
select y as id from table_of()
select q.a from table_of() as q(a, b)
select q.b from table_of() as q(a, b)
select r.b from rows_of() with ordinality as r(a,b,c,d,e,f)
select z from rows from (table_of(), rows_of()) as t(a, b, z)
select z from rows from (table_of(), rows_of()) as t(a, b, c, d, e, z)
select * from lateral (select ssn from customers) x, lateral (select x.ssn || '' as y) z
? select a.attname, s.most_common_vals from pg_attribute a left join pg_stats s on s.attname = a.attname where a.attrelid = 'customers'::regclass
select * from v_row v where (v.c).id = 1
select v.* from (select * from v_row) v
select (v).j from v_row v
select v from v_ssn v
select row_to_json(v) from v_on_v v
select n as id from v_on_v
select ssn, name from other.customers c
select c.*::text from other.customers c
select (u).ssn from (select unnest(cs) u from v_agg) x
select u.card from v_agg a, lateral unnest(a.cs) u
select (a.cs[1]).card, a.cs[1].ssn, (a.cs[1]).* from v_agg a
select array_to_json(cs), array_to_string(cs, '!') from v_agg
select b.b from (select (a.cs[1]) from v_agg a) x(b), lateral (select (x.b).ssn as b) b
select secret from parted p
select secret from only parted_1
select p.*::text from parted p
select ctid, ssn from customers where ctid = '(0,1)'
select lag(c.ssn, 1, c.card) over (order by c.id), c.name from customers c
select ssn from customers for update of customers skip locked
select trim(leading 'x' from ssn), substring(ssn, 1), substring(ssn from '.*'), substring(ssn similar '%' escape '#'), position('C' in ssn), upper(ssn) like 'C%' from customers
select ssn ~ 'C', ssn like any (array['C%']), ssn = any (select card from customers), (ssn, card) = (select ssn, card from customers limit 1), (select row(ssn, card) from customers limit 1) from customers
select timezone('utc', born), overlaps(born, born, born, born), current_setting('server_version') from customers
select string_agg(k, '') from (select unnest(string_to_array(ssn, null)) k from customers where id = 1) q
select array_agg(k) from customers c, regexp_matches(c.ssn, '.', 'g') k where id = 1
select (regexp_matches(ssn, '(.+)'))[1], regexp_match(ssn, '.+') from customers
select ts_debug(ssn), to_tsvector('simple', ssn), unnest(to_tsvector('simple', ssn)), strip(to_tsvector(ssn)) from customers
select * from unnest(to_tsvector('simple', (select max(ssn) from customers)))
select token from ts_parse('default', (select max(ssn) from customers))
select alias, token from ts_debug((select max(ssn) from customers))
select lexeme from customers c, unnest(to_tsvector('simple', c.ssn))
select a, b from customers c, lateral (values (c.ssn, c.card)) v(b, a)
select * from (select ssn from customers) a natural join (select ssn from customers) b
select coalesce from (select coalesce(ssn, '') from customers) q
select "?column?" from (select ssn || '' from customers) q
select upper from (select upper(ssn) from customers) upper
select upper.upper from (select upper(ssn) from customers) upper
select max from (select max(ssn) from customers) x
select c.id, o.* from customers c left join lateral (select c.ssn as note, count(*) from orders o where o.customer_id = c.id) o on true
select sum(total) from orders o join customers c on c.id = o.customer_id where c.ssn = 'x'
select jsonb_agg(to_jsonb(x)) from (select id, ssn from customers) x
select json_agg(x) -> 0 ->> 'ssn' from (select id, ssn from customers) x
select row_to_json(x, true) from (select id, ssn from customers) x
select data::text, data - 'k', data #>> '{}', data @> '{}', jsonb_typeof(data), jsonb_strip_nulls(data), jsonb_insert(data, '{q}', '"x"') from customers
select tags && array['b'], tags || ssn, array_position(tags, 'b'), cardinality(tags), array_dims(tags), array_replace(tags, 'b', ssn), array_remove(tags, 'b'), ssn || tags from customers
select unnest(tags), unnest(tags || array[ssn]) from customers
select x, y from customers, unnest(tags, tags) u(x, y)
select age(born), to_char(born, 'YYYY'), to_date('20010101', 'YYYYMMDD'), make_interval(days => id), extract(epoch from born), format('%s-%s', variadic tags) from customers
select dense_rank() over w, ntile(2) over w, cume_dist() over (partition by card order by ssn) from customers window w as (partition by note order by ssn)
select id from customers where ssn = 'x' union select id from customers where card = 'y'
select (p).a, (ps[1]).b, ps[1:1], ps::text, p::text from composite
select f.a, f.b from composite, lateral (select (p).*) f
select (cs).data ->> 'k', ((cs).tags)[1] from composite
select x.a from composite c, unnest(c.ps) x
with q(a) as (select ssn from customers), r(a) as (select a from q union all select card from customers) select r.a, q.a from q, r
select o.id, (select c from customers c where c.id = o.customer_id) from orders o
select o.id, ((select c from customers c where c.id = o.customer_id)).ssn from orders o
select o.id, (select c.* from (select ssn from customers) c limit 1) from orders o
select o.id, array(select row(c.ssn, c.card) from customers c) from orders o
select exists (select 1 from customers where id = 1), (select count(*) from customers), not exists (select 1)
select string_agg(distinct c::text, ';') from customers c
select customers.* from public.customers
select public.customers.* from public.customers
select lineage.public.customers.ssn from lineage.public.customers
select json_build_object(variadic array[ssn, card]) from customers
select * from json_to_record((select row_to_json(c) from customers c limit 1)) as x(id int, ssn text, p pair)
select mx.x from (select max(ssn) as x from customers) mx group by mx.x order by mx.x
select count(c.*), count(all ssn), count(1) from customers c
select count(case when ssn like 'C%' then 1 end) from customers
with recursive t(n, x, y) as (select 1, name, card::text from customers union all select n+1, y, x from t where n < 5) select * from t
with recursive t as (select id, ssn from customers union all select id, '' from t where ssn <> '') search depth first by ssn set ord select * from t
with q as materialized (select *, ssn || card as two from customers) select two as id, q.* from q
select pg_typeof(c), pg_column_size(c), c is null from customers c
insert into noted(id, message) values (1, 'hi') returning message, id
update noted set id = id returning *
insert into moved(id, ssn) select id, card from customers returning *
update moved set id = 1 returning *
update swapped set id = 1 returning *
insert into orders(id, note) select 4, ssn from customers limit 1 returning *
update customers set name = 'x' returning id, name
select -id, +id, id::int8, 'a'::text, (id), coalesce(name), array[name], row(name), case when vip then name end, case when vip then 1 else id end, (select max(id) from orders), exists(select 1), nullif(id,1), greatest(id,2), least(id) from customers
select cast('1' as int), interval '1 day', date '2020-01-01', c.name, (c).ssn, c.tags[1], (array[1])[1], not vip, id in (1), true, null, '5'::numeric(3,1), ssn collate "C", (ssn collate "C")::varchar from customers c
select position('a' in ssn), overlay(ssn placing 'x' from 1), substring(ssn from 1 for 2), trim(ssn), trim(leading 'x' from ssn), ltrim(ssn), xmlexists('/a' passing doc), normalize(ssn), born at time zone 'utc', extract(year from born), (born, born) overlaps (born, born), ssn similar to 'x', ssn like 'x', collation for (ssn) from customers
select current_date, current_time, current_time(1), current_timestamp, current_timestamp(2), localtime, localtime(1), localtimestamp, current_role, current_user, user, session_user, current_catalog, current_schema, now()
select case when true then 1 end, case when true then 1 else (2)::int8 end, case when true then 'a' else name || 'x' end, case when true then 1 else count(*) end from customers group by name
select (select ssn from customers limit 1)::varchar, (select 1), (select * from (select ssn as q from customers) x limit 1), array(select 1), (values ('a')), (select 1 union select 2 limit 1)
select xmlelement(name a), xmlforest(ssn), xmlconcat(doc, doc), xmlparse(content 'a'), xmlpi(name x), xmlserialize(content doc as text), doc is document, ssn is not distinct from 'a', ssn is null, vip is unknown from customers
select "Col.umn", "SELECT", * from "Weird.Table"
select w."Col.umn", "Weird.Table"."SELECT" from "Weird.Table" w, "Weird.Table"
select c from customers as c(c)
select ssn, ssn.ssn, ssn.name from customers ssn
select id from customers id
select id.* from customers id
select x.id, x from (select 1 as id, card from customers) x
select (row(ssn, card)::pair).a, (row(ssn, card)::pair).*, row(ssn, card)::pair, (row(ssn, card)::dpair).b from customers
select (array[row(ssn, card)::pair])[1].b, (array[row(ssn, card)::pair])[1:1], unnest(array[row(ssn, card)::pair]) from customers
select u.a, u.* from customers, unnest(array[row(ssn, card)::pair, row('x', 'y')::pair]) u
select tags[i], i from customers, generate_subscripts(tags, 1) i
select * from unnest('{[1,3),[5,7)}'::int4multirange) m
select ident(ssn), ident(c), (ident(c)).card, ident(array[ssn]) from customers c
select * from ident((select c from customers c limit 1))
select (ident(c)).* from customers c
select * from outs(1)
select a, o.b, o from outs(1) o
select (outs(id)).a, (outs(id)).*, outs(id) from customers
select named(a => ssn), named(b => card, a => 'x'), named(ssn), named(ssn, card), vari(ssn, card), vari(variadic array[card, name]) from customers
select * from next_rows()
select r.ssn, r from next_rows() r
select (next_rows()).card
select * from query_rows()
select w as q, q as w from query_rows() z(w, q)
select * from rec() as r(a int, b text)
select r.b, r from rec() as r(a int, b text)
select elsewhere(), atomic_one(1), returning_one(1), is_odd(1), nested(1), fact(3)
? select dynamic('customers')
select atomic_one(id), returning_one(id), fact(length(ssn)) from customers
insert into v_names2(id, name, note) select 9, ssn, card from customers limit 1 returning name, note, id
update v_names2 set name = note returning *
update v_names2 set note = (select max(ssn) from customers) returning note, v_names2
delete from v_names2 returning *
select * from v_fn
select o, id from v_fn
select * from v_outs
select * from v_nest
select * from v_values
select * from v_using
select * from v_window
select n, id from v_window
select * from v_weird
select "a.b" from v_weird v
select * from v_comp
select (p).b, (cs).card, pa, (p).*, (cs).* from v_comp
select * from v_json
select j -> 'x', j ->> 'y', jsonb_each(j) from v_json
select * from v_except
select * from v_exists
select * from v_rec
select s as n from v_rec
select * from v_sample
select * from v_xml
select * from v_only
select * from v_lat
select * from v_rows
select r.ssn, r.* from v_rows r
select * from v_case
with x as (insert into log(message) select ssn from customers returning *), y as (insert into log(message) select message || '' from x returning message) select x.message, y.message from x, y
with x as (insert into orders(id, note) select 500 + id, ssn from customers returning *) update log set message = x.note from x returning message, x.note, log.*
with x as (delete from orders returning *), y as (update customers set note = x.note from x returning customers.*) select note, ssn from y
insert into people(id, ssn, name) select id, card, ssn from customers returning ssn, name, people
insert into orders(id, note) values (77, 'x'), (78, (select max(ssn) from customers)) returning note, id
insert into customers select 90, name, ssn, email from customers limit 1 returning email, ssn, card
insert into customers (ssn, id) overriding user value select card, 91 from customers limit 1 returning ssn
insert into composite(id, p.a, p.b) select 5, ssn, card from customers limit 1 returning p, (p).b
insert into composite(id, ps[1].a) select 5, ssn from customers limit 1 returning ps
update composite set ps[1].b = (select max(card) from customers) returning ps, ps[1].b
update customers set tags[1:2] = array[ssn, card] returning tags[1], tags
update customers set data['z'] = to_jsonb(ssn) returning data['z'], data
update customers c set name = d.ssn from customers d where d.id = c.id returning c.name, d.card
update people p set name = ssn returning p.*
update parted set secret = secret || 'x' returning *
delete from people p using customers c where p.id = c.id returning p.*, c.card
select sum(id) over w, max(ssn) over (w rows 1 preceding), first_value(card) over v from customers window w as (partition by vip order by id), v as (order by id)
select string_agg(x, ',') from (select unnest(string_to_array(ssn, null)) from customers) t(x)
select * from (select ssn, id from customers) a left join (select card, id from customers) b on a.id = b.id and b.card is not null
select a.* , b.ssn is null from customers a left join (select id, ssn from customers where false) b using (id)
select x.y from (select 1) a, lateral (select c.ssn from customers c) x(y)
select (select string_agg(q.z, '') from (select c.ssn union select c.card) q(z)) from customers c
select (with q as (select c.ssn) select ssn from q) from customers c
select (select (select (select c.ssn || o.note))) from customers c, orders o
select all_of.* from (select * from customers natural join (select id, total from orders) o) all_of
select customers, orders from customers join orders using (id)
select id, customers.ssn, u.* from (customers join orders using (id)) , unnest(tags) u
select j, j.id from customers join orders using (id) as j
select (j).id from customers join orders using (id) as j
select t.* from customers c, lateral (values (c.ssn, 1), (c.card, 2)) t(v, k)
select max(v) from customers c, lateral (values (c.ssn), (c.card)) t(v)
select case when ssn > 'A' then 'high' else 'low' end, case ssn when 'a' then 'b' end, ssn > 'A', coalesce(ssn > 'A', false), (ssn > 'A')::int from customers
select array(select c2.ssn from customers c2 order by c2.id), array(select row(c2.ssn, 1) from customers c2) from orders
select json_agg(row(ssn, card)), jsonb_object_agg(coalesce(ssn, 'x'), card), json_object_agg(id, tags) from customers
select to_json(array(select ssn from customers)), array_to_json(array_agg(c)), row_to_json(row(ssn)) from customers c group by ssn
select c.data || to_jsonb(c), c.data #- '{k}', jsonb_path_query_first(c.data, '$.k'), data @? '$.k', data -> 'n' -> 1 ->> 'x' from customers c
select ssn from customers group by grouping sets ((ssn), ()) having grouping(ssn) = 0
select tableoid::regclass::text, ctid::text, ssn from customers
select regclassout('customers'::regclass), pg_get_userbyid(10), format_type(25, null), obj_description(1, 'pg_class'), pg_size_pretty(1::int8)
? select * from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relname = 'customers'
select n.nspname, c.relname, pg_catalog.pg_get_userbyid(c.relowner) from pg_catalog.pg_class c left join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r','p','') and n.nspname <> 'pg_catalog' and pg_catalog.pg_table_is_visible(c.oid) order by 1, 2
select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (select pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) from pg_catalog.pg_attrdef d where d.adrelid = a.attrelid and d.adnum = a.attnum and a.atthasdef) from pg_catalog.pg_attribute a where a.attnum > 0
select * from information_schema.tables
select * from information_schema.columns limit 5
select * from information_schema.routines limit 5
select * from pg_settings limit 5
select * from pg_indexes
select * from pg_locks
select * from pg_roles
select * from pg_views where schemaname = 'public'
select * from pg_stat_user_tables
select * from pg_stat_database
select * from pg_matviews
select * from pg_sequences
select * from log_id_seq
select nextval('log_id_seq'), currval('log_id_seq'), lastval(), setval('log_id_seq', 5)
select gen_random_uuid() is null, random() < 2, clock_timestamp() is null, pg_backend_pid() > 0, version(), current_database(), pg_is_in_recovery(), txid_current() > 0, inet_client_addr()
select set_config('search_path', 'public', false), current_setting('work_mem'), pg_relation_size('customers'), pg_total_relation_size(c.oid::regclass) from pg_class c where relname = 'orders'
select unnest(array[1,2]), generate_series(1,2), jsonb_array_elements('[1,2]')
select * from jsonb_array_elements('[{"a":1}]') with ordinality
select * from json_each('{"a":1}'), jsonb_each_text('{"b":2}') j, json_array_elements_text('["x"]') k(v)
select * from regexp_matches('abc', '.', 'g') m, string_to_table('a,b', ',') s, pg_get_keywords() kw limit 3
select * from pg_timezone_names limit 1
select * from generate_series(now() - interval '1 day', now(), '1 hour') as t(h) limit 2
select * from pg_available_extensions limit 1
select * from current_schemas(true)
select * from aclexplode('{postgres=r/postgres}'::aclitem[])
select * from pg_options_to_table(array['a=b'])
select * from pg_get_object_address('table', '{customers}', '{}')
select * from noted
select name, other, ssn from moved
select * from swapped
