import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// The rules of ARCHITECTURE.md, read off the sources. A failure lists each import that breaks one, as `from -> to`.

const root = fileURLToPath(new URL('..', import.meta.url));

/** One import of one file. */
interface Import {
  readonly from: string;
  /** A path from the project's root, or the name of a package. */
  readonly to: string;
  readonly isPackage: boolean;
  /** Gone once the types are erased. */
  readonly isType: boolean;
}

/** What each area may import of the others, low to high. An area always imports itself freely, except stages. */
const AREAS: Readonly<
  Record<string, { readonly areas: readonly string[]; readonly packages: readonly string[] }>
> = {
  words: { areas: [], packages: [] },
  columns: { areas: ['words'], packages: ['apache-arrow'] },
  kernels: { areas: ['words', 'columns'], packages: [] },
  flow: { areas: ['words'], packages: ['node'] },
  formats: {
    areas: ['words', 'columns'],
    packages: ['node', 'apache-arrow', 'hyparquet', 'stream-json', 'zstddec', '@bokuweb/zstd-wasm'],
  },
  filters: {
    areas: ['words', 'columns', 'kernels'],
    packages: ['node', 'apache-arrow', 'fasttext.wasm.js', 'naughty-words', 'tldts'],
  },
  page: { areas: ['words'], packages: [] },
  concepts: { areas: ['words', 'columns', 'kernels', 'page'], packages: [] },
  proof: { areas: ['words', 'columns', 'kernels', 'page'], packages: [] },
  encoders: {
    areas: ['words', 'columns', 'kernels', 'concepts'],
    packages: ['node', 'apache-arrow', '@huggingface/tokenizers', 'onnxruntime-node'],
  },
  parallel: {
    areas: ['words', 'columns', 'kernels', 'concepts', 'encoders', 'filters', 'formats'],
    packages: ['node', 'piscina'],
  },
  report: { areas: ['words', 'kernels', 'concepts', 'filters'], packages: [] },
  stages: {
    areas: ['words', 'columns', 'kernels', 'concepts', 'flow', 'filters', 'formats', 'parallel', 'report'],
    packages: ['node', 'apache-arrow', 'xxhash-wasm'],
  },
  roots: {
    areas: [
      'words',
      'columns',
      'kernels',
      'concepts',
      'encoders',
      'flow',
      'filters',
      'formats',
      'parallel',
      'proof',
      'report',
      'stages',
    ],
    packages: ['node', 'apache-arrow', 'yaml'],
  },
  cli: {
    areas: ['words', 'filters', 'formats', 'concepts', 'page', 'proof', 'report', 'roots'],
    packages: ['node'],
  },
  workers: {
    areas: ['words', 'columns', 'kernels', 'concepts', 'encoders', 'filters', 'formats', 'parallel'],
    packages: ['node', 'apache-arrow', 'piscina'],
  },
  assembly: { areas: [], packages: [] },
};

/** Imports of types that point the wrong way. Each is to go when its type finds a file further down. */
const TYPES_TO_MOVE: readonly string[] = [];

/** Folders of `src/formats/` that hold a codec, which any format may use; all others hold a format. */
const CODEC_FOLDERS: readonly string[] = ['lz4', 'snappy', 'zstd'];

/** One format on another: each pair with its reason. */
const FORMATS_LENT: readonly string[] = [
  // Elements of an array travel as lines, and are decoded as such.
  'src/formats/json/elements.ts -> src/formats/jsonl/scan.ts',
  'src/formats/json/source.ts -> src/formats/jsonl/line-source.ts',
  // Parquet keeps the Arrow schema in its footer, as an IPC message.
  'src/formats/parquet/encode-footer.ts -> src/formats/arrow/encode-message.ts',
  'src/formats/parquet/embedded-schema.ts -> src/formats/arrow/messages.ts',
  'src/formats/parquet/embedded-schema.ts -> src/formats/arrow/schema.ts',
  'src/formats/parquet/embedded-schema.ts -> src/formats/arrow/stored.ts',
];

const files = ['src', 'workers'].flatMap(sourcesUnder);
const imports = files.flatMap((from) => importsOf(from, readFileSync(root + from, 'utf8')));
const inner = imports.filter(({ isPackage }) => !isPackage);

function sourcesUnder(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts'))
    .sort();
}

