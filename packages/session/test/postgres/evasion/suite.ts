import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ATTACKS } from './attacks.js';
import { BOUND_WIRE } from './bind.js';
import { Field } from './field.js';
import { HONEST } from './honest.js';
import type { Mode } from './session-run.js';
import { TYPED_WIRE } from './typed.js';
import { WIRE } from './wire.js';

const LIMIT = 1_800_000;
const named = (steps: readonly { text: string }[]) => steps.map(({ text }) => text.slice(0, 200)).join(' ⏎ ');

/**
 * Threats A19 to A25, on a real server, all packs on and three columns masked; the gateway's own login is a superuser. `modesOf`: in
 * which an attack is tried, by its place. What is honest is done one after the other, `modes` by modes.
 */
export function evasion(modesOf: (place: number) => readonly Mode[], modes: readonly Mode[]): void {
  let field: Field;
  beforeAll(async () => {
    field = await Field.make();
  }, 60_000);
  afterAll(async () => {
    await field?.end();
  });

  describe('attacks', () => {
    test.each(['A19', 'A20', 'A21', 'A22', 'A23', 'A24', 'A25'] as const)(
      '%s: nothing comes through',
      async (row) => {
        const escapes: string[] = [];
        for (const [place, attack] of ATTACKS.filter((one) => one.row === row).entries()) {
          const way = await field.wayOf(attack, modesOf(place));
          if (way !== undefined) escapes.push(`${named(attack.steps)} → ${way}`);
        }
        expect(escapes).toEqual([]);
      },
      LIMIT,
    );

    test(
      'in messages: nothing comes through',
      async () => {
        const escapes: string[] = [];
        for (const attack of [...WIRE, ...BOUND_WIRE, ...TYPED_WIRE]) {
          const way = await field.wayOnWire(attack).catch((error: Error) => error.message);
          if (way !== undefined) escapes.push(`${attack.name} → ${way}`);
        }
        expect(escapes).toEqual([]);
      },
      LIMIT,
    );

    test('there are enough of them', () => {
      expect(ATTACKS.length).toBeGreaterThanOrEqual(1_000);
      expect(HONEST.length).toBeGreaterThanOrEqual(250);
    });
  });

  test(
    'what people do all day is answered as without hoop, but for what is masked',
    async () => {
      const faults: string[] = [];
      for (const mode of modes) {
        // On what the attacks leave behind plans are others.
        await field.renew();
        for (const allowed of HONEST) {
          const fault = await field.faultOf(allowed, mode).catch((error: Error) => error.message);
          if (fault !== undefined) faults.push(`${mode}: ${named(allowed.steps)} → ${fault}`);
        }
      }
      expect(faults).toEqual([]);
    },
    LIMIT,
  );
}
