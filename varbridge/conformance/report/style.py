"""The style sheet of the report page, which is readable without colours, on a phone and in print."""

CSS = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #f3f4f6; --line: #c9cdd3;
  --good: #14642a; --bad: #a4161a; --warn: #7a4d00; --dim: #59606b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #15171a; --soft: #22262b;
  --line: #454b54; --good: #7bd88f; --bad: #ff8a80; --warn: #f0c060; --dim: #a3abb6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 0 1rem 3rem; color: var(--ink); background: var(--paper);
  font: 16px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: .8rem 0 .2rem; } h2 { font-size: 1.2rem; margin: 1.6rem 0 .5rem; }
h3 { font-size: 1rem; margin: .9rem 0 .3rem; } p { margin: .3rem 0; }
a { color: inherit; } code, pre, .text { font-family: ui-monospace, monospace; font-size: .85rem; }
pre { white-space: pre-wrap; margin: .3rem 0; background: var(--soft); padding: .5rem; border-radius: 4px; }
.dim { color: var(--dim); } .passed { color: var(--good); } .failed { color: var(--bad); }
.known { color: var(--warn); } .skipped, .none { color: var(--dim); }
.verdict { border-left: .5rem solid; padding-left: .8rem; margin-top: 1rem; }
.verdict p { color: var(--ink); } .verdict p.dim { color: var(--dim); }
.card { border: 1px solid var(--line); border-left: .4rem solid var(--bad); border-radius: 4px;
  padding: .3rem .8rem .6rem; margin: .6rem 0; }
.card > summary { font-weight: 600; padding: .3rem 0; }
.marked { color: var(--bad); font-weight: 600; }
svg text { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.rerun { display: block; background: var(--soft); padding: .4rem .5rem; border-radius: 4px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .8rem; margin: .4rem 0; }
dt { font-weight: 600; } dd { margin: 0; white-space: pre-wrap; }
.clauses { display: grid; gap: .1rem 1.2rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); }
.clause > summary { padding: .12rem 0; color: var(--ink); } .clause[open] { grid-column: 1 / -1; }
.clause.failed > summary { color: var(--bad); font-weight: 600; }
.clause ul, .card ul { margin: .2rem 0; padding-left: 1.2rem; }
.clause .statements { padding-left: 0; list-style: none; }
.chip { display: inline-block; padding: 0 .4rem; border: 1px solid var(--line); border-radius: 1rem;
  font: 600 .75rem/1.5 ui-monospace, monospace; text-decoration: none; color: var(--dim); }
.counts { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: .4rem 0; padding: 0; list-style: none; }
.counts b { font-size: 1.15rem; font-variant-numeric: tabular-nums; }
.verdict ol { margin: .5rem 0 .2rem; padding-left: 1.4rem; color: var(--ink); }
.verdict li { margin: .15rem 0; }
.verdict .counts { color: var(--ink); } .rerun .copy { float: right; margin-left: .6rem; }
button, input, select { font: inherit; color: inherit; background: var(--paper); border-radius: 4px;
  border: 1px solid var(--line); padding: .1rem .5rem; }
button { font-size: .75rem; cursor: pointer; } #filter input { width: min(22rem, 60%); }
.bars { width: 100%; table-layout: fixed; overflow-wrap: anywhere; }
.bars td { border: 0; padding: .1rem .6rem .1rem 0; } .bars td:first-child { width: 34%; }
.bars td:nth-child(3) { width: 40%; }
.bar { min-width: 0; height: .6rem; width: 100%; fill: var(--dim); } .bar .ground { fill: var(--soft); }
.bar.passed { fill: var(--good); } .bar.failed { fill: var(--bad); }
.bar line { stroke: var(--ink); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
:target { outline: 2px solid var(--warn); outline-offset: 2px; }
.plots { display: grid; gap: .5rem 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); }
.plots svg { min-width: 0; } figure { margin: .3rem 0; break-inside: avoid; }
details > summary { cursor: pointer; } .feature { border-top: 1px solid var(--line); padding: .35rem 0; }
.text { margin: .2rem 0 .8rem; } .text div { padding-left: 2rem; text-indent: -2rem; }
.text .step { padding-left: 3.4rem; }
.sign { display: inline-block; min-width: 1.2rem; text-indent: 0; text-align: center; font-weight: 700; }
.wide { overflow-x: auto; max-width: 100%; }
svg { display: block; min-width: 34rem; width: 100%; height: auto; }
dd { min-width: 0; }
table { border-collapse: collapse; margin: .2rem 0; overflow-wrap: break-word; }
th, td { border: 1px solid var(--line); padding: .1rem .45rem; text-align: left; vertical-align: top; }
td.number { text-align: right; } .text table { margin-left: 3.4rem; text-indent: 0; }
.text .wide div { padding: 0; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } .text .step { padding-left: 2.4rem; }
  .text table { margin-left: 1rem; } h1 { font-size: 1.25rem; } }
@media print { body { max-width: none; font-size: 11px; } .card, .clause { break-inside: avoid; }
  button, #filter { display: none; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; }
  svg { min-width: 0; } .wide { overflow: visible; } }
"""
