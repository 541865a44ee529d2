import { createPrivateKey } from 'node:crypto';
import {
  type Canary,
  type MemorySearch,
  patternsOf,
  type Sighting,
  searchFiles,
  searchMemory,
  sightings,
} from '../witness/index.js';
import { environmentOf, keytarFolder, type Laptop, pids } from '../world/index.js';
import { json, must, type Stage } from './stage.js';

/**
 * Looks for the real secrets where none may be: files, environments, log and local API of the laptop; and for the
 * database's password in hoopd's memory too. (Refresh token and private key are in hoopd's memory by need.)
 */
export async function searchForSecrets({ world }: Stage): Promise<string> {
  const laptop = world.laptop('alice');
  const password: Canary = { name: 'database password', bytes: Buffer.from(world.company.cluster.password) };
  const minting: Canary = { name: 'minting password', bytes: Buffer.from(world.company.cluster.minterPassword) };
  const tokens = tokensOf(world.company.issued(), 'alice');
  const keys = laptop.record.keyring
    ? await keysIn(laptop, world.programs.node, keytarFolder(world.programs.packages))
    : [];
  const patterns = patternsOf([password, minting, ...tokens, ...keys]);
  const seen = { files: 0 };
  const environments = environmentsOf(laptop);
  const answers = await localAnswers(laptop, world.programs.node);
  const found: Sighting[] = [
    ...searchFiles(patterns, laptop.record.folder, seen),
    ...environments.flatMap(({ pid, text }) => sightings(patterns, Buffer.from(text), `environment of process ${pid}`)),
    ...sightings(patterns, Buffer.from(answers), "the local API's answers"),
  ];
  const { daemon } = await json<{ daemon: { pid: number } }>(laptop.hoop('status', '--json'));
  const memory = lookInto(daemon.pid, password);
  refuse([...found, ...(memory.search?.found ?? [])]);
  const variables = environments.length > 0 ? `${environments.length} environments` : 'environments: closed to us';
  const looked = `${seen.files} files, ${variables}, log, local API`;
  const others = keys.length > 0 ? 'tokens and private key' : 'tokens';
  return `database password: nowhere on the laptop (${looked}; ${memory.told}); ${others}: in no file, environment or answer`;
}

function refuse(found: readonly Sighting[]): void {
  if (found.length === 0) return;
  const told = found.slice(0, 3).map(({ canary, how, where }) => `${canary} (${how}) in ${where}`);
  throw new Error(`found: ${told.join('; ')}`);
}

interface Issued {
  subject?: string;
  id_token?: string;
  refresh_token?: string;
}

/** What the IdP gave this person. A token's signature alone is as telling as the whole. */
export function tokensOf(issued: readonly Issued[], subject: string): Canary[] {
  const own = issued.filter((each) => each.subject === subject);
  const found = own.flatMap(({ id_token, refresh_token }) => [
    ...(id_token ? [{ name: 'ID token', bytes: Buffer.from(id_token.split('.')[2] ?? id_token) }] : []),
    ...(refresh_token ? [{ name: 'refresh token', bytes: Buffer.from(refresh_token) }] : []),
  ]);
  if (!found.some(({ name }) => name === 'refresh token'))
    throw new Error(`the IdP knows of no refresh token of ${subject}`);
  return found;
}

const READ_KEYCHAIN = `require(process.argv[1]).findCredentials('hoop').then((all) => console.log(JSON.stringify(all)))`;

/** The private key as the keychain holds it: a look that only this test takes. */
async function keysIn(laptop: Laptop, node: string, keytar: string): Promise<Canary[]> {
  const all = await json<{ password: string }[]>(laptop.run([node, '-e', READ_KEYCHAIN, keytar]));
  const entries = all.map(({ password }) => JSON.parse(password) as { key: string; refreshToken: string });
  if (entries.length === 0) throw new Error('the keychain holds no login');
  return entries.flatMap(({ key, refreshToken }) => {
    const jwk = createPrivateKey({ key: Buffer.from(key, 'base64'), type: 'pkcs8', format: 'der' }).export({
      format: 'jwk',
    });
    const parts = (['p', 'q', 'd'] as const).map((part) => ({
      name: `private key (${part})`,
      bytes: Buffer.from(jwk[part] ?? '', 'base64url'),
    }));
    return [...parts, { name: 'refresh token', bytes: Buffer.from(refreshToken) }];
  });
}

/** Of all live processes of this laptop. */
function environmentsOf(laptop: Laptop): { pid: number; text: string }[] {
  const home = `HOME=${laptop.home}`;
  const all = pids().map((pid) => ({ pid, variables: environmentOf(pid) }));
  return all
    .filter(({ variables }) => variables.includes(home))
    .map(({ pid, variables }) => ({ pid, text: variables.join('\n') }));
}

const ASK_LOCALLY = `const { get } = require('node:http');
const ask = (path) => new Promise((resolve, reject) => get({ socketPath: process.argv[1], path, headers: { host: 'hoopd' } }, (answer) => {
  let text = '';
  answer.on('data', (chunk) => { text += chunk; if (path.endsWith('watch')) { answer.destroy(); resolve(text); } });
  answer.on('end', () => resolve(text));
}).on('error', reject));
(async () => { for (const path of process.argv.slice(2)) console.log(await ask(path)); })();`;

/** What the local API says, as it says it. */
async function localAnswers(laptop: Laptop, node: string): Promise<string> {
  const paths = ['/v1/status', '/v1/watch', '/v1/sessions'];
  const { stdout } = await must(laptop.run([node, '-e', ASK_LOCALLY, laptop.socket, ...paths]));
  const [session] = await json<{ id: string }[]>(laptop.hoop('sessions', 'ls', '--json'));
  if (!session) return stdout;
  const one = await must(laptop.run([node, '-e', ASK_LOCALLY, laptop.socket, `/v1/sessions/${session.id}`]));
  return stdout + one.stdout;
}

function lookInto(pid: number, password: Canary): { told: string; search?: MemorySearch } {
  try {
    const search = searchMemory(patternsOf([password]), pid);
    if (search.bytes === 0) return { told: "hoopd's memory: nothing of it can be read here" };
    return { told: `${Math.round(search.bytes / 1e6)} MB of hoopd's memory`, search };
  } catch (error) {
    return { told: `hoopd's memory cannot be read here: ${(error as NodeJS.ErrnoException).code ?? 'no /proc'}` };
  }
}
