// Owns the merchant API v1: from the raw bytes of a request to the answer.
// Promises that the signature is verified over the received bytes, and that an answer comes in time whatever the
// database does. Refuses to know how payouts are stored, sent and announced.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isJsonObject, type JsonObject, parseStrict } from '../../../core/json.ts';
import type { Problem } from '../../../core/problem.ts';
import type { Sql } from '../../../db/pool.ts';
import { type Answer, answerRefusal, createdHeader } from '../../answer.ts';
import { createDeadlines, type Deadlines } from '../../deadlines.ts';
import { authenticate } from '../../auth.ts';
import { type Language, languageOf } from '../../errors.ts';
import { type Log, reject, writeAnswer } from '../../server.ts';
import type { AuthNeeds } from '../../signed-request.ts';
import { type Needs as StatusNeeds } from '../../../payouts/status.ts';
import { showBalance, showInfo } from './account.ts';
import { type Needs as CreateNeeds, createPayout } from './create.ts';
import { advanceSandbox, type Needs as SandboxNeeds } from './sandbox.ts';
import type { Followed, MerchantRequest } from './request.ts';
import { showStatus } from './status.ts';

export type Needs = AuthNeeds &
  CreateNeeds &
  StatusNeeds &
  SandboxNeeds & {
    readonly readDb: Sql;
    readonly monotonicMs: () => number;
    readonly supportContact: string;
    readonly log: Log;
  };

type Route = {
  readonly path: string;
  /** After this long the answer is that we do not know. */
  readonly withinMs: number;
  readonly isCreate: boolean;
  /** An empty JSON array stands for an empty object: PHP clients send `[]`. */
  readonly takesArray: boolean;
  readonly handle: (needs: Needs, request: MerchantRequest) => Promise<Answer>;
};

/** One real client gives up after 15 s, the others after 30 s. The answer may come a quarter of a second later. */
const createWithinMs = 11_500;
const readWithinMs = 24_000;

const routes: readonly Route[] = [
  { path: '/v1/payout', withinMs: createWithinMs, isCreate: true, takesArray: false, handle: createPayout },
  { path: '/v1/payout/status', withinMs: readWithinMs, isCreate: false, takesArray: false, handle: showStatus },
  { path: '/v1/account/balance', withinMs: readWithinMs, isCreate: false, takesArray: true, handle: showBalance },
  {
    path: '/v1/account/info',
    withinMs: readWithinMs,
    isCreate: false,
    takesArray: true,
    handle: (_needs, request) => showInfo(request),
  },
  { path: '/v1/sandbox/advance', withinMs: readWithinMs, isCreate: false, takesArray: true, handle: advanceSandbox },
];

/** Registers the v1 routes on a server of `createServer`, in a scope of their own. */
export function registerMerchantRoutes(server: FastifyInstance, needs: Needs): void {
  server.register((scope, _options, done) => {
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    for (const route of routes) {
      const deadlines = createDeadlines({ withinMs: route.withinMs, monotonicMs: needs.monotonicMs });
      scope.post(route.path, (request, reply) => serve(needs, route, { request, reply, deadlines }));
      scope.route({
        method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
        url: route.path,
        handler: (request, reply) => {
          reply.header('Allow', 'POST');
          return reject(request, reply, [{ code: 'method_wrong', field: 'request', values: { allowed: 'POST' } }]);
        },
      });
    }
    done();
  });
}

type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly deadlines: Deadlines };

async function serve(needs: Needs, route: Route, { request, reply, deadlines }: Exchange): Promise<void> {
  const receivedMs = needs.monotonicMs();
  const language = languageOf(request.headers['accept-language']);
  const turn = deadlines.begin(() => writeAnswer(reply, answerLate(needs, route, { language, requestId: request.id })));
  try {
    const answer = await answerRequest(needs, route, { request, receivedMs, language });
    if (!turn.isLate) writeAnswer(reply, answer);
  } finally {
    turn.end();
  }
}

type Incoming = { readonly request: FastifyRequest; readonly receivedMs: number; readonly language: Language };

async function answerRequest(needs: Needs, route: Route, incoming: Incoming): Promise<Answer> {
  const { request, receivedMs, language } = incoming;
  const noCreate: Record<string, string> = route.isCreate ? { [createdHeader]: 'no' } : {};
  const refuse = (problems: readonly Problem[]): Answer => {
    if (route.isCreate) needs.meter?.noteRefused(problems);
    return answerRefusal(problems, language, noCreate);
  };
  // First of all: refusing has to be cheap, or what is refused takes the time of what could be accepted.
  const isFull = route.isCreate && needs.creator.isFull(needs.verifier.waiting());
  if (isFull) return refuse([{ code: 'overloaded', field: 'request' }]);
  if (isEncoded(request)) return refuse([{ code: 'content_encoding_refused', field: 'request' }]);
  const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
  try {
    const authenticated = await authenticate(needs, {
      rawHeaders: request.raw.rawHeaders,
      body,
      method: 'POST',
      path: route.path,
      address: () => request.ip,
    });
    if (!authenticated.ok) return refuse(authenticated.problems);
    const verifiedMs = needs.trail === undefined ? undefined : needs.monotonicMs();
    const json = readBody(body, route.takesArray);
    if ('code' in json) return refuse([json]);
    const given = { account: authenticated.account, json: json.value, receivedMs, language };
    return await route.handle(
      needs,
      verifiedMs === undefined ? given : { ...given, followed: follow(request, verifiedMs) },
    );
  } catch (error) {
    return answerFailure(needs, route, { error, language, requestId: request.id });
  }
}

function follow(request: FastifyRequest, verifiedMs: number): Followed {
  return { verifiedMs, traceparent: request.headers['traceparent'] };
}

function isEncoded(request: FastifyRequest): boolean {
  const encoding = request.headers['content-encoding'];
  return encoding !== undefined && encoding.toLowerCase() !== 'identity';
}

const emptyObject: JsonObject = Object.freeze(Object.create(null) as JsonObject);

function readBody(body: Uint8Array, takesArray: boolean): Problem | { readonly value: JsonObject } {
  const reading = parseStrict(body);
  if (!reading.ok) return reading.problem;
  if (isJsonObject(reading.value)) return { value: reading.value };
  if (takesArray && Array.isArray(reading.value) && reading.value.length === 0) return { value: emptyObject };
  return { code: 'json_not_object', field: 'json' };
}

type Trouble = { readonly error?: unknown; readonly language: Language; readonly requestId: string };

/** A throw on the way: whether something was created is not known here, so create says so. */
function answerFailure(needs: Needs, route: Route, trouble: Trouble): Answer {
  const { error, language, requestId } = trouble;
  needs.log.error({ err: error, requestId, path: route.path }, 'a merchant request failed');
  const values = { requestId, support: needs.supportContact };
  if (!route.isCreate) return answerRefusal([{ code: 'unavailable_now', field: 'request', values }], language);
  return answerRefusal([{ code: 'outcome_unknown', field: 'request', values }], language, {
    [createdHeader]: 'unknown',
  });
}

function answerLate(needs: Needs, route: Route, trouble: Trouble): Answer {
  const values = { requestId: trouble.requestId, support: needs.supportContact };
  const code = route.isCreate ? 'outcome_unknown' : 'timed_out';
  return answerRefusal(
    [{ code, field: 'request', values }],
    trouble.language,
    route.isCreate ? { [createdHeader]: 'unknown' } : {},
  );
}
