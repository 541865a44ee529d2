import { PROTOCOLS } from '@hoop/core';
import { describe, expect, test } from 'vitest';
import { greetPostgres } from '../../src/postgres/greet.js';
import * as w from './wire.js';

const ssl = w.frame('', w.i32(80877103));
const gss = w.frame('', w.i32(80877104));
const cancel = w.frame('', w.i32(80877102), w.i32(1), w.i32(2));
const look = (bytes: Uint8Array, tls: 'none' | 'active' = 'none') => greetPostgres.look(bytes, tls);
const answerOf = (step: object) => ('bytes' in step ? Buffer.from(step.bytes as Uint8Array).toString() : undefined);

describe('greeting', () => {
  test('SSLRequest: S, then TLS', () => {
    expect(look(ssl)).toMatchObject({ step: 'tls', consumed: 8 });
    expect(answerOf(look(ssl))).toBe('S');
  });

  test('GSSENCRequest: N, and ask again', () => {
    expect(look(gss)).toMatchObject({ step: 'answer', consumed: 8 });
    expect(answerOf(look(gss))).toBe('N');
    expect(look(w.all(gss, ssl))).toMatchObject({ step: 'answer', consumed: 8 });
  });

  test('direct TLS: no bytes', () => {
    expect(look(Uint8Array.of(0x16, 3, 1))).toEqual({ step: 'tls', consumed: 0, bytes: new Uint8Array(0) });
  });

  test('a startup or a cancel request opens, in plain and within TLS, with what follows', () => {
    for (const packet of [w.HELLO, cancel, w.all(w.HELLO, w.query('a'))]) {
      expect(look(packet)).toEqual({ step: 'open' });
      expect(look(packet, 'active')).toEqual({ step: 'open' });
    }
  });

  test('plaintext behind SSLRequest is never carried into TLS (CVE-2021-23214)', () => {
    expect(look(w.all(ssl, Uint8Array.of(0)))).toMatchObject({ step: 'reject' });
    expect(look(w.all(ssl, w.HELLO))).toMatchObject({ step: 'reject' });
  });

  test('TLS within TLS', () => {
    expect(look(ssl, 'active')).toMatchObject({ step: 'reject' });
    expect(look(Uint8Array.of(0x16), 'active')).toMatchObject({ step: 'reject' });
  });

  test('every beginning of a packet needs more, byte by byte', () => {
    for (const packet of [ssl, gss, cancel, w.HELLO]) {
      for (let at = 0; at < packet.length; at++) expect(look(packet.subarray(0, at))).toEqual({ step: 'need' });
    }
  });

  test.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['HTTP, its first byte', Buffer.from('G')],
    ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n')],
    ['SSH', Buffer.from('SSH-2.0-x\r\n')],
    ['a query without a startup', w.query('select 1')],
    ['length 0', Uint8Array.from(w.i32(0))],
    ['length 7', Uint8Array.from(w.i32(7))],
    ['length 10,001', Uint8Array.from(w.i32(10_001))],
    ['a negative length', Uint8Array.from(w.i32(-1))],
    ['a startup without its end', w.frame('', w.i32(196608), 'user')],
    ['a cancel request too short', w.frame('', w.i32(80877102), w.i32(1))],
  ])('rejects %s', (_, bytes) => {
    expect(look(bytes)).toMatchObject({ step: 'reject' });
  });

  test('a refusal is a FATAL with its SQLSTATE', () => {
    const bytes = greetPostgres.refuse({ code: 'login-required', message: 'nobody is logged in', hint: 'hoop login' });
    expect(bytes).toEqual(
      w.frame('E', w.z('SFATAL'), w.z('VFATAL'), w.z('C28000'), w.z('Mnobody is logged in'), w.z('Hhoop login'), [0]),
    );
  });

  test('the protocol is in the list', () => {
    expect(PROTOCOLS).toContain('postgres');
    expect(greetPostgres.speaksFirst).toBe(false);
  });
});
