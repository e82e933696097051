import { type ProblemCode, Refusal } from '../../../core/problem.ts';
import type { Sql } from '../../../db/pool.ts';
import { isAllowed } from '../../../operators/roles.ts';
import { findOperator, type Operator } from '../../../operators/sessions.ts';
import type { OperatorRoute, Reach } from './route.ts';

export const cookieName = 'vyplata_session';

/** What proves who asks, and what shows where the request comes from. */
export type Credentials = {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
  readonly requestHeader: string | undefined;
};

const bearerForm = /^Bearer +([A-Za-z0-9_-]{1,100})$/i;

/**
 * Finds who asks and whether they may. Throws a Refusal: not signed in, a role too low, or a change that another site
 * could have made the browser send. A token is never sent by a browser by itself, so it needs no such check.
 */
export async function authenticate(
  needs: { readonly db: Sql; readonly isSecondFactorRequired: boolean },
  request: { readonly route: OperatorRoute; readonly credentials: Credentials },
): Promise<Operator | undefined> {
  const { route, credentials } = request;
  if (route.role === 'anyone') {
    if (isFromElsewhere(credentials)) refuse('cross_site_request');
    return undefined;
  }
  const operator = await findCaller(needs.db, route.reach, credentials);
  if (!isAllowed(operator.role, route.role)) {
    throw new Refusal([{ code: 'role_too_low', field: 'request', values: { role: route.role } }]);
  }
  if (route.reach === 'whole' && needs.isSecondFactorRequired && !operator.hasFactor) refuse('second_factor_needed');
  const isChange = route.method !== 'GET';
  if (isChange && operator.kind !== 'token' && !isFromConsole(credentials)) refuse('cross_site_request');
  return operator;
}

async function findCaller(db: Sql, reach: Reach, credentials: Credentials): Promise<Operator> {
  const { authorization, cookie = '' } = credentials;
  if (authorization !== undefined) {
    const secret = bearerForm.exec(authorization)?.[1] ?? '';
    const operator = await findOperator(db, { secret, kind: 'token' });
    if (operator === undefined || reach === 'half') return refuse('signed_out');
    // A token that leaks must not become a way to sign in for ever.
    return reach === 'enrol' ? refuse('session_needed') : operator;
  }
  const whole = reach === 'half' ? undefined : await findOperator(db, { secret: cookie, kind: 'session' });
  if (whole !== undefined || reach === 'whole') return whole ?? refuse('signed_out');
  const half = await findOperator(db, { secret: cookie, kind: 'half' });
  // Who has a factor shows it first: a password alone must not add another one.
  if (half === undefined || (reach === 'enrol' && half.hasFactor)) return refuse('signed_out');
  return half;
}

/** The header cannot be set by a form, and by a script of another site only if the server allowed it: it never does. */
function isFromConsole(credentials: Credentials): boolean {
  const hasOrigin = credentials.secFetchSite !== undefined || credentials.origin !== undefined;
  return credentials.requestHeader === '1' && hasOrigin && !isFromElsewhere(credentials);
}

/** Browsers say where a request comes from; programs say nothing. */
function isFromElsewhere({ secFetchSite, origin, host }: Credentials): boolean {
  if (secFetchSite !== undefined) return secFetchSite !== 'same-origin';
  if (origin === undefined) return false;
  return !URL.canParse(origin) || host === undefined || new URL(origin).host !== host.toLowerCase();
}

function refuse(code: ProblemCode): never {
  throw new Refusal([{ code, field: 'request' }]);
}
