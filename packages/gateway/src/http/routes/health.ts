import type { FastifyInstance } from 'fastify';
import type { Sql } from '../../db/pool.ts';
import { answerOk } from '../answer.ts';
import { answerInTime } from '../answer-in-time.ts';
import { reject, sendAnswer } from '../server.ts';

/** `GET /health/live`: the process answers. `GET /health/ready`: it can reach its database, so send it requests. */
export function registerHealthRoutes(server: FastifyInstance, needs: { readonly readDb: Sql }): void {
  server.register((scope, _options, done) => {
    answerInTime(scope);
    scope.get('/health/live', (_request, reply) => sendAnswer(reply, answerOk('{"status":"live"}')));
    scope.get('/health/ready', async (request, reply) => {
      try {
        await needs.readDb.query('select 1');
      } catch {
        return reject(request, reply, [{ code: 'unavailable_now', field: 'request' }]);
      }
      return sendAnswer(reply, answerOk('{"status":"ready"}'));
    });
    done();
  });
}
