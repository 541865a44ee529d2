import { allowed } from './allowed.js';
import { type Attack, attacks } from './attack.js';

const trigger = (name: string, when = 'AFTER UPDATE ON customers FOR EACH ROW') =>
  `CREATE TRIGGER mine ${when} EXECUTE FUNCTION ${name}()`;
const TOUCH = 'UPDATE customers SET country = country WHERE id = 1';
const MOVED = 'AFTER UPDATE ON customers REFERENCING NEW TABLE AS moved FOR EACH STATEMENT';
const body = (text: string) =>
  `CREATE OR REPLACE FUNCTION minding() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${text}; RETURN NULL; END $$`;

const written = (text: string, more = '') =>
  `CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql ${more} AS $$ BEGIN ${text}; RETURN NULL; END $$`;
const PUT = 'INSERT INTO customers (id, name, email, country)';

/** What a function that triggers run, or that these and defaults name, comes by besides their rows. */
const WRITTEN = attacks(
  'A23',
  [
    written('INSERT INTO notes SELECT id + 100, ssn FROM customers'),
    written(
      "IF (SELECT ssn FROM customers WHERE id = NEW.id) LIKE '9%' THEN INSERT INTO notes VALUES (555, 'yes'); END IF",
    ),
    written("RAISE NOTICE '%', (SELECT ssn FROM customers WHERE id = 1)"),
    written('SELECT address INTO NEW.body FROM contacts WHERE id = 1'),
    written('NEW.body := ssn_of(1)'),
    written('INSERT INTO notes SELECT id + 100, name FROM customers', 'SET search_path = shadow'),
    written("PERFORM 1 FROM customers WHERE ssn > '905'; IF FOUND THEN RAISE EXCEPTION 'yes'; END IF"),
    written(`${PUT} VALUES (1000 + NEW.id, 'x', NEW.body, 'X') ON CONFLICT DO NOTHING`),
    written(`BEGIN ${PUT} VALUES (1000, 'x', NEW.body, 'X'); EXCEPTION WHEN unique_violation THEN NULL; END`),
    `DO $x$ BEGIN ${written('INSERT INTO notes SELECT id + 100, ssn FROM customers')}; END $x$`,
    'CREATE OR REPLACE FUNCTION purge() RETURNS int LANGUAGE plpgsql AS $$ DECLARE s text; BEGIN SELECT ssn INTO s FROM public.customers; RETURN length(s); END $$',
    'CREATE OR REPLACE FUNCTION purge() RETURNS int BEGIN ATOMIC SELECT badge FROM public.staff WHERE id = 1; END',
    `CREATE RULE mine AS ON INSERT TO notes DO ALSO ${PUT} VALUES (1000 + new.id, 'x', new.body, 'X') ON CONFLICT DO NOTHING`,
    trigger('spill_other', 'AFTER INSERT ON notes FOR EACH ROW'),
  ],
  'refused',
);

/** Functions of triggers as applications have them. */
export const TRIGGERS_ALLOWED = [
  [
    'CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.placed_at := now(); RETURN NEW; END $$',
    'CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touched()',
  ],
  [
    'CREATE TABLE changes (id serial PRIMARY KEY, of text, said jsonb, at timestamptz DEFAULT now())',
    'CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO changes (of, said) VALUES (TG_TABLE_NAME, to_jsonb(COALESCE(NEW, OLD))); RETURN NULL; END $$',
    'CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON products FOR EACH ROW EXECUTE FUNCTION noted()',
  ],
  [
    `CREATE FUNCTION checked() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN
      SELECT count(*) INTO n FROM customers WHERE id = NEW.customer_id AND country = 'DE';
      IF n = 0 THEN RAISE EXCEPTION 'no customer %', NEW.customer_id; END IF; RETURN NEW; END $$`,
    'CREATE OR REPLACE FUNCTION checked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
  ],
  [
    'CREATE FUNCTION lowered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.email := lower(trim(NEW.email)); RETURN NEW; END $$',
    "CREATE FUNCTION mail_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM customers WHERE id = $1'",
    'CREATE RULE also AS ON DELETE TO products DO ALSO DELETE FROM orders WHERE product_id = old.id',
  ],
].map((steps) => allowed(['BEGIN', ...steps, 'ROLLBACK']));

/** Functions that a trigger gives whole rows to: those of the shop that spill them, and one that its trigger runs already. */
export const TRIGGERS: readonly Attack[] = [
  ...WRITTEN,
  ...attacks('A23', [
    [trigger('spill'), TOUCH, 'TABLE notes'],
    [trigger('spill_row'), TOUCH, 'TABLE notes'],
    [trigger('spill_name', 'BEFORE UPDATE ON customers FOR EACH ROW'), TOUCH, 'SELECT name FROM customers'],
    [trigger('spill_moved', MOVED), TOUCH, 'TABLE notes'],
  ]),
  ...attacks(
    'A24',
    [
      trigger('spill_bit'),
      trigger('spill_row', 'INSTEAD OF UPDATE ON contacts FOR EACH ROW'),
      body('INSERT INTO notes VALUES (300, NEW.salary::text)'),
      body("IF NEW.salary > 100 THEN RAISE EXCEPTION 'yes'; END IF"),
    ],
    'refused',
  ),
];
