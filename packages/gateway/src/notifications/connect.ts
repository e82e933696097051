import { Resolver } from 'node:dns/promises';
import { BlockList, connect as connectTcp, isIP, isIPv4, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { Agent, type buildConnector } from 'undici';
import { isPublicAddress } from '../core/endpoint-url.ts';

/** The addresses of a host name, as text. Throws what the resolver throws when there are none. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** The two judges of an address. They share no code: a hole in one is not a hole in the other. */
export type Guards = {
  /** Asked about literals, about each answer of DNS, and about the address the socket says it is connected to. */
  readonly isAllowed: (address: string) => boolean;
  /** Given to the socket itself. */
  readonly blockLists: { readonly ipv4: BlockList; readonly ipv6: BlockList };
};

export type ConnectOptions = {
  readonly guards: Guards;
  readonly resolve?: ResolveHost;
  /** For names, connection and TLS together. */
  readonly timeoutMs?: number;
  /** Certificates to trust instead of the system's. */
  readonly ca?: string;
};

const connectTimeoutMs = 10_000;
const addressesMax = 4;
const connectionsPerOriginMax = 64;
const idleMs = 4_000;
const answerHeadersMax = 16 * 1024;

/** Special-purpose ranges of IPv4 (IANA registry), loopback apart. */
const closedIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const loopbackIpv4 = '127.0.0.0/8';
/** Outside 2000::/3, protocol assignments with Teredo, documentation, 6to4. */
const closedIpv6 = ['4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** An address that a notification must never be sent to. */
export class AddressRefused extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'AddressRefused';
  }
}

/** `allowLoopback` is a setting for development: it opens 127.0.0.0/8 and ::1, and nothing else that is private. */
export function makeGuards({ allowLoopback }: { readonly allowLoopback: boolean }): Guards {
  return {
    isAllowed: (address) => isPublicAddress(address) || (allowLoopback && isLoopback(address)),
    blockLists: { ipv4: blockIpv4(allowLoopback), ipv6: blockIpv6(allowLoopback) },
  };
}

function isLoopback(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}

function blockIpv4(allowLoopback: boolean): BlockList {
  const list = new BlockList();
  for (const range of allowLoopback ? closedIpv4 : [loopbackIpv4, ...closedIpv4]) {
    const [net = '', bits] = range.split('/');
    list.addSubnet(net, Number(bits), 'ipv4');
  }
  return list;
}

