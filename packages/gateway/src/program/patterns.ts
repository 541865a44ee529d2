import { matches } from '@hoop/controls';
import { nearest } from '../config/nearest.js';

/** A pattern that matches no connection: a typing error more often than not. */
export interface PatternFault {
  message: string;
  hint: string;
}

export function patternFaults(key: string, patterns: readonly string[], names: readonly string[]): PatternFault[] {
  return patterns
    .filter((pattern) => !names.some((name) => matches(pattern, name)))
    .map((pattern) => {
      const meant = pattern.includes('*') ? undefined : nearest(pattern, names);
      const hint = meant ? `did you mean ${meant}?` : `there are: ${names.join(', ') || 'none'}`;
      return { message: `${key}: ${pattern} matches no connection`, hint };
    });
}
