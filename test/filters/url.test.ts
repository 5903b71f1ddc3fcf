import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'tldts';
import { afterAll, describe, expect, test } from 'vitest';
import type { StepOptions } from '../../src/filters/filter.ts';
import { url } from '../../src/filters/url.ts';
import { hostOf, registeredDomainOf } from '../../src/filters/url-host.ts';
import { type Judged, judgeWith } from './judged.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-url-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
function listFile(content: string | Uint8Array): string {
  const path = join(folder, `list-${files++}.txt`);
  writeFileSync(path, content);
  return path;
}

const REASONS = url.reasons({});

/** Judges URLs; says the reason, or passes with `''`. */
async function judgeUrls(given: StepOptions): Promise<(address?: string) => Judged & { reason: string }> {
  const judge = await judgeWith(url, given);
  return (address) => {
    const judged = judge('text', address);
    return { ...judged, reason: judged.verdict === 0 ? '' : REASONS[judged.verdict - 1]! };
  };
}

describe('hosts', () => {
  // What tldextract 5.4.0 gives, in lower case.
  test.each([
    ['http://WWW.Example.com/x', 'www.example.com', 'example.com'],
    ['http://1.2.3.4/', '1.2.3.4', ''],
    ['http://[::1]:80/', '[::1]', ''],
    ['foo.ck', 'foo.ck', ''],
    ['www.ck', 'www.ck', 'www.ck'],
    ['http://xn--55qx5d.cn/', 'xn--55qx5d.cn', ''],
    ['http://a.公司.cn', 'a.公司.cn', 'a.公司.cn'],
    ['foo.github.io', 'foo.github.io', 'github.io'],
    ['a..com', 'a..com', ''],
    ['http://user:pw@x.co.uk:80', 'x.co.uk', 'x.co.uk'],
    ['http://x.com./', 'x.com', 'x.com'],
    ['localhost', 'localhost', ''],
    ['http://a。com/', 'a.com', 'a.com'],
    ['.com', '.com', ''],
    ['http://foo.xn--p1ai', 'foo.xn--p1ai', 'foo.xn--p1ai'],
    ['mailto:a@b.com', 'b.com', 'b.com'],
    ['http:/x.com', 'http', ''],
    ['//x.com/y', 'x.com', 'x.com'],
    ['1http://x.com', 'x.com', 'x.com'],
    ['ht~tp://x.com', 'ht~tp', ''],
    ['://x.com', '', ''],
    ['http://x.com:80:90', 'x.com', 'x.com'],
    ['http://[abc].com/', '[abc]', ''],
    ['[abc.com', '[abc.com', '[abc.com'],
    ['http://b.c.kobe.jp', 'b.c.kobe.jp', 'b.c.kobe.jp'],
    ['city.kobe.jp', 'city.kobe.jp', 'city.kobe.jp'],
    ['http://ex_ample.com', 'ex_ample.com', 'ex_ample.com'],
    ['http:// a.com /', 'a.com', 'a.com'],
    ['x.com?u=//y.com', 'x.com', 'x.com'],
    ['x.com#//y.com', 'x.com', 'x.com'],
    ['', '', ''],
  ])('%j is at %j, registered %j', (address, host, domain) => {
    expect(hostOf(address)).toBe(host);
    expect(registeredDomainOf(host)).toBe(domain);
  });

  test('of well-formed URLs are those the platform and tldts find', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (address) => {
        const host = hostOf(address);
        expect(host).toBe(new URL(address).hostname);
        const found = parse(address, { allowPrivateDomains: false });
        expect(registeredDomainOf(host)).toBe(found.isIcann === true ? (found.domain ?? '') : '');
      }),
      { numRuns: 300 },
    );
  });

  test('of any text are found in linear time and without an error', () => {
    for (const one of ['/', '@', ':', '.', '//', '[', ']', 'a.', '\ud800', '\0', '。', ' ', '\t.'])
      for (const text of [one.repeat(200_000), `x${one.repeat(200_000)}x`])
        expect(typeof registeredDomainOf(hostOf(text))).toBe('string');
  });
});

