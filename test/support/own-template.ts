import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker } from './tenancy.ts';

const catalog = join(import.meta.dirname, '../../templates');

/** A template folder of the test's own, made from one of the catalog; disposing of it removes its images. */
export class OwnTemplate implements AsyncDisposable {
  readonly folder: string;
  readonly name: string;

  private constructor(folder: string, name: string) {
    this.folder = folder;
    this.name = name;
  }

  static async copyOf(original: string, change: object = {}): Promise<OwnTemplate> {
    const folder = await mkdtemp(join(tmpdir(), 'mcpd-template-'));
    await cp(join(catalog, original), folder, { recursive: true });
    const template = new OwnTemplate(folder, `t${randomBytes(5).toString('hex')}`);
    await template.change('template.json', { name: template.name, ...change });
    return template;
  }

  /** Sets fields of one of the folder's JSON files. */
  async change(file: 'template.json' | 'package.json', fields: object): Promise<void> {
    const path = join(this.folder, file);
    const before = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...before, ...fields }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
    await this.removeImages();
  }

  async removeImages(): Promise<void> {
    const ids = await docker('image', 'ls', '-q', '--filter', `label=mcpd.template=${this.name}`);
    if (ids !== '') await docker('image', 'rm', '--force', ...new Set(ids.split('\n')));
  }
}
