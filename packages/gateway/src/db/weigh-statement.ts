import type { SqlStatement, Token } from './read-statements.ts';
import { weighAlterTable } from './weigh-alter-table.ts';
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

/** Which locks a statement takes, and how much it does while it holds them. The tests hold this against pg_locks. */
export function weighStatement({ tokens }: SqlStatement, catalogue: Catalogue): Weight {
  const reader = openReader(tokens);
  if (reader.take('alter', 'table')) return weighAlterTable(reader, catalogue);
  if (reader.take('create')) return weighCreate(reader);
  if (reader.take('drop')) return weighDrop(reader, catalogue);
  if (reader.take('comment', 'on')) return weighComment(reader);
  if (reader.take('set') || reader.take('reset')) return known('changes a setting of this connection');
  if (reader.take('truncate')) return weighTruncate(reader);
  if (reader.take('lock')) return weighLock(reader);
  if (reader.take('alter', 'sequence')) return weighAlterSequence(reader);
  if (['insert', 'update', 'delete', 'with', 'select'].some((word) => reader.peek(word))) return weighRows(tokens);
  return unknown;
}

function weighCreate(reader: Reader): Weight {
  const isReplacing = reader.take('or', 'replace');
  if (reader.take('unique', 'index')) return weighCreateIndex(reader, 'a unique index');
  if (reader.take('index')) return weighCreateIndex(reader, 'an index');
  reader.take('unlogged');
  if (reader.take('table')) return weighCreateTable(reader);
  if (reader.take('constraint', 'trigger') || reader.take('trigger')) return weighCreateTrigger(reader, isReplacing);
  if (reader.take('view')) {
    const view = reader.name();
    if (!isReplacing) return known(`makes the view ${view}`);
    return known(`makes the view ${view} anew`, [{ relation: view, mode: 'access exclusive', effort: 'catalogue' }]);
  }
  for (const kind of ['function', 'procedure', 'aggregate', 'sequence', 'type', 'domain', 'schema']) {
    if (reader.take(kind)) {
      skipIfExists(reader);
      return known(`makes the ${kind} ${reader.name()}`);
    }
  }
  return unknown;
}

function weighCreateIndex(reader: Reader, what: string): Weight {
  const isConcurrent = reader.take('concurrently');
  skipIfExists(reader);
  const index = reader.peek('on') ? 'without a name' : reader.name();
  reader.take('on');
  reader.take('only');
  const table = reader.name();
  const mode = isConcurrent ? 'share update exclusive' : 'share';
  return known(`builds ${what} ${index} on ${table}${isConcurrent ? ', beside the work' : ''}`, [
    { relation: table, mode, effort: 'index' },
  ]);
}

function weighCreateTable(reader: Reader): Weight {
  skipIfExists(reader);
  const table = reader.name();
  const rest = reader.rest();
  if (rest.some((token) => token.text === 'inherits')) return unknown;
  const touches: Touch[] = findReferences(rest).flatMap((relation) =>
    relation === table ? [] : [{ relation, mode: 'share row exclusive', effort: 'catalogue' }],
  );
  if (!reader.take('partition', 'of')) return known(`makes the table ${table}`, touches);
  const parent = reader.name();
  const onParent: Touch = { relation: parent, mode: 'access exclusive', effort: 'catalogue' };
  return known(`makes the table ${table} as a partition of ${parent}`, [onParent, ...touches]);
}

function weighCreateTrigger(reader: Reader, isReplacing: boolean): Weight {
  const trigger = reader.name();
  const rest = reader.rest();
  const on = rest.findIndex((token) => token.kind === 'word' && token.text === 'on');
  if (on < 0) return unknown;
  const table = openReader(rest.slice(on + 1)).name();
  return known(`${isReplacing ? 'makes anew' : 'adds'} the trigger ${trigger} on ${table}`, [
    { relation: table, mode: 'share row exclusive', effort: 'catalogue' },
  ]);
}

function weighDrop(reader: Reader, catalogue: Catalogue): Weight {
  const what = reader.next();
  if (reader.rest().some((token) => token.kind === 'word' && token.text === 'cascade')) return unknown;
  const isConcurrent = reader.take('concurrently');
  skipIfExists(reader);
  const name = reader.name();
  // Several names in one statement are not read.
  if (reader.peek(',')) return unknown;
  const exclusive = (relation: string): Touch => ({ relation, mode: 'access exclusive', effort: 'catalogue' });
  switch (what) {
    case 'table':
      return known(`drops the table ${name}`, [name, ...catalogue.foreignTablesOf(name)].map(exclusive));
    case 'index': {
      const table = catalogue.tableOf(name);
      if (table === undefined) return known(`drops the index ${name}, which is not there`);
      const mode = isConcurrent ? 'share update exclusive' : 'access exclusive';
      return known(`drops the index ${name} of ${table}${isConcurrent ? ', beside the work' : ''}`, [
        { relation: table, mode, effort: 'catalogue' },
      ]);
    }
    case 'view':
    case 'sequence':
      return known(`drops the ${what} ${name}`, [exclusive(name)]);
    case 'trigger':
      reader.take('on');
      return weighDropTrigger(name, reader.name());
    case 'function':
    case 'procedure':
    case 'aggregate':
    case 'schema':
      return known(`drops the ${what} ${name}`);
    default:
      return unknown;
  }
}

