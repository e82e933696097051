import Fastify from 'fastify';
import type { HttpServer } from '../server.ts';

export type MetricsText = { readonly contentType: string; write(): Promise<string> };

/**
 * A listener of its own for `GET /metrics`: what is told there is for the operators' network only, and workers, which
 * serve nobody else, have figures too.
 */
export function createMetricsServer(metrics: MetricsText): HttpServer {
  const server = Fastify({ exposeHeadRoutes: false });
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.write()));
  return server;
}

type Noted = { readonly route: string; readonly method: string; readonly status: number; readonly seconds: number };

/** Every answer of the server, by the pattern of its route; what has none counts together. */
export function noteRequests(server: HttpServer, note: (request: Noted) => void): void {
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
    const { method } = request;
    note({ route, method, status: reply.raw.statusCode, seconds: reply.elapsedTime / 1_000 });
    done();
  });
}
