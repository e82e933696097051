/** A word (folded like the server folds it; a quoted name as it is), a string with its text, or another sign. */
export type Token = { readonly kind: 'word' | 'string' | 'sign'; readonly text: string };

export type SqlStatement = {
  /** As it stands in the file, without what comes before it and without the semicolon. */
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Where it begins, counted from 1. */
  readonly line: number;
};

/** In this order: what a reader must not take for a semicolon, a name or a keyword comes first. */
const lexemes = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n]*)`,
    String.raw`(?<comment>/\*)`,
    String.raw`(?<escaped>[eE]'(?:[^'\\]|\\[\s\S]|'')*')`,
    String.raw`(?<string>'(?:[^']|'')*')`,
    String.raw`(?<dollar>\$(?:[A-Za-z_][A-Za-z_0-9]*)?\$)`,
    String.raw`(?<quoted>"(?:[^"]|"")*")`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_$]*)`,
    String.raw`(?<number>\d[\w.]*)`,
    String.raw`(?<sign>::|[\s\S])`,
  ].join('|'),
  'uy',
);

/** Splits SQL text at its semicolons. What ends in the middle of a string or a comment is one statement to its end. */
export function readStatements(text: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let tokens: Token[] = [];
  let from = 0;
  let at = 0;
  const close = (to: number): void => {
    const line = text.slice(0, from).split('\n').length;
    if (tokens.length > 0) statements.push({ text: text.slice(from, to).trimEnd(), tokens, line });
    tokens = [];
  };
  while (at < text.length) {
    const { token, end } = readToken(text, at);
    if (token?.kind === 'sign' && token.text === ';') close(at);
    else if (token !== undefined) {
      if (tokens.length === 0) from = at;
      tokens.push(token);
    }
    at = end;
  }
  close(text.length);
  return statements;
}

function readToken(text: string, at: number): { token: Token | undefined; end: number } {
  lexemes.lastIndex = at;
  const groups = lexemes.exec(text)?.groups ?? {};
  const end = lexemes.lastIndex;
  const { comment, escaped, string, dollar, quoted, word, number, sign } = groups;
  if (comment !== undefined) return { token: undefined, end: endOfComment(text, at) };
  if (dollar !== undefined) {
    const closing = text.indexOf(dollar, end);
    const inner = text.slice(end, closing < 0 ? text.length : closing);
    return { token: { kind: 'string', text: inner }, end: closing < 0 ? text.length : closing + dollar.length };
  }
  if (escaped !== undefined) return { token: { kind: 'string', text: escaped.slice(2, -1) }, end };
  if (string !== undefined) return { token: { kind: 'string', text: string.slice(1, -1).replaceAll("''", "'") }, end };
  if (quoted !== undefined) return { token: { kind: 'word', text: quoted.slice(1, -1).replaceAll('""', '"') }, end };
  if (word !== undefined) return { token: { kind: 'word', text: word.toLowerCase() }, end };
  const rest = number ?? sign;
  return { token: rest === undefined ? undefined : { kind: 'sign', text: rest }, end };
}

/** Comments of this kind may stand in each other. */
function endOfComment(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const pair = text.slice(at, at + 2);
    if (pair === '/*') depth += 1;
    else if (pair === '*/') depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}
