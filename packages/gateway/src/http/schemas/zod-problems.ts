import type { z } from 'zod';
import { type Problem, type ProblemCode, Refusal } from '../../core/problem.ts';

/** What is read, and the field that a problem with all of it is reported under. */
export type Reading = { readonly value: unknown; readonly whole: 'json' | 'request' };

/** The value as the schema reads it. Throws a Refusal that names all wrong fields at once, as every answer does. */
export function readWith<Schema extends z.ZodType>(schema: Schema, reading: Reading): z.output<Schema> {
  const result = schema.safeParse(reading.value, { reportInput: true });
  if (result.success) return result.data;
  throw new Refusal(result.error.issues.flatMap((issue) => toProblems(issue, reading.whole)));
}

/** For `refine` and `check`: the problem a value has that fails them. */
export function failAs(
  code: ProblemCode,
  values?: Problem['values'],
): { params: { problem: ProblemCode; values?: object } } {
  return { params: { problem: code, ...(values === undefined ? {} : { values }) } };
}

const nameForm = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/** A strange key is not echoed: it could hold anything, a card number too. */
function nameField(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === 'number' || nameForm.test(String(key)) ? String(key) : '?')).join('.');
}

function toProblems(issue: z.core.$ZodIssue, whole: Reading['whole']): Problem[] {
  const field = issue.path.length === 0 ? whole : nameField(issue.path);
  switch (issue.code) {
    case 'invalid_type':
      if (issue.path.length === 0 && whole === 'json') return [{ code: 'json_not_object', field }];
      if (issue.input === undefined) return [{ code: 'field_required', field }];
      return [{ code: 'field_type', field, values: { expected: issue.expected } }];
    case 'invalid_value':
      if (issue.input === undefined) return [{ code: 'field_required', field }];
      return [{ code: 'field_choice', field, values: { choices: issue.values.map(String).join(', ') } }];
    case 'too_small':
      return [tooSmall(issue, field)];
    case 'too_big': {
      const code = issue.origin === 'string' ? 'field_too_long' : 'field_too_large';
      return [{ code, field, values: { max: Number(issue.maximum) } }];
    }
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ code: 'field_unknown', field: nameField([...issue.path, key]) }));
    case 'custom':
      return [customProblem(issue.params, field)];
    default:
      return [{ code: 'field_wrong', field }];
  }
}

function tooSmall(issue: z.core.$ZodIssueTooSmall, field: string): Problem {
  const min = Number(issue.minimum);
  if (issue.origin === 'string') {
    return min === 1 ? { code: 'field_blank', field } : { code: 'field_too_short', field, values: { min } };
  }
  return { code: 'field_too_small', field, values: { min } };
}

function customProblem(params: Record<string, unknown> | undefined, field: string): Problem {
  const { problem, values } = (params ?? {}) as { problem?: ProblemCode; values?: Problem['values'] };
  return { code: problem ?? 'field_wrong', field, ...(values === undefined ? {} : { values }) };
}
