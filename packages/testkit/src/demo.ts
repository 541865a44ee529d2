import { join } from 'node:path';
import { demo } from './play/index.js';

/** scripts/demo, after the set-up. */
const root = join(import.meta.dirname, '../../..');
process.exitCode = await demo({ root, folder: join(root, '.demo') }, process.argv.slice(2));
