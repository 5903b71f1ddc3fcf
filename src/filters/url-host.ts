import { parse } from 'tldts';
import { strip } from './phrase-file.ts';

/** The dots that IDNA takes for the ASCII one. */
const DOTS = /[\u3002\uff0e\uff61]/g;

/**
 * The host in a URL or in what looks a little like one, lower-cased, as tldextract cuts it out (its `remote.lenient_netloc`): it begins after `//` if
 * only a scheme or nothing is before it, else at once.
 */
export function hostOf(text: string): string {
  const slashes = text.indexOf('//');
  const hasScheme = slashes >= 2 && /^[a-zA-Z0-9+.-]+:$/.test(text.slice(0, slashes));
  const rest = slashes === 0 || hasScheme ? text.slice(slashes + 2) : text;
  const authority = rest.split(/[/?#]/, 1)[0]!;
  const place = authority.slice(authority.lastIndexOf('@') + 1);
  if (place.startsWith('[') && place.includes(']'))
    return place.slice(0, place.indexOf(']') + 1).toLowerCase();
  const host = strip(place.split(':', 1)[0]!).replace(DOTS, '.').toLowerCase();
  let end = host.length;
  while (end > 0 && host[end - 1] === '.') end--;
  return host.slice(0, end);
}

/** The part of a host that its owner registered, such as `example.co.uk`; empty if it has none, as an IP address or a bare suffix. */
export function registeredDomainOf(host: string): string {
  const found = parse(host, {
    extractHostname: false,
    validateHostname: false,
    detectIp: false,
    allowPrivateDomains: false,
  });
  const suffix = found.publicSuffix;
  // What is on no list has, by the last rule of the list, its last label for a suffix; tldextract says it has none.
  if (suffix === null || found.isIcann !== true || suffix.length >= host.length) return '';
  const rest = host.slice(0, host.length - suffix.length - 1);
  const label = rest.slice(rest.lastIndexOf('.') + 1);
  return label === '' ? '' : `${label}.${suffix}`;
}
