import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipped, linesOf, seeded } from './support.ts';

// A pool of text of which it is known what is good: real prose, and what a crawl puts around it. For proofs of value, where the
// clean arm must win and the arm of repeats must lose. Called only where ../shared is present.

export interface PlantedPoolOptions {
  /** Bytes of text of the raw pool. Default 2 MB; from 20 MB on more sources are read, and clean prose ends at 43 MB. */
  readonly bytes?: number;
  /** Bytes of each held-out set at most. Default a tenth of `bytes`, at most 500 kB. */
  readonly heldOutBytes?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** What a document of the raw pool is: the five last are junk. */
type PlantedKind =
  | 'clean'
  | 'exact'
  | 'near'
  | 'boilerplate'
  | 'shuffled'
  | 'tokens'
  | 'symbols'
  | 'copyright';

interface PlantedSize {
  readonly documents: number;
  readonly bytes: number;
}

/** A file of JSON lines: `id`, `kind`, `text`. */
interface PlantedFile extends PlantedSize {
  readonly path: string;
}

export interface PlantedPool {
  /** Everything, in random order. */
  readonly raw: PlantedFile;
  /** The truth: every clean document once. */
  readonly clean: PlantedFile;
  /** As many bytes as the clean arm, of a twentieth of its documents: harmful. */
  readonly repeated: PlantedFile;
  /** Half of the raw documents, chosen by chance: neither better nor worse. */
  readonly half: PlantedFile;
  /** Documents whose sources are in no arm: reviews, speeches, technical prose, fiction. */
  readonly heldOut: Readonly<Record<string, PlantedFile>>;
  /** What the raw pool is made of. */
  readonly kinds: Readonly<Record<PlantedKind, PlantedSize>>;
}

/** Shares of the bytes of the raw pool. Where clean prose runs out, the others take its place in proportion. */
const SHARES = { clean: 0.3, exact: 0.25, near: 0.15, junk: 0.3 } as const;
const JUNK = ['boilerplate', 'shuffled', 'tokens', 'symbols', 'copyright'] as const;
const LARGE = 20_000_000;

type Random = () => number;

interface PlantedDocument {
  readonly kind: PlantedKind;
  readonly text: string;
  readonly bytes: number;
}

/** Writes the files to `folder`, which is made if it is not there. The same options give the same bytes. */
export async function plantedPool(folder: string, options: PlantedPoolOptions = {}): Promise<PlantedPool> {
  const { bytes = 2_000_000, seed = 0 } = options;
  const { heldOutBytes = Math.min(500_000, bytes / 10) } = options;
  await mkdir(folder, { recursive: true });
  // A purpose has a generator of its own, so that a change of one leaves what the others draw.
  const randomFor = (purpose: number): Random => seeded(seed * 64 + purpose);

  const { heldOut, prose } = split(await readSources(bytes >= LARGE), heldOutBytes, randomFor(1));
  // A few of the texts are there twice as they were found.
  const once = [...new Map(prose.map((one) => [one.text, one])).values()];
  const clean = upTo(shuffled(once, randomFor(2)), SHARES.clean * bytes);
  const rest = (bytes - sizeOf(clean).bytes) / (1 - SHARES.clean);
  const exact = fill(SHARES.exact * rest, repeatsOf(clean, randomFor(3)), 'exact');
  const near = fill(SHARES.near * rest, nearCopiesOf(clean, randomFor(4)), 'near');
  const copyright = shuffled(cutAll(await rowsOf('corpora/debian-copyright-files')), randomFor(5));
  const makers = {
    boilerplate: boilerplate(randomFor(6)),
    shuffled: shuffledWords(clean, randomFor(7)),
    tokens: randomTokens(randomFor(8)),
    symbols: symbolLines(randomFor(9)),
    copyright: cycle(copyright),
  };
  const junk = JUNK.flatMap((kind) => fill((SHARES.junk * rest) / JUNK.length, makers[kind], kind));
  const raw = shuffled([...clean, ...exact, ...near, ...junk], randomFor(10));
  const few = clean.slice(0, Math.ceil(clean.length / 20));
  const repeated = fill(sizeOf(clean).bytes, repeatsOf(few, randomFor(11), 1), 'exact');
  const coin = randomFor(12);

  const write = (name: string, documents: readonly PlantedDocument[]): Promise<PlantedFile> =>
    writeFile(join(folder, `${name}.jsonl`), name, documents);
  const files: Record<string, PlantedFile> = {};
  for (const [name, documents] of Object.entries(heldOut)) files[name] = await write(name, documents);
  return {
    raw: await write('raw', raw),
    clean: await write('clean', clean),
    repeated: await write('repeated', repeated),
    half: await write(
      'half',
      raw.filter(() => coin() < 0.5),
    ),
    heldOut: files,
    kinds: Object.fromEntries(
      (['clean', 'exact', 'near', ...JUNK] as const).map((kind) => [
        kind,
        sizeOf(raw.filter((one) => one.kind === kind)),
      ]),
    ) as Record<PlantedKind, PlantedSize>,
  };
}

/** Texts of one kind of prose, as their makers made them: what is held out is held out with all of its text. */
interface Source {
  /** Of which held-out set a part becomes; undefined if all of it may be trained on. */
  readonly set?: string;
  readonly texts: readonly string[];
  /** None of it is trained on. */
  readonly isHeldOut?: boolean;
}

async function readSources(isLarge: boolean): Promise<readonly Source[]> {
  const english = async (name: string, isWanted: (row: Row) => boolean): Promise<string[]> =>
    (await readRows(name)).filter(isWanted).map(({ text }) => text);
  const book = async (name: string): Promise<string> =>
    (await gunzipped(`corpora/${name}.txt.gz`)).toString().replaceAll('\r', '');
  const handbook = await english('corpora/debian-handbook', (row) => row['lang_dir'] === 'en-US');
  const sources: Source[] = [
    { set: 'reviews', texts: await rowsOf('corpora/movie-reviews') },
    { set: 'speeches', texts: await rowsOf('corpora/us-speeches') },
    { set: 'fiction', texts: [await book('books/14263')], isHeldOut: true },
    { texts: await rowsOf('corpora/anarchist-faq') },
    { texts: [await book('books/16215'), await book('books/972'), await book('tinyshakespeare')] },
    { texts: [await book('debian-reference/debian-reference.en')] },
  ];
  if (!isLarge) return [...sources, { set: 'technical', texts: handbook }];
  return [
    ...sources,
    // Later rows of a document are later revisions.
    { set: 'technical', texts: [...handbook, ...(await lastOfClusters('neardup/pep-revisions.docs'))] },
    { texts: await lastOfClusters('neardup/kafka-docs.docs') },
    { texts: await lastOfClusters('neardup/react-native-docs.docs') },
    { texts: await english('langid/xquad-paragraphs', (row) => row['lang'] === 'en') },
    { texts: [await book('wikitext-2.test')] },
  ];
}

type Row = { readonly text: string } & Readonly<Record<string, unknown>>;

async function readRows(name: string): Promise<Row[]> {
  return linesOf((await gunzipped(`${name}.jsonl.gz`)).toString()).map((line) => JSON.parse(line) as Row);
}

async function rowsOf(name: string): Promise<string[]> {
  return (await readRows(name)).map(({ text }) => text);
}

async function lastOfClusters(name: string): Promise<string[]> {
  return [...new Map((await readRows(name)).map((row) => [row['cluster'], row.text])).values()];
}

/** Held-out documents by set, and what may be trained on. Of a set not more than a third is held out, unless all is. */
function split(
  sources: readonly Source[],
  heldOutBytes: number,
  random: Random,
): { readonly heldOut: Record<string, PlantedDocument[]>; readonly prose: PlantedDocument[] } {
  const heldOut: Record<string, PlantedDocument[]> = {};
  const prose: PlantedDocument[] = [];
  for (const { set, texts, isHeldOut } of sources) {
    const order = shuffled(texts, random);
    const share = isHeldOut ? order.length : Math.ceil(order.length / 3);
    const taken = set === undefined ? [] : order.slice(0, share);
    let count = 0;
    for (let bytes = 0; count < taken.length && bytes < heldOutBytes; count++)
      bytes += Buffer.byteLength(taken[count]!);
    if (set !== undefined) heldOut[set] = upTo(cutAll(taken.slice(0, count)).map(asClean), heldOutBytes);
    if (!isHeldOut) prose.push(...cutAll(order.slice(count)).map(asClean));
  }
  return { heldOut, prose };
}

const asClean = (text: string): PlantedDocument => documentOf('clean', text);

function documentOf(kind: PlantedKind, text: string): PlantedDocument {
  return { kind, text, bytes: Buffer.byteLength(text) };
}

function cutAll(texts: readonly string[]): string[] {
  return texts.flatMap(cut).filter((text) => text.length >= 300);
}

/** Cuts a text between lines into documents of 1 to 8 KB; how long each may be follows from its first characters. */
function cut(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let most = 0;
  for (const line of text.split('\n')) {
    for (let from = 0; from === 0 || from < line.length; from += 4000) {
      const piece = `${line.slice(from, from + 4000)}\n`;
      if (part === '') most = 1000 + 600 * ((3 * piece.length + (piece.codePointAt(1) ?? 0)) % 12);
      // A new document begins where a line is empty, or there is no more room.
      const isFull = part.length >= most && piece === '\n';
      if (isFull || part.length + piece.length > 8000) {
        parts.push(part.trim());
        part = '';
      }
      part += piece;
    }
  }
  return [...parts, part.trim()];
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  // Both places are below the length (Fisher and Yates).
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order;
}

/** The first documents, until they have as many bytes. */
function upTo(documents: readonly PlantedDocument[], bytes: number): PlantedDocument[] {
  let sum = 0;
  return documents.filter((one) => {
    const isIn = sum < bytes;
    sum += one.bytes;
    return isIn;
  });
}

/** Documents of a maker until they have as many bytes. */
function fill(bytes: number, maker: Iterable<string>, kind: PlantedKind): PlantedDocument[] {
  const made: PlantedDocument[] = [];
  let sum = 0;
  for (const text of maker) {
    if (sum >= bytes) break;
    const one = documentOf(kind, text);
    made.push(one);
    sum += one.bytes;
  }
  return made;
}

function sizeOf(documents: readonly PlantedDocument[]): PlantedSize {
  return { documents: documents.length, bytes: documents.reduce((sum, { bytes }) => sum + bytes, 0) };
}

const pick = <T>(items: readonly T[], random: Random): T => items[Math.floor(random() * items.length)]!;

function* cycle(texts: readonly string[]): Generator<string> {
  while (texts.length > 0) yield* texts;
}

/** Documents over and over: with a skew of 4 the copies of the document of rank r are as r^(-3/4), some hundreds for the first ones. */
function* repeatsOf(documents: readonly PlantedDocument[], random: Random, skew = 4): Generator<string> {
  for (;;) yield documents[Math.floor(random() ** skew * documents.length)]!.text;
}

/** Documents with one to four words changed, left out or put in, half of them with a line of a web page before or behind. */
function* nearCopiesOf(documents: readonly PlantedDocument[], random: Random): Generator<string> {
  for (;;) {
    const words = documents[Math.floor(random() ** 2 * documents.length)]!.text.split(' ');
    for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits--) {
      const at = Math.floor(random() * words.length);
      const added = random() < 0.3 ? [] : [pick(words, random)];
      words.splice(at, random() < 0.3 ? 0 : 1, ...added);
    }
    const text = words.join(' ');
    const around = random();
    if (around < 0.25) yield `${pageLine(random)}\n${text}`;
    else yield around < 0.5 ? `${text}\n${pageLine(random)}` : text;
  }
}

