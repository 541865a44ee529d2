import { expect, test } from 'vitest';
import { type Contender, type Rival, refuseShared } from '../../src/login/rivals.js';

const theirs: Rival = {
  profile: 'acme',
  gateway: 'https://gw.acme.example',
  client: { issuer: 'https://idp.acme.example/realms/a', id: 'hoop' },
};
const asks: Contender = {
  gateway: new URL('https://gw.example'),
  discovery: { clientId: 'hoop' },
  idp: ['https://idp.acme.example/realms/a'],
  sharedIdp: false,
};
const refused = (contender: Partial<Contender>, ...rivals: Rival[]) => {
  try {
    refuseShared({ ...asks, ...contender }, rivals.length === 0 ? [theirs] : rivals);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test.each<[string, Partial<Contender>]>([
  ['the same client of the same IdP', {}],
  ['an issuer of its own that leads there', { idp: ['https://idp.evil.example', 'https://idp.acme.example/auth'] }],
  ['the same IdP, written otherwise', { idp: ['https://IDP.acme.example:443/'] }],
])('%s is refused', (_, contender) => {
  expect(refused(contender)).toBe('shared-idp');
});

test.each<[string, Partial<Contender>, Rival[]]>([
  ['another client of that IdP', { discovery: { clientId: 'other' } }, []],
  ['a client of that name elsewhere', { idp: ['https://idp.example'] }, []],
  ['the same gateway in another profile', { gateway: new URL('https://gw.acme.example') }, []],
  ['what the person says is shared', { sharedIdp: true }, []],
  ['what the person said of the other one', {}, [{ ...theirs, sharedIdp: true }]],
  ['a gateway of which that is not known', {}, [{ profile: 'acme', gateway: 'https://gw.acme.example' }]],
])('%s is not', (_, contender, rivals) => {
  expect(refused(contender, ...rivals)).toBeUndefined();
});
