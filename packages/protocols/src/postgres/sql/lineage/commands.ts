import type { CallStmt, CopyStmt, DoStmt, ExecuteStmt, ExplainStmt, Node, PrepareStmt } from 'libpg-query';
import { analyzes } from '../commands.js';
import { GIVEN } from '../overloads.js';
import { parseNamed } from '../parse.js';
import { ofBlock } from './bodies.js';
import { clustered, functionRenamed, indexed, measured, replaced, triggered } from './constraints.js';
import { altered, created, defined, domainAltered, domainMade, moved, type Named, ruled } from './define.js';
import { elementsOf } from './elements.js';
import { evaluate } from './expression.js';
import { Facts, type Given } from './facts.js';
import { anything, constantAt, FREE, mix, oneOf, opaque, type Shape, unplaced } from './flow.js';
import { relationItem } from './from.js';
import { routines } from './functions.js';
import { as, type Body, type Kind, kindOf, namesOf, stringOf } from './nodes.js';
import { condition, isConstant, isDomain } from './predicates.js';
import { below, type Scope } from './scope.js';
import { command, selected } from './select.js';
import { partial } from './total.js';
import { typeWritten } from './types.js';

const NO_ROWS: Shape = { fields: [] };

/** What any command answers with; what it depends on and stores is noted. */
export function answer(node: Node, scope: Scope): Shape {
  const kind = kindOf(node);
  const read =
    kind === undefined ? undefined : (COMMANDS[kind] as ((body: unknown, scope: Scope) => Shape) | undefined);
  if (kind === undefined || read === undefined) return NO_ROWS;
  return read(as(node, kind), scope);
}

/** Commands that are not here answer with no rows, and put no values of columns anywhere. */
const COMMANDS: { readonly [K in Kind]?: (body: Body<K>, scope: Scope) => Shape } = {
  SelectStmt: (body, scope) => {
    const into = intoOf(body);
    const shape = selected(body, scope);
    return into === undefined ? shape : defined(into, shape, scope);
  },
  InsertStmt: (body, scope) => command({ InsertStmt: body }, scope),
  UpdateStmt: (body, scope) => command({ UpdateStmt: body }, scope),
  DeleteStmt: (body, scope) => command({ DeleteStmt: body }, scope),
  MergeStmt: (body, scope) => command({ MergeStmt: body }, scope),
  CopyStmt: copied,
  CreateTableAsStmt: (body, scope) => defined(body.into?.rel, answer(body.query as Node, scope), scope),
  ViewStmt: (body, scope) => defined(body.view, answer(body.query as Node, scope), scope),
  ExplainStmt: explained,
  ExecuteStmt: executed,
  FetchStmt: (body, scope) => {
    const shape = linked(scope.at.cursors?.get(body.portalname ?? ''), undefined, scope);
    return body.ismove === true ? NO_ROWS : shape;
  },
  PrepareStmt: (body, scope) => {
    scope.facts.takes = takenBy(body, scope);
    scope.facts.loose = isLoose(body.argtypes, scope);
    answer(body.query as Node, scope);
    // Its parameters are those of EXECUTE, not of the message that carries it.
    scope.facts.unbind();
    return NO_ROWS;
  },
  DeclareCursorStmt: (body, scope) => {
    const shape = answer(body.query as Node, scope);
    for (const field of shape.fields) scope.facts.touch(field.flow);
    return NO_ROWS;
  },
  DoStmt: (body, scope) => noted(() => blockRun(body, scope)),
  CallStmt: called,
  VariableShowStmt: (body) => {
    const names = body.name === 'all' ? ['name', 'setting', 'description'] : [body.name ?? ''];
    return { fields: names.map((name) => ({ name, flow: FREE })) };
  },
  AlterTableStmt: (body, scope) => noted(() => altered(body, scope)),
  RenameStmt: (body, scope) =>
    noted(() => {
      moved(body, body.renameType, body.subname, scope);
      const name = namesOf(as(body.object, 'ObjectWithArgs')?.objname);
      if (name.length > 0) functionRenamed(name, body.newname ?? '', scope);
    }),
  AlterObjectSchemaStmt: (body, scope) => noted(() => moved(body, body.objectType, undefined, scope)),
  CreateStmt: (body, scope) => noted(() => created(body, scope)),
  IndexStmt: (body, scope) => noted(() => indexed(body, scope)),
  CreateStatsStmt: (body, scope) => noted(() => measured(body, scope)),
  ClusterStmt: (body, scope) => noted(() => clustered(body.relation, scope)),
  CreateTrigStmt: (body, scope) => noted(() => triggered(body, scope)),
  CreateFunctionStmt: (body, scope) => noted(() => replaced(body, scope)),
  CreateDomainStmt: (body, scope) => noted(() => domainMade(body.constraints ?? [], scope)),
  AlterDomainStmt: (body, scope) => noted(() => domainAltered(body, scope)),
  CreateSchemaStmt: (body, scope) => noted(() => (body.schemaElts ?? []).forEach((node) => void answer(node, scope))),
  RuleStmt: (body, scope) => noted(() => ruled(body, scope)),
  CreatePolicyStmt: (body, scope) => noted(() => conditions(body.table, [body.qual, body.with_check], scope)),
  AlterPolicyStmt: (body, scope) => noted(() => conditions(body.table, [body.qual, body.with_check], scope)),
};

