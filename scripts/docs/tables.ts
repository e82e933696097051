import { sandboxScripts } from '../../packages/gateway/src/connectors/sandbox-script.ts';
import { operatorProblemCodes, type ProblemCode, problemCodes } from '../../packages/gateway/src/core/problem.ts';
import { errorLines } from '../../packages/gateway/src/http/errors.ts';
import type { SiteLanguage } from './pages.ts';

type Cells = readonly string[];

const makers: Readonly<Record<string, (language: SiteLanguage) => { head: Cells; rows: readonly Cells[] }>> = {
  'sandbox-scripts': (language) => ({
    head: { en: ['script', 'what happens', 'ends', 'amount'], ru: ['сценарий', 'что происходит', 'итог', 'сумма'] }[
      language
    ],
    rows: sandboxScripts.map(({ name, meaning, status, amount }) => [
      code(name),
      meaning[language],
      code(status),
      code(amount),
    ]),
  }),
  'sandbox-recipients': (language) => ({
    head: {
      en: ['script', 'card', 'phone', 'IBAN', 'account in Russia', 'text'],
      ru: ['сценарий', 'карта', 'телефон', 'IBAN', 'счёт в России', 'текст'],
    }[language],
    rows: sandboxScripts.map(({ name, card, phone, iban, russianAccount, text }) =>
      [name, card, phone, iban, russianAccount, text].map(code),
    ),
  }),
  errors: (language) => ({
    head: { en: ['code', 'HTTP', 'text, with the fix'], ru: ['код', 'HTTP', 'текст, в нём же что делать'] }[language],
    rows: merchantCodes.map((name) => [code(name), String(errorLines[name].status), sampleText(name, language)]),
  }),
};

const operatorOnly: ReadonlySet<string> = new Set(operatorProblemCodes);
/** What a merchant's program can meet. */
export const merchantCodes: readonly ProblemCode[] = problemCodes.filter((name) => !operatorOnly.has(name));

/** A Markdown table made from the code, so that it cannot fall behind. */
export function writeTable(name: string, language: SiteLanguage): string {
  const table = makers[name]?.(language);
  if (table === undefined) throw new Error(`There is no table "${name}"; there are ${Object.keys(makers).join(', ')}.`);
  const line = (cells: Cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(table.head), line(table.head.map(() => '---')), ...table.rows.map(line)].join('\n');
}

/** The text with the names of its values in place of values. */
function sampleText(name: ProblemCode, language: SiteLanguage): string {
  const values = new Proxy({}, { get: (_, key) => `{${String(key)}}`, has: () => true });
  return errorLines[name][language](values).replaceAll('<', '&lt;');
}

function code(text: string): string {
  return `\`${text}\``;
}
