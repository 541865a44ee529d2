export * from './command.js';
export * from './supervisor.js';
