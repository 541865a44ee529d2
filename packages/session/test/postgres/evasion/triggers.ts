import { type Attack, attacks } from './attack.js';

const trigger = (name: string, when = 'AFTER UPDATE ON customers FOR EACH ROW') =>
  `CREATE TRIGGER mine ${when} EXECUTE FUNCTION ${name}()`;
const TOUCH = 'UPDATE customers SET country = country WHERE id = 1';
const MOVED = 'AFTER UPDATE ON customers REFERENCING NEW TABLE AS moved FOR EACH STATEMENT';
const body = (text: string) =>
  `CREATE OR REPLACE FUNCTION minding() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${text}; RETURN NULL; END $$`;

/** Functions that a trigger gives whole rows to: those of the shop that spill them, and one that its trigger runs already. */
export const TRIGGERS: readonly Attack[] = [
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
