import { z } from 'zod';
import { passwordLengthMax } from '../../../operators/hash-password.ts';
import type { AuditRow } from '../../../operators/record-action.ts';
import { roles } from '../../../operators/roles.ts';
import { type Operator, type Session, tokenDaysMax } from '../../../operators/sessions.ts';
import type { User } from '../../../operators/users.ts';
import { idAnswer, livenessField, momentAnswer, pageQuery, textField, writeMoment } from './fields.ts';

const roleField = z.enum(roles);
const userRoleField = z.enum([...roles, 'merchant']);
/** Passwords keep every character, spaces included. */
const passwordField = z.string().max(passwordLengthMax);

export const signInBody = z.strictObject({ login: textField({ max: 100 }), password: passwordField });

export const setupAnswer = z.object({ is_open: z.boolean() });
export const setupBody = z.strictObject({
  token: z.string().max(100).meta({ description: 'From the link that the gateway prints while there is nobody' }),
  login: textField({ max: 100 }),
  password: passwordField,
});

export const operatorAnswer = z
  .object({
    user_id: idAnswer,
    login: z.string(),
    role: userRoleField,
    merchant_id: idAnswer.nullable().meta({ description: 'Whose user it is; null for operators' }),
    kind: z.enum(['session', 'half', 'token']),
    next: z.enum(['nothing', 'second_factor', 'enrol']).meta({
      description: 'What has to be done before anything else: show a second factor, or add the first one',
    }),
    expires_at: momentAnswer,
    is_one_person: z.boolean().meta({ description: 'What takes two people takes one in this installation' }),
  })
  .meta({ id: 'Operator' });

type Settings = { readonly isOnePerson: boolean; readonly isSecondFactorRequired: boolean };

export function writeOperator(operator: Operator, settings: Settings): z.input<typeof operatorAnswer> {
  return {
    user_id: Number(operator.userId),
    login: operator.login,
    role: operator.role,
    merchant_id: operator.merchantId === null ? null : Number(operator.merchantId),
    kind: operator.kind,
    next: nextOf(operator, settings),
    expires_at: writeMoment(operator.expiresAt),
    is_one_person: settings.isOnePerson,
  };
}

function nextOf({ kind, hasFactor }: Operator, { isSecondFactorRequired }: Settings) {
  if (!hasFactor) return isSecondFactorRequired ? 'enrol' : 'nothing';
  return kind === 'half' ? 'second_factor' : 'nothing';
}

export const sessionAnswer = z
  .object({
    id: idAnswer,
    is_current: z.boolean(),
    created_at: momentAnswer,
    last_used_at: momentAnswer,
    expires_at: momentAnswer,
  })
  .meta({ id: 'Session' });

export function writeSession(session: Session, currentId: bigint): z.input<typeof sessionAnswer> {
  const { sessionId, createdAt, lastUsedAt, expiresAt } = session;
  return {
    id: Number(sessionId),
    is_current: sessionId === currentId,
    created_at: writeMoment(createdAt),
    last_used_at: writeMoment(lastUsedAt),
    expires_at: writeMoment(expiresAt),
  };
}

export const passwordBody = z.strictObject({ current_password: passwordField, password: passwordField });

export const tokenBody = z.strictObject({
  label: textField({ max: 100 }),
  days: z.int().min(1).max(tokenDaysMax).default(90),
});

export const tokenAnswer = z
  .object({
    id: idAnswer,
    label: z.string(),
    created_at: momentAnswer,
    last_used_at: momentAnswer,
    expires_at: momentAnswer,
  })
  .meta({ id: 'Token' });

export const newTokenAnswer = z.object({
  token: tokenAnswer,
  secret: z.string().meta({ description: 'Shown once. Send it as "Authorization: Bearer …"' }),
});

export function writeToken(session: Session): z.input<typeof tokenAnswer> {
  return {
    id: Number(session.sessionId),
    label: session.label,
    created_at: writeMoment(session.createdAt),
    last_used_at: writeMoment(session.lastUsedAt),
    expires_at: writeMoment(session.expiresAt),
  };
}

export const newUserBody = z.strictObject({
  login: textField({ max: 100 }),
  password: passwordField,
  role: roleField,
});

export const userChangeBody = z.strictObject({
  role: roleField.optional(),
  state: livenessField.optional(),
  password: passwordField.optional(),
});

export const userAnswer = z
  .object({ id: idAnswer, login: z.string(), role: userRoleField, state: livenessField, created_at: momentAnswer })
  .meta({ id: 'User' });

export function writeUser(user: User): z.input<typeof userAnswer> {
  const { userId, login, role, state, createdAt } = user;
  return { id: Number(userId), login, role, state, created_at: writeMoment(createdAt) };
}

export const auditQuery = z.strictObject({
  actor: textField({ max: 200 }).optional(),
  action: textField({ max: 100 }).optional(),
  ...pageQuery,
});

export const auditRowAnswer = z
  .object({
    row_no: idAnswer,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.record(z.string(), z.unknown()),
    created_at: momentAnswer,
  })
  .meta({ id: 'AuditRow' });

export function writeAuditRow(row: AuditRow): z.input<typeof auditRowAnswer> {
  return {
    row_no: Number(row.rowNo),
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    detail: row.detail,
    created_at: writeMoment(row.createdAt),
  };
}

export const auditVerdictAnswer = z.object({
  is_whole: z.boolean(),
  rows: z.int().nullable(),
  head_hash: z.string().nullable(),
  broken_at_row: z.int().nullable(),
  why: z.enum(['missing', 'order', 'changed']).nullable(),
});
