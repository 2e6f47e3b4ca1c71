import { showCapacity, capacityResult, type CapacityResult } from '../admission/capacity.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { renderCapacity } from '../render/capacity.ts';

export default class Capacity extends BaseCommand<CapacityResult> {
  static override summary = 'Show the memory that is promised to users, and what is left.';
  static override description =
    'A promise is the memory cap of a server that runs, or should. Reads the registry only, so it works without an engine.';
  static override examples = [
    '<%= config.bin %> capacity',
    '<%= config.bin %> capacity --json | jq .memory.freeBytes',
  ];
  static override readonly result = capacityResult;

  async run(): Promise<CapacityResult> {
    await this.parse(Capacity);
    return showCapacity(await this.context('read'));
  }

  protected render(result: CapacityResult): string {
    return renderCapacity(result);
  }
}
