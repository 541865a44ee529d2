import type { Greeting } from '@hoop/core';
import { EMPTY } from '@hoop/core';

/** Who talks first is not known, so a flow opens at once; TLS, if there is any, is between the two ends. */
export const greetTcp: Greeting = {
  speaksFirst: true,
  look: () => ({ step: 'open' }),
  refuse: () => EMPTY,
};
