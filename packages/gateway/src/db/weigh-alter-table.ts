import type { Token } from './read-statements.ts';
import {
  type Catalogue,
  findReferences,
  known,
  lockModes,
  openReader,
  type Reader,
  skipIfExists,
  type Touch,
  unknown,
  type Weight,
} from './weight.ts';

type Action = { readonly does: string; readonly touches: readonly Touch[] };

/** Settings of a table that take the weak lock of `analyze`; every other one is not known. */
const weakSettings = /^(fillfactor|toast_tuple_target|parallel_workers|(log_)?autovacuum_\w+|vacuum_\w+)$/;
/** In a default these make a value per row, so that the table is written anew. */
const volatileCalls = new Set(['clock_timestamp', 'random', 'gen_random_uuid', 'uuidv7', 'nextval', 'timeofday']);
/** A call that is the same for all rows of one statement. */
const stableCalls = new Set(['now', 'current_timestamp', 'transaction_timestamp', 'statement_timestamp']);

/** `alter table` and what follows: one statement with several actions takes the strongest lock of them all. */
export function weighAlterTable(reader: Reader, catalogue: Catalogue): Weight {
  skipIfExists(reader);
  reader.take('only');
  const table = reader.name();
  const actions = splitActions(reader.rest()).map((tokens) => weighAction(tokens, table, catalogue));
  if (actions.length === 0 || actions.some((action) => action === undefined)) return unknown;
  const all = actions as Action[];
  return known(
    `${table}: ${all.map(({ does }) => does).join(', ')}`,
    mergeTouches(all.flatMap(({ touches }) => touches)),
  );
}

/** At the commas outside of parentheses. */
function splitActions(tokens: readonly Token[]): Token[][] {
  const actions: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'sign' && token.text === '(') depth += 1;
    if (token.kind === 'sign' && token.text === ')') depth -= 1;
    if (depth === 0 && token.kind === 'sign' && token.text === ',') actions.push([]);
    else actions.at(-1)?.push(token);
  }
  return actions;
}

const efforts = ['catalogue', 'rows', 'scan', 'index', 'rewrite'] as const;

/** One per relation: the strongest lock, the most work. */
function mergeTouches(touches: readonly Touch[]): Touch[] {
  const merged = new Map<string, Touch>();
  for (const touch of touches) {
    const other = merged.get(touch.relation) ?? touch;
    const mode = lockModes[Math.max(lockModes.indexOf(touch.mode), lockModes.indexOf(other.mode))] ?? touch.mode;
    const effort = efforts[Math.max(efforts.indexOf(touch.effort), efforts.indexOf(other.effort))] ?? touch.effort;
    merged.set(touch.relation, { relation: touch.relation, mode, effort });
  }
  return [...merged.values()];
}

function weighAction(tokens: readonly Token[], table: string, catalogue: Catalogue): Action | undefined {
  const reader = openReader(tokens);
  const on = (mode: Touch['mode'], effort: Touch['effort'] = 'catalogue'): Touch => ({ relation: table, mode, effort });
  if (reader.take('add')) return weighAdd(reader, table);
  if (reader.take('drop')) return weighDropPart(reader, table, catalogue);
  if (reader.take('alter')) return weighColumn(reader, table);
  if (reader.take('validate', 'constraint')) {
    const constraint = reader.name();
    return { does: `checks all rows against ${constraint}`, touches: [on('share update exclusive', 'scan')] };
  }
  if (reader.take('set', '(') || reader.take('reset', '(')) {
    const names = reader.rest().filter((token, at, all) => token.kind === 'word' && isSettingName(all, at));
    const isWeak = names.length > 0 && names.every(({ text }) => weakSettings.test(text));
    return isWeak ? { does: 'changes settings of the table', touches: [on('share update exclusive')] } : undefined;
  }
  if (reader.take('rename')) return { does: 'gives something another name', touches: [on('access exclusive')] };
  if (reader.take('enable', 'trigger') || reader.take('disable', 'trigger')) {
    return { does: 'switches triggers', touches: [on('share row exclusive')] };
  }
  if (reader.take('attach', 'partition')) {
    const part = reader.name();
    const onPart: Touch = { relation: part, mode: 'access exclusive', effort: 'scan' };
    return { does: `takes in the partition ${part}`, touches: [on('share update exclusive'), onPart] };
  }
  if (reader.take('detach', 'partition')) {
    const part = reader.name();
    if (reader.rest().length > 0) return undefined;
    const onPart: Touch = { relation: part, mode: 'access exclusive', effort: 'catalogue' };
    return { does: `lets go the partition ${part}`, touches: [on('access exclusive'), onPart] };
  }
  if (reader.take('owner', 'to')) return { does: 'gives the table to another role', touches: [on('access exclusive')] };
  return undefined;
}

/** `autovacuum_enabled` and the like; a prefix (`toast.`) stands before a point. */
function isSettingName(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.text ?? '(';
  return tokens[at + 1]?.text !== '.' && ['(', ',', '.'].includes(before);
}

