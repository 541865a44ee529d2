import { isIP } from 'node:net';
import type { State } from '@hoop/contracts/local';
import { whyUnreached } from '@hoop/core';
import { isUnderWay } from '../settle.js';
import { plain, span } from '../table.js';
import type { Facts, Way } from './facts.js';
import { type Finding, fail, ok, warn } from './finding.js';

/** As far as a clock may be off: what the gateway asks of an ID token. Milliseconds. */
const TOLERABLE = 60_000;
const SET_CLOCK: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'sudo timedatectl set-ntp true',
  darwin: 'sudo sntp -sS time.apple.com',
};

export function clockFindings({ way, platform }: Facts): Finding[] {
  if (way?.ahead === undefined) return [];
  const off = Math.abs(way.ahead);
  if (off <= TOLERABLE) return [ok('clock', "as the gateway's")];
  const which = way.ahead > 0 ? 'ahead of' : 'behind';
  return [fail('clock', `${span(off)} ${which} the gateway's`, SET_CLOCK[platform] ?? 'set the clock')];
}

/** The way to the gateway, then whose certificate is seen at its end. */
export function gatewayFindings(facts: Facts, state: State | undefined): Finding[] {
  const { way } = facts;
  if (way === undefined && state !== undefined && isUnderWay(state)) return [];
  if (way === undefined)
    return [
      fail('gateway', 'no gateway is known: nobody has logged in here', 'hoop login https://YOUR-GATEWAY', 'login'),
    ];
  if (way.ended !== undefined) return [endedFinding(facts, way, way.ended)];
  const through = way.proxy === undefined ? '' : `, through the proxy ${plain(way.proxy)}`;
  const gateway = state?.gateway;
  // Without a login that is good hoopd has nothing to show the gateway: the login's own finding says so.
  const isGood = (state?.login?.certificateUntil ?? 0) > facts.now && state?.login?.state !== 'expired';
  const isBehind = isGood && gateway?.state === 'offline' && way.certificate?.distrusted === undefined;
  const said = gateway?.error === undefined ? '' : `: ${plain(gateway.error)}`;
  return [
    isBehind
      ? fail(
          'gateway',
          `${way.gateway} answers here${through}, but not to hoopd${said}`,
          'hoop daemon restart',
          'unavailable',
        )
      : ok('gateway', `${way.gateway} answers${through}`),
    ...(way.certificate === undefined ? [] : [certificateFinding(facts, way, way.certificate)]),
  ];
}

function endedFinding(
  { ipv6 }: Facts,
  { gateway, proxy, addresses }: Way,
  { at, code }: NonNullable<Way['ended']>,
): Finding {
  const onlySix = addresses.length > 0 && addresses.every((address) => isIP(address) === 6);
  if (ipv6 === false && onlySix)
    return fail(
      'gateway',
      `${gateway} has IPv6 addresses only, and IPv6 is off`,
      'sudo sysctl net.ipv6.conf.all.disable_ipv6=0',
      'unavailable',
    );
  const where = at === 'connection' && proxy !== undefined ? ` through the proxy ${plain(proxy)}` : '';
  const why = whyUnreached(code) ?? `it ends at the ${at} (${code})`;
  return fail('gateway', `${gateway} cannot be reached${where}: ${why}`, endedMend(gateway, code), 'unavailable');
}

const OFFLINE = ['EAI_AGAIN', 'ENETUNREACH'];

function endedMend(gateway: string, code: string): string {
  if (code === 'proxy') return 'HTTPS_PROXY= hoop doctor';
  if (OFFLINE.includes(code)) return 'connect this machine to a network; hoopd sees it by itself';
  return `ask whoever runs ${new URL(gateway).host}`;
}

/** Makers of what opens TLS on its way, as their certificates are signed. */
const INSPECTORS = [
  ...['Zscaler', 'Netskope', 'Palo Alto', 'Fortinet', 'FortiGate', 'Blue Coat', 'Symantec Web', 'Cisco', 'Umbrella'],
  ...['Sophos', 'Kaspersky', 'ESET', 'Avast', 'AVG', 'Bitdefender', 'McAfee', 'Skyhigh', 'Forcepoint', 'Websense'],
  ...['Check Point', 'Barracuda', 'iboss', 'Menlo', 'Cloudflare Gateway', 'Cato', 'SonicWall', 'WatchGuard'],
  ...['Squid', 'mitmproxy', 'Charles Proxy', 'Fiddler', 'DO_NOT_TRUST', 'PortSwigger', 'Lightspeed', 'Securly'],
];

function certificateFinding(
  { way, now }: Facts,
  { gateway, proxy }: Way,
  shown: NonNullable<Way['certificate']>,
): Finding {
  const issuer = plain(shown.issuer);
  const maker = INSPECTORS.find((one) => `${shown.issuer} ${shown.root}`.toLowerCase().includes(one.toLowerCase()));
  const { host, hostname } = new URL(gateway);
  if (maker !== undefined)
    return fail(
      'tls',
      `the certificate of ${host} is issued by “${issuer}”: a proxy that inspects TLS (${maker}) is in between, and hoop's own certificate cannot pass it`,
      proxy === undefined
        ? `ask whoever runs it to exempt ${host} from inspection`
        : `NO_PROXY=${hostname} hoop daemon restart`,
      'unavailable',
    );
  const { distrusted } = shown;
  if (distrusted === undefined) return ok('tls', `certificate issued by “${issuer}”, for ${span(shown.until - now)}`);
  if (Math.abs(way?.ahead ?? 0) > TOLERABLE && /EXPIRED|NOT_YET/.test(distrusted))
    return warn('tls', `certificate issued by “${issuer}” is not of this clock's time`, 'set the clock first');
  if (distrusted === 'CERT_HAS_EXPIRED')
    return fail(
      'tls',
      `the gateway's certificate has expired (issued by “${issuer}”)`,
      `tell whoever runs ${host}`,
      'unavailable',
    );
  if (distrusted === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return fail(
      'tls',
      `the certificate there (issued by “${issuer}”) is not for ${hostname}`,
      `hoop login ${gateway}`,
      'unavailable',
    );
  return fail(
    'tls',
    `the certificate of ${host} is issued by “${issuer}”, whom this login does not trust (${distrusted}): somebody is in between, or the gateway has a new CA`,
    `hoop login ${gateway} --ca-file FILE`,
    'unavailable',
  );
}
