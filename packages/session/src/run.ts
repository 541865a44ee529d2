import { protocols } from '@hoop/protocols';
import { Flow } from './flow.js';
import type { RunFlow } from './ports.js';

/** Takes the wire's callbacks before it returns. */
export const runFlow: RunFlow = async (options) => new Flow(protocols[options.upstream.protocol], options).run();
