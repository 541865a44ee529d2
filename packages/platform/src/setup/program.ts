import { runRoot } from './root.js';

process.exitCode = runRoot(process.argv.slice(2), (event) => process.stdout.write(`${JSON.stringify(event)}\n`));
