import { assertInstalled } from '../../../connectors/registry.ts';
import { readAccount } from '../../../merchants/accounts.ts';
import { liftPause, listPauses, type PauseScope, setPause } from '../../../payouts/pause.ts';
import { weighPause } from '../../../payouts/weigh-pause.ts';
import {
  pauseAnswer,
  pauseBody,
  pauseParams,
  pauseScopeQuery,
  pausesAnswer,
  pauseWeightAnswer,
  readPauseScope,
  writePause,
  writePauseWeight,
} from '../../schemas/operator/pauses.ts';
import { defineChange, defineRead, type OperatorRoute } from './route.ts';
import { nameAccount } from './subject.ts';

/** The kill switch: what must not be sent for now. Setting it takes one person and no time; lifting it takes two. */
export const pauseRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'pause.list',
    path: '/pauses',
    role: 'viewer',
    summary: 'Everything that is paused at the moment',
    answer: pausesAnswer,
    handle: async ({ db }) => ({ items: (await listPauses(db)).map(writePause) }),
  }),
  defineRead({
    name: 'pause_weight.read',
    path: '/pauses/weight',
    role: 'viewer',
    summary: 'What a pause holds back, or would hold back if it were set: payouts that wait to be sent',
    query: pauseScopeQuery,
    answer: pauseWeightAnswer,
    handle: async ({ db }, { query }) => writePauseWeight(await weighPause(db, readPauseScope(query))),
  }),
  defineChange({
    name: 'pause.set',
    method: 'PUT',
    path: '/pauses',
    role: 'operator',
    summary: 'Start no new attempt of everything, of a connector or of an account; what was accepted waits',
    body: pauseBody,
    answer: pauseAnswer,
    async handle({ tx, connectors }, { body, actor }) {
      const scope = readPauseScope(body);
      // A pause of what is not there would stop nothing, and nobody would notice.
      if (scope.scope === 'connector') assertInstalled(connectors, { names: [scope.connector], field: 'connector' });
      if (scope.scope === 'account') await readAccount(tx, scope);
      const { pause } = await setPause(tx, { ...scope, reason: body.reason, setBy: actor });
      return { answer: writePause(pause), subject: namePaused(scope), detail: { reason: body.reason } };
    },
  }),
  defineChange({
    name: 'pause.lift',
    method: 'DELETE',
    path: '/pauses/{pause_id}',
    role: 'owner',
    summary: 'Let payouts go on that a pause holds back',
    takesTwo: true,
    params: pauseParams,
    answer: pauseAnswer,
    async handle({ tx }, { params }) {
      const pause = await liftPause(tx, params.pause_id);
      const { reason, setBy } = pause;
      return { answer: writePause(pause), subject: namePaused(pause), detail: { reason, set_by: setBy } };
    },
  }),
];

function namePaused(pause: PauseScope): string {
  switch (pause.scope) {
    case 'all':
      return 'everything';
    case 'connector':
      return `connector:${pause.connector}`;
    case 'account':
      return nameAccount(pause);
    default:
      return pause satisfies never;
  }
}
