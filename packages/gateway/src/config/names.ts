import * as z from 'zod';

export const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
export const Name = z
  .string()
  .regex(NAME, 'a name has lower-case letters, digits and inner hyphens, at most 63 of them');
/** A connection's name, or a pattern in which `*` stands for any run of characters. */
export const Pattern = z
  .string()
  .regex(/^[a-z0-9*]([a-z0-9*-]{0,61}[a-z0-9*])?$/, 'a connection name; * stands for any part');
/** Groups, as the IdP's token names them. */
export const Groups = z.array(z.string().min(1)).min(1);
