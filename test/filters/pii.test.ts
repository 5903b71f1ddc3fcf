import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pii } from '../../src/filters/pii.ts';
import { isGlobal } from '../../src/kernels/pii-scan.ts';
import { hasSharedData } from '../engine/support.ts';
import { judgeWith, realTexts } from './judged.ts';

const EMAILS = ['email@example.com', 'firstname.lastname@example.org'];
const IPS = [
  '22.214.171.124',
  '126.96.36.199',
  '188.8.131.52',
  '184.108.40.206',
  '220.127.116.11',
  '18.104.22.168',
];

const word = '[\\p{L}\\p{N}_]';
const boundary = `(?:(?<!${word})(?=${word})|(?<=${word})(?!${word}))`;
const local = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-]+";
const label = '[A-Za-z0-9](?:[A-Za-z0-9\\-]*[A-Za-z0-9])?';
const octet = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)';
const emailPattern = new RegExp(
  `${boundary}${local}(?:\\.${local})*@(?:(?:${label}\\.)+${label}|\\[(?:${octet}\\.){3}(?:${octet}|[A-Za-z0-9\\-]*[A-Za-z0-9]:)\\])`,
  'gu',
);
const addressPattern = new RegExp(`(?:${octet}\\.){3}${octet}`, 'gu');

/** Networks that are not globally reachable for Python 3.11.7, as its source lists them. */
const PRIVATE =
  '0.0.0.0/8 10.0.0.0/8 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/29 192.0.0.170/31 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32 100.64.0.0/10'
    .split(' ')
    .map((network) => {
      const [a = 0, b = 0, c = 0, d = 0, bits = 0] = network.split(/[./]/).map(Number);
      return { first: ((a * 256 + b) * 256 + c) * 256 + d, size: 2 ** (32 - bits) };
    });
const isPrivate = (address: number): boolean =>
  PRIVATE.some(({ first, size }) => address >= first && address < first + size);

/** The two patterns as regular expressions, on strings. */
function oracle(text: string, onlyPublic = true, emails = EMAILS, ips = IPS): string {
  let turn = 0;
  const once = text.replace(emailPattern, () => emails[turn++ % emails.length]!);
  turn = 0;
  return once.replace(addressPattern, (found) => {
    const parts = found.split('.');
    if (parts.some((part) => part.length > 1 && part.startsWith('0'))) return found;
    const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
    if (onlyPublic && isPrivate(((a * 256 + b) * 256 + c) * 256 + d)) return found;
    return ips[turn++ % ips.length]!;
  });
}

const judge = await judgeWith(pii);
const marked = await judgeWith(pii, { email_replacement: ['EMAIL'], ip_replacement: ['IP'] });

