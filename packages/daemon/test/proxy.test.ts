import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Dial, dialler } from '../src/uplinks/dial.js';
import { connectTo, proxyFor } from '../src/uplinks/proxy.js';
import { echo, TestGateway } from './support/gateway.js';
import { credentialFor, freePort } from './support/laptop.js';

describe('which way', () => {
  const target = { host: 'gw.corp.example', port: 443 };
  test.each([
    ['none set', {}, undefined],
    ['HTTPS_PROXY', { HTTPS_PROXY: 'http://proxy.example:3128' }, 'http://proxy.example:3128/'],
    ['lower case wins', { HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:2' }, 'http://b:2/'],
    ['without a scheme', { HTTPS_PROXY: 'proxy.example:3128' }, 'http://proxy.example:3128/'],
    ['a suffix in NO_PROXY', { HTTPS_PROXY: 'http://a:1', NO_PROXY: 'x.example, .corp.example' }, undefined],
    ['a part of a label is no suffix', { HTTPS_PROXY: 'http://a:1', NO_PROXY: 'orp.example' }, 'http://a:1/'],
    ['another port in NO_PROXY', { HTTPS_PROXY: 'http://a:1', NO_PROXY: 'gw.corp.example:8443' }, 'http://a:1/'],
    ['everything excepted', { HTTPS_PROXY: 'http://a:1', NO_PROXY: '*' }, undefined],
    ['SOCKS is none of ours', { HTTPS_PROXY: 'socks5://a:1' }, undefined],
  ])('%s', (_, variables, expected) => {
    expect(proxyFor(target, variables)?.href).toBe(expected);
  });

  test('loopback never goes through a proxy', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1']) {
      expect(proxyFor({ host, port: 443 }, { HTTPS_PROXY: 'http://a:1' })).toBeUndefined();
    }
  });
});

describe('through a real proxy', () => {
  let proxy: http.Server;
  let gateway: TestGateway;
  const asked: { url: string | undefined; authorization: string | undefined }[] = [];
  let refuse = false;
  beforeEach(async () => {
    asked.length = 0;
    refuse = false;
    gateway = await new TestGateway(echo).start();
    proxy = http.createServer();
    proxy.on('connect', (request, socket: net.Socket, head) => {
      asked.push({ url: request.url, authorization: request.headers['proxy-authorization'] });
      if (refuse) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      // Whatever name was asked for, this proxy's only way is to the gateway.
      const far = net.connect(gateway.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        far.write(head);
        socket.pipe(far).pipe(socket);
      });
      for (const end of [socket, far]) end.on('error', () => {});
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });
  afterEach(async () => {
    await gateway.stop();
    proxy.closeAllConnections();
    proxy.close();
  });

  const address = () => `127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
  const dialThrough = (variables: Record<string, string>, host: string): ReturnType<Dial> =>
    dialler(variables)({ ...credentialFor(gateway), tunnel: [{ host, port: 443 }] });

  test('the tunnel’s TLS is end to end: the gateway’s name is checked, not the proxy’s', async () => {
    const variables = { HTTPS_PROXY: `http://bob:p%40ss@${address()}` };
    // The gateway's certificate is for localhost, and the name dialled is another one.
    await expect(dialThrough(variables, 'gw.example')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(asked).toEqual([
      { url: 'gw.example:443', authorization: `Basic ${Buffer.from('bob:p@ss').toString('base64')}` },
    ]);
  });

  test('a connection comes out at the far end, with every byte', async () => {
    const socket = await connectTo(
      { host: 'gw.example', port: 443 },
      new URL(`http://${address()}`),
      AbortSignal.timeout(2_000),
    );
    expect(asked[0]?.url).toBe('gw.example:443');
    socket.destroy();
  });

  test('a proxy that refuses is named as the reason', async () => {
    refuse = true;
    const variables = { HTTPS_PROXY: `http://${address()}` };
    await expect(dialThrough(variables, 'gw.example')).rejects.toMatchObject({
      code: 'proxy',
      message: 'the proxy refused the way to gw.example:443, status 403',
    });
  });

  test('a proxy that is not there, and one that says nothing, end in time', async () => {
    const gone = { HTTPS_PROXY: `http://127.0.0.1:${await freePort()}` };
    await expect(dialThrough(gone, 'gw.example')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const silent = net.createServer((socket) => socket.on('error', () => {}));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = new URL(`http://127.0.0.1:${(silent.address() as net.AddressInfo).port}`);
    const waiting = connectTo({ host: 'gw.example', port: 443 }, url, AbortSignal.timeout(50));
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' });
    silent.close();
  });
});
