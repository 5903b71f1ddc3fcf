/** What the page of a proof adds to the style sheet of every page. */
export const STYLE: string = `
.verdict{margin-top:2.25rem;border-left:3px solid var(--rule);background:var(--soft);padding:1.1rem 1.4rem}
.verdict.bad{border-color:var(--bad);background:var(--bad-soft)}
.verdict h2{font-size:1.15rem;margin:0 0 .3rem}
.verdict.bad h2{color:var(--bad)}
.trio{display:grid;grid-template-columns:repeat(3,1fr);gap:1.75rem;border-top:1px solid var(--rule);padding:1rem 0 1.5rem;break-inside:avoid}
.trio p{margin:0}
.trio .says{margin-top:.5rem}
.kind{font-size:.9rem;font-weight:600}
.number{font-size:2rem;line-height:1.3;letter-spacing:-.01em;font-variant-numeric:tabular-nums lining-nums}
.number small{font-size:.95rem;color:var(--quiet);letter-spacing:0;white-space:nowrap}
.level .number{color:var(--quiet)}
.bad .number,strong.bad{color:var(--bad)}
.name{color:var(--quiet);font-size:.86rem;line-height:1.4}
.multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr));gap:1.5rem 2rem;margin:1.25rem 0 2rem}
.multiples.two{grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));gap:2rem 3rem}
.multiples figure{margin:0;max-width:34rem}
.multiples figcaption{margin:0 0 .4rem}
svg .none{stroke:var(--quiet)}
.baseline{--c:var(--baseline)}
.control{--c:var(--control)}
.curve{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round}
.baseline .curve{stroke-width:2.2}
.control .curve{stroke-width:1.4;stroke-dasharray:5 4}
.shuffled .curve{stroke-dasharray:1.5 3.5}
.forest .curve{stroke-dasharray:none}
.whisker{fill:none;stroke:var(--c);stroke-width:1;opacity:.75}
.mark{fill:var(--c);stroke:var(--paper);stroke-width:1}
.control .mark{fill:var(--paper);stroke:var(--c);stroke-width:1.4}
.leader{fill:none;stroke:var(--c);stroke-width:.8;opacity:.55}
@media (max-width:44rem){
.trio{grid-template-columns:1fr;gap:1.1rem}
.number{font-size:1.7rem}
}
@media print{
.trio{grid-template-columns:repeat(3,1fr)}
.multiples,.multiples.two{grid-template-columns:1fr 1fr;gap:1.5rem}
.verdict{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
