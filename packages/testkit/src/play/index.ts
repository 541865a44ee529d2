import { story } from '../story/index.js';
import { type PlayOptions, check as run } from './run.js';

export { HELP } from './help.js';
export { as, play } from './play.js';
export const check = (options: PlayOptions) => run(options, story(options.system));
