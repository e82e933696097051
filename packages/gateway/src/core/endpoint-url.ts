/**
 * Where a notification may go. A URL is judged when it is given, as far as its text shows; the address that is actually
 * connected to is judged again by `isPublicAddress`, because a name can resolve to anything later.
 */
import ipaddr from 'ipaddr.js';
import type { ProblemCode } from './problem.ts';

/** Characters of a notification URL. */
export const endpointUrlMax = 255;

const schemeForm = /^[a-z][a-z0-9+.-]*:/i;
const httpForm = /^https?:\/\/[^/?#\\]/i;
/** Space and control characters of any kind, and the backslash, which URL parsing turns into a slash. */
const strangeForm = /[\s\p{C}\\]/u;
const dottedForm = /^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/;
const deprecatedForm = /^::[0-9]+\.[0-9.]+(?:%|$)/;
const privateSuffixes = [
  'local',
  'localhost',
  'localdomain',
  'internal',
  'intranet',
  'lan',
  'home',
  'corp',
  'onion',
  'home.arpa',
];
const wellKnownPorts = new Set(['', '80', '443']);

/** What is wrong with a notification URL, or undefined. `allowLoopback` is a setting for development. */
export function checkEndpointUrl(text: string, options: { readonly allowLoopback: boolean }): ProblemCode | undefined {
  if (text.length > endpointUrlMax && [...text].length > endpointUrlMax) return 'field_too_long';
  if (strangeForm.test(text)) return 'url_wrong';
  if (!httpForm.test(text)) return schemeForm.test(text) && !/^https?:/i.test(text) ? 'url_scheme' : 'url_wrong';
  const url = URL.parse(text);
  if (url === null) return 'url_wrong';
  if (url.username !== '' || url.password !== '' || authorityOf(text).includes('@')) return 'url_user_info';
  const host = url.hostname.replace(/\.$/, '');
  if (options.allowLoopback && isLoopbackHost(host)) return undefined;
  if (!isPublicHost(host)) return 'url_host_not_public';
  return wellKnownPorts.has(url.port) || Number(url.port) >= 1024 ? undefined : 'url_port';
}

/** The text between `//` and the path: URL parsing forgets an empty user name, such as in `http://@host`. */
function authorityOf(text: string): string {
  return text.slice(text.indexOf('//') + 2).split(/[/?#]/, 1)[0] ?? '';
}

/** `host` as the URL parser normalised it: every spelling of an IPv4 address has become four decimal parts. */
function isPublicHost(host: string): boolean {
  if (host.startsWith('[')) return isPublicAddress(host.slice(1, -1));
  if (isDottedAddress(host)) return isPublicAddress(host);
  const labels = host.split('.');
  if (labels.length < 2 || labels.includes('')) return false;
  return !privateSuffixes.some((suffix) => host.endsWith(`.${suffix}`));
}

function isLoopbackHost(host: string): boolean {
  if (host === 'localhost' || host === '[::1]') return true;
  return isDottedAddress(host) && ipaddr.IPv4.parse(host).range() === 'loopback';
}

/** ipaddr.js finds out that a name is no address by throwing, which costs 11 µs; most hosts are names. */
function isDottedAddress(host: string): boolean {
  return dottedForm.test(host) && ipaddr.IPv4.isValidFourPartDecimal(host);
}

const globalUnicast = ipaddr.IPv6.parse('2000::');
const natPrefix = ipaddr.IPv6.parse('64:ff9b::');

/**
 * Whether an IP address may be connected to: global unicast only. Addresses that carry an IPv4 one inside (mapped,
 * NAT64, 6to4, Teredo) are judged by it, since that is where the packets end. What is no IP address is not public.
 */
export function isPublicAddress(ip: string): boolean {
  if (isDottedAddress(ip)) return ipaddr.IPv4.parse(ip).range() === 'unicast';
  // ipaddr.js reads the deprecated form `::8.8.8.8` as a mapped address, which it is not.
  if (deprecatedForm.test(ip) || !ipaddr.IPv6.isValid(ip)) return false;
  const address = ipaddr.IPv6.parse(ip);
  const embedded = embeddedAddresses(address);
  if (embedded.length > 0) return embedded.every((inner) => inner.range() === 'unicast');
  return address.match(globalUnicast, 3) && address.range() === 'unicast' && address.zoneId === undefined;
}

/** The IPv4 addresses inside an IPv6 one, by the form of its prefix. */
function embeddedAddresses(address: ipaddr.IPv6): readonly ipaddr.IPv4[] {
  const bytes = address.toByteArray();
  const range = address.range();
  // The local-use prefix 64:ff9b:1::/48 is inside somebody's network: what it carries is never public.
  if (range === 'ipv4Mapped' || address.match(natPrefix, 96)) return [new ipaddr.IPv4(bytes.slice(12))];
  if (range === '6to4') return [new ipaddr.IPv4(bytes.slice(2, 6))];
  if (range !== 'teredo') return [];
  // The server's address, and the client's with every bit inverted (RFC 4380).
  return [new ipaddr.IPv4(bytes.slice(4, 8)), new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff))];
}