function weighAdd(reader: Reader, table: string): Action | undefined {
  const constraints = ['constraint', 'check', 'foreign', 'unique', 'primary', 'exclude'];
  if (constraints.some((word) => reader.peek(word))) return weighAddConstraint(reader, table);
  reader.take('column');
  skipIfExists(reader);
  const column = reader.name();
  const rest = reader.rest();
  const touches: Touch[] = [{ relation: table, mode: 'access exclusive', effort: effortOfColumn(rest) }];
  for (const relation of findReferences(rest)) {
    // Rows that have a value already are looked up in the other table.
    const effort = rest.some(({ text }) => text === 'default') ? 'scan' : 'catalogue';
    if (relation !== table) touches.push({ relation, mode: 'share row exclusive', effort });
  }
  return { does: `adds the column ${column}`, touches };
}

/** A default that is one value for all rows is kept in the catalogue. */
function effortOfColumn(tokens: readonly Token[]): Touch['effort'] {
  const has = (word: string): boolean => tokens.some(({ kind, text }) => kind === 'word' && text === word);
  const serial = tokens[0]?.text ?? '';
  const calls = tokens.filter(({ kind }, at) => kind === 'word' && tokens[at + 1]?.text === '(');
  const from = tokens.findIndex(({ kind, text }) => kind === 'word' && text === 'default');
  const isMade = from >= 0 && calls.some((call) => tokens.indexOf(call) > from && isPerRow(call.text));
  if (has('generated') || serial.endsWith('serial') || isMade) return has('virtual') ? 'catalogue' : 'rewrite';
  if (has('unique') || has('primary')) return 'index';
  if (has('check')) return 'scan';
  if (has('references') && from >= 0) return 'scan';
  return 'catalogue';
}

/** A call that nothing is known of is taken for one per row. `check (` and types with a length are no calls. */
function isPerRow(name: string): boolean {
  if (volatileCalls.has(name)) return true;
  const isKnown = stableCalls.has(name) || ['check', 'references', 'numeric', 'varchar', 'char', 'in'].includes(name);
  return !isKnown;
}

function weighAddConstraint(reader: Reader, table: string): Action | undefined {
  const name = reader.take('constraint') ? reader.name() : 'without a name';
  const rest = reader.rest();
  const words = rest.map(({ text }) => text).join(' ');
  const isUnchecked = words.endsWith('not valid');
  const effort = isUnchecked ? 'catalogue' : 'scan';
  const later = isUnchecked ? ', rows that are there are not checked' : '';
  if (reader.peek('check')) {
    const touches: Touch[] = [{ relation: table, mode: 'access exclusive', effort }];
    return { does: `adds the rule ${name}${later}`, touches };
  }
  if (reader.peek('foreign', 'key')) {
    const others = findReferences(rest).filter((relation) => relation !== table);
    const onOthers: Touch[] = others.map((relation) => ({
      relation,
      mode: 'share row exclusive',
      effort,
    }));
    const own: Touch = { relation: table, mode: 'share row exclusive', effort };
    return { does: `adds the foreign key ${name}${later}`, touches: [own, ...onOthers] };
  }
  if (reader.peek('unique') || reader.peek('primary', 'key')) {
    const isReady = words.includes('using index ') && !words.includes('tablespace');
    const touch: Touch = { relation: table, mode: 'access exclusive', effort: isReady ? 'catalogue' : 'index' };
    return { does: `adds the key ${name}${isReady ? ' from an index that is there' : ''}`, touches: [touch] };
  }
  return undefined;
}

function weighDropPart(reader: Reader, table: string, catalogue: Catalogue): Action | undefined {
  const isConstraint = reader.take('constraint');
  if (!isConstraint) reader.take('column');
  skipIfExists(reader);
  const name = reader.name();
  if (reader.rest().some(({ text }) => text === 'cascade')) return undefined;
  const foreign = catalogue.foreignTablesOf(table, isConstraint ? { constraint: name } : { column: name });
  const touches = [table, ...foreign].map(
    (relation): Touch => ({ relation, mode: 'access exclusive', effort: 'catalogue' }),
  );
  return { does: `drops the ${isConstraint ? 'rule' : 'column'} ${name}`, touches };
}

function weighColumn(reader: Reader, table: string): Action | undefined {
  reader.take('column');
  const column = reader.name();
  const does = (what: string, effort: Touch['effort'] = 'catalogue', mode: Touch['mode'] = 'access exclusive') => ({
    does: `${what} ${column}`,
    touches: [{ relation: table, mode, effort }],
  });
  if (reader.take('set', 'default') || reader.take('drop', 'default')) return does('changes the default of');
  if (reader.take('drop', 'not', 'null')) return does('allows nothing in');
  if (reader.take('set', 'not', 'null')) return does('requires a value in', 'scan');
  if (reader.take('set', 'statistics')) return does('changes the statistics of', 'catalogue', 'share update exclusive');
  // Some changes of a type leave the rows as they are, which the text alone does not tell.
  if (reader.take('set', 'data', 'type') || reader.take('type')) return does('changes the type of', 'rewrite');
  return undefined;
}
