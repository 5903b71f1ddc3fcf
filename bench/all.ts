// `npm run bench`: every benchmark, one after another, as Markdown; last, the figures that answer the questions of the read-me.
import { once } from 'node:events';
import { forkPinned, type Highlight, machineLine, printTable } from './measure.ts';

/** In order; the first two measure in their own process, so that it keeps to one core. */
const BENCHMARKS = [
  { name: 'signatures', isPinned: true },
  { name: 'commit', isPinned: true },
  { name: 'read', isPinned: false },
  { name: 'language', isPinned: true },
  { name: 'quality', isPinned: true },
  { name: 'prove', isPinned: false },
  { name: 'filter', isPinned: false },
  { name: 'end-to-end', isPinned: false },
  { name: 'curate', isPinned: false },
];

const started = performance.now();
const highlights: Highlight[] = [];
for (const { name, isPinned } of BENCHMARKS) {
  const child = forkPinned(new URL(`./${name}.js`, import.meta.url).href, [], isPinned);
  child.on('message', (message) => highlights.push(message as Highlight));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    console.error(`bench/${name}: ended with ${code === null ? 'a signal' : `exit code ${code}`}`);
    process.exit(1);
  }
}
console.log(
  `\n### In short\n\n${machineLine()} Took ${((performance.now() - started) / 60_000).toFixed(1)} minutes.`,
);
printTable(
  ['What', 'Median (least to most)'],
  highlights.map(({ what, figure }) => [what, figure]),
);
