import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALLOWED } from './evasion/allowed.js';
import { ATTACKS } from './evasion/attacks.js';
import { Field } from './evasion/field.js';
import { ALLOWED_KNOWN } from './evasion/known-allowed.js';
import { MODES } from './evasion/session-run.js';
import { WIRE } from './evasion/wire.js';
import { CHOSEN } from './evasion/writes.js';

/** Threats A19 to A25, on a real server, all packs on and three columns masked; the gateway's own login is a superuser. */
let field: Field;
beforeAll(async () => {
  field = await Field.make();
}, 60_000);
afterAll(async () => {
  await field?.end();
});

const named = (steps: readonly { text: string }[]) => steps.map(({ text }) => text.slice(0, 200)).join(' ⏎ ');

describe('attacks', () => {
  test.each(['A19', 'A20', 'A21', 'A22', 'A23', 'A24', 'A25'] as const)(
    '%s: nothing comes through',
    async (row) => {
      const escapes: string[] = [];
      for (const attack of ATTACKS.filter((one) => one.row === row)) {
        const way = await field.wayOf(attack);
        if (way !== undefined) escapes.push(`${named(attack.steps)} → ${way}`);
      }
      expect(escapes).toEqual([]);
    },
    600_000,
  );

  test('in messages: nothing comes through', async () => {
    const escapes: string[] = [];
    for (const attack of WIRE) {
      const way = await field.wayOnWire(attack).catch((error: Error) => error.message);
      if (way !== undefined) escapes.push(`${attack.name} → ${way}`);
    }
    expect(escapes).toEqual([]);
  }, 600_000);

  test('there are enough of them', () => {
    expect(ATTACKS.length).toBeGreaterThanOrEqual(250);
    expect(ALLOWED.length).toBeGreaterThanOrEqual(60);
  });
});

describe('what people do all day', () => {
  test.each(MODES)(
    'is answered as without hoop, but for what is masked: %s',
    async (mode) => {
      const faults: string[] = [];
      for (const allowed of [...ALLOWED, ...ALLOWED_KNOWN, ...CHOSEN]) {
        const fault = await field.faultOf(allowed, mode).catch((error: Error) => error.message);
        if (fault !== undefined) faults.push(`${named(allowed.steps)} → ${fault}`);
      }
      await field.renew();
      expect(faults).toEqual([]);
    },
    600_000,
  );
});