describe('addresses that are replaced', () => {
  test.each([
    ['.3.3.3.0', '.IP'],
    ['email@example@example.com', 'email@EMAIL'],
    ['1.2.3.4.5', 'IP.5'],
    ['8.8.8.8888', 'IP88'],
    ['1238.8.8.8', '1IP'],
    ['999.8.8.8', '9IP'],
    ['8.8.8.256', 'IP6'],
    ['8.8.256.8', '8.8.256.8'],
    ['8.8.8.8.8.8.8.8', 'IP.IP'],
    ['10.0.0.1.8.8.8.8', '10.0.0.1.IP'],
    ['8.8.8.8,9.9.9.9', 'IP,IP'],
    ['write to a.b@c-d.example.org.', 'write to EMAIL.'],
    ['<x+y=z@mail.example.com>', '<EMAIL>'],
    ['a@b.c-', 'EMAIL-'],
    ['a@b.c-.d', 'EMAIL-.d'],
    ['a@b.c..d', 'EMAIL..d'],
    ['a@b.c.-d', 'EMAIL.-d'],
    ['a..b@c.de', 'a..EMAIL'],
    ['.a@b.cd', '.EMAIL'],
    ['!a@b.cd', '!EMAIL'],
    ['a@b.c!x@y.z', 'EMAILEMAIL'],
    ['a@b.c@y.z', 'EMAIL@y.z'],
    ['me@[8.8.8.8]', 'EMAIL'],
    ['me@[8.8.8.host-1:]', 'EMAIL'],
    ['é-foo@bar.com', 'éEMAIL'],
    ['é!foo@bar.com', 'éEMAIL'],
    ['\u0301foo@bar.com', '\u0301EMAIL'],
    ['👍foo@bar.com', '👍EMAIL'],
    ['foo@bar.comé', 'EMAILé'],
    ['foo@bar.com1.2.3.4', 'EMAIL'],
    ['0.8.8.8.8', '0.8.8.8.8'],
    ['a@[8.8.8.8', 'a@[IP'],
  ])('%s', (text, expected) => {
    expect(marked(text).text).toBe(expected);
    expect(oracle(text, true, ['EMAIL'], ['IP'])).toBe(expected);
  });

  test.each([
    'éfoo@bar.com',
    '日本foo@bar.com',
    '\u{1d7d8}foo@bar.com',
    'a@b',
    'a@b.',
    'a@-b.c',
    'a@b-.c',
    'a@.b.c',
    'a.@b.c',
    '@b.c',
    '!@b.c',
    'a@[8.8.8.]',
    'a@[8.8.8.-:]',
    'a@[8.8.host.1:]',
    'a@',
    'a@[',
    'a@[1.2.3.x',
    'a@[1.2.3.x:',
    '01.2.3.4',
    '1.2.3.04',
    '1.2.3',
    '1.2.3.',
    '1.2..3.4',
    '10.1.2.3 172.16.0.1 192.168.1.1 127.0.0.1 100.64.0.1',
    '',
  ])('nothing in %j is, and nothing is given back', (text) => {
    expect(oracle(text)).toBe(text);
    const judged = judge(text);
    expect(judged.replaced).toBeUndefined();
    expect(judged.verdict).toBe(0);
  });

  test('a byte that is not UTF-8 is no letter, so it shields no address', () => {
    const after = (...before: number[]): string =>
      marked(Buffer.concat([Buffer.from(before), Buffer.from('a@b.cd')])).text;
    for (const before of [
      [0xff],
      [0xc3],
      [0xa9],
      [0xc1, 0xa9],
      [0xe0, 0x81, 0xa9],
      [0xf0, 0x80, 0x81, 0xa9],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
    ])
      expect(after(...before)).toMatch(/EMAIL$/);
    expect(after(0xc3, 0xa9)).toBe('éa@b.cd');
  });

  test('replacements are taken in turn, and each document starts with the first', () => {
    const text = 'a@b.cd a@b.cd a@b.cd 8.8.8.8 8.8.8.8';
    const expected = `${EMAILS[0]} ${EMAILS[1]} ${EMAILS[0]} ${IPS[0]} ${IPS[1]}`;
    expect(judge(text).text).toBe(expected);
    expect(judge(text).text).toBe(expected);
  });

  test('an address that is kept takes no turn', () => {
    expect(judge('10.0.0.1 8.8.8.8 192.168.0.1 9.9.9.9').text).toBe(
      `10.0.0.1 ${IPS[0]} 192.168.0.1 ${IPS[1]}`,
    );
  });

  test('IP addresses are looked for in what replacing e-mails left', async () => {
    const joined = await judgeWith(pii, { email_replacement: ['.8.8.8'], ip_replacement: ['IP'] });
    expect(joined('é7!a@b.cd').text).toBe('éIP');
    expect(oracle('é7!a@b.cd', true, ['.8.8.8'], ['IP'])).toBe('éIP');
  });
});

