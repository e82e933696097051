import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { answerOk } from '../answer.ts';
import { type Language, languageOf } from '../errors.ts';
import { sendAnswer } from '../server.ts';

const openApiFile = fileURLToPath(new URL('../../../openapi.json', import.meta.url));

const texts: Readonly<Record<Language, { readonly title: string; readonly lines: readonly string[] }>> = {
  en: {
    title: 'Vyplata',
    lines: [
      'This gateway is running. It has no web pages yet: operators work over the operator API.',
      'Sign in with POST /operator/v1/sessions {"login", "password"}, then for example GET /operator/v1/payouts.',
    ],
  },
  ru: {
    title: 'Vyplata',
    lines: [
      'Шлюз работает. Веб-страниц у него пока нет: операторы работают через API операторов.',
      'Вход: POST /operator/v1/sessions {"login", "password"}, затем, например, GET /operator/v1/payouts.',
    ],
  },
};

/** `GET /console/`: what an operator finds in a browser. `GET /openapi.json`: both APIs, for people and for tools. */
export function registerConsoleRoutes(server: FastifyInstance): void {
  server.get('/', (_request, reply) => reply.redirect('/console/'));
  server.get('/console', (_request, reply) => reply.redirect('/console/'));
  server.get('/console/', (request, reply) => {
    const { title, lines } = texts[languageOf(request.headers['accept-language'])];
    const link = '<p><a href="/openapi.json">openapi.json</a></p>';
    const body = `<h1>${title}</h1>${lines.map((line) => `<p>${line}</p>`).join('')}${link}`;
    return reply
      .headers({
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
        'X-Content-Type-Options': 'nosniff',
      })
      .send(`<!doctype html><meta charset="utf-8"><title>${title}</title>${body}`);
  });
  server.get('/openapi.json', async (_request, reply) =>
    sendAnswer(reply, answerOk(await readFile(openApiFile, 'utf8'))),
  );
}
