import { EXIT, UserError } from '@hoop/core';
import { applyResolver, planResolver, resolverFacts, type Step, undoResolver } from '@hoop/platform';
import { type Command, flag, type Needs, text } from '../command.js';

/** Root's own, for what must be undone after a restart of everything. */
const JOURNAL = '/var/lib/hoop';

export const setup: Command = {
  name: 'setup',
  summary: 'let this machine’s systemd-resolved ask hoop for *.hoop; as root',
  options: [
    { flags: '--resolver WHERE', summary: 'address and port of hoop’s resolver, as `hoop status` shows it' },
    { flags: '--undo', summary: 'take back what setup did' },
  ],
  examples: ['sudo hoop setup --resolver 127.77.3.1:5377', 'sudo hoop setup --undo'],
  run: async (needs, input) => {
    if (flag(input, 'undo')) return undo(needs);
    const server = serverOf(text(input, 'resolver')) ?? (await ownResolver(needs));
    const facts = resolverFacts(needs.machine);
    // What root could do here is shown to anybody; only root does it.
    const plan = planResolver({ ...facts, uid: 0 }, server);
    if (plan.can && needs.machine.uid !== 0) {
      plan.steps.forEach(shown(needs));
      throw new UserError('root', 'these steps take root; nothing was changed', {
        hint: `sudo hoop setup --resolver ${server.address}:${server.port}`,
      });
    }
    applyResolver(plan, JOURNAL, shown(needs));
    needs.err('*.hoop resolves on this machine now; take it back with: sudo hoop setup --undo\n');
    return EXIT.ok;
  },
};

const shown =
  (needs: Needs) =>
  (step: Step): void =>
    needs.err(`  ${step.join(' ')}\n`);

function undo(needs: Needs): number {
  if (needs.machine.uid !== 0) throw new UserError('root', 'undoing it takes root', { hint: 'sudo hoop setup --undo' });
  const undone = undoResolver(JOURNAL, shown(needs));
  needs.err(undone ? 'undone\n' : 'there is nothing to undo\n');
  return EXIT.ok;
}

function serverOf(given: string | undefined): { address: string; port: number } | undefined {
  if (given === undefined) return undefined;
  const [, address, port] = /^(127(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(given) ?? [];
  if (address === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new UserError('resolver', 'the resolver is a loopback address and a port', {
      hint: 'hoop status shows it, e.g. 127.77.3.1:5377',
      exit: 'usage',
    });
  }
  return { address, port: Number(port) };
}

/** Root has no daemon of its own: it is told where the person's resolver is. */
async function ownResolver(needs: Needs): Promise<{ address: string; port: number }> {
  if (needs.machine.uid === 0) {
    throw new UserError('resolver', 'whose resolver? Root has none', {
      hint: 'sudo hoop setup --resolver ADDRESS:PORT, as `hoop status` shows it',
      exit: 'usage',
    });
  }
  const { resolver } = (await needs.daemon.state()).daemon;
  if (resolver === null) throw new UserError('resolver', 'hoop’s resolver does not run', { hint: 'hoop status' });
  return resolver;
}
