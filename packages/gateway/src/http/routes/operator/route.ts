import { z } from 'zod';
import type { Facts } from '../../../core/outcome.ts';
import { type Problem, Refusal } from '../../../core/problem.ts';
import type { Db, Tx } from '../../../db/pool.ts';
import type { SignInGuard } from '../../../operators/guard-sign-in.ts';
import type { Site } from '../../../operators/passkeys.ts';
import { type Detail, recordAction } from '../../../operators/record-action.ts';
import type { UserRole } from '../../../operators/roles.ts';
import type { Operator, Side } from '../../../operators/sessions.ts';
import type { Vault } from '../../../secrets/seal.ts';
import { readWith } from '../../schemas/zod-problems.ts';
import type { AccountEntry } from '../../../merchants/directory.ts';
import type { Language } from '../../errors.ts';
import type { ExportedFile } from '../../export-file.ts';
import type { Ordered, OrderRequest } from '../merchant/create.ts';
import type { Preflight } from '../merchant/preflight.ts';
import type { Log } from '../../server.ts';

/** `problems`: all of them, where there can be several. */
type Refused = { readonly ok: false; readonly problem: Problem; readonly problems?: readonly Problem[] };
type Done = { readonly ok: true } | Refused;

/** How a sample notification went. `statusCode` is null when no answer came; `error` says why then. */
export type EndpointTest = {
  readonly ok: true;
  readonly statusCode: number | null;
  readonly durationMs: number;
  readonly error: string | null;
};

export type Needs = {
  readonly db: Db;
  readonly vault: Vault;
  readonly directory: {
    refresh(): Promise<void>;
    findAccount(accountId: string): Promise<AccountEntry | undefined>;
  };
  readonly monotonicMs: () => number;
  /** Orders of people, by the same way as those of their programs. */
  orderPayout(request: OrderRequest): Promise<Ordered>;
  preflightOrder(request: OrderRequest): Promise<Preflight>;
  readonly guard: SignInGuard;
  /** The connectors of this installation. */
  readonly connectors: {
    names(): readonly string[];
    find(name: string): { readonly facts: Facts } | undefined;
  };
  readonly log: Log;
  /** Development: endpoints may be on this machine. */
  readonly allowLoopbackUrls: boolean;
  /** The explicit setting of an installation that one person runs: what takes two people otherwise takes one. */
  readonly isOnePerson: boolean;
  /** The setting that nobody does anything without a second factor. */
  readonly isSecondFactorRequired: boolean;
  /** Where people reach the gateway; without it each request says it. */
  readonly publicUrl: string | undefined;
  /** The console is served over TLS only, so its cookie is too. */
  readonly isCookieSecure: boolean;
  judgePayout(input: {
    readonly merchantId: bigint;
    readonly payoutId: bigint;
    readonly verdict: 'paid' | 'not_executed';
    readonly paidMinor?: bigint;
    readonly actor: string;
    readonly evidence: string;
  }): Promise<Done>;
  cancelPayout(input: {
    readonly merchantId: bigint;
    readonly payoutId: bigint;
    readonly actor: string;
    readonly reason: string;
  }): Promise<Done>;
  resendNotification(input: {
    readonly merchantId: bigint;
    readonly notificationId: bigint;
    readonly actor: string;
  }): Promise<Done>;
  /** Sends one sample notification and waits for what comes back. */
  testEndpoint(input: { readonly merchantId: bigint; readonly endpointId: number }): Promise<EndpointTest | Refused>;
};

/** A request before its parts were read. `operator` is undefined on the one route that anyone may call. */
export type RawCall = {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly operator: Operator | undefined;
  /** Where it comes from, for counting failed sign-ins. */
  readonly address: string;
  /** Where the console is, as the browser sees it: passkeys are bound to it. */
  readonly site: Site;
  /** Whose API it is. */
  readonly side: Side;
  readonly language: Language;
};

export type Outcome = {
  readonly answer: unknown;
  /** Sent in place of the answer, while it is made. */
  readonly file?: ExportedFile;
  /** The session's secret to set as a cookie; null clears the cookie. */
  readonly cookie?: { readonly secret: string; readonly expiresAt: Date } | null;
};

/**
 * What kind of session reaches a route. `whole`: signed in, with a second factor where it is required. `half`: only the
 * password was shown, and a factor is next. `enrol`: a person who may add a factor, be it the first that is required.
 * `any`: whoever has one of these three. Programs with tokens reach `whole` and `any`.
 */
