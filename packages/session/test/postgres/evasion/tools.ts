import { allowed } from './allowed.js';

/** What tools ask when they open, and when somebody looks at a table. */
const LOOKING = [
  // psql
  "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(orders)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3",
  `SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull,
    (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation, a.attidentity, a.attgenerated
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'customers'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
  `SELECT c2.relname, i.indisprimary, i.indisunique, i.indisclustered, i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), pg_catalog.pg_get_constraintdef(con.oid, true), contype, condeferrable, condeferred, i.indisreplident, c2.reltablespace
    FROM pg_catalog.pg_class c, pg_catalog.pg_class c2, pg_catalog.pg_index i LEFT JOIN pg_catalog.pg_constraint con ON (conrelid = i.indrelid AND conindid = i.indexrelid AND contype IN ('p','u','x'))
    WHERE c.oid = 'products'::regclass AND c.oid = i.indrelid AND i.indexrelid = c2.oid ORDER BY i.indisprimary DESC, c2.relname`,
  `SELECT n.nspname AS "Schema", c.relname AS "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' END AS "Type",
    pg_catalog.pg_get_userbyid(c.relowner) AS "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
    WHERE c.relkind IN ('v','m') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2`,
  `SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil, ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid) WHERE m.member = r.oid) AS memberof, r.rolreplication, r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' AND r.rolname = 'pg_monitor' ORDER BY 1`,
  `SELECT d.datname AS "Name", pg_catalog.pg_get_userbyid(d.datdba) AS "Owner", pg_catalog.pg_encoding_to_char(d.encoding) AS "Encoding", d.datcollate AS "Collate", pg_catalog.array_to_string(d.datacl, E'\\n') AS "Access privileges" FROM pg_catalog.pg_database d WHERE d.datname = 'postgres' ORDER BY 1`,
  `SELECT e.extname AS "Name", e.extversion AS "Version", n.nspname AS "Schema", c.description AS "Description" FROM pg_catalog.pg_extension e LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace LEFT JOIN pg_catalog.pg_description c ON c.objoid = e.oid AND c.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass ORDER BY 1`,
  `SELECT n.nspname as "Schema", p.proname as "Name", pg_catalog.pg_get_function_result(p.oid) as "Result data type", pg_catalog.pg_get_function_arguments(p.oid) as "Argument data types", CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END as "Type" FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proname OPERATOR(pg_catalog.~) '^(purge)$' COLLATE pg_catalog.default AND pg_catalog.pg_function_is_visible(p.oid) ORDER BY 1, 2, 4`,
  `SELECT pg_catalog.pg_relation_filepath('orders'::regclass) IS NOT NULL, pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size('orders'::regclass)) IS NOT NULL`,
  `SELECT conname, pg_catalog.pg_get_constraintdef(r.oid, true) as condef, conrelid::pg_catalog.regclass AS ontable FROM pg_catalog.pg_constraint r WHERE r.conrelid = 'orders'::regclass AND r.contype = 'f' AND conparentid = 0 ORDER BY conname`,
  `SELECT pol.polname, pol.polpermissive, CASE WHEN pol.polroles = '{0}' THEN NULL ELSE pg_catalog.array_to_string(array(select rolname from pg_catalog.pg_roles where oid = any (pol.polroles) order by 1),',') END, pg_catalog.pg_get_expr(pol.polqual, pol.polrelid) FROM pg_catalog.pg_policy pol WHERE pol.polrelid = 'customers'::regclass ORDER BY 1`,
  'SELECT current_user, session_user = current_user, current_catalog IS NOT NULL, inet_server_port() > 0',
  // pgAdmin
  `SELECT db.oid AS did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS serverencoding, has_database_privilege(db.oid, 'CREATE') AS cancreate, datistemplate FROM pg_catalog.pg_database db WHERE db.datname = 'postgres'`,
  `SELECT roles.oid AS id, roles.rolname AS name, roles.rolsuper AS is_superuser, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END AS can_create_role FROM pg_catalog.pg_roles AS roles WHERE rolname = 'pg_monitor'`,
  `SELECT rel.oid < 20000 AS old, rel.relname AS name, (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid=rel.oid AND tgisinternal = FALSE) AS triggercount, (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid=rel.oid AND tgisinternal = FALSE AND tgenabled = 'O') AS has_enable_triggers, (CASE WHEN rel.relkind = 'p' THEN true ELSE false END) AS is_partitioned, (SELECT count(1) FROM pg_catalog.pg_inherits WHERE inhrelid=rel.oid LIMIT 1) as is_inherits, des.description FROM pg_catalog.pg_class rel INNER JOIN pg_catalog.pg_namespace nsp ON rel.relnamespace= nsp.oid LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=rel.oid AND des.objsubid=0 AND des.classoid='pg_class'::regclass) WHERE rel.relkind IN ('r','t','p') AND rel.relnamespace = 'public'::regnamespace AND NOT rel.relispartition AND rel.relname < 'd' ORDER BY rel.relname`,
  `SELECT session_stats.numbackends >= 0 AS has FROM (SELECT sum(numbackends) AS numbackends, sum(xact_commit) + sum(xact_rollback) AS xacts FROM pg_stat_database WHERE datname = current_database()) session_stats`,
  `SELECT 'session_stats' AS chart_name, pg_catalog.row_to_json(t) IS NOT NULL AS chart_data FROM (SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = (SELECT datname FROM pg_catalog.pg_database WHERE oid = 5)) AS "Total", (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'active' AND datname = 'nowhere') AS "Active") t`,
  'SELECT at.attname, at.attnum, ty.typname FROM pg_catalog.pg_attribute at LEFT JOIN pg_catalog.pg_type ty ON (ty.oid = at.atttypid) JOIN pg_catalog.pg_class c ON c.oid = at.attrelid WHERE c.oid = $$products$$::regclass AND at.attnum > 0 AND NOT at.attisdropped ORDER BY at.attnum',
  'SELECT * FROM public.orders ORDER BY id ASC LIMIT 2',
  // DBeaver
  'SELECT current_schema(),session_user = current_user',
  "SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass WHERE nspname = 'shadow' ORDER BY nspname",
  "SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass WHERE c.relname = 'parents' AND c.relkind not in ('i','I','c')",
  "SELECT c.oid,c.conname,c.contype,c.conrelid,c.confrelid,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, case when c.contype='c' then \"substring\"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy FROM pg_catalog.pg_constraint c INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass WHERE c.conrelid='children'::regclass ORDER BY c.oid",
  'SELECT x.id, x.customer_id, x.total FROM public.orders x WHERE x.total > 18 ORDER BY x.id',
  "SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid WHERE t.typname = 'status' AND c.oid IS NULL",
  // JetBrains
  'select version() is not null, current_database() is not null, pg_catalog.pg_is_in_recovery() as in_recovery, (pg_catalog.txid_current() % 4294967296)::bigint > 0',
  "select T.relkind as table_kind, T.relname as table_name, T.oid as table_id, pg_catalog.pg_get_userbyid(T.relowner) as owner from pg_catalog.pg_class T where relnamespace = 'shadow'::regnamespace and relkind in ('r', 'm', 'v', 'p', 'f') order by table_id",
  'SELECT t.* FROM public.products t LIMIT 501',
  // Metabase and Grafana
  "SELECT c.column_name, c.udt_name, c.is_nullable, pk.column_name IS NOT NULL AS pk FROM information_schema.columns c LEFT JOIN (SELECT tc.table_schema, tc.table_name, kc.column_name FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kc ON tc.constraint_name = kc.constraint_name AND tc.table_schema = kc.table_schema AND tc.table_name = kc.table_name WHERE tc.constraint_type = 'PRIMARY KEY') pk ON c.table_schema = pk.table_schema AND c.table_name = pk.table_name AND c.column_name = pk.column_name WHERE c.table_name = 'orders' AND c.table_schema = 'public' ORDER BY c.ordinal_position",
  'SELECT TRUE AS "_" FROM "public"."orders" WHERE 1 <> 1 LIMIT 0',
  `SELECT CAST(DATE_TRUNC('month', "public"."orders"."placed_at") AS DATE) AS "placed_at", COUNT(*) AS "count", SUM("public"."orders"."total") AS "sum" FROM "public"."orders" GROUP BY CAST(DATE_TRUNC('month', "public"."orders"."placed_at") AS DATE) ORDER BY CAST(DATE_TRUNC('month', "public"."orders"."placed_at") AS DATE) ASC`,
  `SELECT "source"."country" AS "country", COUNT(*) AS "count" FROM (SELECT "public"."customers"."id" AS "id", "public"."customers"."country" AS "country" FROM "public"."customers" WHERE ("public"."customers"."created" >= DATE_TRUNC('year', TIMESTAMP '2024-01-01')) ) AS "source" GROUP BY "source"."country" ORDER BY "count" DESC, 1 LIMIT 2000`,
  `SELECT floor(extract(epoch from placed_at)/300)*300 AS "time", count(*) AS value FROM orders WHERE placed_at BETWEEN '2025-01-01T00:00:00Z' AND '2025-01-31T00:00:00Z' GROUP BY 1 ORDER BY 1`,
  `SELECT width_bucket(total, 0, 20, 4) AS bucket, count(*), min(total), max(total) FROM orders GROUP BY 1 ORDER BY 1`,
  'SELECT SUBSTRING("public"."notes"."body", 1, 1234) AS "substring1" FROM "public"."notes" WHERE id < 3 ORDER BY id LIMIT 10000',
];

