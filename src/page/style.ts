/** Colours of series by number, in light and in dark: those of Okabe and Ito (2008), which the colour-blind can tell apart, set for both grounds. */
export const SERIES_COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#f0883e'],
  ['#00825f', '#2fc69a'],
  ['#b0588f', '#dd94c0'],
  ['#b07d00', '#e6b93c'],
  ['#2f9bd0', '#9fd3f2'],
  ['#7a5c3a', '#c9a77c'],
];

const LIGHT = variables({
  paper: '#fff',
  ink: '#1b1d1f',
  quiet: '#5b6168',
  rule: '#d8dce0',
  grid: '#e8eaed',
  soft: '#f5f6f7',
  bad: '#9a3412',
  'bad-soft': '#fdf4ef',
  good: '#0b6b4f',
  baseline: '#33373b',
  control: '#7c838a',
  ...Object.fromEntries(SERIES_COLOURS.map(([light], at) => [`s${at}`, light])),
});

const DARK = variables({
  paper: '#15171a',
  ink: '#e7e9ec',
  quiet: '#a0a7af',
  rule: '#383d43',
  grid: '#282c31',
  soft: '#1d2024',
  bad: '#ffa880',
  'bad-soft': '#2a1d16',
  good: '#5fd0a8',
  baseline: '#dfe2e6',
  control: '#8e959d',
  ...Object.fromEntries(SERIES_COLOURS.map(([, dark], at) => [`s${at}`, dark])),
});

function variables(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

/** The style sheet of every page. It names no font and no file that would have to be loaded. */
export const BASE_STYLE: string = `
:root{color-scheme:light dark;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
main{max-width:62rem;margin:0 auto;padding:3.5rem 1.25rem 5rem}
h1,h2,h3{font-family:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,serif;font-weight:600;line-height:1.25;text-wrap:balance;break-after:avoid}
h1{font-size:2.1rem;margin:0 0 .4rem}
h2{font-size:1.4rem;margin:0 0 .9rem}
h3{font-size:1.08rem;margin:2rem 0 .7rem}
p,ul{max-width:44rem;margin:.6rem 0}
ul{padding-left:1.2rem}
li{margin:.3rem 0}
section{margin-top:3.25rem}
.lead{color:var(--quiet);font-size:1.06rem;margin:0}
.note{color:var(--quiet);font-size:.9rem}
table,text{font-variant-numeric:tabular-nums lining-nums}
sup{line-height:0;font-size:.75em}
figure{margin:1.5rem 0 2rem;break-inside:avoid}
figcaption{color:var(--quiet);font-size:.9rem;max-width:44rem;margin-top:.5rem}
figcaption b{color:var(--ink);font-weight:600}
svg{display:block;width:100%;height:auto;overflow:hidden}
.narrow{display:none}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--ink)}
svg .axis,svg .tick text{fill:var(--quiet)}
svg .tick line{stroke:var(--grid)}
svg .plot{fill:none}
svg .axis-line{stroke:var(--rule)}
.series{--c:var(--ink)}
${SERIES_COLOURS.map((_, at) => `.s${at}{--c:var(--s${at})}`).join('')}
table{width:100%;border-collapse:collapse;font-size:.93rem;margin:1rem 0 2rem}
caption{text-align:left;font-weight:600;padding-bottom:.5rem;caption-side:top}
th,td{text-align:left;vertical-align:baseline;padding:.42rem 1rem .42rem 0;border-bottom:1px solid var(--rule);font-weight:400}
thead th{color:var(--quiet);font-size:.85rem;border-bottom-color:var(--quiet);vertical-align:bottom}
tbody th[scope=rowgroup]{padding-top:1rem;font-weight:600}
td.figure,th.figure{text-align:right}
th:last-child,td:last-child{padding-right:0}
td small,th small{display:block;color:var(--quiet);font-size:.86rem}
.figure small{display:inline-block;min-width:9.2em;margin-left:.6em;text-align:left}
.range{white-space:nowrap}
td,th[scope=col]{overflow-wrap:break-word}
tr{break-inside:avoid}
details{margin:1rem 0}
summary{cursor:pointer;color:var(--quiet);font-size:.93rem}
dl{display:grid;grid-template-columns:minmax(9rem,auto) 1fr;gap:.35rem 1.5rem;max-width:44rem;margin:1rem 0 2rem;font-size:.95rem}
dt{color:var(--quiet)}
dd{margin:0}
footer{margin-top:4rem;padding-top:1rem;border-top:1px solid var(--rule);color:var(--quiet);font-size:.88rem}
@media (max-width:44rem){
main{padding:2rem 1rem 3rem}
h1{font-size:1.6rem}
section{margin-top:2.5rem}
.wide{display:none}
.narrow{display:block}
th,td{padding-right:.6rem}
.figure small{display:block;min-width:0;margin:0;text-align:right}
dl{grid-template-columns:1fr;gap:0}
dd{margin-bottom:.6rem}
}
@media print{
body{font-size:10.5pt}
main{padding:0;max-width:none}
.wide{display:block}
.narrow{display:none}
svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
