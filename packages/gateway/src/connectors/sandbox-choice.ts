import { hash } from 'node:crypto';
import type { Problem } from '../core/problem.ts';
import { findScript, type SandboxScript, sandboxScripts } from './sandbox-script.ts';

/** Members of `extra` that a sandbox understands; every other connector gets them as it gets any other member. */
const sandboxFields = {
  /** Name of a script. */
  script: 'sandbox_script',
  /** Seconds until the ending is final, instead of the script's own. */
  after: 'sandbox_after',
  /** Any text: decides the script, the same for the same seed, recipient and amount. */
  chaos: 'sandbox_chaos',
} as const;

const secondsMax = 86_400;
const secondsForm = /^(?:0|[1-9][0-9]{0,4})$/;

type Extra = Readonly<Record<string, unknown>>;
type Order = Parameters<typeof findScript>[0] & { readonly currency: string; readonly extra: Extra };

const byName = new Map(sandboxScripts.map((script) => [script.name, script]));

/** What may happen under a seed, of a hundred. Nothing that needs a person: a test has to end. */
const chaosShares: readonly (readonly [name: string, share: number])[] = [
  ['paid', 50],
  ['paid_after_5s', 8],
  ['paid_after_30s', 4],
  ['partial', 8],
  ['lost_executed', 5],
  ['lost_not_executed', 5],
  ['garbage_answer', 4],
  ['duplicate_callbacks', 4],
  ['contradicting_callback', 2],
  ['fail_after_5s', 3],
  ['fail_recipient_not_found', 3],
  ['fail_bank_unavailable', 2],
  ['cancelled', 2],
];

/** The script of an order: what it names itself, what its seed decides, its recipient's or its amount's. */
export function chooseScript(order: Order): SandboxScript | undefined {
  const { extra } = order;
  const named = textOf(extra, sandboxFields.script);
  const seed = textOf(extra, sandboxFields.chaos);
  const script = named === undefined ? (seed === undefined ? undefined : drawScript(order, seed)) : byName.get(named);
  const chosen = script ?? findScript(order);
  const after = textOf(extra, sandboxFields.after);
  if (after === undefined || !secondsForm.test(after)) return chosen;
  return delay(chosen ?? byName.get('paid'), Number(after) * 1000);
}

function drawScript(order: Order, seed: string): SandboxScript | undefined {
  const hex = hash('sha256', JSON.stringify([seed, order.number, String(order.amountMinor), order.currency]));
  let place = Number.parseInt(hex.slice(0, 8), 16) % 100;
  for (const [name, share] of chaosShares) {
    if (place < share) return byName.get(name);
    place -= share;
  }
  return undefined;
}

/** What the provider tells about the ending it tells when there is one. */
function delay(script: SandboxScript | undefined, finalAfterMs: number): SandboxScript | undefined {
  if (script === undefined) return undefined;
  const shiftMs = finalAfterMs - script.finalAfterMs;
  const callbacks = script.callbacks.map((callback) => ({ ...callback, afterMs: callback.afterMs + shiftMs }));
  return { ...script, finalAfterMs, callbacks };
}

/** What is wrong with an order's wishes to the sandbox. Asked for accounts in sandbox mode only. */
export function judgeSandboxFields(extra: Extra): Problem[] {
  const problems: Problem[] = [];
  const named = extra[sandboxFields.script] ?? undefined;
  if (named !== undefined && !(typeof named === 'string' && byName.has(named))) {
    problems.push({ code: 'sandbox_script_unknown', field: `extra.${sandboxFields.script}` });
  }
  const after = extra[sandboxFields.after] ?? undefined;
  const isAfterFine = typeof after === 'string' && secondsForm.test(after) && Number(after) <= secondsMax;
  if (after !== undefined && !isAfterFine) {
    problems.push({ code: 'sandbox_after_wrong', field: `extra.${sandboxFields.after}`, values: { max: secondsMax } });
  }
  const seed = extra[sandboxFields.chaos] ?? undefined;
  if (seed !== undefined && typeof seed !== 'string') {
    problems.push({ code: 'field_not_text', field: `extra.${sandboxFields.chaos}` });
  }
  return problems;
}

function textOf(extra: Extra, name: string): string | undefined {
  const value = extra[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
