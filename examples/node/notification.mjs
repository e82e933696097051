// node notification.mjs <public.pem> POST|GET < body or query: says whether a notification is genuine.
import { readFileSync } from 'node:fs';
import { isGenuineNotification } from './vyplata.mjs';

const [publicFile, method] = process.argv.slice(2);
const input = readFileSync(0, 'utf8');
const values = method === 'GET' ? Object.fromEntries(new URLSearchParams(input)) : JSON.parse(input);
const isGenuine = isGenuineNotification(values, method, readFileSync(publicFile, 'utf8'));
console.log(isGenuine ? `genuine ${values.id} ${values.payment_status}` : 'not genuine');
process.exitCode = isGenuine ? 0 : 1;
