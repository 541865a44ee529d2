import * as z from 'zod';

/** The keys a schema knows at a path, for the hint on an unknown one. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const here = bare(schema);
  const [first, ...rest] = path;
  if (here instanceof z.ZodArray) return first === undefined ? [] : keysAt(here.def.element, rest);
  if (here instanceof z.ZodRecord) return first === undefined ? [] : keysAt(here.def.valueType, rest);
  if (here instanceof z.ZodUnion) return here.options.flatMap((option: z.core.$ZodType) => keysAt(option, path));
  if (!(here instanceof z.ZodObject)) return [];
  if (first === undefined) return Object.keys(here.shape);
  const next = here.shape[String(first)];
  return next ? keysAt(next, rest) : [];
}

/** Without what wraps it: defaults, optionals, transforms. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return bare(schema.def.innerType);
  if (schema instanceof z.ZodPipe)
    return bare(schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in);
  return schema;
}
