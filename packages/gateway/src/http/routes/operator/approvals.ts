import { Refusal } from '../../../core/problem.ts';
import {
  type Approval,
  approve,
  closeApproval,
  listApprovals,
  openRequest,
  readApproval,
  refuseApproval,
  requestApproval,
} from '../../../operators/approvals.ts';
import { recordAction } from '../../../operators/record-action.ts';
import { isAllowed } from '../../../operators/roles.ts';
import { readUser } from '../../../operators/users.ts';
import {
  approvalAnswer,
  approvalParams,
  approvalQuery,
  approvedAnswer,
  writeApproval,
} from '../../schemas/operator/approvals.ts';
import { pageAnswer, writePage } from '../../schemas/operator/fields.ts';
import { reasonBody } from '../../schemas/operator/payouts.ts';
import {
  actorOf,
  defineChange,
  defineRead,
  type Needs,
  type OperatorRoute,
  type Outcome,
  type RawCall,
  readParts,
} from './route.ts';

const nameApproval = (approvalId: bigint): string => `approval:${approvalId}`;

/**
 * Keeps what somebody asked for until another person approves it. What is wrong about the request in itself is refused
 * at once; what depends on the day is decided when it is done.
 */
export async function askSecondPerson(needs: Needs, route: OperatorRoute, call: RawCall): Promise<object> {
  const { operator, params, body } = call;
  if (operator === undefined) throw new Error('a request reached a route without its operator');
  const { params: paramsShape, body: bodyShape } = route;
  readParts({ ...(paramsShape && { params: paramsShape }), ...(bodyShape && { body: bodyShape }) }, call);
  const approval = await needs.db.tx(async (tx) => {
    const input = { action: route.name, request: { params, body }, userId: operator.userId };
    const asked = await requestApproval({ tx, vault: needs.vault }, input);
    const subject = nameApproval(asked.approvalId);
    await recordAction(tx, { actor: actorOf(operator), action: `${route.name}.requested`, subject, detail: {} });
    return asked;
  });
  return { approval: writeApproval(approval) };
}

type FindRoute = (name: string) => OperatorRoute | undefined;

export function approvalRoutes(findRoute: FindRoute): readonly OperatorRoute[] {
  return [
    defineRead({
      name: 'approval.list',
      path: '/approvals',
      role: 'viewer',
      summary: 'What waits or waited for a second person, newest first',
      query: approvalQuery,
      answer: pageAnswer(approvalAnswer),
      async handle({ db }, { query }) {
        const { state, cursor: beforeId, limit } = query;
        const rows = await listApprovals(db, { state, beforeId, limit: limit + 1 });
        return writePage(rows, { limit, idOf: ({ approvalId }) => approvalId, write: writeApproval });
      },
    }),
    {
      name: 'approval.approve',
      method: 'POST',
      path: '/approvals/{approval_id}/approve',
      role: 'approver',
      reach: 'whole',
      summary: 'Approve what another person asked for, and do it',
      tag: 'approval',
      params: approvalParams,
      query: undefined,
      body: undefined,
      answer: approvedAnswer,
      status: 200,
      takesTwo: false,
      run: (needs, raw) => runApproved(needs, findRoute, raw),
    },
    defineChange({
      name: 'approval.refuse',
      method: 'POST',
      path: '/approvals/{approval_id}/refuse',
      role: 'approver',
      summary: 'Refuse what another person asked for, or take back what you asked for yourself',
      params: approvalParams,
      body: reasonBody,
      answer: approvalAnswer,
      async handle({ tx }, { params, body, operator }) {
        const { approval_id: approvalId } = params;
        const refused = await refuseApproval(tx, { approvalId, userId: operator.userId, reason: body.reason });
        return { answer: writeApproval(refused), subject: nameApproval(approvalId), detail: { reason: body.reason } };
      },
    }),
  ];
}

/** Approved first, then done in the name of the person who asked: the audit log has both. */
async function runApproved(needs: Needs, findRoute: FindRoute, raw: RawCall): Promise<Outcome> {
  const { operator } = raw;
  if (operator === undefined) throw new Error('a request reached a route without its operator');
  const parts = readParts<typeof approvalParams, never, never>({ params: approvalParams }, raw);
  const approvalId = parts.params.approval_id;
  const approval = await needs.db.tx(async (tx) => {
    const approved = await approve(tx, { approvalId, userId: operator.userId });
    const action = `${approved.action}.approved`;
    await recordAction(tx, { actor: actorOf(operator), action, subject: nameApproval(approvalId), detail: {} });
    return approved;
  });
  try {
    const outcome = await runAsAsked(needs, findRoute, { approval, raw });
    await closeApproval(needs.db, { approvalId, state: 'done', outcome: null });
    const answer = { approval: writeApproval(await readApproval(needs.db, approvalId)), result: outcome.answer };
    return { answer };
  } catch (error) {
    // Anything but a refusal leaves it approved: whether it was done is not known, and approving again finds out.
    if (error instanceof Refusal) {
      const outcome = error.problems.map(({ field, code }) => `${field} ${code}`).join(', ');
      await closeApproval(needs.db, { approvalId, state: 'failed', outcome });
    }
    throw error;
  }
}

async function runAsAsked(
  needs: Needs,
  findRoute: FindRoute,
  { approval, raw }: { readonly approval: Approval; readonly raw: RawCall },
): Promise<Outcome> {
  const route = findRoute(approval.action);
  const asker = await readUser(needs.db, approval.requestedBy.userId);
  const mayAsk = route?.role !== undefined && route.role !== 'anyone' && isAllowed(asker.role, route.role);
  // Whoever was dismissed or lost the role in the meantime asks for nothing any more.
  if (route === undefined || asker.state !== 'active' || !mayAsk) {
    throw new Refusal([{ code: 'role_too_low', field: 'request', values: { role: String(route?.role) } }]);
  }
  const { params, body } = await openRequest({ sql: needs.db, vault: needs.vault }, approval);
  const { expiresAt } = approval;
  const operator = { ...asker, sessionId: 0n, kind: 'session' as const, expiresAt, hasFactor: false };
  return route.run(needs, { ...raw, params, query: {}, body, operator });
}