const PAGE_LINES: readonly string[] = [
  'Home | About us | Contact | Log in | Register',
  'We use cookies to give you the best experience. By using this site you agree to our cookie policy.',
  'Add to cart    In stock: #    Price: $#.#',
  'Share this on Facebook Twitter Pinterest LinkedIn E-mail',
  'You may also like: # reviews, # stars',
  'Click here to subscribe to our newsletter and get #% off your first order!!!',
  'Copyright # All rights reserved. Terms of use. Privacy policy.',
  'Posted on #/#/# by admin in Uncategorized | # Comments',
  'Loading... Please enable JavaScript to view this page.',
  'Page # of #   « Previous   Next »',
  'Sign up today and win a free phone! Offer ends in # hours.',
  'Free shipping on orders over $#. Buy now and save $#.',
  'Your account has been used # times since your last visit. Not you? Click here.',
  'Related searches: cheap hotels, cheap flights, car insurance, casino bonus #',
];

function pageLine(random: Random): string {
  return pick(PAGE_LINES, random).replaceAll('#', () => String(Math.floor(random() ** 2 * 1000)));
}

function* boilerplate(random: Random): Generator<string> {
  for (;;) yield Array.from({ length: 20 + Math.floor(random() * 60) }, () => pageLine(random)).join('\n');
}