describe('domains', () => {
  test('a registered domain bans all its hosts, a host only itself', async () => {
    const judge = await judgeUrls({ extra_domains: ['example.com', 'b.other.org', 'co.uk', 'bad.co.uk'] });
    expect(judge('https://example.com/x')).toMatchObject({ reason: 'domain', detail: 'example.com' });
    expect(judge('https://a.b.example.com:80').reason).toBe('domain');
    expect(judge('https://b.other.org/')).toMatchObject({ reason: 'subdomain', detail: 'b.other.org' });
    expect(judge('https://a.b.other.org/').reason).toBe('');
    expect(judge('https://other.org/').reason).toBe('');
    expect(judge('https://x.bad.co.uk').reason).toBe('domain');
    expect(judge('https://good.co.uk').reason).toBe('');
    expect(judge('https://notexample.com').reason).toBe('');
    expect(judge('https://example.com.evil.net').reason).toBe('');
  });

  test('case does not count', async () => {
    const judge = await judgeUrls({ extra_domains: ['Example.COM'] });
    expect(judge('HTTP://EXAMPLE.com').reason).toBe('domain');
  });

  test('an IP address has no domain, whatever the list says', async () => {
    const judge = await judgeUrls({ extra_domains: ['1.2.3.4', '', ' ', 'localhost'] });
    expect(judge('http://1.2.3.4/').reason).toBe('');
    expect(judge('http://localhost/').reason).toBe('');
  });
});

test('a URL is banned character by character', async () => {
  const judge = await judgeUrls({ extra_urls: ['http://a.org/x?y=1', '  http://a.org/é '] });
  expect(judge('http://a.org/x?y=1')).toMatchObject({ reason: 'url', detail: 'http://a.org/x?y=1' });
  expect(judge('http://a.org/é').reason).toBe('url');
  for (const address of ['http://a.org/x?y=2', 'http://a.org/x?y=1 ', 'http://A.org/x?y=1', 'a.org/x?y=1'])
    expect(judge(address).reason).toBe('');
});

describe('words', () => {
  test('a banned word is one between other characters than ASCII letters and digits, and its case counts', async () => {
    const judge = await judgeUrls({ banned_words: ['spam', 'Se-X', 'https'] });
    for (const address of [
      'http://spam.com',
      'http://a.com/x-spam_y',
      'http://a.com?spam',
      'http://a.com/éspamé',
      'spam',
    ])
      expect(judge(address)).toMatchObject({ reason: 'hard_blacklisted', detail: 'spam' });
    expect(judge('http://a.com/sex')).toMatchObject({ reason: 'hard_blacklisted', detail: 'sex' });
    expect(judge('https://a.com/')).toMatchObject({ reason: 'hard_blacklisted', detail: 'https' });
    for (const address of [
      'http://spammer.com',
      'http://a.com/SPAM',
      'http://a.com/1spam',
      'http://a.com/se-x',
    ])
      expect(judge(address).reason).toBe('');
  });

  test('soft words: one less than the threshold passes, the threshold drops, repeated ones count once', async () => {
    const judge = await judgeUrls({ soft_banned_words: ['red', 'green', 'blue'], soft_word_threshold: 2 });
    expect(judge('http://a.com/red/red/red').reason).toBe('');
    expect(judge('http://a.com/red/x/blue')).toMatchObject({
      reason: 'soft_blacklisted',
      detail: 'red, blue',
      statistic: 2,
      threshold: 2,
    });
    expect(judge('http://red.blue.green.com').statistic).toBe(3);
    const one = await judgeUrls({ soft_banned_words: ['red', 'green'], soft_word_threshold: 1 });
    expect(one('http://a.com/green').reason).toBe('soft_blacklisted');
    const three = await judgeUrls({ soft_banned_words: ['red', 'green', 'blue'], soft_word_threshold: 3 });
    expect(three('http://a.com/green-red').reason).toBe('');
    expect(three('http://a.com/green-red-blue').reason).toBe('soft_blacklisted');
  });

  test('a subword is looked for in what is left of the URL without other characters', async () => {
    const judge = await judgeUrls({ banned_subwords: ['Bad-Word', 'comx', '#note'] });
    for (const address of ['http://a.com/abadwords', 'http://BAD.word.org', 'http://b-a-d.word'])
      expect(judge(address)).toMatchObject({ reason: 'blacklisted_subword', detail: 'badword' });
    expect(judge('http://a.com/x').detail).toBe('comx');
    expect(judge('http://a.com/note').reason).toBe('');
    expect(judge('http://a.com/badwor').reason).toBe('');
  });

  test('an entry without letters and digits bans nothing', async () => {
    const judge = await judgeUrls({
      banned_words: ['', '--', 'é'],
      soft_banned_words: ['', '.'],
      banned_subwords: [' ', '/'],
    });
    for (const address of ['http://a.com/', '', '/', '-']) expect(judge(address).reason).toBe('');
  });
});

