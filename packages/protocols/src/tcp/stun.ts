import type { GreetingStep } from '@hoop/core';
import { BRIEFLY } from './own.js';

type Fit = (byte: number) => boolean;
const is = (...bytes: number[]): Fit[] => bytes.map((one) => (byte) => byte === one);
const inFours: Fit = (byte) => byte % 4 === 0;

/** To bind or to allocate: type, length, the magic cookie (RFC 8489 §5). */
const REQUEST: readonly Fit[] = [
  ...is(0),
  (byte) => byte === 1 || byte === 3,
  () => true,
  inFours,
  ...is(0x21, 0x12, 0xa4, 0x42),
];
/** The same behind its length; a page's are shorter than 1,536 bytes (RFC 4571 §2). */
const FRAMED: readonly Fit[] = [(byte) => byte <= 5, inFours, ...REQUEST];
/** How libwebrtc imitates a TLS handshake (`ssltcp` candidates): as SSL 2.0, which nobody speaks. */
const FALSE_HELLO = is(0x80, 0x46, 0x01, 0x03, 0x01);

/**
 * WebRTC has a browser send a page's words to any TCP port: as TURN's first request, or as a connectivity check behind its length
 * (RFC 4571), with user names that the page made up. Undefined: it is neither.
 */
export function lookAtStun(first: Uint8Array): GreetingStep | undefined {
  const looks = [agrees(first, REQUEST), agrees(first, FRAMED), agrees(first, FALSE_HELLO)];
  if (looks.includes(true)) return { step: 'reject', why: 'WebRTC of a page' };
  if (looks.includes(undefined)) return { step: 'need', late: { after: BRIEFLY, step: { step: 'open' } } };
  return undefined;
}

function agrees(bytes: Uint8Array, fits: readonly Fit[]): boolean | undefined {
  const known = fits.slice(0, bytes.length);
  if (!known.every((fit, at) => fit(bytes[at]!))) return false;
  return known.length === fits.length ? true : undefined;
}
