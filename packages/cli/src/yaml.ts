/** The bundler gives a CommonJS package its names only by a static import; this file is what is imported when needed. */
export { parse } from 'yaml';
