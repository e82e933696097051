import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml } from './markdown.ts';
import type { SiteLanguage } from './pages.ts';

type Json = Readonly<Record<string, unknown>>;

export const openApiFile = join(import.meta.dirname, '../../packages/gateway/openapi.json');

const words = {
  en: {
    title: 'OpenAPI reference',
    intro: 'Made from the same tables of routes as the gateway itself. The file for programs: ',
    merchant: 'Merchant API',
    operator: 'Operator API',
    parameters: 'Parameters',
    body: 'Body',
    answers: 'Answers',
    head: ['name', 'form', 'meaning'],
    needed: 'required',
  },
  ru: {
    title: 'Справочник OpenAPI',
    intro: 'Построен по тем же таблицам маршрутов, что и сам шлюз, поэтому пояснения английские. Файл для программ: ',
    merchant: 'API мерчанта',
    operator: 'API оператора',
    parameters: 'Параметры',
    body: 'Тело',
    answers: 'Ответы',
    head: ['имя', 'вид', 'смысл'],
    needed: 'обязательно',
  },
} as const;

/** Every call with its parameters, body and answers, as static HTML: nothing is fetched from anywhere. */
export function renderReference(language: SiteLanguage): string {
  const document = JSON.parse(readFileSync(openApiFile, 'utf8')) as Json;
  const text = words[language];
  const calls = Object.entries(document.paths as Json).flatMap(([path, methods]) =>
    Object.entries(methods as Json).map(([method, call]) => ({ path, method, call: call as Json })),
  );
  const isMerchant = ({ path }: { path: string }) => path.startsWith('/v1/');
  const show = (call: (typeof calls)[number]) => renderCall({ document, language, ...call });
  return [
    `<h1>${text.title}</h1>`,
    `<p>${text.intro}<a href="../openapi.json">openapi.json</a></p>`,
    `<h2 id="merchant">${text.merchant}</h2>`,
    ...calls.filter(isMerchant).map(show),
    `<h2 id="operator">${text.operator}</h2>`,
    ...calls.filter((call) => !isMerchant(call)).map(show),
  ].join('\n');
}

type Call = { document: Json; language: SiteLanguage; path: string; method: string; call: Json };

function renderCall({ document, language, path, method, call }: Call): string {
  const text = words[language];
  const show = (rows: readonly Member[]) => renderMembers({ document, language, rows });
  const name = `${method.toUpperCase()} ${path}`;
  const summary = escapeHtml(textIn(call.summary));
  const anchor = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const parameters = ((call.parameters as Json[] | undefined) ?? []).map((parameter) => ({
    name: `${String(parameter.name)} (${String(parameter.in)})`,
    schema: parameter.schema as Json,
    isNeeded: parameter.required === true,
  }));
  const body = schemaOf(call.requestBody as Json | undefined);
  const answers = Object.entries((call.responses as Json | undefined) ?? {}).map(([status, answer]) => {
    const schema = schemaOf(answer as Json);
    const members =
      schema === undefined ? '' : renderMembers({ document, language, rows: membersOf(document, schema) });
    return `<p><code>${status}</code> ${escapeHtml(textIn((answer as Json).description))}</p>${members}`;
  });
  return `<details id="${anchor}"><summary><code>${escapeHtml(name)}</code> ${summary}</summary>
${call.description === undefined ? '' : `<p>${escapeHtml(textIn(call.description))}</p>`}
${parameters.length === 0 ? '' : `<h4>${text.parameters}</h4>${show(parameters)}`}
${body === undefined ? '' : `<h4>${text.body}</h4>${show(membersOf(document, body))}`}
<h4>${text.answers}</h4>
${answers.join('\n')}
</details>`;
}

function schemaOf(holder: Json | undefined): Json | undefined {
  const content = holder?.content as Json | undefined;
  return (content?.['application/json'] as Json | undefined)?.schema as Json | undefined;
}

type Member = { name: string; schema: Json; isNeeded: boolean };

function resolveSchema(document: Json, schema: Json): Json {
  const name = /^#\/components\/schemas\/(.+)$/.exec(textIn(schema.$ref))?.[1];
  if (name === undefined) return schema;
  return ((document.components as Json).schemas as Json)[name] as Json;
}

/** The members of an object, of the items of a list, or of every alternative. */
function membersOf(document: Json, given: Json, prefix = '', depth = 0): Member[] {
  const schema = resolveSchema(document, given);
  const alternatives = (schema.anyOf ?? schema.oneOf ?? schema.allOf) as Json[] | undefined;
  if (alternatives !== undefined) {
    const found = alternatives.flatMap((alternative) => membersOf(document, alternative, prefix, depth));
    return found.filter(({ name }, index) => found.findIndex((other) => other.name === name) === index);
  }
  if (schema.items !== undefined) return membersOf(document, schema.items as Json, `${prefix}[].`, depth);
  const required = new Set((schema.required as string[] | undefined) ?? []);
  return Object.entries((schema.properties as Json | undefined) ?? {}).flatMap(([name, member]) => {
    const own = { name: prefix + name, schema: resolveSchema(document, member as Json), isNeeded: required.has(name) };
    const isList = own.schema.items !== undefined;
    const inner = depth > 3 ? [] : membersOf(document, own.schema, `${own.name}${isList ? '' : '.'}`, depth + 1);
    return [own, ...inner];
  });
}

function renderMembers(given: { document: Json; language: SiteLanguage; rows: readonly Member[] }): string {
  const { document, language, rows } = given;
  if (rows.length === 0) return '';
  const text = words[language];
  const lines = rows.map(({ name, schema, isNeeded }) => {
    const form = [formOf(document, schema), isNeeded ? text.needed : ''].filter(Boolean).join(', ');
    const meaning = escapeHtml(textIn(schema.description));
    return `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(form)}</td><td>${meaning}</td></tr>`;
  });
  const head = text.head.map((word) => `<th>${word}</th>`).join('');
  const table = `<thead><tr>${head}</tr></thead><tbody>${lines.join('')}</tbody>`;
  return `<div class="table" tabindex="0"><table>${table}</table></div>`;
}

function formOf(document: Json, given: Json): string {
  const schema = resolveSchema(document, given);
  const alternatives = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (alternatives !== undefined) return [...new Set(alternatives.map((one) => formOf(document, one)))].join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return (schema.enum as unknown[]).map((value) => JSON.stringify(value)).join(' | ');
  if (schema.items !== undefined) return `${formOf(document, schema.items as Json)}[]`;
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : textIn(schema.type) || 'any';
  const limits = ['format', 'minLength', 'maxLength', 'minimum', 'maximum', 'pattern'] as const;
  const shown = limits.flatMap((name) => {
    const limit = schema[name];
    const isShown = limit !== undefined && !(name === 'pattern' && schema.format !== undefined);
    return isShown && (typeof limit === 'string' || typeof limit === 'number') ? [`${name} ${limit}`] : [];
  });
  return [type, ...shown].join(', ');
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
