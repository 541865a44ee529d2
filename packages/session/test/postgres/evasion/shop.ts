import { CODE_SCHEMA } from './shop-code.js';

/**
 * The shop that is attacked: what an administrator may have left behind is here on purpose (views, functions that lie about
 * themselves, operators, rules, children of the masked table). The masked columns are `public.customers.{email,ssn,card}` and
 * those of `public.staff` that are no text.
 */
export const MASKED = [
  'public.customers.email',
  'public.customers.ssn',
  'public.customers.card',
  'public.staff.born',
  'public.staff.hired',
  'public.staff.salary',
  'public.staff.badge',
  'public.staff.score',
  'public.staff.file',
  'public.staff.tags',
] as const;

/** No two share six characters in a row, and none of them is a word of the schema or of PostgreSQL. */
export const CUSTOMERS = [
  ['Alice', 'quetzalone@canary.example', '900-71-4271', '4929003456789015', 'DE'],
  ['Bob', 'axolotltwo@canary.example', '901-82-5382', '4916338506082832', 'DE'],
  ['Carol', 'narwhalthree@canary.example', '902-93-6493', '4539578763621486', 'US'],
  ['Dave', 'pangolinfour@canary.example', '903-14-7514', '5425233430109903', 'US'],
  ['Erin', 'kakapofive@canary.example', '904-25-8625', '2222420000001113', 'FR'],
  ['Frank', 'wombatsixth@canary.example', '905-36-9736', '374245455400126', 'NL'],
] as const;

export const SCHEMA = `
CREATE TABLE customers (
  id int PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, ssn text, card text, country text NOT NULL,
  created timestamptz NOT NULL DEFAULT '2024-05-06 07:08:09+00'
);
CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL, price numeric(10,2) NOT NULL, tags text[], spec jsonb, photo bytea);
CREATE TABLE orders (
  id serial PRIMARY KEY, customer_id int REFERENCES customers, product_id int REFERENCES products, total numeric(10,2) NOT NULL,
  status text NOT NULL DEFAULT 'open', placed_at timestamptz NOT NULL DEFAULT '2025-01-02 03:04:05+00'
);
CREATE TABLE notes (id int PRIMARY KEY, body text);
CREATE TABLE archived_customers (closed date) INHERITS (customers);
CREATE TABLE staff (
  id int PRIMARY KEY, name text NOT NULL, born date, hired timestamptz, salary numeric(12,2), badge int, score float8, file jsonb, tags text[]
);
CREATE TYPE status AS ENUM ('open', 'paid', 'sent');
CREATE TYPE contact AS (name text, email text);

INSERT INTO customers (id, name, email, ssn, card, country) VALUES
${CUSTOMERS.map((row, at) => `  (${at + 1}, ${row.map((value) => `'${value}'`).join(', ')})`).join(',\n')};
INSERT INTO archived_customers (id, name, email, ssn, card, country, closed)
  VALUES (90, 'Grace', 'tapirseventh@canary.example', '906-47-1847', '6011000990139424', 'DE', '2020-01-01');
INSERT INTO products SELECT n, 'product ' || n, n * 1.5, ARRAY['a', 'b' || n], jsonb_build_object('size', n), '\\x0102' FROM generate_series(1, 5) n;
INSERT INTO staff VALUES (1, 'Ann', '1980-02-03', '2019-04-05 06:07:08+00', 51234.5, 4711, 1.5, '{"pin": 4711, "a": [1, 2]}', '{x,y}'),
  (2, 'Ben', NULL, NULL, NULL, NULL, NULL, NULL, NULL), (3, 'Cem', '1999-12-31', '2024-02-29 00:00:00+00', 3e4, 12, -2.5, '[]', '{}');
INSERT INTO orders (customer_id, product_id, total) SELECT 1 + n % 6, 1 + n % 5, n FROM generate_series(1, 20) n;
INSERT INTO notes VALUES (1, 'first'), (2, 'second');
CREATE INDEX customers_ssn ON customers (lower(ssn));
CREATE STATISTICS customers_stats (mcv) ON email, country FROM customers;

CREATE VIEW contacts AS SELECT id, name, email AS address FROM customers;
CREATE VIEW german_contacts AS SELECT address AS a, id FROM contacts WHERE id IN (SELECT id FROM customers WHERE country = 'DE');
CREATE MATERIALIZED VIEW wallets AS SELECT id, card AS number FROM customers;
CREATE VIEW revenue AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY 1;
CREATE SCHEMA shadow;
CREATE VIEW shadow.customers AS SELECT id, ssn AS name, email AS country FROM public.customers;
CREATE TABLE shadow.orders AS SELECT id, status FROM public.orders;

CREATE FUNCTION ssn_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM public.customers WHERE id = $1';
CREATE FUNCTION find_customer(wanted int, OUT who text, OUT what text) LANGUAGE plpgsql STABLE
  AS $$ BEGIN SELECT name, email INTO who, what FROM public.customers WHERE id = wanted; END $$;
CREATE FUNCTION all_customers() RETURNS SETOF customers LANGUAGE sql STABLE AS 'SELECT * FROM public.customers';
CREATE FUNCTION purge() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; RETURN 1; END $$;
CREATE FUNCTION harmless() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN DELETE FROM public.orders; RETURN 1; END $$;
CREATE FUNCTION indirect() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT public.purge()';
CREATE FUNCTION dynamic(command text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE command INTO r; RETURN r; END $$;
CREATE FUNCTION elevated(command text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
  AS $$ DECLARE r text; BEGIN EXECUTE command INTO r; RETURN r; END $$;
CREATE FUNCTION tell() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE NOTICE '%', (SELECT string_agg(ssn, ',') FROM public.customers); RETURN 1; END $$;
CREATE FUNCTION fails() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE EXCEPTION '%', (SELECT string_agg(email, ',') FROM public.customers); END $$;
CREATE FUNCTION total_with_tax(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT round($1 * 1.19, 2)';
CREATE PROCEDURE clear_orders() LANGUAGE sql AS 'DELETE FROM public.orders';
CREATE PROCEDURE clear_dynamic(name text) LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM ' || quote_ident(name); END $$;
CREATE FUNCTION erase(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; RETURN true; END $$;
CREATE OPERATOR public.=== (FUNCTION = erase, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION look(int, int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM public.customers WHERE id = $2';
CREATE OPERATOR public.<-> (FUNCTION = look, LEFTARG = int, RIGHTARG = int);
CREATE FUNCTION contact_text(contact) RETURNS text LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; RETURN 'x'; END $$;
CREATE CAST (contact AS text) WITH FUNCTION contact_text(contact);
CREATE FUNCTION checks(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; RETURN true; END $$;
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN nocased AS text COLLATE nocase;
CREATE DOMAIN checked AS text CHECK (checks(VALUE));
CREATE FUNCTION keep(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; RETURN $2; END $$;
CREATE AGGREGATE last_of(text) (SFUNC = keep, STYPE = text);
CREATE TABLE trap (id int, word text);
CREATE RULE trap_rule AS ON INSERT TO trap DO ALSO DELETE FROM orders;
CREATE TABLE snare (id int, word text);
CREATE FUNCTION sprung() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; RETURN NEW; END $$;
CREATE TRIGGER snare_trigger BEFORE INSERT ON snare FOR EACH ROW EXECUTE FUNCTION sprung();
CREATE TABLE web (id int DEFAULT purge(), word text);
CREATE VIEW deadly AS SELECT purge() AS n;
CREATE VIEW writable AS SELECT id, status FROM orders;
CREATE TABLE holder (id int, person customers);
INSERT INTO holder SELECT id, c FROM customers c WHERE id < 3;
CREATE TABLE company (id int PRIMARY KEY, people customers[]);
INSERT INTO company SELECT 1, array_agg(c) FROM customers c WHERE id < 3;
CREATE TYPE dossier_entry AS (at date, person customers);
CREATE DOMAIN kept_customer AS customers;
CREATE TABLE dossier (id int, who dossier_entry, kept kept_customer);
INSERT INTO dossier SELECT id, ('2024-01-01', c)::dossier_entry, c FROM customers c WHERE id < 3;
${CODE_SCHEMA}
ANALYZE;
CREATE VIEW stats_kept AS SELECT tablename, most_common_vals::text AS v, histogram_bounds::text AS h FROM pg_stats;
`;

