import { survives } from './killed-roles.js';

survives(50);
