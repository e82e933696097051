import { type ProblemCode, Refusal } from '../../../core/problem.ts';
import type { Sql } from '../../../db/pool.ts';
import { isAllowed } from '../../../operators/roles.ts';
import { findOperator, type Operator } from '../../../operators/sessions.ts';
import type { OperatorRoute } from './route.ts';

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
  needs: { readonly db: Sql },
  request: { readonly route: OperatorRoute; readonly credentials: Credentials },
): Promise<Operator | undefined> {
  const { route, credentials } = request;
  if (route.role === 'anyone') {
    if (isFromElsewhere(credentials)) refuse('cross_site_request');
    return undefined;
  }
  const { authorization } = credentials;
  const operator =
    authorization === undefined
      ? await findOperator(needs.db, { secret: credentials.cookie ?? '', kind: 'session' })
      : await findOperator(needs.db, { secret: bearerForm.exec(authorization)?.[1] ?? '', kind: 'token' });
  if (operator === undefined) return refuse('signed_out');
  if (!isAllowed(operator.role, route.role)) {
    throw new Refusal([{ code: 'role_too_low', field: 'request', values: { role: route.role } }]);
  }
  const isChange = route.method !== 'GET';
  if (isChange && operator.kind === 'session' && !isFromConsole(credentials)) refuse('cross_site_request');
  return operator;
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
