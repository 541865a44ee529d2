type Tree = Record<string, unknown>;

/**
 * CASE's statement compares a variable that nobody named, of a type that the parser does not know: in its place in the tree is put what
 * it stands for. https://www.postgresql.org/docs/current/plpgsql-control-structures.html#PLPGSQL-CONDITIONALS
 */
export function withCases(tree: unknown): unknown {
  for (const each of (tree as Tree).plpgsql_funcs as readonly Tree[]) {
    const { datums = [], action } = each.PLpgSQL_function as { datums?: readonly Tree[]; action?: unknown };
    replace(action, datums);
  }
  return tree;
}

function replace(value: unknown, datums: readonly Tree[]): void {
  if (typeof value !== 'object' || value === null) return;
  const { PLpgSQL_stmt_case: part } = value as { PLpgSQL_stmt_case?: Tree };
  const asked = queryOf(part?.t_expr);
  if (part !== undefined && asked !== undefined) {
    const { refname } = (datums[Number(part.t_varno)]?.PLpgSQL_var ?? {}) as Tree;
    for (const when of (part.case_when_list ?? []) as readonly Tree[]) {
      const holder = (when.PLpgSQL_case_when as Tree).expr as { PLpgSQL_expr: Tree };
      const text = String(holder.PLpgSQL_expr.query);
      holder.PLpgSQL_expr.query = text.replace(`"${refname}"`, () => typed(asked));
    }
  }
  for (const child of Object.values(value)) replace(child, datums);
}

const queryOf = (holder: unknown): string | undefined =>
  ((holder as Tree | undefined)?.PLpgSQL_expr as { query?: string } | undefined)?.query;

/** A literal is a text before it is compared. */
const typed = (expression: string): string =>
  /^\s*(?:[eE]?'|\$)/.test(expression) ? `(${expression})::text` : `(${expression})`;
