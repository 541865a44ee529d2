/** What can be looked for in the content of cells, each by its form and, where it has one, its checksum. */
export const DETECTORS = [
  'email',
  'card', // payment cards: issuer, length, Luhn
  'iban', // country, length, mod 97
  'phone',
  'national-id', // US, BR, CA, ES, FI, FR, GB, IN, IT, NO, PL, SE, BE, CN
  'jwt',
  'private-key', // PEM, PuTTY
  'cloud-key', // keys of cloud and software services, by their prefix
  'url-password', // scheme://user:password@host
] as const;
export type DetectorName = (typeof DETECTORS)[number];

/** A set of detectors. */
export type Wanted = number;
export const bitOf = (name: DetectorName): Wanted => 1 << DETECTORS.indexOf(name);

export const EMAIL = bitOf('email');
export const CARD = bitOf('card');
export const IBAN = bitOf('iban');
export const PHONE = bitOf('phone');
export const NATIONAL = bitOf('national-id');
export const JWT = bitOf('jwt');
export const PRIVATE_KEY = bitOf('private-key');
export const CLOUD_KEY = bitOf('cloud-key');
export const URL_PASSWORD = bitOf('url-password');

/** What was found, as places in the bytes; several may overlap. */
export class Found {
  count = 0;
  /** Two numbers each: from, to. */
  spans = new Int32Array(32);
  kinds = new Int32Array(16);
  /** The number of the text that each was found in: of the one that is looked into. */
  cells = new Int32Array(16);
  cell = 0;

  add(kind: Wanted, from: number, to: number): void {
    if (this.count === this.kinds.length) this.#grow();
    this.spans[2 * this.count] = from;
    this.spans[2 * this.count + 1] = to;
    this.kinds[this.count] = kind;
    this.cells[this.count] = this.cell;
    this.count += 1;
  }

  clear(): void {
    this.count = 0;
  }

  #grow(): void {
    this.spans = doubled(this.spans);
    this.kinds = doubled(this.kinds);
    this.cells = doubled(this.cells);
  }
}

function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * numbers.length);
  more.set(numbers);
  return more;
}
