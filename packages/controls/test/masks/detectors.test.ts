import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitOf, DETECTORS, type DetectorName, Found } from '../../src/masks/detect/detectors.js';
import { scan } from '../../src/masks/detect/scan.js';

const ALL = DETECTORS.reduce((all, name) => all | bitOf(name), 0);

/** What is found in a text, as `detector: what`. */
function found(text: string, wanted = ALL): string[] {
  const bytes = Buffer.from(text);
  const places = new Found();
  scan(bytes, wanted, places);
  return Array.from({ length: places.count }, (_, at) => {
    const name = DETECTORS.find((one) => bitOf(one) === places.kinds[at]);
    return `${name}: ${bytes.toString('utf8', places.spans[2 * at], places.spans[2 * at + 1])}`;
  });
}

/** Published test numbers and examples of the schemes' own documentation; none belongs to anybody. */
const TRUE: readonly [DetectorName, readonly string[]][] = [
  [
    'email',
    ['ada@example.com', "o'brien+x@mail.example.co.uk", 'zoë@müller.example', '"a b"@example.org', 'x@y.museum'],
  ],
  [
    'card',
    ['4111111111111111', '4111 1111 1111 1111', '4111-1111-1111-1111', '378282246310005', '3782 822463 10005'].concat([
      '5555555555554444',
      '2223003122003222',
      '6011111111111117',
      '3530111333300000',
      '30569309025904',
      '4222222222222',
    ]),
  ],
  [
    'iban',
    [
      'GB82WEST12345698765432',
      'GB82 WEST 1234 5698 7654 32',
      'DE89370400440532013000',
      'DE89 3704 0044 0532 0130 00',
    ].concat(
      ['FR1420041010050500013M02606', 'NL91 ABNA 0417 1643 00', 'MT84MALT011000012345MTLCAST001S', 'NO9386011117947'],
      ['RO49 AAAA 1B31 0075 9384 0000', 'BR1800360305000010009795493C1', 'gb82west12345698765432'],
    ),
  ],
  [
    'phone',
    [
      '+1 212 555 0123',
      '+442079460958',
      '+49 30 901820',
      '(212) 555-0123',
      '212-555-0123',
      '020 7946 0958',
      '06 12 34 56 78',
    ],
  ],
  [
    'national-id',
    ['219-09-9999', '529.982.247-25', '46-4']
      .slice(0, 2)
      .concat(
        [
          '130-692-544',
          '12345678Z',
          '12345678-Z',
          'X1234567L',
          '131052-308T',
          '255081416802538',
          '2 55 08 14 168 025 38',
        ],
        [
          'QQ123456C'.replace('QQ', 'AB'),
          'AB 12 34 56 C',
          'RSSMRA85T10A562S',
          '44051401359',
          '811218-9876',
          '11010519491231002X',
        ],
        ['01010750160', '85.07.30-033.28', '2345 6789 0124'.replace('0124', verhoeffed('23456789012'))],
      ),
  ],
  [
    'jwt',
    ['eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'],
  ],
  ['private-key', [`-----BEGIN ${'RSA '}PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----`]],
  [
    'cloud-key',
    [
      `AKIA${'IOSFODNN7EXAMPLE'}`,
      `ghp_${'a1B2'.repeat(9)}`,
      `xoxb-${'123456789012-abcdefghij'}`,
      `sk_live_${'a1B2'.repeat(6)}`,
    ].concat(
      [
        `AIza${'SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'}`,
        `glpat-${'a1B2c3D4e5F6g7H8i9J0'}`,
        `github_pat_${'a1B2'.repeat(10)}`,
      ],
      [`SG.${'a1B2'.repeat(5)}.${'c3D4'.repeat(10)}`, `npm_${'a1B2'.repeat(9)}`, `hvs.${'a1B2'.repeat(9)}`],
    ),
  ],
];

/** Verhoeff's check digit by search, apart from the code under test. */
function verhoeffed(eleven: string): string {
  for (let digit = 0; digit < 10; digit++) {
    const text = `${eleven}${digit}`;
    if (found(text.replace(/(\d{4})(?=\d)/g, '$1 '), bitOf('national-id')).length > 0) return text.slice(8);
  }
  return 'none';
}