/** The words of a document in random order. */
function* shuffledWords(documents: readonly PlantedDocument[], random: Random): Generator<string> {
  for (;;) yield shuffled(pick(documents, random).text.split(/\s+/), random).join(' ');
}

const ALPHABET: readonly string[] = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split(
  '',
);

function* randomTokens(random: Random): Generator<string> {
  const token = (): string =>
    Array.from({ length: 4 + Math.floor(random() * 24) }, () => pick(ALPHABET, random)).join('');
  for (;;) yield Array.from({ length: 60 + Math.floor(random() * 200) }, token).join(' ');
}

function* symbolLines(random: Random): Generator<string> {
  const line = (): string => {
    if (random() < 0.4)
      return pick(['-', '=', '*', '#', '_', '~'], random).repeat(20 + Math.floor(random() * 60));
    const cells = Array.from({ length: 3 + Math.floor(random() * 6) }, () => (random() * 1000).toFixed(2));
    return `| ${cells.join(' | ')} |`;
  };
  for (;;) yield Array.from({ length: 30 + Math.floor(random() * 60) }, line).join('\n');
}

/** Writes rows a few megabytes at a time, as one string of a large pool would be too long. */
async function writeFile(
  path: string,
  name: string,
  documents: readonly PlantedDocument[],
): Promise<PlantedFile> {
  const file = await open(path, 'w');
  try {
    for (let start = 0; start < documents.length; start += 1000) {
      const rows = documents
        .slice(start, start + 1000)
        .map(({ kind, text }, i) => `${JSON.stringify({ id: `${name}-${start + i}`, kind, text })}\n`);
      await file.writeFile(rows.join(''));
    }
  } finally {
    await file.close();
  }
  return { path, ...sizeOf(documents) };
}
