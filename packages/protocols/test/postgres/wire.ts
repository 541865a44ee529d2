import type { Dialled } from '@hoop/core';
import { concat } from '@hoop/core';

/** Messages as the wire has them, written apart from the codec under test. */
const bytesOf = (value: string | number[] | Uint8Array): Uint8Array =>
  typeof value === 'string' ? Buffer.from(value) : Uint8Array.from(value);

export const i16 = (value: number): number[] => [(value >> 8) & 255, value & 255];
export const i32 = (value: number): number[] => [
  (value >>> 24) & 255,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];
export const z = (value: string): string => `${value}\0`;

export function frame(type: string, ...fields: (string | number[] | Uint8Array)[]): Uint8Array {
  const body = concat([new Uint8Array(0), ...fields.map(bytesOf)]);
  return concat([bytesOf(type), bytesOf(i32(body.length + 4)), body]);
}
export const all = (...frames: Uint8Array[]): Uint8Array => concat(frames);

/** What a client sends. */
export const startup = (parameters: Record<string, string>, version = 196608): Uint8Array =>
  frame('', i32(version), ...Object.entries(parameters).flatMap(([name, value]) => [z(name), z(value)]), [0]);
export const query = (text: string) => frame('Q', z(text));
export const parse = (name: string, text: string) => frame('P', z(name), z(text), i16(0));
export const bind = (portal: string, statement: string, values: (string | Uint8Array | null)[] = []) =>
  frame(
    'B',
    z(portal),
    z(statement),
    i16(values.length),
    ...values.map((value) => i16(value instanceof Uint8Array ? 1 : 0)),
    i16(values.length),
    ...values.flatMap((value) => (value === null ? [i32(-1)] : [i32(bytesOf(value).length), bytesOf(value)])),
    i16(0),
  );
export const describe = (kind: 'S' | 'P', name: string) => frame('D', kind, z(name));
export const execute = (portal: string, most = 0) => frame('E', z(portal), i32(most));
export const close = (kind: 'S' | 'P', name: string) => frame('C', kind, z(name));
export const sync = frame('S');
export const flush = frame('H');
export const terminate = frame('X');
export const copyData = (text: string) => frame('d', text);
export const copyDone = frame('c');
export const copyFail = (why: string) => frame('f', z(why));

/** What a server sends. */
export const ready = (status: 'I' | 'T' | 'E' = 'I') => frame('Z', status);
export const parsed = frame('1');
export const bound = frame('2');
export const closed = frame('3');
export const noData = frame('n');
export const suspended = frame('s');
export const emptied = frame('I');
export const complete = (tag: string) => frame('C', z(tag));
export const parameters = frame('t', i16(0));
export const columns = (...names: string[]) =>
  frame(
    'T',
    i16(names.length),
    ...names.flatMap((name) => [z(name), i32(0), i16(0), i32(25), i16(-1), i32(-1), i16(0)]),
  );
export const row = (...cells: (string | null)[]) =>
  frame(
    'D',
    i16(cells.length),
    ...cells.flatMap((cell) => (cell === null ? [i32(-1)] : [i32(Buffer.byteLength(cell)), cell])),
  );
export const error = (code: string, message: string, severity = 'ERROR') =>
  frame('E', z(`S${severity}`), z(`V${severity}`), z(`C${code}`), z(`M${message}`), [0]);
export const notice = (message: string) => frame('N', z('SNOTICE'), z('VNOTICE'), z('C00000'), z(`M${message}`), [0]);
export const setting = (name: string, value: string) => frame('S', z(name), z(value));
export const copyInBegins = frame('G', [0], i16(1), i16(0));
export const copyOutBegins = frame('H', [0], i16(1), i16(0));

export const HELLO = startup({ user: 'alice', application_name: 'psql', client_encoding: 'UTF8' });
export const SETTINGS = setting('server_version', '15.18');
export const NOTHING = new Uint8Array(0);

/** The upstream, ready: what `connect` gives. */
export const READY: Dialled = {
  ok: true,
  greeting: {
    frames: SETTINGS,
    parameters: new Map([['server_version', '15.18']]),
    key: { process: 77, secret: Uint8Array.of(9, 9, 9, 9) },
    status: 'I',
    rest: NOTHING,
  },
};
/** What a client gets of it: Ok, the settings, our own key, ReadyForQuery. */
export const WELCOME = all(frame('R', i32(0)), SETTINGS, frame('K', i32(4242), [1, 2, 3, 4]), ready());