export type Reach = 'whole' | 'half' | 'enrol' | 'any';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One route as data: the server, the access check, OpenAPI and the tests are all made from the same table. */
export type OperatorRoute = {
  /** `<noun>.<verb>`: the operation's name, and the action in the audit log. */
  readonly name: string;
  readonly method: Method;
  /** Below `/operator/v1`, with parameters in braces. */
  readonly path: string;
  readonly role: UserRole | 'anyone';
  readonly reach: Reach;
  readonly summary: string;
  readonly tag: string;
  readonly params: z.ZodObject | undefined;
  readonly query: z.ZodObject | undefined;
  readonly body: z.ZodObject | undefined;
  readonly answer: z.ZodType;
  readonly status: 200 | 201;
  /** Whether a second person has to approve it before it is done. */
  readonly takesTwo: boolean;
  /** Media types of the files that it answers with in place of JSON. */
  readonly files?: readonly string[];
  run(needs: Needs, call: RawCall): Promise<Outcome>;
};

type Shape = z.ZodObject;
/** What a route without parameters, query or body has in their place. */
const nothing = z.object({});
type Nothing = typeof nothing;

type Spec<P extends Shape, Q extends Shape, B extends Shape, A extends z.ZodType> = {
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly role: UserRole;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: A;
  readonly status?: 200 | 201;
  readonly takesTwo?: boolean;
  /** `whole` when absent. */
  readonly reach?: Reach;
};

export type Call<P extends Shape, Q extends Shape, B extends Shape> = {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  readonly operator: Operator;
  /** The operator as the ledger and the audit log name them. */
  readonly actor: string;
  readonly site: Site;
  readonly language: Language;
};

type ReadSpec<P extends Shape, Q extends Shape, B extends Shape, A extends z.ZodType> = Omit<
  Spec<P, Q, B, A>,
  'method'
> & {
  handle(needs: Needs, call: Call<P, Q, B>): Promise<z.input<A>>;
};

/** A route that changes nothing. */
export function defineRead<
  A extends z.ZodType,
  P extends Shape = Nothing,
  Q extends Shape = Nothing,
  B extends Shape = Nothing,
>(spec: ReadSpec<P, Q, B, A>): OperatorRoute {
  return {
    ...shared({ ...spec, method: 'GET' }),
    run: async (needs, raw) => ({ answer: await spec.handle(needs, readCall<P, Q, B>(spec, raw)) }),
  };
}

/** A read whose question does not fit into an address, or must not stand in one. */
export function readingByPost(route: OperatorRoute): OperatorRoute {
  return { ...route, method: 'POST' };
}

type ExportSpec<P extends Shape, Q extends Shape> = Omit<Spec<P, Q, Nothing, z.ZodType>, 'method' | 'answer'> & {
  readonly files: readonly string[];
  handle(
    needs: Needs,
    call: Call<P, Q, Nothing>,
  ): MaybeLater<{ readonly subject: string; readonly detail: Detail; readonly open: () => ExportedFile }>;
};

type MaybeLater<T> = T | Promise<T>;

/** A read whose answer is a file. Who took what away is in the audit log before the first byte leaves. */
export function defineExport<P extends Shape = Nothing, Q extends Shape = Nothing>(
  spec: ExportSpec<P, Q>,
): OperatorRoute {
  return {
    ...shared({ ...spec, method: 'GET', answer: z.unknown() }),
    files: spec.files,
    async run(needs, raw) {
      const call = readCall<P, Q, Nothing>(spec, raw);
      const { subject, detail, open } = await spec.handle(needs, call);
      await needs.db.tx((tx) => recordAction(tx, { actor: call.actor, action: spec.name, subject, detail }));
      return { answer: {}, file: open() };
    },
  };
}

export type Changed<Answer> = {
  readonly answer: Answer;
  /** Whom or what it concerned, for the audit log. */
  readonly subject: string;
  readonly detail?: Detail;
  readonly cookie?: Outcome['cookie'];
};

type ChangeSpec<P extends Shape, B extends Shape, A extends z.ZodType> = Spec<P, Nothing, B, A> & {
  /** Runs before the transaction is open: what has transactions of its own, such as counting tries of a password. */
  prove?(needs: Needs, call: Call<P, Nothing, B>): Promise<void>;
  handle(needs: Needs & { readonly tx: Tx }, call: Call<P, Nothing, B>): Promise<Changed<z.input<A>>>;
};

