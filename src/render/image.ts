import type { ImageBuildResult, ImageListResult, ImagePruneResult } from '../image/result.ts';
import { formatBytes } from '../policy/bytes.ts';
import { renderTable } from './table.ts';
import { minute } from './time.ts';

export function renderImageBuild({ images }: ImageBuildResult): string {
  return renderTable(images, [
    { header: 'template', cell: ({ template }) => template },
    { header: 'image', cell: ({ tag }) => tag },
    { header: 'status', cell: ({ built }) => (built ? 'built' : 'up to date') },
  ]);
}

export function renderImageList({ images }: ImageListResult): string {
  if (images.length === 0) return 'No images yet. Build them: mcpd image build';
  return renderTable(images, [
    { header: 'image', cell: ({ tags, id }) => tags[0] ?? shortId(id) },
    { header: 'template', cell: ({ template }) => template },
    { header: 'created', cell: ({ createdAt }) => minute(createdAt) },
    { header: 'size', cell: ({ bytes }) => formatBytes(bytes), align: 'right' },
    { header: 'used by', cell: ({ usedBy }) => String(usedBy), align: 'right' },
    { header: 'current', cell: ({ current }) => (current ? 'yes' : 'no') },
  ]);
}

export function renderImagePrune({ removed, bytes }: ImagePruneResult): string {
  if (removed.length === 0) return 'Nothing to remove.';
  return [
    ...removed.map(({ tags, id }) => `Removed ${tags[0] ?? shortId(id)}`),
    `${removed.length === 1 ? 'One image' : `${removed.length} images`}, ${formatBytes(bytes)}`,
  ].join('\n');
}

function shortId(id: string): string {
  return id.replace('sha256:', '').slice(0, 12);
}
