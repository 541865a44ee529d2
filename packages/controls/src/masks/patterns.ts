import { matches } from '../pattern.js';

/**
 * Whether a pattern means a column, by its canonical name. Capitals and small letters are alike; `ssn` and `customers.ssn`
 * stand for any table's and schema's, as `*.` in front would.
 */
export function meansColumn(pattern: string, column: string): boolean {
  const [wanted, name] = [pattern.toLowerCase(), column.toLowerCase()];
  return matches(wanted, name) || (wanted.split('.').length < 3 && matches(`*.${wanted}`, name));
}
