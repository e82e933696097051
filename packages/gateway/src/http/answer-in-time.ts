import type { FastifyInstance } from 'fastify';
import { reject } from './server.ts';

/** Clients give up after 30 s, some of them after 25. */
const answerWithinMs = 24_000;

/**
 * Every request of the scope is answered in time, whatever the database does: an answer may take several statements,
 * and each may wait for as long as it is allowed to. What was begun goes on; its own answer comes too late and is lost.
 * A file that is being sent is an answer that has come: it may take as long as it is large.
 */
export function answerInTime(scope: FastifyInstance, withinMs: number = answerWithinMs): void {
  scope.addHook('onRequest', (request, reply, done) => {
    const timer = setTimeout(() => {
      if (!reply.sent && !reply.raw.headersSent) reject(request, reply, [{ code: 'timed_out', field: 'request' }]);
    }, withinMs);
    reply.raw.once('close', () => clearTimeout(timer));
    done();
  });
}
