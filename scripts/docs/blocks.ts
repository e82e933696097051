export type Block = {
  /** `sh`, `js`, `json`, … */
  readonly language: string;
  /** What follows the language: `file=payout.mjs terminal=shop`. */
  readonly marks: Readonly<Record<string, string>>;
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
};

/** The fenced blocks of a Markdown text, in order. */
export function readBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```([a-z]+)([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = '', info = '', text = ''] = match;
    const marks = [...info.matchAll(/([a-z]+)(?:=(\S+))?/g)].map(([, name = '', value = '']) => [name, value]);
    const line = markdown.slice(0, match.index).split('\n').length;
    return { language, marks: Object.fromEntries(marks) as Record<string, string>, text, line };
  });
}