/** A digest of all that a session could have changed and left behind. */
export const STATE = `
SELECT md5(concat_ws('|',
  (SELECT string_agg(t::text, ',' ORDER BY id) FROM public.customers t),
  (SELECT string_agg(t::text, ',' ORDER BY id) FROM public.products t),
  (SELECT string_agg(t::text, ',' ORDER BY id) FROM public.orders t),
  (SELECT string_agg(t::text, ',' ORDER BY id) FROM public.notes t),
  (SELECT string_agg(t::text, ',' ORDER BY id) FROM public.trap t), (SELECT string_agg(t::text, ',' ORDER BY id) FROM public.snare t),
  (SELECT string_agg(t::text, ',' ORDER BY id) FROM public.web t), (SELECT string_agg(t::text, ',' ORDER BY id) FROM shadow.orders t),
  (SELECT string_agg(concat_ws(':', oid, relname, relowner, relacl, relrowsecurity, relnamespace), ',' ORDER BY oid) FROM pg_class
    WHERE relpersistence <> 't' AND relkind <> 'i' AND relnamespace::regnamespace::text !~ '^pg_(toast_)?temp'),
  (SELECT string_agg(concat_ws(':', attrelid, attname, attnum, atttypid, attacl), ',' ORDER BY attrelid, attnum) FROM pg_attribute
    WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'shadow'::regnamespace))),
  (SELECT string_agg(concat_ws(':', oid, proname, prosrc, proowner, proacl, prosecdef, proconfig), ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
  (SELECT string_agg(ev_action::text, ',' ORDER BY oid) FROM pg_rewrite WHERE oid >= 16384),
  (SELECT string_agg(concat_ws(':', oid, tgname, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
  (SELECT string_agg(concat_ws(':', rolname, rolsuper, rolpassword, rolcreaterole, rolcanlogin, rolbypassrls), ',' ORDER BY oid) FROM pg_authid),
  (SELECT string_agg(m::text, ',' ORDER BY roleid, member) FROM pg_auth_members m),
  (SELECT string_agg(concat_ws(':', setdatabase, setrole, setconfig), ',' ORDER BY setdatabase, setrole) FROM pg_db_role_setting),
  (SELECT string_agg(concat_ws(':', datname, datdba, datacl), ',' ORDER BY oid) FROM pg_database),
  (SELECT string_agg(concat_ws(':', nspname, nspowner, nspacl), ',' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'),
  (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_largeobject_metadata),
  (SELECT string_agg(extname, ',' ORDER BY extname) FROM pg_extension),
  (SELECT string_agg(polname, ',' ORDER BY oid) FROM pg_policy), (SELECT string_agg(gid, ',') FROM pg_prepared_xacts),
  (SELECT string_agg(slot_name, ',') FROM pg_replication_slots), (SELECT string_agg(description, ',') FROM pg_description WHERE objoid >= 16384),
  (SELECT string_agg(concat_ws(':', name, setting), ',' ORDER BY name) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'),
  (SELECT last_value FROM orders_id_seq)
))`;