function noted(read: () => void): Shape {
  read();
  return NO_ROWS;
}

/** SELECT … INTO, which stands in the leftmost of a UNION. */
function intoOf(body: Body<'SelectStmt'>): Named | undefined {
  let select = body;
  while (select.larg !== undefined) select = select.larg;
  return select.intoClause?.rel;
}

function conditions(table: Body<'RangeVar'> | undefined, nodes: readonly (Node | undefined)[], scope: Scope): void {
  const inner = below(scope);
  inner.items.push(relationItem(table ?? {}, inner, 'read'));
  for (const node of nodes) if (node !== undefined) condition(node, inner);
}

/** https://www.postgresql.org/docs/current/sql-copy.html */
function copied(body: CopyStmt, scope: Scope): Shape {
  if (body.is_from === true) {
    conditions({ ...body.relation, inh: true }, [body.whereClause], scope);
    const { shape } = relationItem(body.relation ?? {}, scope, 'write');
    const into = body.attlist === undefined ? undefined : namesOf(body.attlist);
    for (const { name, flow } of shape.fields) if (into?.includes(name) ?? true) scope.facts.load(flow.columns);
    return NO_ROWS;
  }
  const shape = body.query === undefined ? copiedTable(body, scope) : command(body.query, scope);
  if (body.filename === undefined) return shape;
  for (const field of shape.fields) scope.facts.store(field.flow, new Set());
  return NO_ROWS;
}

function copiedTable(body: CopyStmt, scope: Scope): Shape {
  const { shape } = relationItem(body.relation ?? {}, scope, 'read');
  if (body.attlist === undefined) return shape;
  return {
    fields: namesOf(body.attlist).map((name) => {
      const field = shape.fields.find((one) => one.name === name);
      return field ?? { name, flow: opaque(shape.open ?? `the column ${name} is not known`) };
    }),
  };
}

/**
 * A plan names columns and shows constants, and estimates; what a function of someone's own gave may have become a constant. Of
 * columns that are only passed on it shows nothing, unless they are: then it tells how much they took.
 */
function explained(body: ExplainStmt, scope: Scope): Shape {
  const inner = answer(body.query as Node, scope);
  if (analyzes(body.options))
    for (const { flow } of inner.fields)
      for (const column of scope.facts.touch(flow).columns) scope.facts.measured.add(column);
  const { foreign } = scope.facts;
  // What is given to a named statement stands in its plan.
  const given = (as(body.query, 'ExecuteStmt')?.params ?? []).map((param) => evaluate(param, scope));
  return {
    fields: [{ name: 'QUERY PLAN', flow: mix([...given, ...(foreign === undefined ? [] : [opaque(foreign)])]) }],
  };
}

function executed(body: ExecuteStmt, scope: Scope): Shape {
  return linked(scope.at.prepared?.get(body.name ?? ''), body.params ?? [], scope);
}

/** What a statement that was named before answers with: any of the texts that its name may stand for. `params`: of what is opened now. */
function linked(texts: readonly string[] | undefined, params: readonly Node[] | undefined, scope: Scope): Shape {
  if (texts === undefined) {
    const flow = anything(UNKNOWN);
    // Of code that runs it, nobody follows where it puts what it gets.
    if (scope.facts.isBody) scope.facts.store(flow, new Set());
    return { fields: [{ name: '', flow }], open: UNKNOWN };
  }
  return oneOf(
    texts.map((text) => linkedText(text, params, scope)),
    UNKNOWN,
  );
}
const UNKNOWN = 'the statement behind the name is not known';

