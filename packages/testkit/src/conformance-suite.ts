/** What an engine's tests need, without the servers that the package's root brings. */
export * from './conformance.js';
export type { ConnectSample } from './conformance-connect.js';
export { type Answered, type ControlledProtocol, controlsSuite } from './controls-suite.js';
export { type Fuzzed, type FuzzOptions, fuzz } from './fuzz.js';
export { type Expected, Playbook, show } from './playbook.js';
export { bugOf, type Heard, Stage, type StageOptions, sentTo } from './playbook-stage.js';
export { readingOf } from './readings.js';
export type { Sample, Step } from './split.js';
