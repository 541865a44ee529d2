#!/usr/bin/env node
import { keepCompiled } from './cache.js';

// Before anything else is compiled: what is imported statically would be compiled first.
keepCompiled(process.env);
const { hoop } = await import('./hoop.js');
await hoop();
