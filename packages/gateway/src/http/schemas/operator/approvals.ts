import { z } from 'zod';
import type { Approval } from '../../../operators/approvals.ts';
import { idAnswer, idText, momentAnswer, pageQuery, writeMoment } from './fields.ts';

const stateField = z.enum(['pending', 'approved', 'done', 'refused', 'failed']);

export const approvalParams = z.object({ approval_id: idText });
export const approvalQuery = z.strictObject({ ...pageQuery, state: stateField.optional() });

export const approvalAnswer = z
  .object({
    id: idAnswer,
    action: z.string(),
    request: z.unknown().meta({ description: 'Parameters and body as they were asked for, without passwords' }),
    state: stateField,
    requested_by: z.string(),
    requested_at: momentAnswer,
    expires_at: momentAnswer,
    decided_by: z.string().nullable(),
    decided_at: momentAnswer.nullable(),
    outcome: z.string().nullable(),
  })
  .meta({ id: 'Approval' });

export const approvedAnswer = z.object({
  approval: approvalAnswer,
  result: z.unknown().meta({ description: 'What the approved request itself answers' }),
});

export function writeApproval(approval: Approval): z.input<typeof approvalAnswer> {
  return {
    id: Number(approval.approvalId),
    action: approval.action,
    request: approval.shown,
    state: approval.state,
    requested_by: approval.requestedBy.login,
    requested_at: writeMoment(approval.requestedAt),
    expires_at: writeMoment(approval.expiresAt),
    decided_by: approval.decidedBy,
    decided_at: approval.decidedAt === null ? null : writeMoment(approval.decidedAt),
    outcome: approval.outcome,
  };
}
