import type { Node } from 'libpg-query';
import type { Column } from '../catalogue.js';
import { momentOf } from './moments.js';

/** As the server writes out the time at which a row is put in, where nothing is added to it. */
const NOW = /\b(?:now\(\)|(?:clock|statement|transaction)_timestamp\(\)|CURRENT_(?:TIMESTAMP|DATE)|LOCALTIMESTAMP)/;
const CONSTANT = /^'([^']+)'::(?:date|timestamp)/;
const HAPPENED =
  /^(?:date_?|time_?|last_?|row_?)?(?:created?|inserted|placed|ordered|registered|recorded|added|updated?|modified|changed|logged|received|occurred|happened|creation|insertion|modification)(?:_?(?:at|on|date|time|ts|timestamp|utc))*$/i;
const AHEAD = /expir|until|valid|due|next|sched|run|start|end|begin|plan|dead|from|to$/i;

/** What the column holds is never ahead of the server's clock: it is set as a row is put in, or named as what has happened. */
export function isOfPast({ name, default: usual }: Column): boolean {
  if (HAPPENED.test(name)) return true;
  if (usual === undefined || AHEAD.test(name)) return false;
  if (NOW.test(usual)) return !/\+/.test(usual);
  const text = CONSTANT.exec(usual)?.[1];
  return text !== undefined && (momentOf({ A_Const: { sval: { sval: text } } } as Node) ?? 1) <= 0;
}
