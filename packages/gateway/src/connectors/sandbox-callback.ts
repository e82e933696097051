import { createHmac, timingSafeEqual } from 'node:crypto';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { type CancelReason, cancelReasons, type FailReason, failReasons } from '../core/fail-reason.ts';
import type { CallbackRequest } from './connector.ts';

/** What a callback of the sandbox says. */
export type SandboxMessage = { readonly reference: string } & (
  | { readonly kind: 'executed'; readonly paidMinor: bigint; readonly providerId: string; readonly rrn: string }
  | { readonly kind: 'rejected'; readonly reason: FailReason }
  | { readonly kind: 'cancelled'; readonly reason: CancelReason }
);

/** `t=<milliseconds since 1970>,v1=<hex>`: HMAC-SHA256 over the time, a point and the body. */
export const signatureHeader = 'sandbox-signature';

const toleranceMs = 5 * 60_000;
const bodyBytesMax = 4096;
const postTimeoutMs = 5_000;
const signatureForm = /^t=([0-9]{1,15}),v1=([0-9a-f]{64})$/;

const reference = z.string().min(1).max(200);
const messageForm = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('executed'),
    reference,
    providerId: z.string().max(64),
    rrn: z.string().max(12),
    paidMinor: z
      .string()
      .regex(/^[1-9][0-9]{0,18}$/)
      .transform(BigInt),
  }),
  z.object({ kind: z.literal('rejected'), reference, reason: z.enum(failReasons) }),
  z.object({ kind: z.literal('cancelled'), reference, reason: z.enum(cancelReasons) }),
]);

/** The value of `signatureHeader` for a body at a time, milliseconds since 1970. */
export function signCallback(input: { readonly secret: string; readonly body: string; readonly at: number }): string {
  return `t=${input.at},v1=${digest(input.secret, input.at, Buffer.from(input.body)).toString('hex')}`;
}

/** The message of a callback whose signature fits and is at most five minutes away from `now`; else undefined. */
export function readMessage(
  input: CallbackRequest & { readonly secret: string; readonly now: number },
): SandboxMessage | undefined {
  const { headers, body, secret, now } = input;
  const header = headers[signatureHeader];
  if (typeof header !== 'string' || body.length > bodyBytesMax) return undefined;
  const [, time, hex] = signatureForm.exec(header) ?? [];
  if (time === undefined || hex === undefined) return undefined;
  const at = Number(time);
  if (Math.abs(now - at) > toleranceMs) return undefined;
  if (!timingSafeEqual(digest(secret, at, body), Buffer.from(hex, 'hex'))) return undefined;
  return parseMessage(Buffer.from(body).toString('utf8'));
}

function parseMessage(text: string): SandboxMessage | undefined {
  try {
    return messageForm.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function digest(secret: string, at: number, body: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${at}.`).update(body).digest();
}

export type Caller = { post(message: SandboxMessage): Promise<void>; close(): Promise<void> };

/** Posts signed callbacks to the gateway at `url`. A post is tried once: what does not arrive, an inquiry tells. */
export function createCaller(options: {
  readonly url: string;
  readonly secret: string;
  readonly clock: { now(): number };
}): Caller {
  const { url, secret, clock } = options;
  const agent = new Agent({ connections: 8, connect: { timeout: postTimeoutMs } });
  return {
    async post(message) {
      const body = JSON.stringify(message, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
      const signature = signCallback({ secret, body, at: clock.now() });
      const headers = { 'content-type': 'application/json', [signatureHeader]: signature };
      try {
        const signal = AbortSignal.timeout(postTimeoutMs);
        const response = await request(url, { method: 'POST', headers, body, dispatcher: agent, signal });
        await response.body.dump();
      } catch {
        // Nobody listens, or too slowly: a provider would shrug as well.
      }
    },
    close: () => agent.destroy(),
  };
}
