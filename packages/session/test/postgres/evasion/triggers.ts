import { type Attack, attacks } from './attack.js';

const function_ = (body: string, name = 'mine') =>
  `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NEW; END $$`;
const TRIGGER = 'CREATE TRIGGER mine AFTER UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION mine()';
const TOUCH = 'UPDATE customers SET country = country WHERE id = 1';
const ROWS = 'REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION mine()';

/** Functions of one's own that a trigger gives whole rows to. */
export const TRIGGERS: readonly Attack[] = [
  ...attacks('A23', [
    ['BEGIN', function_('INSERT INTO notes VALUES (NEW.id + 100, NEW.ssn)'), TRIGGER, TOUCH, 'TABLE notes'],
    ['BEGIN', function_('INSERT INTO notes SELECT 300, to_jsonb(NEW)::text'), TRIGGER, TOUCH, 'TABLE notes'],
    [
      'BEGIN',
      function_("NEW.name := to_jsonb(NEW)->>'ssn'"),
      TRIGGER.replace('AFTER', 'BEFORE'),
      TOUCH,
      'SELECT name FROM customers',
    ],
    [
      'BEGIN',
      function_('INSERT INTO notes SELECT id + 100, ssn FROM moved'),
      `CREATE TRIGGER mine AFTER UPDATE ON customers ${ROWS}`,
      TOUCH,
      'TABLE notes',
    ],
  ]),
  ...attacks(
    'A24',
    [
      ['BEGIN', function_("IF NEW.ssn LIKE '9%' THEN RAISE EXCEPTION 'yes'; END IF"), TRIGGER],
      [
        'BEGIN',
        function_('PERFORM 1 / (ascii(NEW.ssn) - 57)'),
        'CREATE TRIGGER mine BEFORE UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION mine()',
      ],
    ],
    'refused',
  ),
];
