import type { ReportResult } from '../../report/result.ts';
import { callsPlot } from './calls-plot.ts';
import { cards } from './cards.ts';
import { timeAxis } from './frame.ts';
import { latencyPlot } from './latency-plot.ts';
import { markup, Markup, nothing } from './markup.ts';
import { ranking } from './ranking.ts';
import { dayLabel } from './scale.ts';
import { style } from './style.ts';
import { rowsTable } from './rows-table.ts';

/** One page with everything in it: no script, nothing is loaded. Names in it are as hostile as they come. */
export function renderReportPage(result: ReportResult): string {
  const { target, rows, by } = result;
  const title = target ?? 'All users';
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title} – mcpd report</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
<header>
<h1><bdi>${title}</bdi></h1>
<p>${period(result)}</p>
</header>
${cards(result.total, hoursOf(result))}
${plots(result)}
<section>
<div class="head"><h2>${tableTitles[by]}</h2></div>
${rows.length > 0 ? rowsTable(by, rows) : markup`<p class="note">Nothing was recorded in this time.</p>`}
</section>
<footer>
Times are UTC, and whole hours are counted. Latencies are estimated from counts by power of two, so they are
off by less than half or twice. Memory is the most of any one server in any one hour. Made by mcpd report.
</footer>
</main>
</body>
</html>`;
  return page.text;
}

const tableTitles: Readonly<Record<ReportResult['by'], string>> = {
  tool: 'By tool',
  server: 'By server',
  user: 'By user',
  day: 'By day',
  hour: 'By hour',
};

function period({ since, until }: ReportResult): string {
  const text = (time: string) => `${dayLabel(time)}, ${time.slice(0, 4)}, ${time.slice(11, 16)}`;
  return `${text(since)} to ${text(until)} UTC`;
}

function hoursOf({ since, until }: ReportResult): number {
  return (Date.parse(until) - Date.parse(since)) / 3_600_000;
}

function plots({ plots: drawn, total }: ReportResult): Markup {
  if (drawn === null || total.calls === 0) return nothing;
  const axis = timeAxis(drawn.times, drawn.step);
  const isOfMany = drawn.users.length > 1;
  const [rankTitle, ranks] = isOfMany ? ['Users', drawn.users] : ['Servers', drawn.servers];
  return markup`<section>
<div class="head"><h2>Calls by ${drawn.step}</h2>${legend(['ok', 'answered'], ['refused', 'refused'], ['failed', 'errors'])}</div>
<div class="scroll wide">${callsPlot(axis)}</div>
</section>
<section>
<div class="head"><h2>Latency by ${drawn.step}</h2>${legend(['p50', 'p50'], ['p95', 'p95'], ['p99', 'p99'])}</div>
<div class="scroll wide">${latencyPlot(axis)}</div>
</section>
<div class="pair">
<section>
<div class="head"><h2>Top tools</h2><span class="note">calls</span></div>
${ranking('Top tools', drawn.tools)}
</section>
<section>
<div class="head"><h2>${rankTitle}</h2><span class="note">calls</span></div>
${ranking(rankTitle, ranks)}
</section>
</div>`;
}

function legend(...entries: readonly (readonly [name: string, label: string])[]): Markup {
  const items = entries.map(
    ([name, label]) => markup`<span><i class="${name}"></i>${label}</span>`,
  );
  return markup`<div class="legend">${items}</div>`;
}