/** Every import and re-export of a file, types included. */
function importsOf(from: string, source: string): Import[] {
  const found: Import[] = [];
  const add = (name: string, isType: boolean): void => {
    const isPackage = !name.startsWith('.');
    found.push({ from, to: isPackage ? packageOf(name) : resolved(from, name), isPackage, isType });
  };
  // The formatter puts each at the start of a line, in single quotes.
  for (const [, clause, name] of source.matchAll(/^(?:import|export)\b([^;'"`]*?)\bfrom\s+'([^']+)'/gm)) {
    add(name!, isTypeClause(clause!.trim()));
  }
  for (const [, name] of source.matchAll(/^import\s+'([^']+)'/gm)) add(name!, false);
  for (const [, name] of source.matchAll(/\b(?:import|require)\(\s*'([^']+)'/g)) add(name!, false);
  return found;
}

function isTypeClause(clause: string): boolean {
  if (clause.startsWith('type ')) return true;
  const names = /^\{([^}]*)\}$/
    .exec(clause)?.[1]
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return names !== undefined && names.every((name) => name.startsWith('type '));
}

function packageOf(name: string): string {
  if (name.startsWith('node:')) return 'node';
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

function resolved(from: string, name: string): string {
  const path = posix.join(dirname(from), name);
  return path.includes('/wasm/assembly/') && !path.endsWith('.ts') ? `${path}.ts` : path;
}

function areaOf(path: string): string {
  if (path.startsWith('workers/')) return 'workers';
  if (path.startsWith('src/kernels/wasm/assembly/')) return 'assembly';
  if (/^src\/(errors|units|verdicts)\.ts$/.test(path)) return 'words';
  if (path === 'src/report.ts') return 'report';
  if (path === 'src/cli.ts') return 'cli';
  if (/^src\/(curation\/)?[^/]+\.ts$/.test(path)) return 'roots';
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? path;
}

/** The folder of one format, or undefined for what all formats share (codecs too) and for everything else. */
function formatOf(path: string): string | undefined {
  const folder = /^src\/formats\/([^/]+)\//.exec(path)?.[1];
  return folder !== undefined && CODEC_FOLDERS.includes(folder) ? undefined : folder;
}

const arrow = ({ from, to }: Import): string => `${from} -> ${to}`;
const isToMove = (one: Import): boolean => one.isType && TYPES_TO_MOVE.includes(arrow(one));

test('the imports of a file are found, whatever their form', () => {
  const source = [
    "import x, { type A } from './a.ts';",
    "import type { B } from '../b.ts';",
    "import {\n  type C,\n  type D,\n} from './c.ts';",
    "import './d.ts';",
    "export { e } from './e.ts';",
    "export * from './f.ts';",
    "const g = await import('@scope/g/deep.js');",
    "import { h } from 'node:fs/promises';",
    'export function from(): void {}',
  ].join('\n');
  expect(importsOf('src/x/y.ts', source).map((one) => `${arrow(one)}${one.isType ? ' (type)' : ''}`)).toEqual(
    [
      'src/x/y.ts -> src/x/a.ts',
      'src/x/y.ts -> src/b.ts (type)',
      'src/x/y.ts -> src/x/c.ts (type)',
      'src/x/y.ts -> src/x/e.ts',
      'src/x/y.ts -> src/x/f.ts',
      'src/x/y.ts -> node',
      'src/x/y.ts -> src/x/d.ts',
      'src/x/y.ts -> @scope/g',
    ],
  );
  expect(files.length).toBeGreaterThan(100);
});

test('every import names a source of the engine, so nothing of test, bench or dist is needed to run', () => {
  expect(inner.filter(({ to }) => !files.includes(to) || !existsSync(root + to)).map(arrow)).toEqual([]);
});

test('no file of the engine imports by a computed name, which no rule could see', () => {
  const hidden = files.filter((path) =>
    /\b(?:import|require)\((?!\s*')|\bcreateRequire\b/.test(readFileSync(root + path, 'utf8')),
  );
  expect(hidden).toEqual([]);
});

test('every file lies in an area that has a row in the table', () => {
  expect(files.filter((path) => !Object.hasOwn(AREAS, areaOf(path)))).toEqual([]);
});

test('imports between areas point one way, from the command line down to the words', () => {
  const wrong = inner.filter((one) => {
    const [from, to] = [areaOf(one.from), areaOf(one.to)];
    return from !== to && AREAS[from]?.areas.includes(to) !== true && !isToMove(one);
  });
  expect(wrong.map(arrow)).toEqual([]);
});

test('the table of areas itself has no way back up', () => {
  const order = Object.keys(AREAS);
  const upwards = order.flatMap((from, place) =>
    AREAS[from]!.areas.filter((to) => !order.slice(0, place).includes(to)).map((to) => `${from} -> ${to}`),
  );
  expect(upwards).toEqual([]);
});

test('stages never import stages: what they share is handed to them by the composition root', () => {
  const wrong = inner.filter(({ from, to }) => areaOf(from) === 'stages' && areaOf(to) === 'stages');
  expect(wrong.map(arrow)).toEqual([]);
});

test('no file imports itself by way of others, types included', () => {
  const next = new Map(files.map((path) => [path, [] as string[]]));
  for (const one of inner) if (!isToMove(one)) next.get(one.from)!.push(one.to);
  // Files that import nothing that is left are taken away until none is: what stays lies on a cycle or leads to one.
  for (let before = -1; before !== next.size; ) {
    before = next.size;
    for (const [path, targets] of next) if (!targets.some((to) => next.has(to))) next.delete(path);
  }
  const stuck = [...next].flatMap(([from, targets]) =>
    targets.filter((to) => next.has(to)).map((to) => `${from} -> ${to}`),
  );
  expect(stuck).toEqual([]);
});

test('an import that points the wrong way carries types only, and is still there', () => {
  const types = imports.filter(({ isType }) => isType).map(arrow);
  expect(TYPES_TO_MOVE.filter((one) => !types.includes(one))).toEqual([]);
});

test('a format does not know the others, but for what is listed', () => {
  const crossing = inner.filter(({ from, to }) => {
    const [own, other] = [formatOf(from), formatOf(to)];
    const isDoor = /^src\/formats\/(decode|encoders|inputs)\.ts$/.test(from);
    return other !== undefined && other !== own && areaOf(from) === 'formats' && !isDoor;
  });
  expect(crossing.map(arrow).sort()).toEqual([...FORMATS_LENT].sort());
});

test('outside of formats, a format is reached by the files that all formats share', () => {
  const wrong = inner.filter(({ from, to }) => areaOf(from) !== 'formats' && formatOf(to) !== undefined);
  expect(wrong.map(arrow)).toEqual([]);
});

test('only the threads decode and hash, so that the main thread never touches text', () => {
  const heavy = ['src/formats/decode.ts', 'src/kernels/signatures/signer.ts'];
  const users = inner.filter(({ to }) => heavy.includes(to));
  expect(users.map(arrow)).toEqual(heavy.map((to) => `workers/engine.ts -> ${to}`));
});

test('only the door to the pool and the threads know Piscina', () => {
  const users = imports.filter(({ to }) => to === 'piscina').map(({ from }) => from);
  expect(users).toEqual(['src/parallel/pool.ts', 'workers/engine.ts']);
});

test('kernels are pure: neither they nor what they import knows a package or Node', () => {
  const reached = new Set(files.filter((path) => areaOf(path) === 'kernels'));
  // A set visits what is added to it on the way.
  for (const path of reached) for (const { from, to } of inner) if (from === path) reached.add(to);
  const wrong = imports.filter(({ from, isPackage }) => isPackage && reached.has(from));
  expect(wrong.map(arrow)).toEqual([]);
});

test('each area imports the packages of its row and no others', () => {
  const wrong = imports.filter(
    ({ from, to, isPackage }) => isPackage && AREAS[areaOf(from)]?.packages.includes(to) !== true,
  );
  expect(wrong.map(arrow)).toEqual([]);
});

test('what the engine imports is installed with it; oracles and rivals are imported by tests and benchmarks alone', () => {
  const { dependencies, peerDependencies, devDependencies } = JSON.parse(
    readFileSync(`${root}package.json`, 'utf8'),
  ) as {
    readonly dependencies: Readonly<Record<string, string>>;
    /** What a user adds who wants it. */
    readonly peerDependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const missing = imports.filter(
    ({ to, isPackage }) =>
      isPackage && to !== 'node' && dependencies[to] === undefined && peerDependencies[to] === undefined,
  );
  expect(missing.map(arrow)).toEqual([]);
  const rivals = ['bloom-filters', 'parquetjs-lite', '@duckdb/node-api', 'parquet-wasm', '@uwdata/flechette'];
  expect(rivals.filter((name) => devDependencies[name] === undefined)).toEqual([]);
});

test('the map in ARCHITECTURE.md names every file of the engine, those of a single format apart, and no file that is gone', () => {
  const page = readFileSync(`${root}ARCHITECTURE.md`, 'utf8');
  const tree = pathsOfTree(page.split('## The tree')[1]!.split('```')[1]!);
  const isMapped = (path: string): boolean =>
    formatOf(path) === undefined && !/^src\/kernels\/[^/]+\//.test(path) && !path.endsWith('.generated.ts');
  const mapped = files.filter(isMapped);
  expect(mapped.filter((path) => !tree.includes(path))).toEqual([]);
  const named = [...page.matchAll(/`((?:src|workers|bench|test)\/[\w./-]*)`/g)].map(([, path]) => path!);
  expect([...tree, ...named].filter((path) => !existsSync(root + path))).toEqual([]);
});

/** The paths of a drawn tree; two spaces are one level, and a line may begin with several names. */
function pathsOfTree(tree: string): string[] {
  const folders: string[] = [];
  return [...tree.matchAll(/^( *)((?:\S+\.(?:ts|mjs|py) |\S+\/ |\S+$)+)/gm)].flatMap(([, indent, names]) => {
    const depth = indent!.length / 2;
    folders.length = depth;
    const own = names!.trim().split(' ');
    const paths = own.map((name) => `${folders.join('')}${name}`);
    if (own[0]!.endsWith('/')) folders[depth] = own[0]!;
    return paths;
  });
}

test('the library is its names: index.ts re-exports and holds no code', () => {
  const source = readFileSync(`${root}src/index.ts`, 'utf8');
  expect(source.replace(/^export (?:type )?\{[^}]*\} from '[^']+';\n/gm, '')).toBe('');
});
