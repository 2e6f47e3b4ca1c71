import { string } from '@oclif/core/args';
import { BaseCommand } from '../../cli/base-command.ts';
import { buildImages } from '../../image/manage.ts';
import { imageBuildResult, type ImageBuildResult } from '../../image/result.ts';
import { renderImageBuild } from '../../render/image.ts';

export default class ImageBuild extends BaseCommand<ImageBuildResult> {
  static override strict = false;
  static override summary = 'Build the images of templates, where they are not up to date.';
  static override description =
    'Adding a user builds what is missing, so this is for doing it beforehand. All users share one image per template.';
  static override examples = [
    '<%= config.bin %> image build',
    '<%= config.bin %> image build filesystem memory',
    '<%= config.bin %> image build ./my-template',
  ];
  static override args = {
    template: string({
      description: 'Names or folders of templates; all of the catalog if left out.',
    }),
  };
  static override readonly result = imageBuildResult;

  async run(): Promise<ImageBuildResult> {
    const { argv } = await this.parse(ImageBuild);
    return buildImages(await this.context('act'), argv as string[]);
  }

  protected render(result: ImageBuildResult): string {
    return renderImageBuild(result);
  }
}
