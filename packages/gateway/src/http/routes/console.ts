import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerOk } from '../answer.ts';
import { type Language, languageOf } from '../errors.ts';
import { reject, sendAnswer } from '../server.ts';

const openApiFile = fileURLToPath(new URL('../../../openapi.json', import.meta.url));
const builtFolder = fileURLToPath(new URL('../../../../console/dist', import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

type File = { readonly type: string; readonly plain: Buffer; readonly gzipped: Buffer };
/** The page with a place for the nonce, and the files beside it by their path below /console/. */
type Built = { readonly page: string; readonly files: ReadonlyMap<string, File> };

const nonceForm = /__NONCE__/g;

const missing: Readonly<Record<Language, readonly string[]>> = {
  en: [
    'This gateway is running, but its console has not been built.',
    'Build it in the project’s folder with "npm ci" or "npm run prepare", then load this page again.',
    'The operator API works without it.',
  ],
  ru: [
    'Шлюз работает, но его консоль не собрана.',
    'Соберите её в папке проекта командой «npm ci» или «npm run prepare» и обновите эту страницу.',
    'API операторов работает и без неё.',
  ],
};

const shortPaths: Readonly<Record<string, string>> = {
  '/': '/console/',
  '/console': '/console/',
  '/cabinet': '/cabinet/',
};

/**
 * `GET /console/…`: the built console of the operators, any other path of it being a page. `GET /cabinet/…`: the same
 * files as the merchants' people see them; the published documentation names pages below it.
 * `GET /openapi.json`: all APIs.
 */
export function registerConsoleRoutes(server: FastifyInstance, folder = builtFolder): void {
  let known: Built | undefined;
  const load = async (): Promise<Built | undefined> => (known ??= await readBuilt(folder));
  for (const [path, target] of Object.entries(shortPaths)) {
    server.get(path, (_request, reply) => reply.redirect(target));
  }
  const answerPage = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const built = await load();
    if (built === undefined) return sendPage(reply, explainMissing(request), "default-src 'none'");
    // Styles are added while the console runs: the nonce lets the console do so, and nothing that was smuggled in.
    const nonce = randomBytes(16).toString('base64url');
    return sendPage(reply, built.page.replaceAll(nonceForm, nonce), pagePolicy(nonce));
  };
  server.get<{ Params: { '*': string } }>('/console/*', async (request, reply) => {
    const path = request.params['*'];
    const file = (await load())?.files.get(path);
    if (file !== undefined) return sendFile(request, reply, file);
    if (path.startsWith('assets/')) return reject(request, reply, [{ code: 'path_unknown', field: 'request' }]);
    return answerPage(request, reply);
  });
  server.get('/cabinet/*', answerPage);
  server.get('/openapi.json', async (_request, reply) =>
    sendAnswer(reply, answerOk(await readFile(openApiFile, 'utf8'))),
  );
}

function pagePolicy(nonce: string): string {
  const own = ['script-src', 'connect-src', 'font-src', 'manifest-src'].map((name) => `${name} 'self'`);
  const rules = ["default-src 'none'", ...own, `style-src 'self' 'nonce-${nonce}'`, "img-src 'self' data:"];
  return [...rules, "base-uri 'none'", "form-action 'self'"].join('; ');
}

const safety = { 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' } as const;

function sendPage(reply: FastifyReply, text: string, policy: string): FastifyReply {
  const headers = {
    ...safety,
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-cache',
  };
  return reply.headers(headers).send(text);
}

/** Its name changes with its content, so whoever has it need never ask again. */
function sendFile(request: FastifyRequest, reply: FastifyReply, file: File): FastifyReply {
  const isGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  reply.headers({
    ...safety,
    'Content-Type': file.type,
    'Cache-Control': 'public, max-age=31536000, immutable',
    Vary: 'Accept-Encoding',
  });
  return isGzip ? reply.header('Content-Encoding', 'gzip').send(file.gzipped) : reply.send(file.plain);
}

/** Everything into memory, about a megabyte: no path of a request ever reaches the file system. */
async function readBuilt(folder: string): Promise<Built | undefined> {
  const page = await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined);
  if (page === undefined) return undefined;
  const names = await readdir(join(folder, 'assets'));
  const files = names.map(async (name): Promise<[string, File]> => {
    const plain = await readFile(join(folder, 'assets', name));
    const type = types[extname(name)] ?? 'application/octet-stream';
    return [`assets/${name}`, { type, plain, gzipped: await promisify(gzip)(plain, { level: 9 }) }];
  });
  return { page, files: new Map(await Promise.all(files)) };
}

function explainMissing(request: FastifyRequest): string {
  const language = languageOf(request.headers['accept-language']);
  const lines = missing[language].map((line) => `<p>${line}</p>`).join('');
  const link = '<p><a href="/openapi.json">openapi.json</a></p>';
  const head = `<meta charset="utf-8"><title>Vyplata</title>`;
  return `<!doctype html><html lang="${language}">${head}<h1>Vyplata</h1>${lines}${link}</html>`;
}
