import { allowed } from './allowed.js';
import { attacks, type Step } from './attack.js';

const MAIL = 'quetzalone@canary.example';
const MANY = `{a,b,c,d,e,f,g,h,i,j,${MAIL}}`;
const given = (text: string, ...values: (string | null)[]): Step => ({ text, values });
const asks = (where: string, ...values: (string | null)[]): Step[] => [
  given(`SELECT id FROM customers WHERE ${where} ORDER BY id`, ...values),
];
const PREPARE = 'PREPARE q(text[]) AS SELECT id FROM customers WHERE email = ANY ($1)';

/** A24: an array holds more values than a few. */
export const LISTS = attacks(
  'A24',
  [
    asks('email = ANY ($1)', MANY),
    asks('email <> ALL ($1::text[])', MANY),
    asks('lower(email) = ANY ($1)', MANY),
    asks('email = ANY ($1) OR email = ANY ($2)', '{a,b,c,d,e,f}', '{g,h,i,j,k}'),
    asks('email = ANY ($1) OR email = $2', '{a,b,c,d,e,f,g,h,i,j}', 'k'),
    asks('email = ANY (ARRAY[$1::text[]])', MANY),
    asks('email = ANY ($1 || $2)', '{a}', '{b}'),
    asks('email > ANY ($1)', '{a}'),
    asks('email LIKE ANY ($1)', '{a%}'),
    `SELECT id FROM customers WHERE email = ANY (ARRAY['${MANY}'::_text])`,
    "SELECT id FROM customers WHERE email = ANY (ARRAY[string_to_array('a,b,c,d,e,f,g,h,i,j,k', ',')])",
    [PREPARE, `EXECUTE q('${MANY}')`],
    [PREPARE, "EXECUTE q(string_to_array('a,b,c,d,e,f,g,h,i,j,k', ','))"],
    ['BEGIN', given('DECLARE c CURSOR FOR SELECT id FROM customers WHERE email = ANY ($1)', MANY)],
  ],
  'refused',
);

/** A few, as ORMs send them. */
export const LISTS_ALLOWED = [
  asks('email = ANY ($1)', `{${MAIL},x@y.z}`),
  asks('email = ANY ($1::varchar[]) AND country = $2', `{"${MAIL}"}`, 'DE'),
  asks('email <> ALL ($1)', `{${MAIL},x@y.z}`),
  asks('email IN ($1, $2) OR ssn = ANY (ARRAY[$3, $4])', MAIL, 'x', '900-71-4271', 'y'),
  asks('email = ANY ($1)', null),
  asks('id = ANY ($1)', '{1,2,3,4,5,6,7,8,9,10,11,12,13}'),
  [PREPARE, `EXECUTE q('{${MAIL}}')`, `EXECUTE q(ARRAY['${MAIL}', 'x'])`, 'DEALLOCATE q'],
  [
    'BEGIN',
    given('DECLARE c CURSOR FOR SELECT id FROM customers WHERE email = ANY ($1)', `{${MAIL}}`),
    'FETCH 2 FROM c',
    'ROLLBACK',
  ],
].map((steps) => allowed(steps));
