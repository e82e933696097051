import { readFileSync } from 'node:fs';
import { type NotificationFields, type NotificationMethod } from '../src/notification.ts';
import type { Digest } from '../src/signature.ts';

export type RequestVector = { name: string; body_base64: string; sign: string; digest: Digest; valid: boolean };
export type NotificationVector = {
  name: string;
  method: NotificationMethod;
  signed_text_base64: string;
  sign: string;
  query?: string;
  values?: NotificationFields;
};

export function readVector(path: string): string {
  return readFileSync(new URL(`vectors/${path}`, import.meta.url), 'utf8');
}

export function parseJson(text: string | undefined): Record<string, unknown> {
  return JSON.parse(text ?? '') as Record<string, unknown>;
}

export const requestVectors = JSON.parse(readVector('requests.json')) as RequestVector[];
export const notificationVectors = JSON.parse(readVector('notifications.json')) as NotificationVector[];

/** A GET vector holds no values of its own: they are those of the POST vector with the same name. */
export function valuesOf(vector: NotificationVector): NotificationFields {
  const values = notificationVectors.find((other) => other.name === vector.name && other.values !== undefined)?.values;
  if (values === undefined) throw new Error(`No values for the vector "${vector.name}".`);
  return values;
}
