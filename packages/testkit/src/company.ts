import { text } from 'node:stream/consumers';
import { STAFF } from './idp/people.js';
import { World } from './world/index.js';

/**
 * A company (IdP, PostgreSQL, gateway) for as long as stdin is open: `company.js ROOT FOLDER`. One line of JSON tells where
 * it is. A third argument: connections beside the shop's (JSON). Its servers listen on `localhost` of whatever network namespace it is run in.
 */
const [root = '', folder = '', more = '{}'] = process.argv.slice(2);
const world = await World.prepare({ root, folder });
try {
  await world.company.startIdp();
  await world.company.startPostgres();
  world.company.more = JSON.parse(more) as Record<string, object>;
  await world.company.startGateway();
  const { gatewayUrl, caFile } = world.company;
  process.stdout.write(`${JSON.stringify({ gateway: gatewayUrl, caFile, people: STAFF })}\n`);
  await text(process.stdin);
} finally {
  await world.end();
}