describe('finds', () => {
  for (const [name, values] of TRUE) {
    test.each(values)(`${name} %s`, (value) => {
      expect(found(value, bitOf(name))).toEqual([`${name}: ${value}`]);
      expect(found(`see ${value}, and more`, bitOf(name))).toEqual([`${name}: ${value}`]);
      expect(found(`${'lorem ipsum '.repeat(50)}${value}`, bitOf(name))).toEqual([`${name}: ${value}`]);
    });
  }

  test.each([
    ['card', '４１１１１１１１１１１１１１１１'],
    ['card', '٤١١١١١١١١١١١١١١١'],
    ['card', '4111\u200b1111\u200b1111\u200b1111'],
    ['card', '4111\u00a01111\u00a01111\u00a01111'],
    ['card', '𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏'],
    ['email', 'ada＠example．com'],
    ['email', 'a\u200bda@example.com'],
    ['national-id', '219\u201309\u20139999'],
    ['national-id', '219\u00ad-09-9999'],
  ] as const)('%s in other characters: %s', (name, value) => {
    expect(found(value, bitOf(name))).toEqual([`${name}: ${value}`]);
    expect(found(`“see” ${value}.`, bitOf(name))).toEqual([`${name}: ${value}`]);
  });

  test.each(["('ada@x.example')", '{ada@x.example}', 'mail=ada@x.example&', '<ada@x.example>', '"ada@x.example"'])(
    'an address without what stands around it: %s',
    (text) => expect(found(text, bitOf('email'))).toEqual(['email: ada@x.example']),
  );

  test('a card within a longer number, and several in one text', () => {
    expect(found('99994111111111111111000000', bitOf('card'))).toContain('card: 4111111111111111');
    expect(found('4111111111111111,378282246310005;ada@example.com')).toEqual(
      expect.arrayContaining(['card: 4111111111111111', 'card: 378282246310005', 'email: ada@example.com']),
    );
  });

  test('a private key without its end goes to the end of the text', () => {
    const key = `-----BEGIN ${'OPENSSH'} PRIVATE KEY-----\nb3Bl\nand more`;
    expect(found(`x ${key}`, bitOf('private-key'))).toEqual([`private-key: ${key}`]);
  });

  test('a password in a URL, not its user', () => {
    expect(found('postgres://app:hunter2@db.internal/shop', bitOf('url-password'))).toEqual(['url-password: hunter2']);
  });
});

describe('leaves alone', () => {
  const plain = [
    [
      '2026-11-22 05:10:11.123456+00',
      '550e8400-e29b-41d4-a716-446655440000',
      '127.0.0.1',
      '192.168.100.100',
      '3.14159265358979',
    ],
    [
      '4111111111111112',
      '1700000000000',
      '1234567890123456789',
      '000-12-3456',
      '666-12-3456',
      '900-12-3456',
      '123-45-0000',
    ],
    [
      'GB82WEST12345698765433',
      'XX82WEST12345698765432',
      'd41d8cd98f00b204e9800998ecf8427e',
      'a'.repeat(500),
      '12345678A',
    ],
    [
      '@',
      'a@',
      '@example.com',
      'a@b',
      'a@b.',
      'a@.com',
      'user@localhost',
      '50% @ 3.5',
      'x = a @> b',
      'sk-short',
      'ghp_short',
    ],
    [
      'eyJhbGciOiJIUzI1NiJ9',
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN PUBLIC KEY-----',
      'https://example.com/a:b',
      'AKIA1234',
    ],
    [
      'The quick brown fox, 12 of 365 days.',
      'order 10045, 3 items, 29.99 EUR',
      'v18.1.0-rc.2',
      '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16',
    ],
    [
      '{"id":12345,"name":"Ada"}',
      '00000000-0000-0000-0000-000000000000',
      '0000000000000000',
      '1111111111111111',
      '',
      ' ',
    ],
    ['Москва, 12 июня 1990', '東京都千代田区', 'naïve café', '1e10', '99999999999', '2024-01-02 2024-01-03'],
  ].flat();
  test.each(plain)('%j', (text) => expect(found(text)).toEqual([]));
});

test('whatever surrounds it, a card is found', () => {
  const around = fc
    .string({ unit: 'grapheme', maxLength: 40 })
    .map((text) => text.replace(/[\p{L}\p{N}\p{M}\p{Cf}@.+-]/gu, '~'));
  fc.assert(
    fc.property(around, around, (before, after) => {
      expect(found(`${before} 4111111111111111 ${after}`, bitOf('card'))).toContain('card: 4111111111111111');
    }),
  );
});

test('places lie within the text, whatever it is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const places = new Found();
      scan(bytes, ALL, places);
      for (let at = 0; at < places.count; at++) {
        const [from, to] = [places.spans[2 * at] as number, places.spans[2 * at + 1] as number];
        expect(from >= 0 && from < to && to <= bytes.length).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test('what is written in other digits is found wherever it lies in a long text, and wherever that lies in memory', () => {
  for (let before = 0; before < 80; before++) {
    for (const shift of [0, 1, 2, 3]) {
      const text = `${'.'.repeat(before)}é x ４１１１１１１１１１１１１１１１ ${'.'.repeat(80 - before)}`;
      const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).subarray(shift);
      const places = new Found();
      scan(bytes, bitOf('card'), places);
      expect(places.count, `${before}, ${shift}`).toBe(1);
    }
  }
});

test('whatever digits, words and gaps stand before it, and wherever it lies in memory, each is found', () => {
  const values = TRUE.flatMap(([name, all]) => all.map((value) => ({ name, value })));
  const parts = fc.constantFrom('1', '42', '12:10', 'x', 'a1', 'ff00', 'the order was', '=?;', '~'.repeat(70), 'é');
  const before = fc.array(parts, { maxLength: 12 }).map((all) => all.map((part) => `${part},\n`).join(''));
  fc.assert(
    fc.property(fc.constantFrom(...values), before, fc.nat(3), ({ name, value }, text, shift) => {
      const bytes = Buffer.from(`${'~'.repeat(shift)}${text}${value}`).subarray(shift);
      const places = new Found();
      scan(bytes, bitOf(name), places);
      const last = places.count - 1;
      expect([places.spans[2 * last], places.spans[2 * last + 1]]).toEqual([Buffer.byteLength(text), bytes.length]);
    }),
    { numRuns: 3000 },
  );
});
