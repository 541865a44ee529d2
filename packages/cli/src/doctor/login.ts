import type { State } from '@hoop/contracts/local';
import { SILENT, silenceMend } from '../client/silence.js';
import { isUnderWay, loginMend, troubleOf } from '../settle.js';
import { clockTime, plain, span } from '../table.js';
import type { Facts } from './facts.js';
import { type Finding, fail, ok, warn } from './finding.js';

/** hoopd itself: nothing below can be better than it. */
export function daemonFinding({ daemon, version, keeper, uid, folders }: Facts): Finding {
  if (daemon === 'down' && uid === 0) return fail('daemon', 'hoopd does not run', NOT_ROOT, 'unavailable');
  if (folders !== undefined)
    return fail('daemon', plain(folders.message), plain(folders.hint ?? 'mend it'), 'unavailable');
  if (daemon === 'down') return fail('daemon', 'hoopd does not run', 'hoop daemon start', 'unavailable');
  if (daemon === 'silent') return fail('daemon', SILENT, silenceMend(uid, keeper), 'unavailable');
  const { version: runs, pid } = daemon.daemon;
  const kept = keeper === undefined ? '' : `, kept by ${keeper}`;
  if (runs !== version)
    return warn('daemon', `hoopd is ${runs}, hoop is ${version}: one was upgraded`, 'hoop daemon restart');
  return ok('daemon', `hoopd ${runs}, pid ${pid}${kept}`);
}

/** hoopd refuses to run as root by itself. */
const NOT_ROOT = 'ask as yourself, not as root: hoop doctor';

/** Who is logged in, and for how long that is good. */
export function loginFindings(state: State, { now, keychain }: Facts): Finding[] {
  const { login } = state;
  const mend = loginMend(state);
  const trouble = troubleOf(state);
  const why = trouble === undefined ? '' : `: ${plain(trouble.message)}`;
  if (isUnderWay(state))
    return [warn('login', 'a login is under way', 'finish it in the browser; hoop login shows where')];
  if (login === null) return [fail('login', `nobody is logged in${why}`, mend, 'login')];
  const who = plain(login.identity.email);
  if (login.state === 'expired') return [fail('login', `the login of ${who} has ended${why}`, mend, 'login')];
  const isLocked = login.state === 'waiting-for-unlock';
  const first = isLocked
    ? fail('login', `${who}: hoopd waits for the keychain to be unlocked`, UNLOCK)
    : ok('login', `${who}, in ${login.store === 'memory' ? "hoopd's memory" : 'the keychain'}`);
  const isOver = (login.certificateUntil ?? 0) <= now;
  return isLocked && isOver
    ? [first]
    : [first, certificateFinding(login, { now, why, isLocked: keychain?.code === 'keychain-locked' })];
}

export const UNLOCK = 'unlock the keychain, as at your desktop’s start; hoopd sees it by itself';
const WAIT = 'hoop status --watch';

function certificateFinding(
  { certificateUntil, leaseUntil }: NonNullable<State['login']>,
  { now, why, isLocked }: { now: number; why: string; isLocked: boolean },
): Finding {
  const mend = isLocked ? UNLOCK : WAIT;
  if (certificateUntil === undefined) return fail('certificate', `there is none${why}`, mend, 'unavailable');
  if (certificateUntil <= now)
    return fail(
      'certificate',
      `it ended ${span(now - certificateUntil)} ago, and cannot be renewed${why}`,
      mend,
      'unavailable',
    );
  const left = `for ${span(certificateUntil - now)}`;
  if (why !== '') return warn('certificate', `${left}, and cannot be renewed${why}`, mend);
  if (leaseUntil !== undefined && leaseUntil <= now)
    return warn('certificate', `${left}, but the gateway's lease ended at ${clockTime(leaseUntil)} UTC`, WAIT);
  return ok('certificate', `${left}; hoopd renews it`);
}
