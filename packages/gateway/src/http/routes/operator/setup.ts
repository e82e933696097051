import { createFirstOwner, isOwnerless } from '../../../operators/first-owner.ts';
import { recordAction } from '../../../operators/record-action.ts';
import { openHalfSession, openSession } from '../../../operators/sessions.ts';
import { operatorAnswer, setupAnswer, setupBody, writeOperator } from '../../schemas/operator/people.ts';
import { actorOf, type Needs, type OperatorRoute, type Outcome, type RawCall, readParts } from './route.ts';

/** Forgiving of a link that was copied in part, useless for guessing one of 256 bits. */
const triesMax = 50;

const shared = {
  path: '/setup',
  role: 'anyone',
  reach: 'any',
  tag: 'setup',
  params: undefined,
  query: undefined,
  takesTwo: false,
} as const;

/** The first start of an installation: nobody is there who could let anybody in. */
export const setupRoutes: readonly OperatorRoute[] = [
  {
    ...shared,
    name: 'setup.read',
    method: 'GET',
    summary: 'Whether nobody can sign in yet, so that the link which the gateway printed makes the first owner',
    body: undefined,
    answer: setupAnswer,
    status: 200,
    run: async ({ db }) => ({ answer: { is_open: await isOwnerless(db) } }),
  },
  {
    ...shared,
    name: 'setup.create',
    method: 'POST',
    summary: 'Make the first owner, once; they are signed in',
    body: setupBody,
    answer: operatorAnswer,
    status: 201,
    run: setUp,
  },
];

async function setUp(needs: Needs, raw: RawCall): Promise<Outcome> {
  const { body } = readParts<never, never, typeof setupBody>({ body: setupBody }, raw);
  await needs.guard.take([`setup:${raw.address}`], triesMax);
  const opened = await needs.db.tx(async (tx) => {
    const user = await createFirstOwner({ tx, vault: needs.vault }, body);
    const open = needs.isSecondFactorRequired ? openHalfSession : openSession;
    const { session, secret } = await open(tx, user.userId);
    const detail = { address: raw.address, login: user.login };
    await recordAction(tx, { actor: actorOf(user), action: 'setup.create', subject: `user:${user.userId}`, detail });
    return { operator: { ...user, ...session, hasFactor: false }, secret };
  });
  const { operator, secret } = opened;
  return { answer: writeOperator(operator, needs), cookie: { secret, expiresAt: operator.expiresAt } };
}