function weighDropTrigger(trigger: string, table: string): Weight {
  return known(`drops the trigger ${trigger} of ${table}`, [
    { relation: table, mode: 'access exclusive', effort: 'catalogue' },
  ]);
}

function weighComment(reader: Reader): Weight {
  const what = reader.next();
  if (['function', 'procedure', 'type', 'schema', 'sequence'].includes(what)) return known(`describes a ${what}`);
  if (what !== 'table' && what !== 'column' && what !== 'view') return unknown;
  const names = reader.rest().filter((token) => token.kind === 'word' && token.text !== 'is');
  const relation = (what === 'column' ? names.at(-2) : names[0])?.text ?? '';
  return known(`describes ${what === 'column' ? 'a column of ' : ''}${relation}`, [
    { relation, mode: 'share update exclusive', effort: 'catalogue' },
  ]);
}

function weighTruncate(reader: Reader): Weight {
  reader.take('table');
  reader.take('only');
  const relation = reader.name();
  if (reader.rest().length > 0) return unknown;
  return known(`deletes everything in ${relation}`, [{ relation, mode: 'access exclusive', effort: 'catalogue' }]);
}

function weighLock(reader: Reader): Weight {
  reader.take('table');
  reader.take('only');
  const relation = reader.name();
  reader.take('in');
  const words = reader.rest().filter((token) => token.kind === 'word' && token.text !== 'nowait');
  const text = words
    .map((token) => token.text)
    .join(' ')
    .replace(/ mode$/, '');
  const mode = text === '' ? 'access exclusive' : lockModes.find((one) => one === text);
  return mode === undefined ? unknown : known(`locks ${relation}`, [{ relation, mode, effort: 'catalogue' }]);
}

function weighAlterSequence(reader: Reader): Weight {
  skipIfExists(reader);
  const relation = reader.name();
  return known(`changes the sequence ${relation}`, [{ relation, mode: 'share row exclusive', effort: 'catalogue' }]);
}

/** Functions that read or count and touch nothing by themselves, and keywords that may stand before a parenthesis. */
const harmless = new Set(
  [
    'count max min sum coalesce greatest least nullif now clock_timestamp date_trunc extract length lower upper',
    'unnest array_agg string_agg generate_series row_number encode decode set_config current_setting to_regclass',
    'values as materialized conflict over filter exists in any all from where and or not on by select when then else',
  ].flatMap((line) => line.split(' ')),
);

/** Changes of rows, also inside `with`. What their triggers do is not in the text. */
function weighRows(tokens: readonly Token[]): Weight {
  const changes = tokens.flatMap((_, at) => readChange(tokens, at));
  const calls = tokens.filter(
    ({ kind, text }, at) =>
      kind === 'word' && tokens[at + 1]?.text === '(' && !harmless.has(text) && !isTarget(tokens, at),
  );
  const setsSequence = calls.length === 1 && calls[0]?.text === 'setval';
  const sequence = tokens.find(({ kind }) => kind === 'string')?.text ?? '';
  if (setsSequence && changes.length === 0) {
    return known(`sets the sequence ${sequence}`, [{ relation: sequence, mode: 'row exclusive', effort: 'catalogue' }]);
  }
  if (calls.length > 0) return unknown;
  if (changes.length === 0) return known('reads');
  return known(
    changes.map(({ does }) => does).join(', '),
    changes.map(({ touch }) => touch),
  );
}

/** `insert into t (` and `with t (` look like calls and name columns. */
function isTarget(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.text ?? '';
  return (
    ['into', 'as', 'with', ',', 'conflict', 'recursive', '.', 'using'].includes(before) && tokens[0]?.text !== 'select'
  );
}

type RowChange = { readonly does: string; readonly touch: Touch };

function readChange(tokens: readonly Token[], at: number): RowChange[] {
  const isFirst = at === 0 || tokens[at - 1]?.text === '(' || tokens[at - 1]?.text === ')';
  const reader = openReader(tokens.slice(at));
  if (!isFirst || tokens[at]?.kind !== 'word') return [];
  const touch = (relation: string): Touch => ({ relation, mode: 'row exclusive', effort: 'rows' });
  if (reader.take('insert', 'into')) {
    const table = reader.name();
    return [{ does: `adds rows to ${table}`, touch: touch(table) }];
  }
  const verb = reader.take('update') ? 'changes' : reader.take('delete', 'from') ? 'deletes' : undefined;
  if (verb === undefined) return [];
  reader.take('only');
  const table = reader.name();
  return [{ does: `${verb} rows of ${table}`, touch: touch(table) }];
}
