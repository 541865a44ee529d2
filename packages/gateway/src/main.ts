import { setFlagsFromString } from 'node:v8';
import { terminal } from './program/render.js';
import { runGateway } from './program/run.js';

// What streams through as buffers is garbage of the nursery: by V8's default each 64 MB of it starts a collection of the whole heap.
setFlagsFromString('--external-memory-accounted-in-global-limit');
process.title = 'hoop-gateway';
process.exitCode = await runGateway(process.argv.slice(2), terminal);
