import { createPrivateKey } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { signBody } from '@vyplata/sdk/signature';

const { privatePem, bodies } = workerData as { readonly privatePem: string; readonly bodies: readonly string[] };
const key = createPrivateKey(privatePem);
parentPort?.postMessage(bodies.map((body) => `${body}\t${signBody({ body, key })}\n`).join(''));