/** Everything but 2000::/3 and NAT64 (64:ff9b::/96), which is as good as the IPv4 address it carries. */
function blockIpv6(allowLoopback: boolean): BlockList {
  const list = new BlockList();
  list.addRange(allowLoopback ? '::2' : '::', '64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff', 'ipv6');
  list.addAddress('::', 'ipv6');
  list.addRange('64:ff9b::1:0:0', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ipv6');
  for (const range of [loopbackIpv4, ...closedIpv4]) {
    const [net = '', bits] = range.split('/');
    list.addSubnet(`64:ff9b::${net}`, 96 + Number(bits), 'ipv6');
  }
  for (const range of closedIpv6) {
    const [net = '', bits] = range.split('/');
    list.addSubnet(net, Number(bits), 'ipv6');
  }
  return list;
}

/**
 * Keeps connections to receivers, at most 64 to one origin, and opens them only to public addresses. Redirects are not
 * followed: undici leaves them to its caller.
 */
export function openReceivers(options: ConnectOptions & { readonly deadlineMs: number }): Agent {
  return new Agent({
    connect: createConnector(options),
    connections: connectionsPerOriginMax,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: idleMs,
    headersTimeout: options.deadlineMs,
    bodyTimeout: options.deadlineMs,
    maxHeaderSize: answerHeadersMax,
  });
}

/** The connector of undici that looks at where it connects to before, while and after it does. */
export function createConnector(options: ConnectOptions): buildConnector.connector {
  const needs: Needs = { resolve: createResolve(), timeoutMs: connectTimeoutMs, ...options };
  return (target, callback) => {
    openConnection(needs, target).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

type Needs = ConnectOptions & { readonly resolve: ResolveHost; readonly timeoutMs: number };

async function openConnection(needs: Needs, target: buildConnector.Options): Promise<Socket> {
  const isTls = target.protocol === 'https:';
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(target.port || (isTls ? 443 : 80));
  const deadlineAt = performance.now() + needs.timeoutMs;
  const addresses = await within(deadlineAt, findAddresses(needs, host), 'the host name');
  const socket = await connectFirst(needs.guards, { addresses, port, deadlineAt });
  return isTls ? startTls(socket, { host, deadlineAt, ca: needs.ca }) : socket;
}

/** The addresses of a host that may be connected to; a literal is its own. Throws when there is none. */
async function findAddresses({ guards, resolve }: Needs, host: string): Promise<readonly string[]> {
  const found = isIP(host) === 0 ? await resolve(host) : [host];
  const allowed = found.filter((address) => guards.isAllowed(address));
  if (allowed.length === 0) {
    throw new AddressRefused(found.length === 0 ? 'the host has no address' : 'the address of the host is not public');
  }
  return allowed.slice(0, addressesMax);
}

type Destination = { readonly addresses: readonly string[]; readonly port: number; readonly deadlineAt: number };

/** Tries the addresses in turn; each gets its share of the time that is left. */
async function connectFirst(guards: Guards, { addresses, port, deadlineAt }: Destination): Promise<Socket> {
  let failure: unknown;
  for (const [at, address] of addresses.entries()) {
    const now = performance.now();
    const untilAt = now + (deadlineAt - now) / (addresses.length - at);
    try {
      return await connectAddress(guards, { address, port, untilAt });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function connectAddress(
  guards: Guards,
  { address, port, untilAt }: { readonly address: string; readonly port: number; readonly untilAt: number },
): Promise<Socket> {
  const blockList = isIPv4(address) ? guards.blockLists.ipv4 : guards.blockLists.ipv6;
  // A literal: nothing is looked up a second time. The list has to go to a plain socket, since tls.connect drops it.
  const socket = connectTcp({ host: address, port, blockList, noDelay: true, keepAlive: true });
  // Whoever uses the socket listens for itself; an error between two users must not end the process.
  socket.on('error', () => undefined);
  await opened(socket, { event: 'connect', untilAt });
  const peer = socket.remoteAddress;
  if (peer === undefined || !guards.isAllowed(peer)) {
    socket.destroy();
    throw new AddressRefused('the connection led to an address that is not public');
  }
  return socket;
}

/** Certificates are verified against the host of the URL, never against the address it had. */
async function startTls(
  socket: Socket,
  { host, deadlineAt, ca }: { readonly host: string; readonly deadlineAt: number; readonly ca: string | undefined },
): Promise<Socket> {
  const options: ConnectionOptions = { socket, host, ALPNProtocols: ['http/1.1'], rejectUnauthorized: true };
  if (isIP(host) === 0) options.servername = host;
  if (ca !== undefined) options.ca = ca;
  const secured = connectTls(options);
  secured.on('error', () => undefined);
  try {
    await opened(secured, { event: 'secureConnect', untilAt: deadlineAt });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return secured;
}

/** Waits until the socket is open; destroys it when it fails or takes too long. */
function opened(socket: Socket, wait: { readonly event: 'connect' | 'secureConnect'; readonly untilAt: number }) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = () => reject(new Error('the connection was closed before it was open'));
  const timer = setTimeout(() => reject(timedOut('the connection')), Math.max(1, wait.untilAt - performance.now()));
  socket.once(wait.event, resolve).once('error', reject).once('close', closed);
  return promise
    .catch((error: unknown) => {
      socket.destroy();
      throw error;
    })
    .finally(() => {
      clearTimeout(timer);
      socket.off(wait.event, resolve).off('error', reject).off('close', closed);
    });
}

async function within<T>(untilAt: number, work: Promise<T>, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(timedOut(what)), Math.max(1, untilAt - performance.now()));
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

function timedOut(what: string): Error {
  return Object.assign(new Error(`${what} took too long`), { code: 'ETIMEDOUT' });
}

/**
 * Asks DNS by itself. dns.lookup would run in the threads that also sign, two at a time, so that a few dead name
 * servers would hold back the notifications of every other merchant. Lookups of one name under way are shared.
 */
function createResolve(): ResolveHost {
  const resolver = new Resolver({ timeout: 2_500, tries: 2 });
  const underWay = new Map<string, Promise<readonly string[]>>();

  async function ask(host: string): Promise<readonly string[]> {
    if (host === 'localhost') return ['127.0.0.1', '::1'];
    const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    if (four.status === 'rejected' && six.status === 'rejected') throw four.reason;
    return [four, six].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  }

  return (host) => {
    const asked = underWay.get(host) ?? ask(host).finally(() => underWay.delete(host));
    underWay.set(host, asked);
    return asked;
  };
}