test('a document without a URL passes', async () => {
  const judge = await judgeUrls({ extra_domains: ['a.com'], banned_words: ['text'] });
  expect(judge(undefined).reason).toBe('');
  expect(judge('').reason).toBe('');
});

test('the first rule that holds names the reason', async () => {
  const lists = {
    extra_domains: ['one.com', 'a.two.com'],
    extra_urls: ['http://x.one.com/', 'http://a.two.com/', 'http://three.com/hard'],
    banned_words: ['hard', 'three'],
    soft_banned_words: ['hard', 'four', 'soft'],
    banned_subwords: ['one', 'two', 'three', 'four', 'five'],
  };
  const judge = await judgeUrls(lists);
  expect(judge('http://x.one.com/').reason).toBe('domain');
  expect(judge('http://a.two.com/').reason).toBe('subdomain');
  expect(judge('http://three.com/hard').reason).toBe('url');
  expect(judge('http://four.com/soft/hard').reason).toBe('hard_blacklisted');
  expect(judge('http://four.com/soft').reason).toBe('soft_blacklisted');
  expect(judge('http://five.com/soft').reason).toBe('blacklisted_subword');
  expect(judge('http://six.com/soft').reason).toBe('');
});

describe('lists in files', () => {
  test('one entry a line, with comments and blank lines, of any line break, together with entries given as they are', async () => {
    const judge = await judgeUrls({
      extra_domains: ['zero.com'],
      domain_files: [
        listFile('\ufeffone.com\n# two.com\r\n\r\n  three.com \u3000\rfour.com'),
        listFile('five.com\n'),
      ],
      url_files: [listFile('http://u.org/\n')],
      banned_word_files: [listFile('#hush\nH-ush\n')],
      soft_banned_word_files: [listFile('red\nblue\n')],
      banned_subword_files: [listFile('sub-word\n\n')],
    });
    for (const name of ['zero', 'one', 'three', 'four', 'five'])
      expect(judge(`http://x.${name}.com`)).toMatchObject({ reason: 'domain', detail: `${name}.com` });
    expect(judge('http://two.com/').reason).toBe('');
    expect(judge('http://u.org/').reason).toBe('url');
    expect(judge('http://a.org/hush').reason).toBe('hard_blacklisted');
    expect(judge('http://a.org/red-blue').reason).toBe('soft_blacklisted');
    expect(judge('http://a.org/thesubwords').reason).toBe('blacklisted_subword');
  });

  test('larger than what is read at once', async () => {
    const count = 80_000;
    const lines = Array.from({ length: count }, (_, n) => `domain-${n}-é.com`);
    const judge = await judgeUrls({ domain_files: [listFile(lines.join('\r\n'))] });
    for (let n = 0; n < count; n += 501) expect(judge(`http://domain-${n}-é.com/`).reason).toBe('domain');
    expect(judge(`http://domain-${count - 1}-é.com/`).reason).toBe('domain');
    expect(judge(`http://domain-${count}-é.com/`).reason).toBe('');
  });

  test.each([
    ['a missing one', join(folder, 'none.txt'), /none\.txt: cannot be read: ENOENT/],
    ['a folder', folder, /cannot be read: EISDIR/],
    [
      'one that is not UTF-8',
      listFile(Buffer.from([0x61, 0x0a, 0xff])),
      /after line \d: expected UTF-8, found other bytes/,
    ],
    [
      'one without line breaks',
      listFile(`a.com\n${'a'.repeat(70_000)}`),
      /line 1: expected a list with one entry a line/,
    ],
  ])('%s is refused', async (_, path, message) => {
    for (const name of ['domain_files', 'banned_subword_files']) {
      const refused = judgeWith(url, { [name]: [path] });
      await expect(refused).rejects.toThrow(message);
      await expect(refused).rejects.toMatchObject({ code: 'BAD_INPUT' });
    }
  });
});

test('without any list it is refused, with the options that give one', async () => {
  const refused = judgeWith(url);
  await expect(refused).rejects.toMatchObject({ code: 'USAGE' });
  await expect(refused).rejects.toThrow(
    /at least one of extra_domains, domain_files, .*banned_subword_files/,
  );
});

test('the column is named by the options', () => {
  expect(url.column?.({ column: 'source' })).toBe('source');
  expect(url.options['column']?.default).toBe('url');
});