function linkedText(text: string, params: readonly Node[] | undefined, scope: Scope): Shape {
  const node = parseNamed(text)[0]?.node;
  if (node === undefined) return NO_ROWS;
  const prepare = as(node, 'PrepareStmt');
  const facts = new Facts(text.length);
  facts.opened = params === undefined;
  facts.given = (params ?? []).map((param, at) => givenFor(param, prepare?.argtypes?.[at], scope));
  facts.takes = takenBy(prepare ?? {}, scope);
  facts.loose = isLoose(prepare?.argtypes, scope);
  const { prepared: _prepared, ...at } = scope.at;
  const inner = prepare?.query ?? as(node, 'DeclareCursorStmt')?.query ?? node;
  const { fields, open } = answer(inner, { up: undefined, items: [], ctes: new Map(), at, facts });
  for (const field of fields) facts.touch(field.flow);
  linkFacts(facts, scope);
  return { fields: fields.map(({ name, flow }) => ({ name, flow: unplaced(flow) })), open };
}

/** What the text behind a name does is done by the command; its parameters hold the constants of this one. */
function linkFacts(facts: Facts, scope: Scope): void {
  scope.facts.include(facts);
  scope.facts.showsSettings ||= facts.showsSettings;
  for (const [inside, overloads] of facts.meant) scope.facts.mean(inside, [...overloads]);
  for (const { column, parameter } of facts.bound()) {
    const flow = facts.given[parameter]?.flow;
    if (flow !== undefined) scope.facts.tell(column, flow);
  }
}

/** A parameter is of its type as if it were cast; of what type it is where none was named, the server finds out. */
function givenFor(param: Node, type: Node | undefined, scope: Scope): Given {
  const typeName = as(type, 'TypeName');
  const flow = evaluate(typeName === undefined ? param : { TypeCast: { arg: param, typeName } }, scope);
  if (typeName === undefined) partial([flow], scope);
  return {
    flow: typeName === undefined ? { ...flow, type: GIVEN } : flow,
    constant: isConstant(param, scope),
    elements: elementsOf(param, scope),
  };
}

/** Some of these types may bring a collation of their own. */
const isLoose = (types: readonly Node[] | undefined, scope: Scope): boolean =>
  (types ?? []).some((type) => isDomain(as(type, 'TypeName'), scope));
/** Oids of the types that PREPARE gives its parameters; 0 where one cannot be told. */
const takenBy = ({ argtypes = [] }: Pick<PrepareStmt, 'argtypes'>, scope: Scope): number[] =>
  argtypes.map((type) => typeWritten(as(type, 'TypeName'), scope) ?? 0);

/** What a block comes by may go anywhere from its variables; and its text holds what it compares. */
function blockRun(body: DoStmt, scope: Scope): void {
  const options = (body.args ?? []).flatMap((node) => as(node, 'DefElem') ?? []);
  const given = options.find((one) => one.defname === 'as');
  const text = stringOf(given?.arg) ?? '';
  const language = stringOf(options.find((one) => one.defname === 'language')?.arg) ?? 'plpgsql';
  const facts = ofBlock(text, language, scope.at);
  scope.facts.include(facts);
  for (const column of facts.asked) scope.facts.columns.add(column);
  for (const column of [...facts.columns, ...facts.asked]) scope.facts.tell(column, constantAt(given?.location ?? 0));
  scope.facts.store({ ...FREE, columns: facts.columns, opaque: facts.opaque }, new Set());
}

/** https://www.postgresql.org/docs/current/sql-call.html: one row of what the procedure gives out. */
function called(body: CallStmt, scope: Scope): Shape {
  const call = body.funccall;
  if (call === undefined) return { fields: [], open: 'what it calls is not known' };
  const flow = evaluate({ FuncCall: call }, scope);
  const found = routines(
    namesOf(call.funcname),
    (call.args ?? []).map(() => FREE),
    scope,
  );
  const [first] = found;
  if (first === undefined || found.length > 1)
    return { fields: [], open: flow.opaque ?? 'it may call any of several procedures' };
  return { fields: first.outs.map((out) => ({ name: out.name, flow })) };
}
