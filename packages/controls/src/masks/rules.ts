import type { DetectorName } from './detect/detectors.js';

/**
 * How a value is masked: `redact` leaves three stars · `partial` the last four and the shape (`***-**-4271`) · `hash` a keyed
 * hash, equal for equal values · `null` nothing · `show` the value: what is declared so is not sensitive, whatever a pattern
 * or a detector makes of it.
 */
export type Way = 'redact' | 'partial' | 'hash' | 'null' | 'show';

/** A mask, as the configuration has it. The first whose columns match decides on a column. */
export interface MaskRule {
  /** What the record and `explain` call it. */
  name: string;
  /** Names of connections; `*` stands for any characters. */
  connections: readonly string[];
  /** Columns by canonical name, `public.customers.ssn`; `*` stands for any characters, and shorter names for any schema or table. */
  columns: readonly string[];
  /** Columns that it does not mean, though `columns` match. */
  except?: readonly string[] | undefined;
  /** What it looks for in the content of all others. */
  detectors: readonly DetectorName[];
  way: Way;
  /** What is asked of its columns beyond equality (ranges, patterns, orders, joins): `deny`, or let it pass. */
  predicates: 'deny' | 'allow';
  /** Groups whose members see the values. */
  exempt: readonly string[];
}

/** The rule where no rule names the column: where a value comes from is not known, or it may be a copy of any column's. */
export const UNREAD = 'unread';

export type Pack = 'pii' | 'secrets';
export const PACKS: readonly Pack[] = ['pii', 'secrets'];

/** The rules of a pack. A declared column wins over them if it stands before them. */
export function rulesOf(pack: Pack, connections: readonly string[], exempt: readonly string[] = []): MaskRule[] {
  const rule = (name: string, way: Way, detectors: readonly DetectorName[], columns: readonly string[]): MaskRule => ({
    name,
    connections,
    columns,
    except: SYSTEM,
    detectors,
    way,
    predicates: 'deny',
    exempt,
  });
  if (pack === 'pii') {
    return [
      rule('pii', 'redact', ['email'], PERSONAL),
      rule('pii-numbers', 'partial', ['card', 'iban', 'phone', 'national-id'], NUMBERED),
    ];
  }
  return [
    rule('secrets', 'redact', ['jwt', 'private-key', 'cloud-key', 'url-password'], SECRET),
    { ...rule('secrets-system', 'redact', [], SYSTEM_SECRETS), except: [] },
  ];
}

/** What a database keeps about itself: no column of these is a person's, but they have names that look so. */
const SYSTEM: readonly string[] = ['pg_catalog.*', 'information_schema.*', 'pg_toast.*'];

const PERSONAL: readonly string[] = [
  ...['*.email', '*.e_mail', '*.email_address', '*.*_email', '*.emailaddress', '*.mail_address'],
  ...['*.date_of_birth', '*.birth_date', '*.birthdate', '*.birthday', '*.dob', '*.*_dob'],
];

const NUMBERED: readonly string[] = [
  ...[
    '*.ssn',
    '*.*_ssn',
    '*.ssn_*',
    '*.social_security*',
    '*.national_id*',
    '*.tax_id*',
    '*.passport*',
    '*.drivers_license*',
  ],
  ...[
    '*.driver_license*',
    '*.card',
    '*.cards',
    '*.card_*',
    '*.*_card',
    '*.*_card_number',
    '*.cardnumber',
    '*.credit_card*',
  ],
  ...[
    '*.pan',
    '*.cvv',
    '*.cvc',
    '*.cvv2',
    '*.iban',
    '*.*_iban',
    '*.account_number',
    '*.bank_account*',
    '*.routing_number',
  ],
  ...[
    '*.phone',
    '*.phone_*',
    '*.phonenumber',
    '*.*_phone',
    '*.*_phone_number',
    '*.mobile',
    '*.mobile_*',
    '*.telephone*',
  ],
];

const SECRET: readonly string[] = [
  ...['*.password*', '*.*_password', '*.*_password_hash', '*.passwd*', '*.pwd', '*.passphrase*', '*.passcode'],
  ...[
    '*.token',
    '*.tokens',
    '*.token_*',
    '*.*_token',
    '*.secret',
    '*.secrets',
    '*.secret_*',
    '*.*_secret',
    '*.*_secret_key',
  ],
  ...[
    '*.api_key*',
    '*.apikey*',
    '*.private_key*',
    '*.access_key*',
    '*.encryption_key*',
    '*.credential*',
    '*.totp*',
    '*.otp_*',
  ],
];

/** Verifiers and passwords in PostgreSQL's own catalogue. */
const SYSTEM_SECRETS: readonly string[] = [
  ...['pg_catalog.pg_authid.rolpassword', 'pg_catalog.pg_shadow.passwd', 'pg_catalog.pg_user_mapping.umoptions'],
  ...['pg_catalog.pg_user_mappings.umoptions', 'pg_catalog.pg_subscription.subconninfo'],
];
