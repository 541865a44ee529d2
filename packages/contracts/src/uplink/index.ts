export * from './channel.js';
export * from './frames.js';
export * from './messages.js';
