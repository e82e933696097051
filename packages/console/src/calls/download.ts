import i18n from 'i18next';
import { CallError, type Errors } from './call.ts';
import { apiPath } from './side.ts';

type Progress = { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void };

export type Downloaded = { readonly name: string; readonly file: Blob };

/** Reads a file from the API of this side, telling how far it is. Throws a CallError; a file cut short is none. */
export async function download(path: string, { signal, onBytes }: Progress): Promise<Downloaded> {
  const headers = { 'X-Vyplata-Request': '1', 'Accept-Language': i18n.language };
  const response = await fetch(apiPath + path, { headers, signal, credentials: 'same-origin' }).catch(refuse);
  if (!response.ok || response.body === null) {
    const { errors } = (await response.json().catch(() => ({}))) as { errors?: Errors };
    throw new CallError(
      response.status,
      errors ?? { request: [i18n.t('errors.strange', { status: response.status })] },
    );
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read().catch(refuse); !part.done; part = await reader.read().catch(refuse)) {
    parts.push(part.value);
    bytes += part.value.length;
    onBytes(bytes);
  }
  const type = response.headers.get('content-type') ?? 'application/octet-stream';
  return { name: readName(response.headers.get('content-disposition')), file: new Blob(parts, { type }) };
}

function refuse(error: unknown): never {
  if (error instanceof DOMException && error.name === 'AbortError') throw error;
  throw new CallError(0, { request: [i18n.t('errors.noAnswer')] });
}

function readName(disposition: string | null): string {
  return /filename="?([\w.-]+)"?/.exec(disposition ?? '')?.[1] ?? 'payouts';
}
