// Owns what can be wrong with an installation, and how grave each of it is.
// Promises that every finding has a sentence and, unless all is well, a thing to do, in English and Russian.
// Refuses to know how anything is repaired: it looks and changes nothing.
import { texts } from './texts.ts';

export type Level = 'refuse' | 'warn' | 'fine';
export type FindingCode = keyof typeof texts;
export type Finding = {
  readonly level: Level;
  readonly code: FindingCode;
  readonly values: Readonly<Record<string, string | number>>;
};
export type Language = 'en' | 'ru';

type Make = (code: FindingCode, values?: Finding['values']) => Finding;

const make =
  (level: Level): Make =>
  (code, values = {}) => ({ level, code, values });

/** Money or a promise is at risk: the gateway does not start. */
export const refuse = make('refuse');
export const warn = make('warn');
export const fine = make('fine');

/** What was found, and what to do about it; the second is empty when there is nothing to do. */
export function wordFinding({ code, values }: Finding, language: Language): { found: string; cure: string } {
  const [found, cure = ''] = texts[code][language] as readonly string[];
  const fill = (text: string): string =>
    text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? '?'));
  return { found: fill(found ?? ''), cure: fill(cure) };
}
