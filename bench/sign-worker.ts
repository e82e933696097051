import { parentPort, workerData } from 'node:worker_threads';
import { signShare } from './orders.ts';

parentPort?.postMessage(signShare(workerData as Parameters<typeof signShare>[0]));
