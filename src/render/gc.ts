import type { GcResult } from '../gc/result.ts';
import { renderTable, type TableOptions } from './table.ts';

export function renderGc({ removed, dryRun }: GcResult, options: TableOptions): string {
  if (removed.length === 0) return 'Nothing to remove.';
  return renderTable(
    removed,
    [
      { header: dryRun ? 'would remove' : 'removed', cell: ({ kind }) => kind },
      { header: 'name', cell: ({ name }) => name },
      { header: 'why', cell: ({ why }) => why },
    ],
    options,
  );
}
