import { listActions, verifyAuditLog } from '../../../operators/record-action.ts';
import { pageAnswer, writePage } from '../../schemas/operator/fields.ts';
import { auditQuery, auditRowAnswer, auditVerdictAnswer, writeAuditRow } from '../../schemas/operator/people.ts';
import { defineRead, type OperatorRoute } from './route.ts';

export const auditRoutes: readonly OperatorRoute[] = [
  defineRead({
    name: 'audit_log.list',
    path: '/audit-log',
    role: 'approver',
    summary: 'What people did, newest first',
    query: auditQuery,
    answer: pageAnswer(auditRowAnswer),
    async handle({ db }, { query }) {
      const { actor, action, cursor: beforeRowNo, limit } = query;
      const rows = await listActions(db, { actor, action, beforeRowNo, limit: limit + 1 });
      return writePage(rows, { limit, idOf: ({ rowNo }) => rowNo, write: writeAuditRow });
    },
  }),
  defineRead({
    name: 'audit_log.verify',
    path: '/audit-log/verdict',
    role: 'owner',
    summary: 'Recompute the whole chain of hashes; it takes longer the longer the log is',
    answer: auditVerdictAnswer,
    async handle({ db }) {
      const verdict = await verifyAuditLog(db);
      const broken = { rows: null, head_hash: null, broken_at_row: null, why: null };
      return verdict.ok
        ? { ...broken, is_whole: true, rows: Number(verdict.rows), head_hash: verdict.headHash }
        : { ...broken, is_whole: false, broken_at_row: Number(verdict.rowNo), why: verdict.why };
    },
  }),
];
