/** The page's whole style. Colours are chosen to be told apart on both grounds, also by the colour-blind. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f7f7f5; --card: #fff; --edge: #e4e3df; --text: #1b1b1a; --quiet: #6b6a66; --grid: #ebeae6;
  --ok: #2a78d6; --refused: #d99a00; --failed: #d03b3b;
  --p50: #86b6ef; --p95: #2a78d6; --p99: #104281;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #151514; --card: #1e1e1c; --edge: #33322f; --text: #f1f0ec; --quiet: #a3a29b; --grid: #2c2b29;
    --ok: #3987e5; --refused: #c98500; --failed: #e66767;
    --p50: #256abf; --p95: #5598e7; --p99: #b7d3f6;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 56px; }
h1 { margin: 0; font-size: 28px; line-height: 1.2; font-weight: 650; letter-spacing: -.01em; }
h2 { margin: 0; font-size: 16px; font-weight: 600; }
header p, .note, footer { color: var(--quiet); }
header p { margin: 6px 0 0; }
section { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 18px 20px; margin-top: 16px; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 16px; margin-bottom: 12px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(220px, 40%), 1fr)); gap: 12px; margin-top: 24px; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 14px 16px; }
.card span { display: block; color: var(--quiet); font-size: 13px; }
.card b { display: block; font-size: 22px; line-height: 1.3; font-weight: 600; white-space: nowrap; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 0 16px; align-items: start; }
.legend { display: flex; gap: 14px; color: var(--quiet); font-size: 13px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
svg { display: block; width: 100%; height: auto; font-family: inherit; }
svg text { unicode-bidi: isolate; }
.tick { fill: var(--quiet); font-size: 12px; font-variant-numeric: tabular-nums; }
.name { fill: var(--text); font-size: 12.5px; }
.grid { stroke: var(--grid); } .axis { stroke: var(--quiet); stroke-opacity: .55; }
.ok { fill: var(--ok); } .refused { fill: var(--refused); } .failed { fill: var(--failed); }
i.ok { background: var(--ok); } i.refused { background: var(--refused); } i.failed { background: var(--failed); }
i.p50 { background: var(--p50); } i.p95 { background: var(--p95); } i.p99 { background: var(--p99); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.p50 { stroke: var(--p50); } .line.p95 { stroke: var(--p95); } .line.p99 { stroke: var(--p99); }
.dot.p50 { fill: var(--p50); } .dot.p95 { fill: var(--p95); } .dot.p99 { fill: var(--p99); }
.strip { fill: transparent; } .strip:hover { fill: var(--quiet); fill-opacity: .14; }
.scroll { overflow-x: auto; } .wide svg { min-width: 680px; }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 7px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
th { color: var(--quiet); font-weight: 500; border-color: var(--edge); }
th:first-child, td:first-child { text-align: left; padding-left: 0; white-space: normal; overflow-wrap: anywhere; min-width: 160px; }
tbody tr:last-child td { border-bottom: 0; }
.bad { color: var(--failed); }
footer { margin-top: 20px; font-size: 13px; }
@media print { body { background: none; } section, .card { break-inside: avoid; } }
`;
