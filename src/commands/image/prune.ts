import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { yes } from '../../cli/flags.ts';
import { confirm } from '../../cli/prompt.ts';
import { findPrunable, pruneImages } from '../../image/manage.ts';
import { imagePruneResult, type ImagePruneResult } from '../../image/result.ts';
import { renderImagePrune } from '../../render/image.ts';

export default class ImagePrune extends BaseCommand<ImagePruneResult> {
  static override summary = 'Remove images that no container uses and no new server would.';
  static override examples = [
    '<%= config.bin %> image prune',
    '<%= config.bin %> image prune --all --yes',
  ];
  static override flags = {
    all: boolean({ char: 'a', summary: 'Also those that new servers would run from.' }),
    yes,
  };
  static override readonly result = imagePruneResult;

  async run(): Promise<ImagePruneResult> {
    const { flags } = await this.parse(ImagePrune);
    const context = await this.context('act');
    const chosen = await findPrunable(context, flags);
    if (chosen.length > 0) {
      const what = chosen.length === 1 ? 'one image' : `${chosen.length} images`;
      await confirm(`Remove ${what}?`, { ...flags, signal: this.signal });
    }
    return pruneImages(context, chosen);
  }

  protected render(result: ImagePruneResult): string {
    return renderImagePrune(result);
  }
}