/** A route whose change and its row in the audit log are one transaction. */
export function defineChange<A extends z.ZodType, P extends Shape = Nothing, B extends Shape = Nothing>(
  spec: ChangeSpec<P, B, A>,
): OperatorRoute {
  return {
    ...shared(spec),
    async run(needs, raw) {
      const call = readCall<P, Nothing, B>(spec, raw);
      await spec.prove?.(needs, call);
      const changed = await needs.db.tx(async (tx) => {
        const result = await spec.handle({ ...needs, tx }, call);
        const { subject, detail = {} } = result;
        const noted = { ...detail, ...noteOnePerson(needs, spec) };
        await recordAction(tx, { actor: call.actor, action: spec.name, subject, detail: noted });
        return result;
      });
      await needs.directory
        .refresh()
        .catch((error: unknown) => needs.log.warn({ err: error }, 'a change is seen only after the next poll'));
      const { answer, cookie } = changed;
      return cookie === undefined ? { answer } : { answer, cookie };
    },
  };
}

type Success = { readonly ok: true };

type Intent<S extends Success> = {
  readonly subject: string;
  readonly detail: Detail;
  readonly act: () => Promise<S | Refused>;
};

type ActSpec<P extends Shape, B extends Shape, A extends z.ZodType, S extends Success> = Spec<P, Nothing, B, A> & {
  /** Everything that can be refused before anything is done. */
  prepare(needs: Needs, call: Call<P, Nothing, B>): Promise<Intent<S>>;
  finish(needs: Needs, call: Call<P, Nothing, B>, success: S): Promise<z.input<A>>;
};

/**
 * A route whose act has transactions of its own. The audit log says what is about to be done before it is done, and
 * says so when it was refused after all: an act without a row is impossible, a row without an act is visible.
 */
export function defineAct<A extends z.ZodType, S extends Success, P extends Shape = Nothing, B extends Shape = Nothing>(
  spec: ActSpec<P, B, A, S>,
): OperatorRoute {
  return {
    ...shared(spec),
    async run(needs, raw) {
      const call = readCall<P, Nothing, B>(spec, raw);
      const { subject, detail, act } = await spec.prepare(needs, call);
      const noted = { ...detail, ...noteOnePerson(needs, spec) };
      const row = { actor: call.actor, action: spec.name, subject, detail: noted };
      await needs.db.tx((tx) => recordAction(tx, row));
      const done = await act();
      if (!done.ok) {
        const refused = { ...row, action: `${spec.name}.refused`, detail: { code: done.problem.code } };
        await needs.db.tx((tx) => recordAction(tx, refused));
        throw new Refusal(done.problems ?? [done.problem]);
      }
      return { answer: await spec.finish(needs, call, done) };
    },
  };
}

/** The audit log says of each such action that nobody else looked at it. */
function noteOnePerson(needs: Needs, spec: { readonly takesTwo?: boolean }): Detail {
  return spec.takesTwo === true && needs.isOnePerson ? { one_person: true } : {};
}

/** Who asks as an actor. A login never changes. */
export function actorOf(operator: Pick<Operator, 'login' | 'role'>): string {
  return `${operator.role === 'merchant' ? 'merchant-user' : 'operator'}:${operator.login}`;
}

function shared(spec: Spec<Shape, Shape, Shape, z.ZodType>): Omit<OperatorRoute, 'run'> {
  const { name, method, path, role, summary, params, query, body, answer } = spec;
  const { status = 200, takesTwo = false, reach = 'whole' } = spec;
  const tag = name.split('.')[0] ?? '';
  return { name, method, path, role, reach, summary, tag, params, query, body, answer, status, takesTwo };
}

type Parts = { readonly params?: Shape; readonly query?: Shape; readonly body?: Shape };

function readCall<P extends Shape, Q extends Shape, B extends Shape>(spec: Parts, raw: RawCall): Call<P, Q, B> {
  if (raw.operator === undefined) throw new Error('a request reached a route without its operator');
  const { operator, site, language } = raw;
  return { ...readParts<P, Q, B>(spec, raw), operator, site, language, actor: actorOf(operator) };
}

/** Reads the parts of a request, or throws a Refusal. What is no id at all in a path is an unknown id. */
export function readParts<P extends Shape, Q extends Shape, B extends Shape>(
  spec: Parts,
  raw: RawCall,
): Pick<Call<P, Q, B>, 'params' | 'query' | 'body'> {
  const params = spec.params?.safeParse(raw.params);
  if (params?.error !== undefined) {
    const fields = new Set(params.error.issues.map((issue) => issue.path.join('.')));
    throw new Refusal([...fields].map((field) => ({ code: 'record_unknown', field })));
  }
  const query = spec.query === undefined ? {} : readWith(spec.query, { value: raw.query, whole: 'request' });
  const body = spec.body === undefined ? {} : readWith(spec.body, { value: raw.body, whole: 'json' });
  return {
    params: (params?.data ?? {}) as z.output<P>,
    query: query as z.output<Q>,
    body: body as z.output<B>,
  };
}
