/** What the page of a curation adds to the style sheet of every page. */
export const STYLE: string = `
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:1.75rem;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);padding:1rem 0 1.25rem;margin-top:2.25rem;break-inside:avoid}
.tiles p{margin:0}
.tiles .kind{font-size:.9rem;font-weight:600}
.tiles .number{font-size:1.8rem;line-height:1.3;letter-spacing:-.01em;font-variant-numeric:tabular-nums lining-nums}
.tiles .says{color:var(--quiet);font-size:.88rem;line-height:1.4}
.before{--c:var(--control)}
.after{--c:var(--s2)}
.up{--c:var(--s0)}
.down{--c:var(--s1)}
.level{--c:var(--control)}
.bar{fill:var(--c)}
.guide{fill:none;stroke:var(--quiet);stroke-width:1.2}
.dots{fill:none;stroke:var(--c);stroke-linecap:round;stroke-opacity:.72}
svg .dot-label{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
svg .says{fill:var(--quiet)}
.concepts .figure small{display:block;min-width:0;margin:0;text-align:right;white-space:nowrap}
.concepts td.figure{white-space:nowrap}
.concepts th[scope=row]{width:36%}
blockquote{margin:.5rem 0 .9rem;padding:.1rem 0 .1rem .9rem;border-left:2px solid var(--rule);max-width:44rem;font-size:.93rem}
blockquote p{margin:0}
blockquote .from{color:var(--quiet);font-size:.84rem}
@media (max-width:44rem){
.tiles{grid-template-columns:1fr 1fr;gap:1.1rem}
.tiles .number{font-size:1.45rem}
.concepts thead tr,.concepts tbody tr{display:grid;grid-template-columns:repeat(4,1fr);border-bottom:1px solid var(--rule);padding:.4rem 0}
.concepts th,.concepts td{border:0;padding:0 .4rem 0 0;font-size:.82rem}
.concepts th[scope=row],.concepts th:first-child{grid-column:1/-1;width:auto}
.concepts td.figure,.concepts td.figure small,.concepts th.figure{text-align:left;white-space:normal}
.concepts th[scope=row] small{display:inline;margin-left:.5rem}
.concepts td small,.concepts th small{font-size:.76rem}
}
@media print{
.tiles{grid-template-columns:repeat(4,1fr)}
.concepts{font-size:.8rem}
}
`;
