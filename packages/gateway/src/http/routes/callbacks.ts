import type { FastifyInstance } from 'fastify';
import type { Connector } from '../../connectors/connector.ts';
import { type Needs as SettleNeeds, settleCallback } from '../../payouts/callback.ts';
import { answerOk } from '../answer.ts';
import { answerInTime } from '../answer-in-time.ts';
import { reject, sendAnswer } from '../server.ts';

export type Needs = SettleNeeds & { readonly connectors: { find(name: string): Connector | undefined } };

/** `POST /callbacks/<connector>`: what providers tell us. Acknowledged only after what it means was committed. */
export function registerCallbackRoutes(server: FastifyInstance, needs: Needs): void {
  server.register((scope, _options, done) => {
    answerInTime(scope);
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    scope.post<{ Params: { connector: string } }>('/callbacks/:connector', async (request, reply) => {
      const connector = needs.connectors.find(request.params.connector);
      if (connector === undefined) return reject(request, reply, [{ code: 'path_unknown', field: 'request' }]);
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
      const callback = connector.readCallback({ headers: request.headers, body });
      if (callback === undefined) return reject(request, reply, [{ code: 'callback_refused', field: 'request' }]);
      const settlement = await settleCallback(needs, { connector, callback });
      if (settlement === undefined) return reject(request, reply, [{ code: 'payout_not_found', field: 'reference' }]);
      return sendAnswer(reply, answerOk('{"received":true}'));
    });
    done();
  });
}
