import type { Token } from './read-statements.ts';

/** The table locks of PostgreSQL, the weakest first: each is stronger than or as strong as the one before. */
export const lockModes = [
  'access share',
  'row share',
  'row exclusive',
  'share update exclusive',
  'share',
  'share row exclusive',
  'exclusive',
  'access exclusive',
] as const;

export type LockMode = (typeof lockModes)[number];

/** `scan` reads every row, `index` reads and sorts them, `rewrite` writes the table and its indexes anew. */
type Effort = 'catalogue' | 'scan' | 'index' | 'rewrite' | 'rows';

/** What a statement does to a relation that is there before it. Reading (access share, row share) is left out. */
export type Touch = { readonly relation: string; readonly mode: LockMode; readonly effort: Effort };

export type Weight = {
  /** In plain words. */
  readonly does: string;
  readonly touches: readonly Touch[];
  /** A form that is not in this table: it is taken for the strongest lock, on a table that nobody can name. */
  readonly isUnknown: boolean;
};

/** What the text alone does not tell. */
export type Catalogue = {
  /** The table of an index. */
  tableOf(index: string): string | undefined;
  /** The tables that foreign keys of a table point at; of all of them, of one, or of those of a column. */
  foreignTablesOf(table: string, only?: { readonly constraint?: string; readonly column?: string }): readonly string[];
};

/** A statement's words, read one after the other. */
export type Reader = {
  /** Goes on behind these words if they come next. */
  take(...words: string[]): boolean;
  peek(...words: string[]): boolean;
  /** The next token's text, whatever it is. */
  next(): string;
  /** A name, the schema in front of it left out. */
  name(): string;
  rest(): readonly Token[];
};

export function openReader(tokens: readonly Token[]): Reader {
  let at = 0;
  const peek = (...words: string[]): boolean =>
    words.every((word, index) => tokens[at + index]?.kind !== 'string' && tokens[at + index]?.text === word);
  const next = (): string => tokens[at++]?.text ?? '';
  return {
    peek,
    next,
    take(...words) {
      const isNext = peek(...words);
      if (isNext) at += words.length;
      return isNext;
    },
    name() {
      let name = next();
      while (tokens[at]?.text === '.') {
        at += 1;
        name = next();
      }
      return name;
    },
    rest: () => tokens.slice(at),
  };
}

export function known(does: string, touches: readonly Touch[] = []): Weight {
  return { does, touches, isUnknown: false };
}

export const unknown: Weight = {
  does: 'unknown: treat as access exclusive on every table it names',
  touches: [],
  isUnknown: true,
};

/** The tables behind `references`, which a new foreign key locks too. */
export function findReferences(tokens: readonly Token[]): string[] {
  const found = tokens.flatMap((token, at) =>
    token.kind === 'word' && token.text === 'references' ? [openReader(tokens.slice(at + 1)).name()] : [],
  );
  return [...new Set(found)];
}

export function skipIfExists(reader: Reader): void {
  if (!reader.take('if', 'not', 'exists')) reader.take('if', 'exists');
}
