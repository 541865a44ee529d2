import { type Command, flag, JSON_OPTION } from '../command.js';

export const version: Command = {
  name: 'version',
  summary: 'show the version',
  options: [JSON_OPTION],
  run: async (needs, input) => {
    const json = JSON.stringify({ version: needs.version, node: process.versions.node });
    needs.out(flag(input, 'json') ? `${json}\n` : `hoop ${needs.version} (Node ${process.versions.node})\n`);
  },
};