/** What libraries send at run time. */
const RUNNING = [
  // Rails
  [
    'SET client_min_messages TO warning',
    'SET standard_conforming_strings = on',
    "SET SESSION timezone TO 'UTC'",
    'SET intervalstyle = iso_8601',
  ],
  "SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool') ORDER BY 1",
  `SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"orders"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
  ['SELECT pg_try_advisory_lock(2053462845 * 1)', 'SELECT pg_advisory_unlock(2053462845 * 1)'],
  [
    {
      text: 'SELECT 1 AS one FROM "customers" WHERE "customers"."email" = $1 LIMIT $2',
      values: ['taken@shop.example', '1'],
    },
  ],
  [
    {
      text: 'SELECT "orders"."id" FROM "orders" WHERE "orders"."customer_id" IN ($1, $2, $3) AND "orders"."status" != $4 ORDER BY "orders"."id" ASC',
      values: ['1', '2', '3', 'void'],
    },
  ],
  [
    {
      text: 'INSERT INTO "orders" ("customer_id", "product_id", "total", "status") VALUES ($1, $2, $3, $4) RETURNING "status"',
      values: ['1', '1', '12.5', 'open'],
    },
  ],
  [{ text: 'UPDATE "orders" SET "status" = $1, "total" = $2 WHERE "orders"."id" = $3', values: ['paid', '13', '6'] }],
  [
    {
      text: 'UPDATE "products" SET "price" = COALESCE("price", 0) + $1 WHERE "products"."id" = $2',
      values: ['1', '3'],
    },
  ],
  [{ text: 'DELETE FROM "notes" WHERE "notes"."id" = $1', values: ['777'] }],
  [
    'BEGIN',
    'SAVEPOINT active_record_1',
    "INSERT INTO notes (id, body) VALUES (301, 'x')",
    'RELEASE SAVEPOINT active_record_1',
    'ROLLBACK',
  ],
  [
    {
      text: `INSERT INTO "notes" ("id","body") VALUES (310, 'a'), (311, 'b') ON CONFLICT ("id") DO UPDATE SET "body"=excluded."body" WHERE excluded."body" IS DISTINCT FROM "notes"."body" RETURNING "id"`,
    },
  ],
  // Django
  [
    {
      text: 'SELECT "orders"."id", "orders"."total", "customers"."name" FROM "orders" INNER JOIN "customers" ON ("orders"."customer_id" = "customers"."id") WHERE ("customers"."country" = $1 AND "orders"."total" >= $2::numeric) ORDER BY "orders"."placed_at" DESC, "orders"."id" ASC LIMIT 21',
      values: ['DE', '2'],
    },
  ],
  `SELECT COUNT(*) AS "__count" FROM (SELECT "orders"."id" AS "col1" FROM "orders" GROUP BY "orders"."id" HAVING SUM("orders"."total") > 5) subquery`,
  `SELECT (1) AS "a" FROM "customers" WHERE "customers"."name" = 'Bob' LIMIT 1`,
  `UPDATE "orders" SET "status" = (CASE WHEN ("orders"."id" = 1) THEN 'a' WHEN ("orders"."id" = 2) THEN 'b' ELSE NULL END)::text WHERE "orders"."id" IN (1, 2)`,
  `SELECT "orders"."id", EXISTS(SELECT 1 AS "a" FROM "products" U0 WHERE (U0."id" = ("orders"."product_id") AND U0."price" > 3) LIMIT 1) AS "dear" FROM "orders" WHERE "orders"."id" < 5 ORDER BY "orders"."id"`,
  `SELECT "customers"."country", COUNT("orders"."id") FILTER (WHERE "orders"."status" = 'open') AS "open", AVG("orders"."total") AS "avg" FROM "customers" LEFT OUTER JOIN "orders" ON ("customers"."id" = "orders"."customer_id") GROUP BY "customers"."country" ORDER BY 1`,
  `SELECT "notes"."id" FROM "notes" WHERE UPPER("notes"."body"::text) LIKE UPPER('%fir%') ORDER BY 1`,
  // Prisma
  [
    {
      text: 'SELECT "public"."customers"."id", "public"."customers"."name", "public"."customers"."country"::text FROM "public"."customers" WHERE ("public"."customers"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3',
      values: ['1', '1', '0'],
    },
  ],
  [
    {
      text: 'SELECT "public"."orders"."id", "public"."orders"."customer_id" FROM "public"."orders" WHERE "public"."orders"."customer_id" IN ($1,$2) ORDER BY 1 OFFSET $3',
      values: ['1', '2', '0'],
    },
  ],
  [
    {
      text: 'SELECT "t0"."id", "t0"."name", "t0_orders"."__prisma_data__" AS "orders" FROM "public"."customers" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), $1) AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT(\'id\', "t2"."id", \'total\', "t2"."total") AS "__prisma_data__" FROM (SELECT "t1".* FROM "public"."orders" AS "t1" WHERE "t0"."id" = "t1"."customer_id" ORDER BY "t1"."id") AS "t2") AS "t3") AS "t4") AS "t0_orders" ON TRUE WHERE "t0"."id" < 4 ORDER BY "t0"."id"',
      values: ['[]'],
    },
  ],
  [
    {
      text: 'UPDATE "public"."notes" SET "body" = $1 WHERE ("public"."notes"."id" = $2 AND 1=1) RETURNING "public"."notes"."id", "public"."notes"."body"',
      values: ['third', '2'],
    },
  ],
  [
    {
      text: 'INSERT INTO "public"."notes" ("id","body") VALUES ($1,$2) ON CONFLICT ("id") DO UPDATE SET "body" = $3 WHERE ("public"."notes"."id" = $4 AND 1=1) RETURNING "public"."notes"."id"',
      values: ['320', 'a', 'b', '320'],
    },
  ],
  ['BEGIN', 'SELECT pg_advisory_xact_lock(72707369)', 'COMMIT'],
  // TypeORM, Sequelize, knex, drizzle
  [
    {
      text: 'SELECT "Order"."id" AS "Order_id", "Order"."status" AS "Order_status" FROM "orders" "Order" WHERE (("Order"."status" = $1) OR ("Order"."total" > $2)) AND ( "Order"."id" = ANY($3) ) ORDER BY "Order_id" ASC LIMIT 10',
      values: ['open', '10', '{1,2,3}'],
    },
  ],
  `SELECT DISTINCT "distinctAlias"."Order_id" AS "ids_Order_id" FROM (SELECT "Order"."id" AS "Order_id", "Customer"."name" AS "Customer_name" FROM "orders" "Order" LEFT JOIN "customers" "Customer" ON "Customer"."id"="Order"."customer_id") "distinctAlias" ORDER BY "Order_id" ASC LIMIT 3`,
  [{ text: 'SELECT * FROM current_schema()', values: [] }],
  `SELECT "id", "name", "price" FROM "products" AS "Product" WHERE ("Product"."tags" && ARRAY['a']::text[] AND "Product"."spec"#>>'{size}' = '2') ORDER BY 1`,
  [
    {
      text: 'with "recent" as (select "id", "customer_id" from "orders" where "placed_at" > $1) select "customer_id", count(*)::int from "recent" group by "customer_id" order by "customer_id"',
      values: ['2025-01-01'],
    },
  ],
  `select "id", "name", (select coalesce(json_agg(json_build_array("o"."id", "o"."total") order by "o"."id"), '[]'::json) from "orders" "o" where "o"."customer_id" = "c"."id") as "orders" from "customers" "c" order by "id"`,
  `update "orders" set "status" = v.status from (values (1, 'x'), (2, 'y')) as v(id, status) where orders.id = v.id`,
  `UPDATE products AS p SET price = c.price FROM (VALUES (1::int, 2.25::numeric), (2, 3.5)) AS c(id, price) WHERE c.id = p.id RETURNING p.id, p.price`,
  `DELETE FROM orders USING products WHERE products.id = orders.product_id AND products.name = 'no such product'`,
  // Hibernate
  [
    {
      text: 'select o1_0.id,o1_0.customer_id,o1_0.total from orders o1_0 where o1_0.customer_id=$1 order by o1_0.id fetch first $2 rows only',
      values: ['1', '5'],
    },
  ],
  `select nextval('orders_id_seq') > 0`,
  [{ text: 'update orders set status=$1 where id=$2 and total=$3', values: ['locked', '7', '7.00'] }],
  "select o.id from orders o where o.status = 'open' order by o.id for update skip locked limit 1",
];

/** Migrations: schemas as libraries change them. */
const CHANGING = [
  'CREATE TABLE memos (id int PRIMARY KEY, body text)',
  "INSERT INTO memos VALUES (1, 'first')",
  [
    'CREATE TABLE "schema_migrations" ("version" character varying NOT NULL PRIMARY KEY)',
    'INSERT INTO "schema_migrations" (version) VALUES (\'20240101000000\') RETURNING "version"',
    'SELECT "schema_migrations"."version" FROM "schema_migrations" ORDER BY "schema_migrations"."version" ASC',
  ],
  [
    'CREATE TABLE "ar_internal_metadata" ("key" character varying NOT NULL PRIMARY KEY, "value" character varying, "created_at" timestamp(6) NOT NULL, "updated_at" timestamp(6) NOT NULL)',
  ],
  [
    'CREATE TABLE "profiles" ("id" bigserial primary key, "customer_id" bigint NOT NULL, "bio" text, "settings" jsonb DEFAULT \'{}\' NOT NULL, "created_at" timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP)',
    'CREATE INDEX "index_profiles_on_customer_id" ON "profiles" ("customer_id")',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS profiles_settings ON profiles USING gin (settings jsonb_path_ops)',
    'ALTER TABLE "profiles" ADD "locale" character varying(10) DEFAULT \'en\' NOT NULL',
    'ALTER TABLE "profiles" RENAME COLUMN "bio" TO "about"',
    'ALTER TABLE "profiles" ALTER COLUMN "about" SET DEFAULT \'\'',
    'ALTER TABLE profiles ADD CONSTRAINT fk_customer FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID',
    "INSERT INTO profiles (customer_id, about) VALUES (1, 'hello') RETURNING id, about, locale",
    'UPDATE profiles SET settings = settings || \'{"theme": "dark"}\', about = DEFAULT WHERE customer_id = 1 RETURNING settings ->> \'theme\'',
    "COMMENT ON COLUMN profiles.about IS 'what they say of themselves'",
  ],
  [
    'BEGIN',
    'CREATE TABLE "django_migrations" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" timestamp with time zone NOT NULL)',
    'INSERT INTO "django_migrations" ("app", "name", "applied") VALUES (\'shop\', \'0001_initial\', \'2024-01-01T00:00:00+00:00\'::timestamptz) RETURNING "django_migrations"."id"',
    'COMMIT',
    'SELECT "django_migrations"."id", "django_migrations"."name" FROM "django_migrations"',
  ],
  [
    'CREATE TABLE "_prisma_migrations" (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)',
    'UPDATE "_prisma_migrations" SET applied_steps_count = applied_steps_count + 1 WHERE id = \'x\'',
  ],
  [
    'create table if not exists "knex_migrations" ("id" serial primary key, "name" varchar(255), "batch" integer, "migration_time" timestamptz)',
    'create table if not exists "knex_migrations_lock" ("index" serial primary key, "is_locked" integer)',
    'insert into "knex_migrations_lock" ("is_locked") values (0)',
    'update "knex_migrations_lock" set "is_locked" = 1 where "is_locked" = 0',
    'select max("batch") as "max_batch" from "knex_migrations"',
  ],
  [
    'CREATE SCHEMA IF NOT EXISTS "drizzle"',
    'CREATE TABLE IF NOT EXISTS "drizzle"."__drizzle_migrations" (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)',
    'select id, hash, created_at from "drizzle"."__drizzle_migrations" order by created_at desc limit 1',
  ],
  `DO $$ BEGIN CREATE TYPE "public"."mood" AS ENUM('sad', 'ok', 'happy'); EXCEPTION WHEN duplicate_object THEN null; END $$`,
  `DO $$ BEGIN ALTER TABLE "memos" ADD CONSTRAINT "memos_length" CHECK (length(body) < 10000); EXCEPTION WHEN duplicate_object THEN null; END $$`,
  `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'shade') THEN CREATE TYPE shade AS ENUM ('light', 'dark'); END IF; END $$`,
  `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'memos' AND column_name = 'pinned') THEN ALTER TABLE memos ADD COLUMN pinned boolean; END IF; END $$`,
  `DO $$ BEGIN IF NOT EXISTS (SELECT FROM memos WHERE id = 4000) THEN INSERT INTO memos (id, body) VALUES (4000, 'seeded'); END IF; END $$`,
  'CREATE EXTENSION IF NOT EXISTS citext',
  'CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public',
  'CREATE EXTENSION IF NOT EXISTS "pgcrypto"; SELECT 1',
  [
    'ALTER TABLE memos ADD COLUMN IF NOT EXISTS author text',
    'ALTER TABLE memos ADD COLUMN IF NOT EXISTS author text',
    'SELECT id, author FROM memos WHERE id = 1',
  ],
  ["ALTER TYPE status ADD VALUE IF NOT EXISTS 'void'"],
  [
    'CREATE SEQUENCE invoice_numbers START 1000',
    "SELECT nextval('invoice_numbers'), currval('invoice_numbers')",
    "SELECT setval('invoice_numbers', 2000)",
    'ALTER SEQUENCE invoice_numbers RESTART WITH 3000',
    "SELECT nextval('invoice_numbers'::regclass)",
  ],
  [
    "CREATE OR REPLACE FUNCTION set_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.author := coalesce(NEW.author, 'nobody'); RETURN NEW; END $$",
    'CREATE TRIGGER memos_updated BEFORE INSERT OR UPDATE ON memos FOR EACH ROW EXECUTE FUNCTION set_updated()',
    "INSERT INTO memos (id, body) VALUES (4100, 'x') RETURNING author",
    "UPDATE memos SET body = 'y' WHERE id = 4100",
  ],
  [
    'CREATE MATERIALIZED VIEW daily AS SELECT placed_at::date AS day, count(*) AS n FROM orders GROUP BY 1',
    'CREATE UNIQUE INDEX ON daily (day)',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY daily',
    'SELECT n > 0 FROM daily ORDER BY day LIMIT 1',
  ],
  [
    "CREATE OR REPLACE VIEW open_orders AS SELECT id, customer_id, total FROM orders WHERE status = 'open'",
    'SELECT count(*) >= 0 FROM open_orders WHERE customer_id = 1',
  ],
  'CREATE INDEX CONCURRENTLY orders_by_customer ON orders (customer_id, placed_at DESC)',
  'REINDEX INDEX CONCURRENTLY orders_by_customer',
  'REINDEX TABLE CONCURRENTLY orders',
  'VACUUM (ANALYZE) memos',
  'VACUUM FULL memos',
  'ANALYZE orders (status, total)',
  'ALTER TABLE orders SET (autovacuum_vacuum_scale_factor = 0.05)',
  'ALTER INDEX orders_by_customer SET (fillfactor = 80)',
];

/** Reports, checks and repairs that engineers type. */
const TYPED = [
  "SELECT d::date, count(o.id) FROM generate_series('2025-01-01'::date, '2025-01-03', '1 day') d LEFT JOIN orders o ON o.placed_at::date = d::date GROUP BY 1 ORDER BY 1",
  "SELECT date_trunc('week', placed_at) AS week, sum(total), lag(sum(total)) OVER (ORDER BY date_trunc('week', placed_at)) FROM orders GROUP BY 1 ORDER BY 1",
  'SELECT status, count(*), round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS pct FROM orders GROUP BY status ORDER BY 2 DESC, 1',
  'SELECT DISTINCT ON (customer_id) customer_id, id, total FROM orders ORDER BY customer_id, placed_at DESC, id DESC',
  'SELECT id, total, rank() OVER w, dense_rank() OVER w, ntile(4) OVER w, first_value(id) OVER w, percent_rank() OVER w FROM orders WINDOW w AS (ORDER BY total DESC, id) ORDER BY id',
  'SELECT c.name, top.id, top.total FROM customers c CROSS JOIN LATERAL (SELECT id, total FROM orders o WHERE o.customer_id = c.id ORDER BY total DESC, id LIMIT 2) top ORDER BY c.id, top.id',
  'SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY total), avg(total)::numeric(10,2), stddev(total) > 0, corr(total, id) > 0 FROM orders',
  'SELECT country, status, grouping(country, status), sum(total) FROM orders JOIN customers c ON c.id = customer_id GROUP BY GROUPING SETS ((country, status), (country), ()) ORDER BY 1, 2, 3, 4',
  "SELECT spec -> 'size' AS size, spec ? 'size', spec @> '{\"size\": 2}', jsonb_typeof(spec), spec #>> '{size}', jsonb_path_query_first(spec, '$.size') FROM products ORDER BY id",
  'SELECT k, v FROM products, jsonb_each_text(spec) AS e(k, v) WHERE id = 1',
  "SELECT p.id, t.tag, t.n FROM products p, unnest(p.tags) WITH ORDINALITY AS t(tag, n) WHERE 'b2' = ANY (p.tags) ORDER BY 3",
  "SELECT jsonb_set(spec, '{size}', '9'), spec || '{\"a\": 1}', spec - 'size', jsonb_pretty(spec), jsonb_object_keys(spec) FROM products WHERE id = 2",
  "SELECT id, ts_rank(to_tsvector('english', body), q) > 0, ts_headline('english', body, q) FROM notes, websearch_to_tsquery('english', 'first') q WHERE to_tsvector('english', body) @@ q",
  "SELECT array_length(tags, 1), tags || 'z'::text, array_position(tags, 'a'), cardinality(tags), tags[1:1], array_remove(tags, 'a'), array_agg(t) FROM products, unnest(tags) t WHERE id = 1 GROUP BY tags",
  "SELECT age(timestamp '2025-03-01', timestamp '2024-02-29'), extract(dow FROM placed_at), to_char(total, 'FM999.00'), placed_at AT TIME ZONE 'Europe/Berlin' FROM orders WHERE id = 1",
  "SELECT string_agg(name, ', ' ORDER BY name) FILTER (WHERE price > 2), bool_and(price > 0), every(price < 100), json_object_agg(id, name ORDER BY id) FROM products",
  'WITH RECURSIVE t(id, depth, path) AS (SELECT id, 1, ARRAY[id] FROM notes WHERE id = 1 UNION ALL SELECT n.id, t.depth + 1, path || n.id FROM notes n JOIN t ON n.id = t.id + 1 WHERE t.depth < 3) SEARCH DEPTH FIRST BY id SET o SELECT id, depth, path FROM t ORDER BY o',
  'SELECT id, total FROM orders EXCEPT ALL SELECT id, total FROM orders WHERE total > 2 ORDER BY 1',
  'SELECT customer_id, array_agg(DISTINCT status ORDER BY status), mode() WITHIN GROUP (ORDER BY product_id) FROM orders GROUP BY ROLLUP (customer_id) HAVING count(*) > 1 ORDER BY 1',
  "SELECT id * 12, total * 1.19, id + 1, -id, id % 2 = 0, id::text || '/' || total, round(total / 3, 2), greatest(id, 3), id BETWEEN 2 AND 4, sqrt(id), power(id, 2), id & 1, id << 2 FROM orders WHERE id < 4 ORDER BY id",
  "SELECT id * 12 AS yearly, extract(year FROM created), name || country, length(name) * 2, md5(name), created + interval '1 month', created::date - date '2024-01-01' FROM customers ORDER BY id",
  'SELECT id, id * 12, name FROM staff ORDER BY id',
  "SELECT nullif(trim(both from name), ''), regexp_replace(name, '\\s+', ' ', 'g'), name ~* '^a', name SIMILAR TO 'A%', split_part(name, ' ', 1), initcap(lower(name)), position('l' in name), format('%s (%s)', name, country) FROM customers ORDER BY id",
  'SELECT count(*) AS total, count(*) FILTER (WHERE email IS NULL) AS missing, count(DISTINCT country) FROM customers',
  'SELECT count(*) FROM customers WHERE email IS NULL OR ssn IS NULL',
  "SELECT relname, n_dead_tup >= 0, last_autovacuum IS NULL FROM pg_stat_user_tables WHERE relname IN ('orders') ORDER BY 1",
  "SELECT indexrelname, idx_scan >= 0 FROM pg_stat_user_indexes WHERE relname = 'orders' ORDER BY 1",
  "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND now() - state_change > interval '1 hour'",
  'SELECT blocked.pid, blocking.pid FROM pg_stat_activity blocked JOIN pg_stat_activity blocking ON blocking.pid = ANY (pg_blocking_pids(blocked.pid)) ORDER BY 1',
  'SELECT locktype, mode FROM pg_locks WHERE NOT granted ORDER BY 1',
  "SELECT name, setting FROM pg_settings WHERE name IN ('max_connections', 'work_mem') ORDER BY 1",
  "SELECT pg_size_pretty(pg_database_size('postgres')) IS NOT NULL, pg_size_pretty(pg_relation_size('orders')) IS NOT NULL, pg_indexes_size('orders') > 0",
  "SELECT s.schemaname, s.tablename FROM pg_tables s WHERE schemaname = 'shadow'",
  "SELECT schemaname, indexname, indexdef FROM pg_indexes WHERE tablename = 'customers' ORDER BY 2",
  "SELECT conname FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype = 'f' ORDER BY 1",
  'EXPLAIN (ANALYZE, BUFFERS, COSTS off, TIMING off, SUMMARY off, FORMAT text) SELECT 1',
  'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT id FROM notes WHERE id = 1',
  "EXPLAIN (COSTS off) UPDATE orders SET status = 'x' WHERE id = 1",
  'EXPLAIN (COSTS off, VERBOSE, FORMAT json) SELECT id, status FROM orders WHERE total > 5',
  [
    'BEGIN',
    "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) UPDATE orders SET status = 'x' WHERE id = 1",
    'ROLLBACK',
  ],
  [
    'BEGIN',
    'DECLARE batch NO SCROLL CURSOR FOR SELECT id, total FROM orders ORDER BY id',
    'FETCH FORWARD 3 FROM batch',
    'FETCH NEXT FROM batch',
    'CLOSE batch',
    'COMMIT',
  ],
  [
    'BEGIN',
    'SAVEPOINT s1',
    "UPDATE notes SET body = 'oops' WHERE id = 2",
    'ROLLBACK TO SAVEPOINT s1',
    'SELECT body FROM notes WHERE id = 2',
    'COMMIT',
  ],
  ['BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE', 'SELECT count(*) FROM products', 'COMMIT'],
  [
    'BEGIN',
    "SET LOCAL statement_timeout = '5s'",
    "SET LOCAL lock_timeout = '1s'",
    "SET LOCAL work_mem = '64MB'",
    'SELECT count(*) FROM products',
    'COMMIT',
  ],
  [
    'LISTEN orders_changed',
    "NOTIFY other_channel, 'payload'",
    "SELECT pg_notify('other_channel', 'x')",
    'UNLISTEN orders_changed',
  ],
  "COPY (SELECT id, name FROM products ORDER BY id) TO STDOUT (FORMAT csv, HEADER, DELIMITER ';')",
  'COPY orders (id, status) TO STDOUT',
  'COPY notes (id, body) FROM STDIN WITH (FORMAT csv)',
  "INSERT INTO notes SELECT 5000 + n, 'bulk ' || n FROM generate_series(1, 5) n ON CONFLICT DO NOTHING",
  "WITH batch AS (SELECT id FROM orders WHERE status = 'stale' ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED) UPDATE orders o SET status = 'void' FROM batch WHERE batch.id = o.id RETURNING o.id",
  'WITH gone AS (DELETE FROM notes WHERE id BETWEEN 5001 AND 5003 RETURNING *) INSERT INTO trail (what) SELECT body FROM gone RETURNING what',
  'MERGE INTO products p USING (VALUES (1, 9.5), (2, 8.5)) AS v(id, price) ON p.id = v.id WHEN MATCHED AND p.price IS DISTINCT FROM v.price THEN UPDATE SET price = v.price WHEN MATCHED THEN DO NOTHING',
  "UPDATE orders SET (status, total) = (SELECT 'sum', sum(price) FROM products) WHERE id = 8",
  "UPDATE orders SET status = 'late' WHERE status = 'open' AND placed_at < now() - interval '30 years'",
  'DELETE FROM orders WHERE id IN (SELECT id FROM orders ORDER BY placed_at, id LIMIT 1 OFFSET 100)',
  "UPDATE customers SET country = 'AT' WHERE id = 4 AND email = 'pangolinfour@canary.example' RETURNING id, country",
  "INSERT INTO customers (id, name, email, country) VALUES (700, 'New', 'new700@shop.example', 'DE') RETURNING id",
  'SELECT c.id, c.name FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id) ORDER BY 1',
  'SELECT pg_sleep(0)',
  'SELECT txid_current_if_assigned() IS NULL, pg_is_in_recovery(), pg_postmaster_start_time() < now()',
  'SELECT lower(country) AS c, min(created), max(created) FROM customers GROUP BY lower(country) ORDER BY 1',
  'SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM customers) AS customers',
  'TABLE revenue ORDER BY 1 LIMIT 2',
  'SELECT o.*, p.name AS product FROM orders o LEFT JOIN products p ON p.id = o.product_id WHERE o.id = 2',
  "SELECT to_json(o), row_to_json(o)->>'status', to_jsonb(o) - 'placed_at' FROM orders o WHERE id = 3",
  'SELECT xmlelement(name order, xmlattributes(id AS id), status) FROM orders WHERE id = 2',
  'SELECT id FROM orders WHERE (customer_id, product_id) = (2, 2)',
  "SELECT id FROM orders WHERE (status, total) IN (('open', 3), ('paid', 4)) ORDER BY id",
  "SELECT id FROM customers WHERE (email, country) = ('quetzalone@canary.example', 'DE')",
  "SELECT id FROM customers WHERE (id, country) > (2, 'A') ORDER BY id LIMIT 2",
];

export const TOOLS = [...LOOKING, ...RUNNING, ...CHANGING, ...TYPED].map((steps) => allowed(steps));
