import { STAFF } from '../idp/people.js';
import type { Stage } from './stage.js';
import type { Step } from './step.js';

/** The company's servers, each in a process of its own. */
export const COMPANY: readonly Step<Stage>[] = [
  {
    group: 'World',
    name: 'idp',
    async run({ world }) {
      await world.company.startIdp();
      return `${STAFF.map((person) => person.name).join(', ')} at ${world.company.issuer}`;
    },
    trouble: ({ world }) => ({ log: world.company.log('idp') }),
  },
  {
    group: 'World',
    name: 'postgres',
    async run({ world }) {
      await world.company.startPostgres();
      const { cluster } = world.company;
      const [row] = await cluster.sql('select count(*) from customers');
      const from = cluster.binaries.embedded ? ' (from npm)' : '';
      return `${await cluster.version()}${from}, TLS + SCRAM, a shop with ${Number(row?.count).toLocaleString('en')} customers`;
    },
    trouble: ({ world }) => ({ log: `${world.place.place}/company/postgres/postgres.log` }),
  },
  {
    group: 'World',
    name: 'gateway',
    needs: ['idp', 'postgres'],
    async run({ world }) {
      await world.company.startGateway();
      return world.company.gatewayUrl;
    },
    trouble: ({ world }) => ({
      next: `./scripts/hoop-gateway check --config ${world.company.configFile}`,
      log: world.company.log('gateway'),
    }),
  },
];
