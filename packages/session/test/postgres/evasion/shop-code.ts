/** What an administrator may have left behind of code: all that may be called without its name and brackets, or under a name of the server's own. */
const PURGES = 'LANGUAGE plpgsql VOLATILE AS $$ BEGIN DELETE FROM public.orders; RETURN';
const PURGES_QUIETLY = 'LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.purge(); RETURN';
const PEEKS = "LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT ssn FROM public.customers LIMIT 1'";

export const CODE_SCHEMA = `
CREATE EXTENSION citext; CREATE EXTENSION pg_trgm; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION intarray;

CREATE EXTENSION btree_gin; CREATE EXTENSION "uuid-ossp"; CREATE EXTENSION pgcrypto;
CREATE EXTENSION unaccent; CREATE EXTENSION fuzzystrmatch; CREATE EXTENSION tablefunc;

-- Words of a later grammar.
${[
  '"json_scalar"(text)',
  '"json_serialize"(text)',
  '"json_array"(text)',
  '"json_array"()',
  '"json_query"(jsonb, text)',
  '"json_value"(jsonb, text)',
  '"json_exists"(jsonb, text)',
  '"json"(int)',
  '"merge_action"()',
]
  .map((name) => `CREATE FUNCTION ${name} RETURNS text ${PURGES} 'x'; END $$;`)
  .join('\n')}
-- x.f is f(x).
CREATE FUNCTION peek(notes) RETURNS text ${PEEKS};
CREATE FUNCTION peek_twice(notes, extra text DEFAULT 'x') RETURNS text ${PEEKS};
CREATE FUNCTION peek_any(anyelement) RETURNS text ${PEEKS};
CREATE FUNCTION peek_record(record) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT ssn FROM public.customers LIMIT 1); END $$;
CREATE FUNCTION peek_pl(notes) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT card FROM public.customers LIMIT 1); END $$;
CREATE FUNCTION peek_rows(notes) RETURNS SETOF customers LANGUAGE sql STABLE AS 'SELECT * FROM public.customers';
CREATE FUNCTION peek_int(int) RETURNS text ${PEEKS};
CREATE FUNCTION shout(notes) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1.body)';
CREATE FUNCTION wreck(notes) RETURNS int ${PURGES} 1; END $$;
CREATE FUNCTION wreck_contact(contact) RETURNS int ${PURGES} 1; END $$;

-- What a call leaves out.
CREATE FUNCTION defaulted(a int, b text DEFAULT ssn_of(1)) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $2';
CREATE FUNCTION defaulted_query(a text DEFAULT ssn_of(1) || '') RETURNS text LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION first_customer() RETURNS customers LANGUAGE sql STABLE AS 'SELECT * FROM public.customers LIMIT 1';
CREATE FUNCTION defaulted_row(a customers DEFAULT first_customer()) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1::text';
CREATE FUNCTION defaulted_pl(a int DEFAULT 1, b text DEFAULT ssn_of(2)) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN b; END $$;
CREATE FUNCTION defaulted_purge(a int DEFAULT 1, b int DEFAULT purge()) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION defaulted_plain(a int, b text DEFAULT 'x') RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT a || b $$;
CREATE FUNCTION defaulted_list(VARIADIC a text[] DEFAULT ARRAY[ssn_of(3)]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]';
CREATE PROCEDURE defaulted_clear(b int DEFAULT purge()) LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE out_clear(a int, OUT b int) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; b := 1; END $$;
CREATE PROCEDURE out_tell(a int, OUT b text) LANGUAGE plpgsql AS $$ BEGIN b := (SELECT ssn FROM public.customers LIMIT 1); END $$;
CREATE PROCEDURE out_plain(a int, OUT b int) LANGUAGE plpgsql AS $$ BEGIN b := a + 1; END $$;

-- Aggregates by all that they are made of.
CREATE FUNCTION step(int, text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION finish(int) RETURNS text ${PEEKS};
CREATE FUNCTION finish_purge(int) RETURNS int ${PURGES_QUIETLY} 1; END $$;
CREATE FUNCTION finish_list(int, text) RETURNS text ${PEEKS};
CREATE AGGREGATE tells(text) (SFUNC = step, STYPE = int, FINALFUNC = finish, INITCOND = '0');
CREATE AGGREGATE purges(text) (SFUNC = step, STYPE = int, FINALFUNC = finish_purge, INITCOND = '0');
CREATE AGGREGATE tally(text) (SFUNC = step, STYPE = int, INITCOND = '0');
CREATE FUNCTION step_ordered(int, text) RETURNS int ${PURGES_QUIETLY} 1; END $$;
CREATE AGGREGATE ordered(text ORDER BY text) (SFUNC = step_ordered, STYPE = int, INITCOND = '0', FINALFUNC = finish_list);

-- Under names of the server's own.
CREATE FUNCTION public.length(varchar) RETURNS int ${PURGES_QUIETLY} 1; END $$;
CREATE FUNCTION public.md5(text) RETURNS text ${PURGES_QUIETLY} 'x'; END $$;
CREATE FUNCTION public.lower(text) RETURNS text ${PURGES_QUIETLY} 'x'; END $$;
CREATE FUNCTION public.quote_literal(varchar) RETURNS text ${PEEKS};
CREATE FUNCTION public.abs(contact) RETURNS int ${PURGES_QUIETLY} 1; END $$;
CREATE FUNCTION public.initcap(date) RETURNS text ${PEEKS};
CREATE FUNCTION public.round(text, int) RETURNS text ${PEEKS};
CREATE FUNCTION public.concat(text, text) RETURNS text ${PEEKS};
CREATE TYPE relic AS (a text, b text);
CREATE FUNCTION erase_relic(relic, text) RETURNS boolean ${PURGES_QUIETLY} true; END $$;
CREATE OPERATOR public.= (FUNCTION = erase_relic, LEFTARG = relic, RIGHTARG = text);
CREATE FUNCTION look_up(text, text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT 1 FROM public.customers WHERE ssn LIKE $2)';
CREATE OPERATOR public.~>> (FUNCTION = look_up, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION erase_contact(contact, contact) RETURNS boolean ${PURGES_QUIETLY} true; END $$;
CREATE OPERATOR public.>= (FUNCTION = erase_contact, LEFTARG = contact, RIGHTARG = contact);

-- Casts that nobody writes out.
CREATE FUNCTION int_to_status(int) RETURNS status ${PURGES} 'open'; END $$;
CREATE CAST (int AS status) WITH FUNCTION int_to_status(int) AS ASSIGNMENT;
CREATE FUNCTION date_to_status(date) RETURNS status ${PURGES} 'open'; END $$;
CREATE CAST (date AS status) WITH FUNCTION date_to_status(date) AS IMPLICIT;
CREATE FUNCTION takes_status(status) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE TABLE lots (id int PRIMARY KEY, s status);
INSERT INTO lots VALUES (1, 'open');

-- What a write sets off.
CREATE TABLE parted (id int, word text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE FUNCTION sprung_after() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; RETURN NULL; END $$;
CREATE TRIGGER p1 AFTER INSERT ON parted_1 FOR EACH ROW EXECUTE FUNCTION sprung_after();
CREATE VIEW instead AS SELECT id, body FROM notes;
CREATE TRIGGER ii INSTEAD OF UPDATE ON instead FOR EACH ROW EXECUTE FUNCTION sprung();
CREATE TABLE truncates (id int);
CREATE FUNCTION truncating() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN TRUNCATE public.notes; RETURN NULL; END $$;
CREATE TRIGGER t AFTER DELETE OR UPDATE ON truncates FOR EACH STATEMENT EXECUTE FUNCTION truncating();
CREATE TABLE guarded (id int CHECK (checks(id::text)), word text);
CREATE TABLE domained (id int, word checked);
CREATE FUNCTION keyed(int) RETURNS int ${PURGES_QUIETLY} 1; END $$;
CREATE TABLE indexed (id int, word text);
CREATE INDEX indexed_key ON indexed (keyed(id));
CREATE TABLE made_by_keyed (id int, twice int GENERATED ALWAYS AS (keyed(id)) STORED);
CREATE TABLE parents (id int PRIMARY KEY, word text);
CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE ON UPDATE CASCADE);
CREATE FUNCTION orphaned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; RETURN OLD; END $$;
CREATE TABLE wards (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE SET NULL);
INSERT INTO parents VALUES (1, 'a'), (2, 'b'); INSERT INTO children VALUES (1, 1), (2, 2); INSERT INTO wards VALUES (1, 1), (2, 2);
CREATE TABLE minders (id int PRIMARY KEY); CREATE TABLE minded (id int REFERENCES minders ON DELETE CASCADE);
CREATE TRIGGER o BEFORE DELETE ON minded FOR EACH ROW EXECUTE FUNCTION orphaned();
INSERT INTO minders VALUES (1); INSERT INTO minded VALUES (1);

-- What honest schemas have.
CREATE TABLE trail (id serial PRIMARY KEY, what text, at timestamptz DEFAULT now());
CREATE TABLE tickets (id int PRIMARY KEY, title citext NOT NULL, during tstzrange, spans int4range, labels hstore, path ltree, changed timestamptz);
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := '2025-01-01'; RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE INSERT OR UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION touched();
CREATE FUNCTION trailed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.trail (what) VALUES (TG_OP || coalesce(NEW.id, OLD.id)); RETURN NULL; END $$;
CREATE TRIGGER trailed AFTER INSERT OR UPDATE OR DELETE ON tickets FOR EACH ROW EXECUTE FUNCTION trailed();
CREATE FUNCTION spill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.notes VALUES (NEW.id + 100, NEW.ssn); RETURN NEW; END $$;
CREATE FUNCTION spill_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.notes SELECT 300, to_jsonb(NEW)::text; RETURN NEW; END $$;
CREATE FUNCTION spill_name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := to_jsonb(NEW)->>'ssn'; RETURN NEW; END $$;
CREATE FUNCTION spill_moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.notes SELECT id + 100, ssn FROM moved; RETURN NEW; END $$;
CREATE FUNCTION spill_bit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.ssn LIKE '9%' THEN RAISE EXCEPTION 'yes'; END IF; RETURN NEW; END $$;
CREATE FUNCTION minding() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NULL; RETURN NEW; END $$;
CREATE TRIGGER minding AFTER UPDATE ON staff FOR EACH ROW EXECUTE FUNCTION minding();
CREATE TYPE price_range AS RANGE (subtype = numeric);
CREATE TABLE offers (id int PRIMARY KEY, prices price_range, many price_multirange);
INSERT INTO offers VALUES (1, '[1,2)', '{[1,2),[3,4)}'), (2, '[5,6]', '{}');
INSERT INTO tickets VALUES (1, 'Broken', '[2025-01-01,2025-02-01)', '[1,5)', 'a=>1,b=>2', 'top.sub.leaf'), (2, 'slow', NULL, NULL, NULL, 'top.other');
CREATE FUNCTION add_tax(price numeric, rate numeric DEFAULT 0.19) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT round(price * (1 + rate), 2)';
CREATE FUNCTION join_all(VARIADIC words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT array_to_string(words, '-') $$;
CREATE FUNCTION first_of(anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]';
CREATE FUNCTION is_big(orders) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT $1.total > 10';
CREATE FUNCTION tried(e text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO public.customers (id, name, email, country) VALUES (1000, 'x', e, 'X'); RETURN false;
  EXCEPTION WHEN unique_violation THEN RETURN true; END $$;
CREATE FUNCTION put_in(e text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO public.customers (id, name, email, country) VALUES ((SELECT max(id) + 1 FROM public.customers), 'x', e, 'X'); END $$;
CREATE FUNCTION tried_too(e text) RETURNS boolean LANGUAGE sql AS 'SELECT public.tried(e)';
CREATE FUNCTION slipped(e text) RETURNS boolean LANGUAGE sql
  AS $$ INSERT INTO public.customers (id, name, email, country) VALUES (1000, 'x', e, 'X') ON CONFLICT DO NOTHING RETURNING true $$;
CREATE VIEW marked AS SELECT id, status, 1 AS one, id * 0 AS none, id IS NOT NULL AS yes, upper(status) AS word, total * 2 AS twice FROM orders;
CREATE FUNCTION spill_other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.notes SELECT id + 100, ssn FROM public.customers; RETURN NULL; END $$;
CREATE FUNCTION leaky() RETURNS int LANGUAGE sql AS 'INSERT INTO public.notes SELECT 100, ssn FROM public.customers LIMIT 1 RETURNING id';

-- What code reads of a session's cursors, and what it does with what it is given.
CREATE FUNCTION read_cursor(c refcursor) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN FETCH NEXT FROM c INTO r; RETURN reverse(r); END $$;
CREATE FUNCTION read_cursor_all(c refcursor) RETURNS SETOF text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN
  LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; RETURN NEXT r.ssn; END LOOP; END $$;
CREATE FUNCTION keep_cursor(c refcursor) RETURNS int LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN
  FETCH c INTO r; PERFORM set_config('app.leak', r, false); RETURN 1; END $$;
CREATE FUNCTION keep_named() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN
  EXECUTE 'FETCH zz' INTO r; PERFORM set_config('app.leak', r, false); RETURN 1; END $$;
CREATE FUNCTION keep_prepared() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN
  EXECUTE 'EXECUTE pq' INTO r; PERFORM set_config('app.leak', r, false); RETURN 1; END $$;
CREATE FUNCTION open_hidden() RETURNS int LANGUAGE plpgsql AS $$ DECLARE c refcursor := 'hidden'; BEGIN
  OPEN c FOR SELECT ssn FROM public.customers; RETURN 1; END $$;
CREATE FUNCTION open_anew() RETURNS int LANGUAGE plpgsql AS $$ DECLARE c refcursor := 'zz'; BEGIN
  CLOSE c; OPEN c FOR SELECT ssn AS name FROM public.customers; RETURN 1; END $$;
CREATE FUNCTION prepare_anew() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
  DEALLOCATE pq; PREPARE pq AS SELECT ssn AS name FROM public.customers; RETURN 1; END $$;
CREATE FUNCTION keep_quietly(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT set_config('app.leak', t, false) $$;
CREATE FUNCTION keep_ssn(n int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE r text; q record; BEGIN
  SELECT ssn INTO r FROM public.customers WHERE id = n; PERFORM set_config('app.leak', r, false);
  FOR q IN SELECT ssn FROM public.customers LOOP INSERT INTO public.notes VALUES (970, q.ssn); EXIT; END LOOP; RETURN 1; END $$;
CREATE FUNCTION count_products(c refcursor) RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int := 0; d CURSOR FOR SELECT id FROM public.products; r record; BEGIN
  OPEN c FOR SELECT name FROM public.products; FOR r IN d LOOP n := n + 1; END LOOP; CLOSE c; RETURN n; END $$;
CREATE FUNCTION clear_above(int) RETURNS void LANGUAGE sql AS 'DELETE FROM public.orders WHERE id > $1';
CREATE FUNCTION clear_above_named(lowest int DEFAULT -1) RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders WHERE total > lowest; END $$;
CREATE FUNCTION clear_one(int) RETURNS void LANGUAGE sql AS 'DELETE FROM public.orders WHERE id = $1';
CREATE FUNCTION clear_one_named(wanted int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders o WHERE o.id = clear_one_named.wanted; RETURN 1; END $$;
CREATE FUNCTION clear_each(int[]) RETURNS void LANGUAGE sql AS 'DELETE FROM public.orders WHERE id = ANY ($1)';
CREATE FUNCTION clear_like(what text) RETURNS void LANGUAGE sql AS 'UPDATE public.orders SET total = 0 WHERE status LIKE what';
CREATE FUNCTION clear_through(int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM public.clear_above($1); END $$;
CREATE PROCEDURE clear_called(lowest int) LANGUAGE sql AS 'DELETE FROM public.orders WHERE id > lowest';
CREATE FUNCTION mark_old(days int, most int DEFAULT 1000) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  LOOP
    UPDATE public.orders SET status = 'old' WHERE id IN
      (SELECT id FROM public.orders WHERE placed_at < now() - make_interval(days => days) AND status <> 'old' LIMIT most);
    EXIT WHEN NOT FOUND;
  END LOOP; END $$;
`;