describe('options', () => {
  const text = 'a@b.cd 8.8.8.8 10.0.0.1 010.0.0.1';
  test.each([
    [{ remove_emails: false }, 'a@b.cd IP 10.0.0.1 010.0.0.1'],
    [{ remove_ips: false }, 'EMAIL 8.8.8.8 10.0.0.1 010.0.0.1'],
    [{ only_remove_public_ips: false }, 'EMAIL IP IP 010.0.0.1'],
    [{ remove_emails: false, remove_ips: false }, text],
  ])('%j', async (given, expected) => {
    const one = await judgeWith(pii, { email_replacement: ['EMAIL'], ip_replacement: ['IP'], ...given });
    expect(one(text).text).toBe(expected);
  });

  test('an empty replacement deletes', async () => {
    const empty = await judgeWith(pii, { email_replacement: [''], ip_replacement: [''] });
    expect(empty('x a@b.cd 8.8.8.8').text).toBe('x  ');
    expect(empty('a@b.cd').replaced).toHaveLength(0);
  });

  test('a list of replacements without a text is refused', async () => {
    await expect(judgeWith(pii, { ip_replacement: [] })).rejects.toThrow(
      'ip_replacement: expected at least one text, found none',
    );
  });
});

describe('globally reachable', () => {
  test('at both ends of every network Python 3.11.7 knows, and one step outside', () => {
    for (const { first, size } of PRIVATE) {
      for (const address of [first - 1, first, first + size - 1, first + size]) {
        if (address < 0 || address >= 2 ** 32) continue;
        const parts = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
        const [a = 0, b = 0, c = 0, d = 0] = parts;
        expect(isGlobal(a, b, c, d), parts.join('.')).toBe(!isPrivate(address));
      }
    }
    expect(isGlobal(224, 0, 0, 1)).toBe(true);
    expect(isGlobal(192, 0, 0, 8)).toBe(true);
  });

  test('of any address', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255);
        expect(isGlobal(a, b, c, d)).toBe(!isPrivate(address));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the same as the two regular expressions', () => {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...'.@-_!+ab01259 [:]/'.split('')) },
    {
      weight: 2,
      arbitrary: fc.constantFrom('8.8.8.8', '10.0.0.1', 'a@b.cd', '250', '256', '@[1.2.3.', '@x.y', '99'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'é',
        'я',
        '日',
        '\u0301',
        '👍',
        '\u{1d7d8}',
        '\u{20000}',
        '٣',
        '½',
        ' ',
        '\n',
      ),
    },
  );
  const texts = fc.oneof(
    fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
    // Long enough for the other way to look for an @.
    fc.array(piece, { minLength: 200, maxLength: 500 }).map((pieces) => pieces.join('')),
    fc.string({ unit: fc.constantFrom(...'0123456789..'.split('')) }),
  );

  test('on made-up texts', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(judge(text).text).toBe(oracle(text));
      }),
      { numRuns: 3000 },
    );
  });

  test('with private addresses too', async () => {
    const all = await judgeWith(pii, { only_remove_public_ips: false });
    fc.assert(
      fc.property(texts, (text) => {
        expect(all(text).text).toBe(oracle(text, false));
      }),
      { numRuns: 500 },
    );
  });

  test.skipIf(!hasSharedData)('on real documents', async () => {
    for (const text of await realTexts(600)) expect(judge(text).text).toBe(oracle(text));
  });
});

test('done twice it changes nothing more, where addresses stand apart and each kind has one replacement', async () => {
  const single = await judgeWith(pii, {
    email_replacement: EMAILS.slice(0, 1),
    ip_replacement: IPS.slice(0, 1),
  });
  const token = fc.constantFrom('a@b.cd', '8.8.8.8', '10.0.0.1', 'x', '1238.8.8', '@', 'é', 'e@f@g.hi');
  fc.assert(
    fc.property(fc.array(token), (tokens) => {
      const once = single(tokens.join(' ')).text;
      expect(single(once).text).toBe(once);
    }),
  );
});

test('megabytes of what looks like the beginning of an address are passed over', () => {
  const size = 2_000_000;
  for (const text of ['@', 'a.', '1.', '1', 'a@', 'a-', '[', 'a@[', '1.1.', '@1', 'a@b-.', '.'].map((part) =>
    part.repeat(size / part.length),
  ))
    expect(judge(text).text === text || text.startsWith('1.')).toBe(true);
  expect(judge(`${'a'.repeat(size)}@b.cd`).text).toBe(EMAILS[0]);
  expect(judge(`a@${'b.'.repeat(size / 2)}c`).text).toBe(EMAILS[0]);
});
