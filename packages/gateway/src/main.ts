import { terminal } from './program/render.js';
import { runGateway } from './program/run.js';

process.title = 'hoop-gateway';
process.exitCode = await runGateway(process.argv.slice(2), terminal);
