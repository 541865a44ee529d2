export * from './apply.js';
export * from './plan.js';
export * from './profile.js';
export { folderTrouble } from './trouble.js';
