import { BaseCommand } from '../../cli/base-command.ts';
import { listImages } from '../../image/manage.ts';
import { imageListResult, type ImageListResult } from '../../image/result.ts';
import { renderImageList } from '../../render/image.ts';

export default class ImageList extends BaseCommand<ImageListResult> {
  static override hiddenAliases = ['image:ls'];
  static override summary = "List mcpd's images on this engine.";
  static override examples = [
    '<%= config.bin %> image list',
    '<%= config.bin %> image list --json | jq ".images[] | select(.current)"',
  ];
  static override readonly result = imageListResult;

  async run(): Promise<ImageListResult> {
    await this.parse(ImageList);
    return listImages(await this.context('read'));
  }

  protected render(result: ImageListResult): string {
    return renderImageList(result);
  }
}
