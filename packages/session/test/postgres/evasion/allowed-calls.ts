import { type Allowed, allowed } from './allowed.js';

/** Honest neighbours of `CALLS`: what people do where such functions, casts, triggers and extensions are about. */
export const ALLOWED_CALLS: readonly Allowed[] = [
  // x.f is f(x).
  allowed('SELECT n.shout, n.id FROM notes n WHERE id < 10 ORDER BY id'),
  allowed('SELECT o.id FROM orders o WHERE o.is_big ORDER BY o.id'),
  allowed('SELECT n.id, n.body, (n).body, (n.*).id FROM notes n WHERE id < 10 ORDER BY id'),
  allowed('SELECT o.status, o.total, (o).status FROM orders o ORDER BY id'),
  allowed('SELECT c.name, (c).country FROM customers c ORDER BY id'),
  allowed('SELECT c.ssn, (c).ssn, c.name FROM customers c ORDER BY id', 0, 1),
  // What a call leaves out, or does not.
  allowed('SELECT defaulted_plain(2)'),
  allowed("SELECT defaulted_plain(1, 'y'), defaulted_plain(b => 'z', a => 3)"),
  allowed('SELECT add_tax(price), add_tax(price, 0.07), add_tax(rate => 0.2, price => 1) FROM products ORDER BY id'),
  allowed("SELECT join_all('a', 'b'), join_all(VARIADIC ARRAY['c', 'd'])"),
  allowed('SELECT first_of(tags), first_of(ARRAY[1, 2]) FROM products ORDER BY id'),
  allowed('CALL out_plain(1, NULL)'),
  allowed('SELECT tally(name), tally(name) FILTER (WHERE id > 2) FROM products'),
  allowed(
    'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total), mode() WITHIN GROUP (ORDER BY status) FROM orders',
  ),
  // Names that the server has too.
  allowed("SELECT length(name), length('abc'), length(upper(name)), length(name || 'x') FROM products ORDER BY id"),
  allowed('SELECT max(length(name)), min(id) FROM customers'),
  allowed("SELECT md5(name), lower(name), upper(name), lower('ABC'), upper(name || '!') FROM products ORDER BY id"),
  allowed('SELECT lower(trim(name)), upper(left(name, 2)), initcap(name), md5(id::text) FROM products ORDER BY id'),
  allowed("SELECT abs(id - 3), round(price, 1), round(1.234, 2), concat(name, ':', id) FROM products ORDER BY id"),
  allowed("SELECT name FROM products WHERE lower(name) = 'product 1'"),
  allowed("SELECT c.name, length(c.name) FROM customers c WHERE upper(c.country) = 'DE' ORDER BY 1"),
  allowed([{ text: 'SELECT name FROM products WHERE lower(name) = lower($1)', values: ['PRODUCT 2'] }]),
  allowed([{ text: 'SELECT id FROM products WHERE id = $1 AND name = $2', values: ['2', 'product 2'] }]),
  allowed("SELECT id FROM orders WHERE id = 1 OR status = 'x' OR total = 2 OR id = 3::bigint ORDER BY id"),
  allowed("SELECT name FROM customers WHERE email = 'quetzalone@canary.example' AND ssn = '900-71-4271'"),
  allowed("SELECT name FROM customers WHERE id = 1 AND ssn IN ('900-71-4271', 'x')"),
  allowed('SELECT id FROM products WHERE price >= 3 AND id BETWEEN 2 AND 4 ORDER BY id'),
  // Extensions.
  allowed("SELECT id FROM tickets WHERE title = 'BROKEN'"),
  allowed("SELECT title, lower(title::text), length(title), title || '!' FROM tickets ORDER BY title"),
  allowed("SELECT id FROM tickets WHERE title LIKE 'bro%' OR title ~ '^S' ORDER BY id"),
  allowed(
    "SELECT regexp_replace(title, 'b', 'd'), split_part(title, 'o', 1), strpos(title, 'O') FROM tickets ORDER BY id",
  ),
  allowed("SELECT name, similarity(name, 'product 1'), name % 'prod' FROM products ORDER BY name <-> 'product 3', id"),
  allowed("SELECT labels -> 'a', labels ? 'b', labels @> 'a=>1', labels || 'c=>3'::hstore FROM tickets ORDER BY id"),
  allowed("SELECT id FROM tickets WHERE path <@ 'top' AND path ~ '*.sub.*'"),
  allowed("SELECT path, nlevel(path), subpath(path, 0, 1), lca(path, 'top.x') FROM tickets ORDER BY id"),
  allowed(
    'SELECT ARRAY[1, 2] && ARRAY[2], ARRAY[1, 2] @> ARRAY[1], sort(ARRAY[3, 1]), ARRAY[1] + 2, idx(ARRAY[5, 6], 6)',
  ),
  allowed("SELECT name FROM products WHERE unaccent(name) ILIKE 'PRODUCT%' ORDER BY 1"),
  allowed(
    "SELECT encode(digest('a', 'sha256'), 'hex'), levenshtein('a', 'ab'), soundex('x'), crypt('a', 'ab') IS NOT NULL",
  ),
  allowed('SELECT gen_random_uuid() IS NOT NULL, uuid_generate_v4() IS NOT NULL'),
  allowed('SELECT (each(labels)).key, akeys(labels), hstore_to_json(labels) FROM tickets WHERE id = 1'),
  // Ranges.
  allowed(
    "SELECT id, during, during @> '2025-01-15'::timestamptz, upper(during), lower(spans), isempty(spans) FROM tickets ORDER BY id",
  ),
  allowed('SELECT id FROM tickets WHERE spans && int4range(2, 3) AND spans @> 2'),
  allowed('SELECT * FROM offers ORDER BY id'),
  allowed('SELECT id, prices, lower(prices), upper(prices), many FROM offers WHERE prices @> 1.5 ORDER BY id'),
  allowed("SELECT id FROM offers WHERE prices && '[5,7)'::price_range"),
  allowed(
    "SELECT price_range(1, 2), price_range(1, 2, '[]'), '[1,2)'::price_range * '[1,5)', price_multirange(price_range(1, 2))",
  ),
  allowed("INSERT INTO offers VALUES (7, '[1,9)', '{}') RETURNING id, prices"),
  allowed('UPDATE offers SET prices = price_range(1, 4) WHERE id = 7 RETURNING prices'),
  // Writes with triggers, keys and checks that do no harm.
  allowed("INSERT INTO tickets (id, title) VALUES (20, 'New') RETURNING id, title, changed"),
  allowed("UPDATE tickets SET title = 'Newer' WHERE id = 20 RETURNING title"),
  allowed('DELETE FROM tickets WHERE id = 20'),
  allowed("INSERT INTO trail (what) VALUES ('x') RETURNING what"),
  allowed('DELETE FROM parents WHERE id = 2'),
  allowed("UPDATE parents SET word = 'c' WHERE id = 1"),
  allowed('SELECT id, s FROM lots'),
  allowed("SELECT id FROM lots WHERE s = 'open'"),
  allowed('SELECT * FROM parted'),
  allowed('SELECT id, body FROM instead WHERE id = 1'),
];
